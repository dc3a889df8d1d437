import { describe, expect, test } from 'vitest';
import type { SpawnRequest } from './io.ts';
import type { FakeFile } from '#testing/terminal';
import { FakeTerminal } from '#testing/terminal';

const entry = { path: 'a/b/PORT', kind: 'config', type: 'string', form: 'literal', version: 4 };
const secret = { path: 'a/b/PASS', kind: 'secret', type: 'string', form: 'literal', version: 1 };
const answers = {
  'GET /api/v1/entries': { folder: 'a/b', folders: [], entries: [entry, secret] },
  'GET /api/v1/entries/a/b/PORT': { ...entry, value: '80' },
  'GET /api/v1/entries/a/b/PASS': { ...secret, value: 'hunter2' },
};
const done = { revision: 9, dryRun: false, entries: [], warnings: [] };
const mismatch = { code: 'mismatch', detail: 'a/b/PORT is at version 5, expected 4' };
const shm = { text: '', kind: 'folder', mode: 0o1777, owner: 0 } as const;

interface Scene {
  /** What the editor makes of the text, each time. */
  readonly edit: (text: string, terminal: FakeTerminal) => string;
  readonly applied?: unknown;
  readonly files?: Readonly<Record<string, FakeFile>>;
  readonly env?: Readonly<Record<string, string>>;
}

function scene({ edit, applied = done, files = {}, env = {} }: Scene) {
  const texts: string[] = [];
  const opened: { readonly path: string; readonly request: SpawnRequest; readonly folderMode: number | undefined }[] =
    [];
  const terminal: FakeTerminal = new FakeTerminal({
    env: { PLUMB_TOKEN: 'plumb.aaaaaaaa.b', PLUMB_ADDR: 'unix:/s', EDITOR: 'ed', ...env },
    files: { '/dev/shm': shm, ...files },
    answers: { ...answers, 'POST /api/v1/changes': applied },
    terminal: true,
    child: (request) => {
      const path = request.args[3] ?? '';
      const { text = '' } = terminal.files.get(path) ?? {};
      texts.push(text);
      opened.push({ path, request, folderMode: terminal.files.get(path.slice(0, path.lastIndexOf('/')))?.mode });
      terminal.files.set(path, { text: edit(text, terminal) });
      return { code: 0 };
    },
  });
  const left = (): readonly string[] => [...terminal.files.keys()].filter((path) => path.includes('/plumb-'));
  return { terminal, texts, opened, left };
}

test('the file is private, the token is not the business of the editor, and nothing is left', async () => {
  const { terminal, opened, left } = scene({ edit: (text) => text.replace('80', '81') });
  expect(await terminal.run('edit', 'a/b')).toMatchObject({ code: 0, stderr: '' });
  expect(opened).toMatchObject([{ path: '/dev/shm/plumb-1/a-b.yaml', folderMode: 0o700 }]);
  expect(opened[0]?.request).toMatchObject({ command: 'sh', output: 'inherit' });
  expect(opened[0]?.request.args[1]).toBe('ulimit -c 0; exec ed "$@"');
  expect(opened[0]?.request.env).not.toHaveProperty('PLUMB_TOKEN');
  expect(left()).toEqual([]);
  const bodies = terminal.requests.flatMap(({ body }) => (body === undefined ? [] : [JSON.parse(body) as object]));
  const op = { op: 'put', path: 'a/b/PORT', value: '81', kind: 'config', type: 'string', form: 'literal', expect: 4 };
  expect(bodies).toEqual([
    { ops: [op], force: false, dryRun: true },
    { ops: [op], force: false, dryRun: false },
  ]);
});

test('a secret is not read unless it is to be shown', async () => {
  const hidden = scene({ edit: (text) => text });
  await hidden.terminal.run('edit', 'a/b');
  expect(hidden.terminal.requests.map(({ url }) => url).filter((url) => url.includes('PASS'))).toEqual([]);
  expect(hidden.texts[0]).toContain('PASS: !unchanged\n');
  const shown = scene({ edit: (text) => text });
  await shown.terminal.run('edit', 'a/b', '--reveal');
  expect(shown.terminal.requests.map(({ url }) => url).filter((url) => url.includes('PASS'))).toHaveLength(1);
});

describe('the folder of the file', () => {
  const runtime = { text: '', kind: 'folder', mode: 0o700 } as const;
  test.each([
    ['the runtime folder', { '/run/me': runtime }, '/run/me'],
    ['not one that others may enter', { '/run/me': { ...runtime, mode: 0o755 } }, '/dev/shm'],
    ['not one of somebody else', { '/run/me': { ...runtime, owner: 0 } }, '/dev/shm'],
    ['not where others may take it away', { '/dev/shm': { ...shm, mode: 0o777 }, '/tmp': shm }, '/tmp'],
  ])('is %s', async (_, files, folder) => {
    const { terminal, opened } = scene({ edit: (text) => text, files, env: { XDG_RUNTIME_DIR: '/run/me' } });
    await terminal.run('edit', 'a/b');
    expect(opened[0]?.path.startsWith(`${folder}/plumb-`)).toBe(true);
  });
});

test('a conflict loses nothing that was typed', async () => {
  const { terminal, left } = scene({
    edit: (text) => text.replace('PORT: !config 80', 'PORT: !config 81\nNEW: typed'),
    applied: { status: 412, body: mismatch },
  });
  const { code, stdout, stderr } = await terminal.run('edit', 'a/b');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toBe(
    'error: a/b/PORT is at version 5, expected 4\nnote: what you typed is kept in /dev/shm/plumb-1/a-b.yaml\n',
  );
  expect(left()).toEqual(['/dev/shm/plumb-1', '/dev/shm/plumb-1/a-b.yaml']);
  expect(terminal.files.get('/dev/shm/plumb-1/a-b.yaml')?.text).toContain('PORT: !config 81\nNEW: typed\n');
});

test('a mistake opens the editor again, with what was typed and the error above its line', async () => {
  const typed = ['X: [', 'X: "mended"'];
  const { terminal, texts, left } = scene({
    edit: (text) => (text.includes('X: [') ? text.replace('X: [', typed[1] ?? '') : `${text}# my note\n${typed[0]}\n`),
  });
  expect(await terminal.run('edit', 'a/b')).toMatchObject({ code: 0 });
  expect(texts[1]).toMatch(/# my note\n(# error: .*\n)?X: \[\n(# error: .*\n)?/);
  expect(texts[1]).toContain('# error: column ');
  expect(terminal.requests.at(-1)?.body).not.toContain('error');
  expect(left()).toEqual([]);
});

describe('a signal while the editor is open', () => {
  test('ends without a change, and takes the file away', async () => {
    const { terminal, left } = scene({
      edit: (text, at) => {
        at.signals.get('SIGTERM')?.('SIGTERM');
        return text;
      },
    });
    expect(await terminal.run('edit', 'a/b')).toMatchObject({ code: 143 });
    expect(left()).toEqual([]);
  });

  test('keeps what was typed', async () => {
    const { terminal, left } = scene({
      edit: (text, at) => {
        at.signals.get('SIGHUP')?.('SIGHUP');
        return `${text}NEW: typed\n`;
      },
    });
    expect(await terminal.run('edit', 'a/b')).toMatchObject({ code: 129 });
    expect(left()).toHaveLength(2);
  });

  test('from the terminal is the business of the editor', async () => {
    const { terminal } = scene({
      edit: (text, at) => {
        at.signals.get('SIGINT')?.('SIGINT');
        return text;
      },
    });
    expect(await terminal.run('edit', 'a/b')).toMatchObject({ code: 0, stdout: 'nothing is changed\n' });
  });
});

describe('a signal while the server is asked', () => {
  /** An answer at whose coming the signal comes. */
  const interrupting = (terminal: () => FakeTerminal, signal: 'SIGINT' | 'SIGTERM') => ({
    get status() {
      terminal().signals.get(signal)?.(signal);
      return 200;
    },
    body: done,
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s begins nothing more, and names the file that stays', async (signal, code) => {
    const { terminal, left } = scene({
      edit: (text) => text.replace('80', '81'),
      applied: interrupting(() => terminal, signal),
    });
    const outcome = await terminal.run('edit', 'a/b', '--reveal');
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain(`ended by ${signal} before the change was answered`);
    expect(outcome.stderr).toContain(`what you typed is kept in ${left()[1]}`);
    expect(terminal.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(terminal.signals.size).toBe(0);
  });
});
