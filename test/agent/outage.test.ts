/** Files are right or last-known-good while the server is away, after restarts, and when somebody refuses. */
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { conditions, folder, lookOn, newToken, pass, report, until, World } from './world.ts';

let world: World;
afterEach(() => world.end());

const right = ['A=one', 'SECRET=first'];

test('a change arrives, a hand edit is put right, an entry that is deleted goes', async () => {
  world = await World.make();
  const agent = await world.start();
  expect([world.file(), conditions(agent)]).toEqual([right, ['InSync: Agrees']]);
  const nudge = () => pass(world, 50);
  await world.set({ A: 'two' });
  await until(() => world.file()?.includes('A=two') === true, nudge);
  writeFileSync(world.path(), 'A=by hand\nSECRET=first\nOTHER=stays\n');
  await until(() => world.file()?.includes('A=two') === true, nudge);
  await world.set({ SECRET: null });
  await until(() => world.file()?.includes('SECRET=first') === false, nudge);
  expect(world.file()).toEqual(['A=two', 'OTHER=stays']);
});

test('whatever the file target takes: another format, and a file for each name', async () => {
  world = await World.make();
  world.configure({}, [
    { name: 'json', at: 'app.json' },
    { name: 'files', at: 'secrets', layout: 'files', reload: { command: ['true'] } },
  ]);
  const agent = await world.start();
  await until(
    () => report(agent, 'files').status?.activation !== undefined,
    () => pass(world, 50),
  );
  expect(JSON.parse(readFileSync(world.path('app.json'), 'utf8'))).toEqual({ A: 'one', SECRET: 'first' });
  expect(readdirSync(world.path('secrets')).sort()).toEqual(['A', 'SECRET']);
  expect(readFileSync(world.path('secrets/SECRET'), 'utf8')).toBe('first');
});

test('what is inherited follows too, and goes when it is deleted where it stands', async () => {
  world = await World.make();
  const { client } = world.server;
  await client.policies.put('agent', { text: 'allow read on app/**' });
  await client.projects.put('app', {});
  await client.environments.put('app/base', {});
  await client.environments.put('app/production', { extends: 'base' });
  const put = (path: string, value: string) => client.changes.apply({ ops: [{ op: 'put', path, value }] });
  await put('app/base/B', 'base');
  const agent = await world.start();
  const nudge = () => pass(world, 50);
  expect(world.file()).toEqual(['A=one', 'B=base', 'SECRET=first']);
  await put('app/base/B', 'changed');
  await until(() => world.file()?.includes('B=changed') === true, nudge);
  await client.changes.apply({ ops: [{ op: 'delete', path: 'app/base/B' }] });
  await until(() => world.file()?.length === 2, nudge);
  await world.rest(agent);
  expect([world.file(), conditions(agent)]).toEqual([right, ['InSync: Agrees']]);
});

test('an hour without the server: repairs from what is kept, and what changed meanwhile when it is back', async () => {
  world = await World.make();
  const agent = await world.start();
  const witness = lookOn(world.path());
  await world.stopServer();
  const edits = new Map([7, 21, 40, 58].map((minute) => [minute, `A=edit ${minute}\nSECRET=first\n`]));
  for (let minute = 0; minute < 60; minute += 1) {
    const edit = edits.get(minute);
    if (edit !== undefined) {
      writeFileSync(world.path(), edit);
      await until(
        () => world.file()?.includes('A=one') === true,
        () => pass(world, 500),
      );
    }
    await pass(world, 60_000);
    await world.rest(agent);
    expect(world.file()).toEqual(right);
  }
  expect(agent.status().server.state).toBe('away');
  expect([report(agent).values?.from, conditions(agent)]).toEqual(['cache', ['InSync: Agrees']]);
  await world.startServer();
  await world.set({ A: 'three' });
  await until(
    () => world.file()?.includes('A=three') === true && agent.status().server.followed,
    () => pass(world, 1000),
  );
  await world.rest(agent);
  expect(report(agent).values?.from).toBe('server');
  witness.stop();
  // Whole each time; of a hand edit in place the moment before its text is there may be seen.
  const isWhole = (text: string): boolean => text === '' || (/^A=.+$/m.test(text) && /^SECRET=first$/m.test(text));
  expect([...witness.seen].filter((text) => !isWhole(text))).toEqual([]);
});

describe('a machine that starts again', () => {
  test('without a server: what somebody broke meanwhile is put right from what is kept', async () => {
    world = await World.make();
    await (await world.start()).stop();
    await world.stopServer();
    rmSync(world.path());
    const agent = await world.start();
    expect([world.file(), report(agent).values?.from]).toEqual([right, 'cache']);
  });

  test('with a server: what changed while it was off is delivered, and what is right is not written again', async () => {
    world = await World.make();
    await (await world.start()).stop();
    const before = readFileSync(world.path());
    const again = await world.start();
    expect(readFileSync(world.path())).toEqual(before);
    await again.stop();
    await world.set({ A: 'two' });
    await world.start();
    expect(world.file()).toEqual(['A=two', 'SECRET=first']);
  });

  test('what is kept too long repairs nothing, and takes nothing away', async () => {
    world = await World.make();
    await (await world.start()).stop();
    await world.stopServer();
    writeFileSync(world.path(), 'A=by hand\nSECRET=first\n');
    await pass(world, 8 * 86_400_000);
    const agent = await world.open();
    agent.start();
    await until(() => conditions(agent).includes('Error: Unavailable'));
    expect(world.file()).toEqual(['A=by hand', 'SECRET=first']);
    expect(JSON.stringify(report(agent).status)).toContain('nothing young enough is kept of app/production');
  });

  test('what is kept and was altered is not used', async () => {
    world = await World.make();
    await (await world.start()).stop();
    await world.stopServer();
    const cache = join(world.state, 'cache');
    for (const name of readdirSync(cache)) {
      const bytes = readFileSync(join(cache, name));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(join(cache, name), bytes);
    }
    writeFileSync(world.path(), 'A=by hand\nSECRET=first\n');
    const agent = await world.open();
    agent.start();
    await until(() => conditions(agent).includes('Error: Corrupt'));
    expect(world.file()).toEqual(['A=by hand', 'SECRET=first']);
  });
});

describe('a refusal', () => {
  test('of the token: files stay as they are, also when the server is away later, until another token is in its file', async () => {
    world = await World.make();
    const [token] = await world.server.client.tokens
      .list()
      .then((all) => all.filter(({ principal }) => principal === 'workload/agent'));
    const agent = await world.start();
    await world.server.client.tokens.revoke(token?.accessor ?? '');
    writeFileSync(world.path(), 'A=by hand\nSECRET=first\n');
    const minute = () => pass(world, 10_000);
    await until(() => conditions(agent).includes('Stalled: Unauthenticated'), minute);
    await world.stopServer();
    for (let time = 0; time < 20; time += 1) {
      await minute();
      await world.rest(agent);
    }
    expect([world.file(), conditions(agent)]).toEqual([['A=by hand', 'SECRET=first'], ['Stalled: Unauthenticated']]);
    await world.startServer();
    await newToken(world);
    await until(() => world.file()?.includes('A=one') === true, minute);
    await world.rest(agent);
    expect(conditions(agent)).toEqual(['InSync: Agrees']);
  });

  test('of the folder: what is kept of it is ended too', async () => {
    world = await World.make();
    const agent = await world.start();
    await world.server.client.policies.put('agent', { text: 'allow read on elsewhere/*' });
    writeFileSync(world.path(), 'A=by hand\nSECRET=first\n');
    const minute = () => pass(world, 10_000);
    await until(() => conditions(agent).some((one) => one.startsWith('Stalled: ')), minute);
    await agent.stop();
    await world.stopServer();
    const again = await world.open();
    again.start();
    for (let time = 0; time < 20; time += 1) await minute();
    expect(world.file()).toEqual(['A=by hand', 'SECRET=first']);
  });

  test('of single entries, which an answer leaves out without a word: nothing is deleted until a person says so', async () => {
    world = await World.make({ A: 'one', B: 'two', SECRET: 'first' });
    const agent = await world.start();
    await world.server.client.policies.put('agent', { text: `allow read on ${folder}/A\nallow read on ${folder}/B` });
    await world.set({ A: 'changed' });
    const nudge = () => pass(world, 1000);
    await until(() => conditions(agent).includes('Stalled: RightsLost'), nudge);
    expect(world.file()).toEqual(['A=one', 'B=two', 'SECRET=first']);
    await agent.apply('app');
    expect(world.file()).toEqual(['A=changed', 'B=two']);
  });

  test('by the name of the file: a link out of the root is not followed', async () => {
    world = await World.make();
    const outside = join(world.place, 'outside');
    writeFileSync(outside, 'A=theirs\n');
    symlinkSync(outside, world.path());
    symlinkSync(world.place, join(world.root, 'up'));
    world.configure({}, [{}, { name: 'up', at: 'up/stolen.env' }]);
    const agent = await world.open();
    agent.start();
    await until(() => ['app', 'up'].every((name) => conditions(agent, name).includes('Error: Forbidden')));
    expect([readFileSync(outside, 'utf8'), readdirSync(world.place).includes('stolen.env')]).toEqual([
      'A=theirs\n',
      false,
    ]);
  });
});

test('values stand in the files alone: not in the state folder, not in the log', async () => {
  const canary = 'CanaryWordQ7xV2mK9pL4w';
  world = await World.make({ A: canary, B: `${canary}-b` });
  world.configure({}, [{ reload: { command: ['sh', '-c', 'cat "$PLUMB_FILE"; exit 3'] } }]);
  const agent = await world.start();
  await until(
    () => report(agent).status?.activation?.state === 'failed',
    () => pass(world, 10),
  );
  await agent.stop();
  const kept = readdirSync(world.state, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1'));
  expect(world.file()).toEqual([`A=${canary}`, `B=${canary}-b`]);
  expect(kept.length).toBeGreaterThan(2);
  expect([...kept, ...world.lines].filter((text) => text.includes(canary))).toEqual([]);
});
