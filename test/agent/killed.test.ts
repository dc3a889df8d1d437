/** An agent that is killed again and again while values change: files are whole each time, and right in the end. */
import { readdirSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { SeededRandom } from '#testing/clock';
import { lookOn, until, World } from './world.ts';

let world: World;
afterEach(() => world.end());

const rounds = 6;
const names = 40;
/** One text for all, so that a file of two contents would show. */
const values = (text: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: names }, (_, index) => [`NAME_${index}`, text]));

test('kill -9 at any moment', async () => {
  const random = new SeededRandom(7);
  world = await World.make(values('round-0'));
  world.configure({}, [{ reload: { command: ['true'] } }]);
  const witness = lookOn(world.path());
  for (let round = 1; round <= rounds; round += 1) {
    const agent = world.spawn();
    await until(() => agent.stderr().includes('"msg":"ready"'));
    await world.set(values(`round-${round}`));
    await new Promise((resolve) => setTimeout(resolve, random.below(60)));
    agent.kill('SIGKILL');
    await agent.exited;
  }
  const last = world.spawn();
  await until(() => world.file()?.filter((line) => line.endsWith(`=round-${rounds}`)).length === names);
  await until(() => last.stderr().includes('"reload":"done"'));
  await world.set({ NAME_0: 'after' });
  await until(() => world.file()?.includes('NAME_0=after') === true);
  last.kill('SIGTERM');
  expect((await last.exited).code).toBe(0);
  witness.stop();
  const rows = (text: string): readonly string[] => text.split('\n').filter((line) => line.startsWith('NAME_'));
  const mixed = [...witness.seen].filter((text) => {
    const found = rows(text).filter((line) => line !== 'NAME_0=after');
    return new Set(found.map((line) => line.split('=')[1])).size !== 1 || rows(text).length !== names;
  });
  expect(mixed).toEqual([]);
  expect(readdirSync(world.root)).toEqual(['.env']);
  expect(readdirSync(world.state, { recursive: true }).filter((name) => String(name).endsWith('.tmp'))).toEqual([]);
});
