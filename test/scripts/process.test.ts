/** What only a process of its own shows: signals, exit codes, closed pipes, what a child process inherits. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalServer } from '#testing/server';
import { startServer } from '#testing/server';

const main = join(import.meta.dirname, '../../src/main.ts');
let server: LocalServer;

beforeAll(async () => {
  server = await startServer();
  const op = { op: 'put', kind: 'config' } as const;
  await server.client.changes.apply({ ops: [{ ...op, path: 'a/b/GREETING', value: 'hello' }] });
});
afterAll(() => server.stop());

/** A command line as a process; `stdout` is what came so far. */
function start(args: readonly string[]) {
  const env = {
    ...process.env,
    PLUMB_ADDR: `unix:${server.socket}`,
    PLUMB_TOKEN: server.token,
    NODE_COMPILE_CACHE: join(import.meta.dirname, '../../.cache/compile'),
  };
  const child = spawn(process.execPath, ['--conditions=plumb-source', main, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const printed = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (written.stdout.includes(text)) resolve();
      };
      child.stdout.on('data', look);
      look();
    });
  return { child, written, ended, printed };
}

const trap = 'trap "echo caught; exit 9" SIG; echo "$GREETING"; while :; do read -t 1 x || sleep 0.05; done';

describe.each([[[]], [['--mask']]])('run %j', (flags) => {
  test.each(['TERM', 'HUP', 'INT', 'QUIT', 'USR1', 'USR2'])('hands SIG%s on, and the exit code', async (signal) => {
    const script = trap.replace('SIG', signal);
    const { child, written, ended, printed } = start(['run', '-e', 'a/b', ...flags, '--', 'bash', '-c', script]);
    await printed('hello\n');
    child.kill(`SIG${signal}` as NodeJS.Signals);
    expect(await ended).toEqual({ code: 9, signal: null });
    expect(written.stdout).toBe('hello\ncaught\n');
  });
});

test('run puts the command into its own place', async () => {
  const { child, written, ended, printed } = start([
    'run',
    '-e',
    'a/b',
    '--',
    'sh',
    '-c',
    'echo "$$ $GREETING"; exec sleep 60',
  ]);
  await printed('hello\n');
  expect(written.stdout).toBe(`${child.pid} hello\n`);
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: null, signal: 'SIGTERM' });
});

test('run with --mask stays, and tells by its exit code which signal ended the command', async () => {
  const { child, ended, printed } = start([
    'run',
    '-e',
    'a/b',
    '--mask',
    '--',
    'sh',
    '-c',
    'echo "$GREETING"; exec sleep 60',
  ]);
  await printed('hello\n');
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 143, signal: null });
});

test('a command starts with the signals that any program starts with', async () => {
  const { written, ended } = start([
    'run',
    '-e',
    'a/b',
    '--',
    'sh',
    '-c',
    'yes | head -1; grep SigIgn /proc/self/status',
  ]);
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(written.stdout).toBe('y\nSigIgn:\t0000000000000000\n');
});

test.each([
  ['no-such-command', 127, 'error: no-such-command: no such command\n'],
  ['/dev/null', 126, 'error: /dev/null: not an executable file\n'],
])('run of %s exits with %d', async (command, code, stderr) => {
  const { written, ended } = start(['run', '-e', 'a/b', '--', command]);
  expect(await ended).toEqual({ code, signal: null });
  expect(written.stderr).toBe(stderr);
});

test('run starts a script that does not name its interpreter', async () => {
  const script = join(server.folder, 'script');
  writeFileSync(script, 'echo "$GREETING $1"\n', { mode: 0o755 });
  const { written, ended } = start(['run', '-e', 'a/b', '--', script, 'you']);
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(written).toEqual({ stdout: 'hello you\n', stderr: '' });
});

test('a command does not inherit what is ours', async () => {
  const { written, ended } = start(['run', '-e', 'a/b', '--', 'sh', '-c', 'env']);
  await ended;
  const names = written.stdout.split('\n').map((line) => line.split('=')[0]);
  expect(names).toContain('GREETING');
  expect(names.filter((name) => name === 'PLUMB_TOKEN' || name === 'NODE_COMPILE_CACHE')).toEqual([]);
});

test('a reader that goes away ends the command quietly', async () => {
  const { child, written, ended, printed } = start(['changes', '--after', '1', '--json']);
  await printed('GREETING');
  child.stdout.destroy();
  const op = { op: 'put', kind: 'config' } as const;
  await server.client.changes.apply({ ops: [{ ...op, path: 'a/b/GREETING', value: 'again' }] });
  expect(await ended).toEqual({ code: 141, signal: null });
  expect(written.stderr).toBe('');
});

test('an interrupted watch ends as wished', async () => {
  const { child, written, ended, printed } = start(['changes', '--after', '1']);
  await printed('GREETING');
  child.kill('SIGINT');
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(written.stderr).toBe('');
});
