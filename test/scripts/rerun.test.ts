/** `run --watch` with real commands and a real server; only the pauses are not waited for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalServer } from '#testing/server';
import { startServer } from '#testing/server';
import type { Live, LiveOptions } from './live.ts';
import { live } from './live.ts';

let server: LocalServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

let folders = 0;
/** A folder of its own with one value. */
async function folderWith(name: string, value: string, kind: 'config' | 'secret' = 'config'): Promise<string> {
  const folder = `run/f${(folders += 1)}`;
  await put(`${folder}/${name}`, value, kind);
  return folder;
}

async function put(path: string, value: string, kind: 'config' | 'secret' = 'config'): Promise<void> {
  await server.client.changes.apply({ ops: [{ op: 'put', path, value, kind }] });
}

/** Prints its number and the value, then stays until a signal ends it. */
const stays = 'echo "$$ <$A>"; while :; do sleep 0.02; done';

function run(folder: string, script: string, flags: readonly string[] = [], options: LiveOptions = {}): Live {
  return live(server, ['run', '-e', folder, '--watch', ...flags, '--', 'sh', '-c', script], options);
}

test('starts the command anew with the new value, and only then', async () => {
  const folder = await folderWith('A', 'one');
  await using command = run(folder, stays);
  await command.printed('<one>\n');
  await put('run/elsewhere/B', '1');
  await put(`${folder}/A`, 'two');
  await command.printed('<two>\n');
  expect(command.written.stdout).toMatch(/^\d+ <one>\n\d+ <two>\n$/);
  expect(command.written.stderr).toBe('note: A changed: starting anew\n');
  const [before, after] = [...command.written.stdout.matchAll(/^\d+/gm)].map(([pid]) => Number(pid));
  expect(() => process.kill(before ?? 0, 0)).toThrow('ESRCH');
  command.signal('SIGTERM');
  expect(await command.ended).toBe(143);
  expect(() => process.kill(after ?? 0, 0)).toThrow('ESRCH');
});

test('kills a command that does not end within the grace', async () => {
  const folder = await folderWith('A', 'one');
  // The grace lasts until the command has shown that it goes on.
  const wait = (ms: number): Promise<void> => (ms === 5000 ? command.printed('no\n') : Promise.resolve());
  await using command: Live = run(folder, `trap "echo no" TERM; ${stays}`, ['--grace', '5s'], { wait });
  await command.printed('<one>\n');
  await put(`${folder}/A`, 'two');
  await command.printed('<two>\n');
  expect(command.written.stdout).toMatch(/<one>\nno\n\d+ <two>\n$/);
  expect(command.written.stderr).toBe(
    'note: A changed: starting anew\nwarning: the command did not end in time and is killed\n',
  );
  command.signal('SIGTERM');
  await command.printed('no\n', 2);
  process.kill(Number(/(\d+) <two>/.exec(command.written.stdout)?.[1]), 'SIGKILL');
  expect(await command.ended).toBe(137);
});

test('sends a signal instead where one is asked for', async () => {
  const folder = await folderWith('A', 'one');
  await using command = run(folder, `trap "echo reload" HUP; ${stays}`, ['--signal', 'hup']);
  await command.printed('<one>\n');
  await put(`${folder}/A`, 'two');
  await command.printed('reload\n');
  await put(`${folder}/A`, 'three');
  await command.printed('reload\n', 2);
  expect(command.written.stdout).toMatch(/^\d+ <one>\nreload\nreload\n$/);
});

test('masks the secrets of each start', async () => {
  const folder = await folderWith('A', 'hunter2-the-first', 'secret');
  await using command = run(folder, stays, ['--mask']);
  await command.printed('>\n');
  await put(`${folder}/A`, 'hunter2-the-second', 'secret');
  await command.printed('>\n', 2);
  expect(command.written.stdout).toMatch(/^\d+ <••••••••>\n\d+ <••••••••>\n$/);
});

describe('a command that ends', () => {
  test('with 0 ends plumb', async () => {
    expect(await run(await folderWith('A', '1'), 'exit 0').ended).toBe(0);
  });

  test('with a failure is started again, after longer and longer pauses', async () => {
    const folder = await folderWith('A', '1');
    const waited: number[] = [];
    const wait = async (ms: number): Promise<void> => void waited.push(ms);
    const script = 'n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) > n; [ "$n" -ge 7 ] && exit 0; exit 3';
    const count = `cd ${server.folder}; ${script}`;
    const command = run(folder, count, [], { wait });
    expect(await command.ended).toBe(0);
    const pauses = waited.filter((ms) => ms >= 1000);
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(command.written.stderr).toContain('warning: the command ended with 3; it is started again in 30 s');
  });

  test('and is waited for is started by a change', async () => {
    const folder = await folderWith('A', 'bad');
    await using command = run(folder, 'echo "<$A>"; [ "$A" = good ]', [], { wait: untilAborted });
    await command.printed('<bad>');
    await command.printed('it is started again', 1, 'stderr');
    await put(`${folder}/A`, 'good');
    expect(await command.ended).toBe(0);
    expect(command.written.stdout).toBe('<bad>\n<good>\n');
  });

  test('and is waited for is not started after a signal', async () => {
    const command = run(await folderWith('A', 'bad'), 'exit 1', [], { wait: untilAborted });
    await command.printed('it is started again', 1, 'stderr');
    command.signal('SIGINT');
    expect(await command.ended).toBe(130);
  });
});

test('keeps the command when new values cannot be had or given, and goes on when they can', async () => {
  const folder = await folderWith('A', 'one');
  await using command = run(folder, stays);
  await command.printed('<one>\n');
  await put(`${folder}/NODE_OPTIONS`, 'x');
  await command.printed('NODE_OPTIONS: makes programs run code', 1, 'stderr');
  await server.client.changes.apply({ ops: [{ op: 'delete', path: `${folder}/NODE_OPTIONS` }], force: true });
  await put(`${folder}/A`, 'two');
  await command.printed('<two>\n');
  expect(command.written.stdout).toMatch(/^\d+ <one>\n\d+ <two>\n$/);
});

test('lets the command run on when it may follow no longer', async () => {
  const folder = await folderWith('A', 'one');
  const { token, accessor } = await server.client.tokens.create({});
  await using command = run(folder, stays, [], { env: { PLUMB_TOKEN: token } });
  await command.printed('<one>\n');
  await server.client.tokens.revoke(accessor);
  await command.printed('changes are no longer followed', 1, 'stderr');
  command.signal('SIGTERM');
  expect(await command.ended).toBe(143);
});

test.each([
  [['run', '-e', 'run/none', '--watch', '--', 'no-such-command'], 127],
  [['run', '-e', 'run/none', '--watch', '--', '/dev/null'], 126],
  [['run', '-e', 'run/none', '--signal', 'HUP', '--', 'true'], 2],
  [['run', '-e', 'run/none', '--watch', '--signal', 'NO', '--', 'true'], 2],
  [['run', '-e', 'run/../x', '--watch', '--', 'true'], 125],
])('%j exits with %d', async (argv, code) => {
  expect(await live(server, argv).ended).toBe(code);
});

/** A pause that only what it is waited for beside it ends; the short ones pass. */
function untilAborted(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms < 1000) return Promise.resolve();
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
}
