/** Written and activated are two states: the second is tried until it holds. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { pass, report, until, World } from './world.ts';

let world: World;
afterEach(() => world.end());

/** A command that appends what it is told to `log`, and fails as long as `failing` is there. */
function withReload(script = '', more: object = {}): void {
  const told = `echo "$PLUMB_SYNC \${PLUMB_CHANGED-unknown} $(cat "$PLUMB_FILE" | grep -c =)" >> ${log()}; ${script}`;
  world.configure({}, [{ reload: { command: ['sh', '-c', told], ...more } }]);
}
const log = (): string => join(world.place, 'log');
const failing = (): string => join(world.place, 'failing');
const runs = (): readonly string[] =>
  existsSync(log()) ? readFileSync(log(), 'utf8').split('\n').filter(Boolean) : [];
/** A process that has ended, also one that nobody has asked for its end. */
const isGone = (pid: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
};
const activation = (agent: Parameters<typeof report>[0]) => report(agent).status?.activation;
const tries = async (count: number): Promise<void> =>
  until(
    () => runs().length >= count,
    () => pass(world, 10_000),
  );

test('after a delivery, and after nothing else', async () => {
  world = await World.make();
  withReload();
  const agent = await world.start();
  const nudge = () => pass(world, 50);
  await until(() => activation(agent)?.state === 'done', nudge);
  expect(runs()).toEqual(['app unknown 2']);
  for (let minute = 0; minute < 15; minute += 1) await pass(world, 60_000);
  await world.rest(agent);
  expect(runs()).toHaveLength(1);
  await world.set({ A: 'two', B: 'new' });
  await until(() => runs().length === 2 && activation(agent)?.state === 'done', nudge);
  expect(runs()[1]).toBe('app A B 3');
});

test('ten tries that fail, then one that succeeds; the file is right all along', async () => {
  world = await World.make();
  writeFileSync(failing(), '');
  withReload(`test ! -e ${failing()}`);
  const agent = await world.start();
  for (let count = 1; count <= 10; count += 1) {
    await tries(count);
    expect(world.file()).toEqual(['A=one', 'SECRET=first']);
  }
  const failed = () => activation(agent)?.message.includes('exit code 1, 10 times') === true;
  await until(failed, () => pass(world, 10));
  expect([activation(agent)?.state, agent.status().inAgreement]).toEqual(['failed', false]);
  rmSync(failing());
  await tries(11);
  await until(
    () => activation(agent)?.state === 'done',
    () => pass(world, 50),
  );
  expect([runs().length, agent.status().inAgreement]).toEqual([11, true]);
});

test('one that is due is remembered: an agent that starts again goes on with it, also without a server', async () => {
  world = await World.make();
  writeFileSync(failing(), '');
  withReload(`test ! -e ${failing()}`);
  const agent = await world.start();
  await until(
    () => activation(agent)?.state === 'failed',
    () => pass(world, 10),
  );
  await agent.stop();
  await world.stopServer();
  rmSync(failing());
  const again = await world.start();
  const before = runs().length;
  await until(
    () => activation(again)?.state === 'done',
    () => pass(world, 50),
  );
  expect([before, runs().length, runs().at(-1)]).toEqual([expect.any(Number), expect.any(Number), 'app unknown 2']);
  expect(runs().length).toBeGreaterThanOrEqual(2);
});

test('a newer delivery takes the place of one whose command fails', async () => {
  world = await World.make();
  writeFileSync(failing(), '');
  withReload(`grep -q A=two "$PLUMB_FILE"`);
  const agent = await world.start();
  await until(
    () => activation(agent)?.state === 'failed',
    () => pass(world, 10),
  );
  await world.set({ A: 'two' });
  // Before the next try of the old one is due, which would find the new text too.
  await until(
    () => world.file()?.includes('A=two') === true,
    () => pass(world, 1),
  );
  await until(
    () => activation(agent)?.state === 'done',
    () => pass(world, 10),
  );
  expect(runs().at(-1)).toBe('app unknown 2');
});

test('of a command that is taken out of the configuration nothing is left', async () => {
  world = await World.make();
  withReload('exit 1');
  const agent = await world.start();
  await until(
    () => activation(agent)?.state === 'failed',
    () => pass(world, 10),
  );
  await agent.stop();
  world.configure();
  const again = await world.start();
  const before = runs().length;
  await until(
    () => again.status().inAgreement,
    () => pass(world, 1000),
  );
  for (let minute = 0; minute < 10; minute += 1) await pass(world, 60_000);
  await world.rest(again);
  expect([activation(again), again.status().inAgreement, runs().length]).toEqual([undefined, true, before]);
});

test('one that takes too long is ended with all that it started', async () => {
  world = await World.make();
  const pids = join(world.place, 'pids');
  withReload(`sleep 1000 & echo $! >> ${pids}; wait`, { timeout: '1s' });
  const agent = await world.start();
  // A first try may end before its shell has begun anything.
  await until(
    () => activation(agent)?.state === 'failed' && existsSync(pids),
    () => pass(world, 10),
  );
  expect(activation(agent)?.message).toContain('the command took longer than 1 s');
  const started = readFileSync(pids, 'utf8').trim().split('\n');
  expect(started[0]).toMatch(/^\d+$/);
  await until(() => started.every(isGone));
});

test('a command that is not there is a failure like others', async () => {
  world = await World.make();
  world.configure({}, [{ reload: { command: ['/no/such/program'] } }]);
  const agent = await world.start();
  await until(
    () => activation(agent)?.state === 'failed',
    () => pass(world, 10),
  );
  expect(activation(agent)?.message).toMatch(/^reload: the command cannot be started \(ENOENT\).*; it is tried again$/);
});

test('its environment holds nothing of ours but what it needs', async () => {
  world = await World.make();
  world.configure({}, [
    { reload: { command: ['sh', '-c', `env > ${log()}.part && mv ${log()}.part ${log()}`], env: { MODE: 'soft' } } },
  ]);
  const agent = await world.start();
  await until(
    () => activation(agent)?.state === 'done',
    () => pass(world, 50),
  );
  const names = runs().map((line) => line.split('=')[0] ?? '');
  const ofTheShell = new Set(['PWD', '_', 'SHLVL']);
  expect(new Set(names).difference(ofTheShell)).toEqual(new Set(['MODE', 'PATH', 'PLUMB_FILE', 'PLUMB_SYNC']));
});

test('an agent that is killed between the write and the reload does it when it starts again', async () => {
  world = await World.make();
  // The command kills the agent that started it, once.
  const mark = join(world.place, 'killed');
  withReload(`if test ! -e ${mark}; then touch ${mark}; kill -9 $PPID; exit 1; fi`);
  const first = world.spawn();
  expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(world.file()).toEqual(['A=one', 'SECRET=first']);
  const second = world.spawn();
  await until(() => second.stderr().includes('"reload":"done"'));
  expect(runs()).toEqual(['app unknown 2', 'app unknown 2']);
  second.kill('SIGTERM');
  expect(await second.exited).toEqual({ code: 0, signal: null });
});
