import { describe, expect, test } from 'vitest';
import { PlumbError } from '#domain/errors';
import type { TerminalOptions } from '#testing/terminal';
import { FakeTerminal } from '#testing/terminal';

const token = `plumb.${'a'.repeat(8)}.${'b'.repeat(43)}`;
const canary = 'canary-value-5531';
const entry = {
  path: 'a/b/NAME',
  kind: 'config',
  type: 'string',
  form: 'literal',
  version: 1,
  time: 1,
  author: 'person/ada',
  value: canary,
  secret: false,
  origin: [],
  etag: '1.1',
};
const folder = { folder: 'a/b', revision: 1, entries: [entry] };
const hour = 3_600_000;

/** Somebody at a machine whose clock and server the test holds in its hands. */
function stage(options: TerminalOptions = {}) {
  const world = { now: 0 };
  const answers: Record<string, unknown> = {};
  const env: Record<string, string> = {
    PLUMB_ADDR: 'https://plumb.example',
    PLUMB_TOKEN: token,
    PLUMB_OFFLINE: 'fallback',
    ...options.env,
  };
  const terminal = new FakeTerminal({ now: () => world.now, ...options, env, answers });
  const up = (): void =>
    void Object.assign(answers, { 'GET /api/v1/values': folder, 'GET /api/v1/entries/a/b/NAME': entry });
  const down = (error: unknown): void => {
    for (const name of ['GET /api/v1/values', 'GET /api/v1/entries/a/b/NAME']) answers[name] = error;
  };
  const kept = (): readonly string[] => [...terminal.files.keys()].filter((path) => path.includes('/offline/'));
  return { terminal, world, env, up, down, kept };
}
const coded = (code: string): Error => Object.assign(new Error('x'), { code });

describe('what is kept', () => {
  test('stands in as long as it is not too old, and says how old it is', async () => {
    const { terminal, world, up, down } = stage();
    up();
    await terminal.run('export', 'a/b');
    down(coded('ECONNREFUSED'));
    world.now = 3 * hour;
    expect(await terminal.run('export', 'a/b')).toEqual({
      code: 0,
      stdout: `NAME=${canary}\n`,
      stderr: 'note: offline, as of 3 h ago: the server at https://plumb.example does not answer\n',
    });
    world.now = 24 * hour;
    expect((await terminal.run('get', 'a/b/NAME')).stdout).toBe(`${canary}\n`);
    world.now += 1;
    expect(await terminal.run('export', 'a/b')).toMatchObject({ code: 5, stdout: '' });
    expect(await terminal.run('export', 'a/b', '--offline')).toMatchObject({ code: 5, stdout: '' });
  });

  test('ends when the user says', async () => {
    const { terminal, world, env, up } = stage();
    up();
    await terminal.run('export', 'a/b');
    env['PLUMB_OFFLINE_MAX_AGE'] = '2h';
    world.now = 2 * hour;
    expect((await terminal.run('export', 'a/b', '--offline')).code).toBe(0);
    world.now += 1;
    expect((await terminal.run('export', 'a/b', '--offline')).code).toBe(5);
  });

  test.each([
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'EPROTO',
    'EACCES',
  ])('is never answered after %s', async (code) => {
    const { terminal, up, down, kept } = stage();
    up();
    await terminal.run('export', 'a/b');
    down(coded(code));
    const outcome = await terminal.run('export', 'a/b');
    expect(outcome).toMatchObject({ code: 5, stdout: '' });
    expect(outcome.stderr).not.toContain('offline');
    expect(kept()).toHaveLength(2);
  });

  test.each([
    [401, 'unauthenticated', 4],
    [403, 'forbidden', 4],
    [500, 'internal', 1],
  ])('is never answered after %d', async (status, code, exit) => {
    const { terminal, up, down } = stage();
    up();
    await terminal.run('export', 'a/b');
    down({ status, body: { code, detail: 'no' } });
    expect(await terminal.run('export', 'a/b')).toMatchObject({ code: exit, stdout: '' });
  });

  test('shows no value, no path and no token in any file', async () => {
    const { terminal, up } = stage();
    up();
    await terminal.run('export', 'a/b');
    await terminal.run('get', 'a/b/NAME');
    for (const [path, { text, bytes }] of terminal.files) {
      const all = `${path} ${text} ${Buffer.from(bytes ?? []).toString('latin1')}`;
      for (const secret of [canary, 'NAME', token, 'plumb.example']) expect(all).not.toContain(secret);
    }
  });

  test('is nothing, where others may read its key', async () => {
    const { terminal, up } = stage({
      files: { '/home/ada/.local/state/plumb/offline-key': { text: '0'.repeat(64), mode: 0o644 } },
    });
    up();
    const outcome = await terminal.run('export', 'a/b');
    expect(outcome).toMatchObject({ code: 4, stdout: '' });
    expect(outcome.stderr).toContain('offline-key may be read by other users');
  });
});

test('where nothing can be kept, what the server answers is answered all the same', async () => {
  const { terminal, up } = stage();
  up();
  terminal.files.set = (path) => {
    throw new PlumbError('unavailable', `${path} cannot be used (ENOSPC)`);
  };
  expect(await terminal.run('export', 'a/b')).toEqual({
    code: 0,
    stdout: `NAME=${canary}\n`,
    stderr: 'warning: not kept offline: /home/ada/.local/state/plumb/offline-key cannot be used (ENOSPC)\n',
  });
});

describe('the key', () => {
  const keyFile = '/home/ada/.local/state/plumb/offline-key';
  test('is in a file where there is no keyring', async () => {
    const { terminal, up } = stage();
    up();
    await terminal.run('export', 'a/b');
    expect(terminal.files.get(keyFile)?.text).toMatch(/^[0-9a-f]{64}\n$/);
  });
  test('is in the keyring where there is one, and goes with logout --all', async () => {
    const { terminal, up, kept } = stage({ keyring: true });
    up();
    await terminal.run('export', 'a/b');
    expect(terminal.files.has(keyFile)).toBe(false);
    expect((await terminal.run('export', 'a/b', '--offline')).code).toBe(0);
    expect((await terminal.run('logout', '--all')).code).toBe(0);
    expect(kept()).toEqual([]);
    expect((await terminal.run('export', 'a/b', '--offline')).code).toBe(5);
  });
});

describe('the user configuration', () => {
  const path = '/home/ada/.config/plumb/config.yaml';
  const run = (file: string | { readonly text: string; readonly mode?: number; readonly owner?: number }) => {
    const { terminal, up, kept } = stage({ env: { PLUMB_OFFLINE: '' }, files: { [path]: file } });
    up();
    return terminal.run('export', 'a/b').then((outcome) => ({ ...outcome, kept: kept().length }));
  };
  test('says whether something is kept', async () => {
    expect(await run('offline: keep\nofflineMaxAge: 2h\n')).toMatchObject({ code: 0, kept: 2 });
    expect(await run('offline: never\n')).toMatchObject({ code: 0, kept: 0 });
    expect(await run('')).toMatchObject({ code: 0, kept: 0 });
  });
  test('tells all mistakes at once', async () => {
    const { code, stderr } = await run('offline: sometimes\nofflineMaxAge: 31d\nmore: 1\n');
    expect(code).toBe(1);
    expect(stderr.split('\n').filter((line) => line.startsWith(path))).toEqual([
      `${path}: offline: must be never, keep, fallback`,
      `${path}: offlineMaxAge: values are kept offline for 30d at most`,
      `${path}: "more" is not known here, expected offline or offlineMaxAge`,
    ]);
  });
  test.each([{ mode: 0o666 }, { mode: 0o620 }, { owner: 0 }])(
    'is not used when others may write it: %j',
    async (status) => {
      expect(await run({ text: 'offline: fallback\n', ...status })).toMatchObject({ code: 4, kept: 0 });
    },
  );
});
