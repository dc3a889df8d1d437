import { describe, expect, test } from 'vitest';
import { makeDraft } from './plan.ts';
import type { Draft } from './plan.ts';
import type { Sighting } from './target.ts';
import type { InventoryItem } from '#domain/records';

type Names = Readonly<Record<string, string | null>>;
interface Given {
  readonly want?: Readonly<Record<string, string>>;
  /** `null`: the place does not exist. */
  readonly there?: Names | null;
  readonly inventory?: Readonly<Record<string, InventoryItem>>;
  readonly outside?: Readonly<Record<string, string>>;
  readonly adopt?: boolean;
  readonly deleteMany?: boolean;
  /** The first word is the object. */
  readonly obstacles?: readonly string[];
  readonly writers?: Readonly<Record<string, Pick<Sighting, 'writer'>>>;
}

/** Of a value: what was confirmed, intended, or both. */
const was = (value: string): InventoryItem => ({ confirmed: `fp:${value}` });
const meant = (value: string): InventoryItem => ({ intent: `fp:${value}` });
const from = (before: string, value: string): InventoryItem => ({ ...was(before), ...meant(value) });
const leaving = (before: string): InventoryItem => ({ ...was(before), intent: null });

function draft({
  want = {},
  there = {},
  inventory = {},
  outside = {},
  adopt = false,
  deleteMany = false,
  obstacles = [],
  writers,
}: Given): Draft {
  const items = Object.entries(want).map(([name, value]) => [name, { value, secret: false, entry: name }] as const);
  const sight = (value: string | null): Sighting => ({ fingerprint: value === null ? null : `fp:${value}`, bytes: 1 });
  return makeDraft({
    reading: {
      wanted: new Map(items),
      obstacles: obstacles.map((text) => ({ group: text.split(' ')[0] ?? '', message: text })),
      observed:
        there === null
          ? null
          : {
              names: new Map(
                Object.entries(there).map(([name, value]) => [name, { ...sight(value), ...writers?.[name] }]),
              ),
              outside: new Map(Object.entries(outside)),
              flaws: [],
              notes: [],
              mark: '1',
            },
    },
    inventory: { names: inventory },
    fingerprint: (_, value) => `fp:${value}`,
    groupOf: (name) => name.slice(0, Math.max(0, name.indexOf('/'))),
    isSync: (name) => name === 'living',
    adopt,
    deleteMany,
  });
}

const steps = ({ steps: all }: Draft): readonly string[] =>
  all.map(({ name, do: what, because }) => [what, name, ...(because === undefined ? [] : [`(${because})`])].join(' '));

const table: readonly [what: string, given: Given, expected: readonly string[]][] = [
  ['creates what is not there', { want: { A: '1' }, there: null }, ['create A']],
  ['keeps what is right', { want: { A: '1' }, there: { A: '1' }, inventory: { A: was('1') } }, ['keep A']],
  ['adopts what is right already', { want: { A: '1' }, there: { A: '1' } }, ['adopt A']],
  [
    'updates after the source',
    { want: { A: '2' }, there: { A: '1' }, inventory: { A: was('1') } },
    ['update A (changed in the source)'],
  ],
  [
    'updates after a hand edit',
    { want: { A: '1' }, there: { A: 'x' }, inventory: { A: was('1') } },
    ['update A (changed in the target since)'],
  ],
  [
    'mends damage',
    { want: { A: '1' }, there: { A: null }, inventory: { A: was('1') } },
    ['update A (changed in the target since)'],
  ],
  [
    'creates again what was removed',
    { want: { A: '1' }, there: {}, inventory: { A: was('1') } },
    ['create A (removed in the target)'],
  ],
  [
    'deletes what is not wanted any more',
    { there: { A: '1' }, inventory: { A: was('1') } },
    ['delete A (no longer in the source)'],
  ],
  ['forgets what is gone anyway', { there: {}, inventory: { A: was('1') } }, []],
  ['leaves what is not ours', { there: { F: '1' } }, []],
  ['does not take what is not ours', { want: { A: '1' }, there: { A: '2' } }, []],
  [
    'takes it when told to',
    { want: { A: '1' }, there: { A: '2' }, adopt: true },
    ['update A (was not ours and is taken over)'],
  ],
  ['never takes what stands outside', { want: { A: '1' }, there: {}, outside: { A: 'line 1' }, adopt: true }, []],
  [
    'intent of a creation that was carried out',
    { want: { A: '1' }, there: { A: '1' }, inventory: { A: meant('1') } },
    ['keep A'],
  ],
  ['intent of a creation that was not', { want: { A: '1' }, there: {}, inventory: { A: meant('1') } }, ['create A']],
  [
    'a carried out creation is ours to change',
    { want: { A: '2' }, there: { A: '1' }, inventory: { A: meant('1') } },
    ['update A (changed in the source)'],
  ],
  [
    'a creation that somebody else overtook is not ours',
    { want: { A: '1' }, there: { A: '2' }, inventory: { A: meant('1') } },
    [],
  ],
  [
    'intent of an update that was not carried out',
    { want: { A: '2' }, there: { A: '1' }, inventory: { A: from('1', '2') } },
    ['update A (changed in the source)'],
  ],
  [
    'intent of an update that was',
    { want: { A: '2' }, there: { A: '2' }, inventory: { A: from('1', '2') } },
    ['keep A'],
  ],
  [
    'neither the one nor the other',
    { want: { A: '2' }, there: { A: 'x' }, inventory: { A: from('1', '2') } },
    ['update A (changed in the target since)'],
  ],
  [
    'intent of a deletion that was not carried out',
    { there: { A: '1' }, inventory: { A: leaving('1') } },
    ['delete A (no longer in the source)'],
  ],
  [
    'a deletion that was carried out and taken back',
    { want: { A: '1' }, there: {}, inventory: { A: leaving('1') } },
    ['create A'],
  ],
];
describe('steps', () => {
  test.each(table)('%s', (_, given, expected) => {
    expect(steps(draft(given))).toEqual(expected);
  });

  test.each([
    [
      { want: { A: '1' }, there: { A: '2' } },
      ['A is there already with another value and is not ours; apply, or the option adopt, takes it over'],
    ],
    [{ want: { A: '1' }, outside: { A: 'line 7' } }, ['A also stands where it is not ours (line 7)']],
  ] as const)('conflicts of %j', (given, conflicts) => {
    expect(draft(given)).toMatchObject({ conflicts, inAgreement: false });
  });
});

test('inventories before and after the write', () => {
  const { intended, confirmed, agree, total } = draft({
    want: { NEW: 'n', CHANGED: 'c', SAME: 's', THERE: 't' },
    there: { CHANGED: 'old', SAME: 's', THERE: 't', OLD: 'o', FOREIGN: 'f' },
    inventory: { CHANGED: was('old'), SAME: was('s'), OLD: was('o'), GONE: was('g') },
  });
  expect(intended.names).toEqual({
    NEW: meant('n'),
    CHANGED: from('old', 'c'),
    SAME: was('s'),
    THERE: was('t'),
    OLD: leaving('o'),
  });
  expect(confirmed.names).toEqual({ NEW: was('n'), CHANGED: was('c'), SAME: was('s'), THERE: was('t') });
  expect([agree, total]).toEqual([2, 4]);
});

test('a creation that was carried out stays ours while it is changed or deleted', () => {
  const { intended } = draft({
    want: { A: '2' },
    there: { A: '1', B: '1' },
    inventory: { A: meant('1'), B: meant('1') },
  });
  expect(intended.names).toEqual({ A: from('1', '2'), B: leaving('1') });
});

test('foreign names are listed, those outside too', () => {
  const { foreign } = draft({ want: { A: '1' }, there: { A: '1', F: 'x' }, outside: { E: 'line 1' } });
  expect(foreign).toEqual(['E', 'F']);
});

test('drift is told with what was found', () => {
  const { drifted } = draft({
    want: { A: '1', B: '1', C: '1', D: '2' },
    there: { A: 'x', B: null, D: '1' },
    inventory: { A: was('1'), B: was('1'), C: was('1'), D: was('1') },
  });
  expect(drifted).toEqual([
    { name: 'A', found: 'fp:x' },
    { name: 'B', found: null },
    { name: 'C', found: null },
  ]);
});

describe('the brake', () => {
  const owned = (count: number): Given => {
    const names = Array.from({ length: count }, (_, index) => `N${index}`);
    return {
      there: Object.fromEntries(names.map((name) => [name, '1'])),
      inventory: Object.fromEntries(names.map((name) => [name, was('1')])),
    };
  };
  test.each([
    [3, 3, undefined],
    [4, 4, '4 of 4 names would be deleted'],
    [20, 6, undefined],
    [20, 7, '7 of 20 names would be deleted'],
  ])('of %i names %i vanish', (count, vanish, held) => {
    const given = owned(count);
    const want = Object.fromEntries(
      Object.keys(given.there ?? {})
        .slice(vanish)
        .map((name) => [name, '1']),
    );
    expect(draft({ ...given, want }).held).toBe(held);
    expect(draft({ ...given, want, deleteMany: true }).held).toBeUndefined();
  });
});

describe('objects stand or fall each by itself', () => {
  const inventory = { 'x/OLD': was('1'), 'y/OLD': was('1') };
  const there = { 'x/OLD': '1', 'y/OLD': '1' };
  test('what is in the way of one is not in the way of another', () => {
    const found = draft({ want: { 'x/A': '1', 'y/A': '1' }, there, inventory, obstacles: ['x is too large'] });
    expect(found.writes.map(({ name }) => name)).toEqual(['y/A', 'y/OLD']);
    expect([found.waiting, found.problems, found.inAgreement]).toEqual([2, ['x is too large'], false]);
    expect(found.intended.names).toEqual({ 'y/A': meant('1'), 'y/OLD': leaving('1'), 'x/OLD': was('1') });
    expect(found.confirmed.names).toEqual({ 'y/A': was('1'), 'x/OLD': was('1') });
  });
  test('what is in doubt in one that is left as it is stays in doubt', () => {
    const doubtful = { 'x/A': from('1', '2'), 'x/GONE': leaving('1'), 'x/NEW': meant('1'), 'y/A': from('1', '2') };
    const found = draft({
      want: { 'x/A': '2', 'x/NEW': '1', 'y/A': '2', 'y/B': '1' },
      there: { 'x/A': '1', 'x/GONE': '1', 'y/A': '2' },
      inventory: doubtful,
      obstacles: ['x is being deleted'],
    });
    const { 'y/A': _, ...inX } = doubtful;
    expect(found.confirmed.names).toEqual({ ...inX, 'y/A': was('2'), 'y/B': was('1') });
    expect(found.intended.names).toEqual({ ...inX, 'y/A': was('2'), 'y/B': meant('1') });
  });
  test('a conflict is in the way of its object', () => {
    const found = draft({ want: { 'x/A': '1', 'x/B': '1', 'y/A': '1' }, there: { 'x/A': '2' } });
    expect(found.writes.map(({ name }) => name)).toEqual(['y/A']);
    expect(found.blocked).toEqual(new Set(['x']));
  });
  test('what concerns the place is in the way of all', () => {
    const found = draft({ want: { 'x/A': '1' }, there, inventory, obstacles: [' everything'] });
    expect([found.writes, found.intended.names]).toEqual([[], inventory]);
  });
});

describe('who wrote it', () => {
  const writer = { name: 'kubectl-edit', at: 0 };
  const rival = { name: 'plumb/living', at: 0, sync: 'living' };
  test('stands with the drift and the step', () => {
    const given = { want: { A: '1' }, there: { A: 'x' }, inventory: { A: was('1') }, writers: { A: { writer } } };
    const found = draft(given);
    expect(found.drifted).toEqual([{ name: 'A', found: 'fp:x', writer }]);
    expect(found.steps).toMatchObject([{ name: 'A', do: 'update', writer: 'kubectl-edit' }]);
  });
  test.each(['1', 'x'])('another sync keeps a name to itself, with the same value or not: %s', (value) => {
    const found = draft({ want: { A: '1' }, there: { A: value }, adopt: true, writers: { A: { writer: rival } } });
    expect(found.conflicts).toEqual(['A is written by the sync living too (plumb/living, 1970-01-01T00:00:00.000Z)']);
    expect(found.conflicting).toEqual([
      {
        name: 'A',
        secret: false,
        because: 'is written by the sync living too (plumb/living, 1970-01-01T00:00:00.000Z)',
        writer: 'plumb/living',
      },
    ]);
    expect(found.writes).toEqual([]);
  });
  test('what a sync left that is gone is like that of anybody', () => {
    const gone = { name: 'plumb/gone', sync: 'gone' };
    const given = { want: { A: '1' }, there: { A: 'x' }, writers: { A: { writer: gone } } };
    expect(draft(given).conflicts).toHaveLength(1);
    expect(steps(draft({ ...given, adopt: true }))).toEqual(['update A (was not ours and is taken over)']);
  });
  test('a name that another sync took is not deleted', () => {
    const found = draft({ there: { A: '1' }, inventory: { A: was('1') }, writers: { A: { writer: rival } } });
    expect([found.writes, found.confirmed.names]).toEqual([[], {}]);
  });
});

test('names like those of every object are names', () => {
  const want = JSON.parse('{"__proto__": "1", "constructor": "2"}') as Record<string, string>;
  const first = draft({ want });
  expect(steps(first)).toEqual(['create __proto__', 'create constructor']);
  const { names } = first.confirmed;
  expect(steps(draft({ want, there: want, inventory: names }))).toEqual(['keep __proto__', 'keep constructor']);
});
