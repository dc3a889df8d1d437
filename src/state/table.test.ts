import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RowCodec } from './codec.ts';
import { encodeLeaf, firstKeyOf } from './codec.ts';
import { PagedTable } from './paged.ts';
import type { Access } from './paged.ts';
import type { StatePage } from './pages.ts';
import type { Table } from './table.ts';
import { OverlayTable } from './table.ts';
import { comparePaths } from '#domain/path';

/** Rows of a chosen number of bytes. */
const codec: RowCodec<Uint8Array> = {
  encode: (_key, row, sink) => [sink.text('same'), sink.bytes(row)],
  decode: (_key, shape, source) => source.bytes((shape as readonly number[])[1] ?? 0),
  size: (row) => row.length,
};

const row = (size: number, seed = 0) => new Uint8Array(size).fill(seed);

/** What a store keeps: pages by name. */
class Shelf {
  readonly pages = new Map<string, Uint8Array>();
  readonly #access: Access | undefined;

  constructor(access?: Access) {
    this.#access = access;
  }

  take(table: PagedTable<Uint8Array>): number {
    const taken = table.take('dirty');
    for (const page of taken) this.pages.set(page.name, Uint8Array.from(page.bytes));
    for (const name of table.takeRemoved()) this.pages.delete(name);
    return taken.length;
  }

  load(): PagedTable<Uint8Array> {
    const table = new PagedTable('t', codec, this.#access);
    const pages: StatePage[] = [...this.pages].map(([name, bytes]) => ({ name, bytes }));
    table.load(pages);
    return table;
  }
}

function rowsOf(table: Table<Uint8Array>): readonly (readonly [string, number, number])[] {
  return [...table.range('')].map(([key, bytes]) => [key, bytes.length, bytes[0] ?? 0]);
}

type Step =
  | { readonly do: 'set'; readonly key: string; readonly size: number; readonly seed: number }
  | { readonly do: 'delete'; readonly key: string }
  | { readonly do: 'take' }
  | { readonly do: 'reload' };

const key = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', '/', '\0', '\u{1f511}', '\uffee'),
  minLength: 1,
  maxLength: 4,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      key,
      size: fc.constantFrom(0, 10, 20_000, 40_000, 300_000),
      seed: fc.nat(255),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.constant({ do: 'take' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reload' as const }) },
);

test.each<Access>(['by key', 'in order'])(
  'a table read %s is a sorted map, whatever is split, dropped, written and loaded meanwhile',
  (access) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), key, key, (steps, from, to) => {
        const model = new Map<string, Uint8Array>();
        const shelf = new Shelf(access);
        let table = new PagedTable('t', codec, access);
        for (const one of steps) {
          if (one.do === 'set') {
            model.set(one.key, row(one.size, one.seed));
            table.set(one.key, row(one.size, one.seed));
          } else if (one.do === 'delete') {
            model.delete(one.key);
            table.delete(one.key);
          } else {
            shelf.take(table);
            if (one.do === 'reload') table = shelf.load();
          }
        }
        const sorted = [...model].sort(([left], [right]) => comparePaths(left, right));
        const inside = sorted.filter(([one]) => comparePaths(one, from) >= 0 && comparePaths(one, to) < 0);
        expect(rowsOf(table)).toEqual(sorted.map(([one, bytes]) => [one, bytes.length, bytes[0] ?? 0]));
        expect([...table.range(from, to)].map(([one]) => one)).toEqual(inside.map(([one]) => one));
        for (const [one, bytes] of sorted) expect(table.get(one)?.length).toBe(bytes.length);
        shelf.take(table);
        expect(rowsOf(shelf.load())).toEqual(rowsOf(table));
        expect(shelf.load().take('all')).toHaveLength(shelf.pages.size);
        expect(Math.max(0, ...[...shelf.pages.values()].map((bytes) => bytes.length))).toBeLessThanOrEqual(256 * 1024);
      }),
      { numRuns: 100, seed: 1 },
    );
  },
);

test('an overlay shows its own rows over those beneath, which stay', () => {
  const choice = fc.record({ key, size: fc.constantFrom(undefined, 1, 2, 3) });
  fc.assert(
    fc.property(
      fc.array(choice, { maxLength: 12 }),
      fc.array(choice, { maxLength: 12 }),
      key,
      key,
      (below, above, from, to) => {
        const model = new Map<string, Uint8Array>();
        const beneath = new PagedTable('t', codec);
        const overlay = new OverlayTable(beneath);
        const write = (table: Table<Uint8Array>, one: { readonly key: string; readonly size: number | undefined }) => {
          if (one.size === undefined) table.delete(one.key);
          else table.set(one.key, row(one.size));
          if (one.size === undefined) model.delete(one.key);
          else model.set(one.key, row(one.size));
        };
        for (const one of below) write(beneath, one);
        const before = rowsOf(beneath);
        for (const one of above) write(overlay, one);
        const sorted = [...model].sort(([left], [right]) => comparePaths(left, right));
        expect(rowsOf(overlay)).toEqual(sorted.map(([one, bytes]) => [one, bytes.length, 0]));
        const inside = sorted
          .map(([one]) => one)
          .filter((one) => comparePaths(one, from) >= 0 && comparePaths(one, to) < 0);
        expect([...overlay.range(from, to)].map(([one]) => one)).toEqual(inside);
        for (const [one, bytes] of sorted) expect(overlay.get(one)?.length).toBe(bytes.length);
        expect(rowsOf(beneath)).toEqual(before);
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

test('rows that come in order fill their leaves', () => {
  const table = new PagedTable('t', codec);
  for (let index = 0; index < 1000; index += 1) table.set(String(index).padStart(4, '0'), row(1000));
  expect(table.take('all')).toHaveLength(16);
});

test('only leaves that changed are taken, and a page keeps its name', () => {
  const shelf = new Shelf();
  const table = new PagedTable('t', codec);
  for (let index = 0; index < 1000; index += 1) table.set(String(index).padStart(4, '0'), row(1000));
  expect(shelf.take(table)).toBe(16);
  const names = [...shelf.pages.keys()];
  expect(shelf.take(table)).toBe(0);
  table.set('0500', row(1000, 1));
  expect(shelf.take(table)).toBe(1);
  expect([...shelf.pages.keys()]).toEqual(names);
  expect(names.every((name) => /^t\/[0-9a-z]{6}$/.test(name))).toBe(true);
});

test('a row larger than a page is several, and they go when it goes', () => {
  const shelf = new Shelf();
  const table = new PagedTable('t', codec);
  table.set('a', row(1));
  table.set('b', row(600 * 1024, 7));
  shelf.take(table);
  expect([...shelf.pages.keys()].sort()).toEqual(['t/000000', 't/000001', 't/000001/1', 't/000001/2']);
  const loaded = shelf.load();
  expect(loaded.get('b')).toEqual(row(600 * 1024, 7));
  loaded.set('b', row(300 * 1024));
  shelf.take(loaded);
  expect([...shelf.pages.keys()].sort()).toEqual(['t/000000', 't/000001', 't/000001/1']);
  loaded.delete('b');
  shelf.take(loaded);
  expect([...shelf.pages.keys()]).toEqual(['t/000000']);
});

test('names that are gone are told after all pages were taken too', () => {
  const table = new PagedTable('t', codec);
  table.set('a', row(50_000));
  table.set('b', row(50_000));
  expect(table.take('all').map((page) => page.name)).toEqual(['t/000000', 't/000001']);
  table.delete('b');
  expect(table.take('all').map((page) => page.name)).toEqual(['t/000000']);
  expect(table.takeRemoved()).toEqual(['t/000001']);
  expect(table.takeRemoved()).toEqual([]);
});

test('loading reads first keys only', () => {
  const shelf = new Shelf();
  const table = new PagedTable('t', codec);
  for (let index = 0; index < 200; index += 1) table.set(String(index).padStart(4, '0'), row(1000));
  shelf.take(table);
  const broken = new Map(
    [...shelf.pages].map(([name, bytes], index) => [name, index === 2 ? bytes.subarray(0, 20) : bytes]),
  );
  const loaded = new PagedTable('t', codec);
  loaded.load([...broken].map(([name, bytes]) => ({ name, bytes })));
  expect(loaded.get('0000')).toHaveLength(1000);
  expect(() => loaded.get('0150')).toThrow('a page of the state cannot be decoded');
});

test('a range goes on rightly when rows change meanwhile', () => {
  const table = new PagedTable('t', codec);
  for (const name of ['b', 'd', 'f', 'h']) table.set(name, row(30_000));
  const seen: string[] = [];
  for (const [name] of table.range('')) {
    seen.push(name);
    table.delete(name);
    table.set('c', row(30_000));
    table.set('g', row(30_000));
  }
  expect(seen).toEqual(['b', 'c', 'd', 'f', 'g', 'h']);
});

test.each([
  ['a missing piece', [{ name: 't/000000/1', bytes: row(9) }], 'a page of the state is missing in t'],
  ['a newer format', [{ name: 't/000000', bytes: row(9, 2) }], 'the store was written by a newer version of plumb'],
  ['a short page', [{ name: 't/000000', bytes: row(3, 1) }], 'a page of the state cannot be decoded'],
])('%s is refused', (_name, pages, message) => {
  expect(() => new PagedTable('t', codec).load(pages)).toThrow(message);
});

test('a leaf can be placed by its first bytes', () => {
  const bytes = encodeLeaf('grüße', { keys: ['grüße/x'], rows: [row(3)] }, codec);
  expect(firstKeyOf(bytes)).toBe('grüße');
});
