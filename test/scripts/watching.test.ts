/** `--watch`: what a command shows is shown again when it becomes another, and not otherwise. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalServer } from '#testing/server';
import { startServer } from '#testing/server';
import { live } from './live.ts';

let server: LocalServer;
beforeAll(async () => {
  server = await startServer();
  await server.client.projects.put('w', {});
  await server.client.environments.put('w/base', {});
  await server.client.environments.put('w/dev', { extends: 'base' });
});
afterAll(() => server.stop());

async function put(path: string, value: string, form: 'literal' | 'expression' = 'literal'): Promise<void> {
  await server.client.changes.apply({ ops: [{ op: 'put', path, value, kind: 'config', form }] });
}

test('get prints a value again when it changes, also by what it inherits and refers to', async () => {
  await put('w/base/HOST', 'one');
  await put('w/base/URL', 'http://${HOST}/', 'expression');
  await using get = live(server, ['get', 'w/dev/URL', '--watch']);
  await get.printed('http://one/\n');
  await put('elsewhere/x/A', '1');
  await put('w/dev/OTHER', '1');
  await put('w/base/HOST', 'two');
  await get.printed('http://two/\n');
  await put('w/dev/HOST', 'three');
  await get.printed('http://three/\n');
  expect(get.written).toEqual({ stdout: 'http://one/\nhttp://two/\nhttp://three/\n', stderr: '' });
  get.signal('SIGINT');
  expect(await get.ended).toBe(0);
});

test('get says when the value is gone, and goes on', async () => {
  await put('w/base/GONE', 'here');
  await using get = live(server, ['get', 'w/base/GONE', '--watch', '--count', '2']);
  await get.printed('here');
  await server.client.changes.apply({ ops: [{ op: 'delete', path: 'w/base/GONE' }] });
  await get.printed('warning: nothing is at w/base/GONE', 1, 'stderr');
  await put('w/base/GONE', 'again');
  expect(await get.ended).toBe(0);
  expect(get.written.stdout).toBe('here\nagain\n');
});

test('list and get print one document a line with --json', async () => {
  await put('w/lines/A', '1');
  await using list = live(server, ['list', 'w/lines', '--watch', '--json', '--count', '2']);
  await list.printed('\n');
  await using get = live(server, ['get', 'w/lines/A', '--watch', '--json', '--count', '2']);
  await get.printed('\n');
  await put('w/lines/A', '2');
  expect([await list.ended, await get.ended]).toEqual([0, 0]);
  const documents = (text: string): readonly { version?: number; entries?: readonly { version: number }[] }[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
  expect(documents(get.written.stdout).map(({ version }) => version)).toEqual([1, 2]);
  expect(documents(list.written.stdout).map(({ entries }) => entries?.[0]?.version)).toEqual([1, 2]);
});

test('export replaces its file', async () => {
  await put('w/file/A', '1');
  await using out = live(server, ['export', 'w/file', '-o', 'watched.env', '--watch', '--count', '2']);
  await out.printed('wrote 1 names', 1, 'stderr');
  expect(readFileSync(join(server.folder, 'watched.env'), 'utf8')).toBe('A=1\n');
  await put('w/file/B', '2');
  expect(await out.ended).toBe(0);
  expect(readFileSync(join(server.folder, 'watched.env'), 'utf8')).toBe('A=1\nB=2\n');
});

test('goes on when the connection breaks, and misses nothing', async () => {
  await using other = await startServer();
  await other.client.changes.apply({ ops: [{ op: 'put', path: 'a/b/C', value: '1', kind: 'config' }] });
  await using get = live(other, ['get', 'a/b/C', '--watch', '--count', '2']);
  await get.printed('1\n');
  await other.running.stop();
  await using again = await startServer({ folder: other.folder });
  await again.client.changes.apply({ ops: [{ op: 'put', path: 'a/b/C', value: '2', kind: 'config' }] });
  expect(await get.ended).toBe(0);
  expect(get.written.stdout).toBe('1\n2\n');
});

test('ends with what the server refuses', async () => {
  await put('w/base/TOLD', 'x');
  const { token, accessor } = await server.client.tokens.create({});
  await using get = live(server, ['get', 'w/base/TOLD', '--watch'], { env: { PLUMB_TOKEN: token } });
  await get.printed('x\n');
  await server.client.tokens.revoke(accessor);
  expect(await get.ended).toBe(4);
});

test.each([
  [['get', 'w/base/TOLD', '--count', '2'], '--count goes with --watch'],
  [['export', 'w/base', '--watch'], '--watch goes with -o FILE'],
])('%j is refused', async (argv, message) => {
  const command = live(server, argv);
  expect(await command.ended).toBe(2);
  expect(command.written.stderr).toContain(message);
});
