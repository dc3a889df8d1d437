/** The key of what is kept offline, in the keyring of a Linux desktop: the real daemon in a session of its own. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { startServer } from '#testing/server';

const main = resolve(import.meta.dirname, '../../src/main.ts');

/** The daemon ends with the bus, and the bus with the last command. */
const script = `
printf password | gnome-keyring-daemon --unlock --components=secrets --daemonize > /dev/null
plumb() { "$NODE" --conditions=plumb-source "$MAIN" "$@"; }
echo "first: $(PLUMB_OFFLINE=keep plumb export a/b)"
echo "key: $(secret-tool lookup service plumb purpose offline | tr -d 0-9a-f | wc -c) $(secret-tool lookup service plumb purpose offline | wc -c)"
echo "offline: $(plumb export a/b --offline 2> /dev/null)"
plumb logout --all > /dev/null
echo "gone: $(secret-tool lookup service plumb purpose offline)"
plumb export a/b --offline > /dev/null 2>&1
echo "then: $?"
`;

test('is there, in no file, and goes with logout --all', async () => {
  await using server = await startServer();
  const op = { op: 'put', kind: 'config', path: 'a/b/GREETING', value: 'hello' } as const;
  await server.client.changes.apply({ ops: [op] });
  const home = join(server.folder, 'home');
  const runtime = join(server.folder, 'run');
  for (const folder of [home, runtime]) mkdirSync(folder, { mode: 0o700 });
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    PLUMB_ADDR: `unix:${server.socket}`,
    PLUMB_TOKEN: server.token,
    NODE: process.execPath,
    MAIN: main,
  };
  const child = spawn('dbus-run-session', ['--', 'bash', '-c', script], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  await new Promise((settle, fail) => child.on('error', fail).on('close', settle));
  expect(printed.trim().split('\n')).toEqual([
    'first: GREETING=hello',
    'key: 0 64',
    'offline: GREETING=hello',
    'gone: ',
    'then: 5',
  ]);
  expect(existsSync(join(home, '.local/state/plumb/offline-key'))).toBe(false);
});
