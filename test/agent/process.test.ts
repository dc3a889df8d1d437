/** What only a process of its own shows: signals, exit codes, two agents on one folder, another configuration. */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { AgentProcess } from './world.ts';
import { until, World } from './world.ts';

let world: World;
afterEach(() => world.end());

const ended = async (agent: AgentProcess): Promise<readonly [number | null, string, string]> => {
  const { code } = await agent.exited;
  return [code, agent.stdout(), agent.stderr()];
};
const ready = (agent: AgentProcess): Promise<void> => until(() => agent.stderr().includes('"msg":"ready"'));
const lines = (text: string): readonly Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('--once looks once, and says by its exit code whether all is right', async () => {
  world = await World.make();
  const [code, out] = await ended(world.spawn('--once'));
  expect([code, world.file()]).toEqual([0, ['A=one', 'SECRET=first']]);
  expect(out).toMatch(
    /app  app\/production → .*\.env\n {5}in agreement, 2 of 2 names, revision \d+ at .*; 2 created\n/,
  );
  world.configure({}, [{ reload: { command: ['false'] } }]);
  await world.set({ A: 'two' });
  const [failed, said] = await ended(world.spawn('--once'));
  expect([failed, world.file()]).toEqual([1, ['A=two', 'SECRET=first']]);
  expect(said).toContain('reload failed: the command ended with exit code 1; it is tried again');
});

test('--check says everything that is wrong at once, and where', async () => {
  world = await World.make();
  expect(await ended(world.spawn('--check'))).toEqual([0, 'the configuration is right: 1 sync below 1 root\n', '']);
  world.configure({ server: 'http://example.com', colour: 'red' }, [
    { root: 'none', fileMode: '0777', reload: { command: 'sh' } },
    { name: 'app', mode: 'sometimes', typo: 1 },
  ]);
  const [code, , said] = await ended(world.spawn('--check'));
  expect(code).toBe(2);
  for (const text of [
    'server: expected https://, since plain http is for this machine only',
    'colour is no option',
    'syncs.app: root must be the name of one of roots',
    'syncs.app: reload.command must be a list',
    'syncs.app: mode must be repair, report, once, paused',
    'syncs.app: another sync has the same name',
    'syncs.app: unknown option "typo"',
  ]) {
    expect(said).toContain(text);
  }
  expect(existsSync(world.state)).toBe(false);
});

test('SIGHUP takes another configuration; one that is wrong is refused and the one before stays', async () => {
  world = await World.make();
  const agent = world.spawn();
  await ready(agent);
  await until(() => world.file() !== null);
  world.configure({}, [{}, { name: 'second', at: 'second.env', names: { only: ['A'] } }]);
  agent.kill('SIGHUP');
  await until(() => world.file('second.env')?.length === 1);
  world.configure({ server: 'nowhere' });
  agent.kill('SIGHUP');
  await until(() => agent.stderr().includes('the new configuration is not taken'));
  await world.set({ A: 'two' });
  await until(() => world.file('second.env')?.includes('A=two') === true && world.file()?.includes('A=two') === true);
  world.configure({}, [{ name: 'second', at: 'second.env', names: { only: ['A'] } }]);
  agent.kill('SIGHUP');
  await until(() => agent.stderr().split('read again').length === 3);
  await world.set({ A: 'three' });
  await until(() => world.file('second.env')?.includes('A=three') === true);
  expect(world.file()).toEqual(['A=two', 'SECRET=first']);
  agent.kill('SIGTERM');
  expect((await agent.exited).code).toBe(0);
});

test('another server by SIGHUP', async () => {
  world = await World.make();
  const agent = world.spawn();
  await until(() => world.file() !== null);
  world.configure({ server: world.server.address });
  agent.kill('SIGHUP');
  await until(() => agent.stderr().includes('read again'));
  await world.set({ A: 'over tcp' });
  await until(() => world.file()?.includes("A='over tcp'") === true);
});

test('SIGTERM while a reload runs lets it end', async () => {
  world = await World.make();
  const mark = join(world.place, 'mark');
  world.configure({}, [{ reload: { command: ['sh', '-c', `echo begun > ${mark}; sleep 1; echo ended > ${mark}`] } }]);
  const agent = world.spawn();
  await until(() => existsSync(mark));
  agent.kill('SIGTERM');
  expect((await agent.exited).code).toBe(0);
  expect(readFileSync(mark, 'utf8')).toBe('ended\n');
});

test('status, apply, and a second agent on the same folder', async () => {
  world = await World.make({ A: '1', B: '2', C: '3', D: '4', E: '5' });
  const agent = world.spawn();
  await until(() => world.file()?.length === 5);
  await until(() => agent.stderr().includes('InSync'));
  const [code, out] = await ended(world.spawn('status'));
  expect([code, out]).toEqual([0, expect.stringContaining('in agreement, 5 of 5 names')]);
  const [json, text] = await ended(world.spawn('status', '--json'));
  expect([json, JSON.parse(text)]).toMatchObject([0, { inAgreement: true, server: { state: 'answers' } }]);
  expect(await ended(world.spawn())).toEqual([
    1,
    '',
    expect.stringContaining('another agent runs with this state folder'),
  ]);
  await world.set({ A: null, B: null, C: null, D: null });
  await until(() => agent.stderr().includes('MassDelete'));
  const [waiting, held] = await ended(world.spawn('status'));
  expect([waiting, held]).toEqual([1, expect.stringContaining('Held: ')]);
  expect(world.file()).toHaveLength(5);
  const [applied] = await ended(world.spawn('apply', 'app'));
  expect([applied, world.file()]).toEqual([0, ['E=5']]);
  const [unknown, , why] = await ended(world.spawn('apply', 'none'));
  expect([unknown, why]).toEqual([1, 'error: there is no sync none\n']);
  agent.kill('SIGKILL');
  await agent.exited;
  expect(await ended(world.spawn('status'))).toEqual([1, '', 'error: no agent runs with this state folder\n']);
  const after = world.spawn();
  await ready(after);
});

test('of many that start at once, on what a killed one left, one runs and the others say why they do not', async () => {
  world = await World.make();
  const first = world.spawn();
  await ready(first);
  first.kill('SIGKILL');
  await first.exited;
  const agents = Array.from({ length: 4 }, () => world.spawn());
  const over = new Set<AgentProcess>();
  for (const agent of agents) void agent.exited.then(() => over.add(agent));
  const runs = (agent: AgentProcess): boolean => agent.stderr().includes('"msg":"ready"');
  await until(() => agents.every((agent) => over.has(agent) || runs(agent)));
  expect(agents.filter(runs)).toHaveLength(1);
  for (const agent of over) {
    expect(await ended(agent)).toEqual([1, '', expect.stringContaining('another agent runs with this state folder')]);
  }
  const [, , said] = await ended(world.spawn('status'));
  expect(said).toBe('');
});

test('what is open to others is not used, and what is missing is named', async () => {
  world = await World.make();
  writeFileSync(join(world.place, 'other'), 'x\n', { mode: 0o644 });
  world.configure({ tokenFile: join(world.place, 'other') });
  const [code, out] = await ended(world.spawn('--once'));
  expect([code, out]).toEqual([1, expect.stringContaining('is open to others')]);
  const ca = join(world.place, 'none.pem');
  world.configure({ ca });
  expect(await ended(world.spawn('--once'))).toEqual([2, '', expect.stringContaining('ca: goes with a server')]);
  world.configure({ ca, server: 'https://127.0.0.1:1' });
  expect(await ended(world.spawn('--once'))).toEqual([
    2,
    '',
    expect.stringContaining('none.pem cannot be read (ENOENT)'),
  ]);
  world.configure();
  chmodSync(world.configFile, 0o664);
  expect((await ended(world.spawn('--check')))[0]).toBe(0);
  chmodSync(world.configFile, 0o646);
  expect(await ended(world.spawn('--once'))).toEqual([
    1,
    '',
    `error: ${world.configFile} may be written by everybody\nhint: chmod o-w ${world.configFile}\n`,
  ]);
  rmSync(world.configFile);
  expect(await ended(world.spawn('--once'))).toEqual([
    1,
    '',
    expect.stringContaining('there is no configuration file'),
  ]);
});

test('every line of the log is JSON without a value', async () => {
  world = await World.make({ A: 'CanaryWordQ7xV2mK9pL4w' });
  const agent = world.spawn('--log-level', 'debug');
  await until(() => agent.stderr().includes('InSync'));
  agent.kill('SIGTERM');
  const [code, , log] = await ended(agent);
  expect([code, lines(log).length > 3, log.includes('Canary')]).toEqual([0, true, false]);
});
