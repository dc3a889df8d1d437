import { expect, test } from 'vitest';
import type { Drafted, Run } from './look.ts';
import { withoutSecretsOfBefore } from './revealed.ts';
import type { Desired } from './target.ts';
import { MemorySyncs } from '#testing/memory-syncs';

const items = (secret: boolean, values: Readonly<Record<string, string>>): Desired =>
  new Map(Object.entries(values).map(([name, value]) => [name, { value, secret }]));

/** What is shown of these values, found in the place, when all names are config now. */
async function shown(found: Readonly<Record<string, string>>, last?: number): Promise<readonly string[]> {
  const syncs = new MemorySyncs();
  syncs.declare('s');
  const before = new Map([...items(true, { WAS: 'old' }), ...items(false, { IS: 'one', LATER: 'one' })]);
  syncs.wishAt = async (_, revision) => ({ kind: 'desired', desired: before, revision });
  const print = (name: string, value: string): string => syncs.fingerprint('s', name, value);
  const written = { WAS: 'old', IS: 'one', LATER: 'two' };
  const names = Object.entries(written).map(([name, value]) => [name, { confirmed: print(name, value) }] as const);
  syncs.inventories.set('s', { place: 'p', names: Object.fromEntries(names) });
  if (last !== undefined) {
    const status = { generation: 1, conditions: [], agree: 0, total: 0, appliedRevision: last };
    syncs.statuses.set('s', status);
  }
  const seen = new Map(Object.entries(found).map(([name, value]) => [name, { fingerprint: print(name, value) }]));
  const observed = { names: seen, revealed: new Map(Object.entries(found)) };
  const wanted = items(false, { WAS: 'new', IS: 'new', LATER: 'new' });
  const look = { kind: 'drafted', reading: { wanted, observed } } as unknown as Drafted;
  const run = { name: 's', resolved: { placeKey: 'p' } } as unknown as Run;
  const { reading } = await withoutSecretsOfBefore(syncs, run, look);
  return [...(reading.observed?.revealed?.keys() ?? [])];
}

test('what was config when it was written is shown, what was a secret is not', async () => {
  expect(await shown({ WAS: 'old', IS: 'one' }, 3)).toEqual(['IS']);
});

test('what somebody else wrote is shown, but not where a secret belonged', async () => {
  expect(await shown({ WAS: 'theirs', IS: 'theirs' }, 3)).toEqual(['IS']);
});

test('what we wrote, and nobody can tell as what, is not shown', async () => {
  expect(await shown({ LATER: 'two' }, 3)).toEqual([]);
  expect(await shown({ WAS: 'old', IS: 'one' })).toEqual([]);
});

test('what is as it should be is shown', async () => {
  expect(await shown({ WAS: 'new', IS: 'new' })).toEqual(['WAS', 'IS']);
});
