import { describe, expect, test } from 'vitest';
import { PlumbError } from '#domain/errors';
import type { TerminalOptions } from '#testing/terminal';
import { FakeTerminal } from '#testing/terminal';

const versions = Array.from({ length: 30 }, (_, index) => ({
  version: 30 - index,
  state: 'value',
  kind: 'config',
  type: 'string',
  form: 'literal',
  time: 0,
  author: 'person/ada',
  revision: index,
  reason: '',
}));

function terminal(options: TerminalOptions = {}): FakeTerminal {
  return new FakeTerminal({
    terminal: true,
    columns: 100,
    rows: 24,
    answers: { 'GET /api/v1/history/a/b/C': { versions, next: 5 } },
    ...options,
    env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 'secret-token', ...options.env },
  });
}

describe('long output', () => {
  test('goes to less, which is told how to behave and keeps no history; notes come behind', async () => {
    const user = terminal();
    const { stdout, stderr, code } = await user.run('history', 'a/b/C');
    expect([code, stdout, stderr]).toEqual([0, '', 'hint: older versions: --before 5\n']);
    const [request] = user.spawned;
    expect(request).toMatchObject({ command: 'less', args: [], output: 'inherit' });
    expect(request?.input?.split('\n')).toHaveLength(32);
    expect(request?.env).toMatchObject({ LESS: 'FRX', LESSHISTFILE: '-' });
    expect(Object.values(request?.env ?? {})).not.toContain('secret-token');
  });

  test.each<[what: string, options: TerminalOptions]>([
    ['where it fits', { rows: 40 }],
    ['in a pipe', { terminal: false }],
    ['with an empty PLUMB_PAGER', { env: { PLUMB_PAGER: '', PAGER: 'more' } }],
    ['with PAGER=cat', { env: { PAGER: 'cat' } }],
    ['on a dumb terminal', { env: { TERM: 'dumb' } }],
  ])('is printed at once %s', async (_, options) => {
    const user = terminal(options);
    const { stdout } = await user.run('history', 'a/b/C');
    expect(user.spawned).toEqual([]);
    expect(stdout.split('\n')).toHaveLength(32);
  });

  test('counts the lines that the terminal wraps', async () => {
    const user = terminal({ rows: 40, columns: 10 });
    await user.run('history', 'a/b/C');
    expect(user.spawned).toHaveLength(1);
  });

  test.each([
    [{ PAGER: 'more -d' }, 'more -d'],
    [{ PLUMB_PAGER: 'less -S', PAGER: 'more' }, 'less -S'],
  ])('%j is a command line of a shell', async (env, line) => {
    const user = terminal({ env });
    await user.run('history', 'a/b/C');
    expect(user.spawned[0]).toMatchObject({ command: 'sh', args: ['-c', line] });
  });

  test('is printed after all where there is no such pager', async () => {
    const there = await terminal({ rows: 100 }).run('history', 'a/b/C');
    const user = terminal({ env: { PAGER: 'nothing' }, child: () => ({ code: 127 }) });
    expect(await user.run('history', 'a/b/C')).toEqual(there);
    const missing = terminal({
      child: () => {
        throw new PlumbError('not-found', 'less: no such command');
      },
    });
    expect(await missing.run('history', 'a/b/C')).toEqual(there);
  });

  test('what the pager ends with does not matter', async () => {
    expect((await terminal({ child: () => ({ signal: 15 }) }).run('history', 'a/b/C')).code).toBe(0);
  });
});

test('what was printed before an error is not lost', async () => {
  const user = terminal({ answers: {} });
  const { stderr, code } = await user.run('history', 'a/b/C');
  expect([code, stderr]).toEqual([
    5,
    'error: the server at unix:/s does not answer\nhint: is it running? plumb server\n',
  ]);
});

test('long help goes through the pager too', async () => {
  const user = terminal();
  expect((await user.run('get', '--help')).stdout).toBe('');
  expect(user.spawned[0]?.input).toMatch(/^plumb get: print a value\n/);
});
