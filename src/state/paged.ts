import type { LeafRows, RowCodec } from './codec.ts';
import { decodeLeaf, encodeLeaf, firstKeyOf } from './codec.ts';
import type { StatePage } from './pages.ts';
import { joinChunks, splitChunks } from './pages.ts';
import type { Table } from './table.ts';
import { after, lowerBound } from './table.ts';
import { comparePaths } from '#domain/path';

/** Estimated bytes at which a leaf is split. One row may be larger. */
const leafBytes = 64 * 1024;

/** Bytes of one row besides its key and what the codec counts. */
const rowOverhead = 8;

interface Leaf<Row> {
  /** Unique in the table, for good: names its pages. */
  readonly id: number;
  /** Not greater than any key here, greater than every key of the leaf before. */
  readonly first: string;
  /** As loaded, until it is touched. */
  raw: Uint8Array | undefined;
  /** Empty as long as there is `raw`. */
  content: LeafRows<Row>;
  size: number;
  /** How many pages it had when it was last taken. */
  pages: number;
}

/** The first leaf of a table that never had a row. */
function isUnused(leaf: Leaf<unknown>): boolean {
  return leaf.pages === 0 && leaf.raw === undefined && leaf.content.keys.length === 0;
}

/**
 * An ordered table in leaves of consecutive keys. A leaf that was loaded is decoded when it is first
 * touched. The cost of a change is that of one leaf, whatever the size of the table.
 */
export class PagedTable<Row> implements Table<Row> {
  readonly #name: string;
  readonly #codec: RowCodec<Row>;
  /** In order; never empty; the first one's `first` is the empty text. */
  #leaves: Leaf<Row>[];
  readonly #dirty = new Set<Leaf<Row>>();
  readonly #removed: string[] = [];
  #nextId = 0;
  /** Counts changes of rows, so that a range in progress can find its place again. */
  #stamp = 0;

  /** `name` begins the names of the pages. */
  constructor(name: string, codec: RowCodec<Row>) {
    this.#name = name;
    this.#codec = codec;
    this.#leaves = [this.#newLeaf('', { keys: [], rows: [] }, 0)];
  }

  get(key: string): Row | undefined {
    const { keys, rows } = this.#open(this.#leafAt(this.#leafIndex(key)));
    const at = lowerBound(keys, key);
    return keys[at] === key ? rows[at] : undefined;
  }

  set(key: string, row: Row): void {
    const index = this.#leafIndex(key);
    const leaf = this.#leafAt(index);
    const { keys, rows } = this.#open(leaf);
    const at = lowerBound(keys, key);
    const previous = keys[at] === key ? rows[at] : undefined;
    if (keys[at] === key) {
      rows[at] = row;
    } else {
      keys.splice(at, 0, key);
      rows.splice(at, 0, row);
      this.#stamp += 1;
    }
    leaf.size += this.#sizeOf(key, row) - (previous === undefined ? 0 : this.#sizeOf(key, previous));
    this.#dirty.add(leaf);
    if (leaf.size > leafBytes && keys.length > 1) this.#split(index, at);
  }

  delete(key: string): void {
    const index = this.#leafIndex(key);
    const leaf = this.#leafAt(index);
    const { keys, rows } = this.#open(leaf);
    const at = lowerBound(keys, key);
    const row = rows[at];
    if (keys[at] !== key || row === undefined) return;
    keys.splice(at, 1);
    rows.splice(at, 1);
    this.#stamp += 1;
    leaf.size -= this.#sizeOf(key, row);
    this.#dirty.add(leaf);
    if (keys.length === 0 && index > 0) this.#drop(index);
  }

  *range(from: string, to?: string): Generator<readonly [string, Row]> {
    let next = from;
    for (;;) {
      let index = this.#leafIndex(next);
      const stamp = this.#stamp;
      let at = lowerBound(this.#open(this.#leafAt(index)).keys, next);
      while (stamp === this.#stamp) {
        const { keys, rows } = this.#open(this.#leafAt(index));
        const key = keys[at];
        const row = rows[at];
        if (key === undefined || row === undefined) {
          index += 1;
          at = 0;
          if (index === this.#leaves.length) return;
          continue;
        }
        if (to !== undefined && comparePaths(key, to) >= 0) return;
        at += 1;
        next = after(key);
        yield [key, row];
      }
    }
  }

  *rangeDown(from: string, to: string): Generator<readonly [string, Row]> {
    let below = to;
    for (;;) {
      let index = this.#leafIndex(below);
      const stamp = this.#stamp;
      let at = lowerBound(this.#open(this.#leafAt(index)).keys, below);
      while (stamp === this.#stamp) {
        at -= 1;
        if (at < 0) {
          index -= 1;
          if (index < 0) return;
          at = this.#open(this.#leafAt(index)).keys.length;
          continue;
        }
        const { keys, rows } = this.#open(this.#leafAt(index));
        const key = keys[at];
        const row = rows[at];
        if (key === undefined || row === undefined || comparePaths(key, from) < 0) return;
        below = key;
        yield [key, row];
      }
    }
  }

  /** Replaces the contents. Only first keys are read now. */
  load(pages: readonly StatePage[]): void {
    const leaves = joinChunks(this.#name, pages).map(({ id, bytes, count }) => {
      this.#nextId = Math.max(this.#nextId, id + 1);
      const content: LeafRows<Row> = { keys: [], rows: [] };
      return { id, first: firstKeyOf(bytes), raw: bytes, content, size: bytes.length, pages: count };
    });
    this.#stamp += 1;
    this.#dirty.clear();
    this.#removed.length = 0;
    this.#leaves = leaves.sort((left, right) => comparePaths(left.first, right.first));
    if (leaves[0]?.first !== '') this.#leaves.unshift(this.#newLeaf('', { keys: [], rows: [] }, 0));
  }

  /** Pages that changed since they were last taken, or all. */
  take(which: 'dirty' | 'all'): readonly StatePage[] {
    const taken: StatePage[] = [];
    for (const leaf of which === 'all' ? this.#leaves : this.#dirty) {
      if (isUnused(leaf)) continue;
      const bytes = leaf.raw ?? encodeLeaf(leaf.first, leaf.content, this.#codec);
      const { written, nameOf } = splitChunks(this.#name, leaf.id, bytes);
      taken.push(...written);
      for (let chunk = written.length; chunk < leaf.pages; chunk += 1) this.#removed.push(nameOf(chunk));
      leaf.pages = written.length;
    }
    this.#dirty.clear();
    return taken;
  }

  /** Names of pages that were taken before and are no more; each is told once. */
  takeRemoved(): readonly string[] {
    return this.#removed.splice(0);
  }

  #newLeaf(first: string, content: LeafRows<Row>, size: number): Leaf<Row> {
    this.#nextId += 1;
    return { id: this.#nextId - 1, first, raw: undefined, content, size, pages: 0 };
  }

  #open(leaf: Leaf<Row>): LeafRows<Row> {
    if (leaf.raw === undefined) return leaf.content;
    leaf.content = decodeLeaf(leaf.raw, this.#codec);
    leaf.raw = undefined;
    const { keys, rows } = leaf.content;
    leaf.size = rows.reduce((sum, row, index) => sum + this.#sizeOf(keys[index] ?? '', row), 0);
    return leaf.content;
  }

  #leafAt(index: number): Leaf<Row> {
    const leaf = this.#leaves[index];
    if (leaf === undefined) throw new RangeError(`no leaf ${index} in ${this.#name}`);
    return leaf;
  }

  /** The last leaf whose first key is not greater. */
  #leafIndex(key: string): number {
    let low = 0;
    let high = this.#leaves.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (comparePaths(this.#leafAt(middle).first, key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #sizeOf(key: string, row: Row): number {
    return key.length + rowOverhead + this.#codec.size(row);
  }

  /** In the middle, or before `at` when that is the last row: rows that come in order fill their leaves. */
  #split(index: number, at: number): void {
    const leaf = this.#leafAt(index);
    const { keys, rows } = leaf.content;
    const cut = at === keys.length - 1 ? at : this.#middle(leaf);
    const content = { keys: keys.splice(cut), rows: rows.splice(cut) };
    const size = content.rows.reduce((sum, row, offset) => sum + this.#sizeOf(content.keys[offset] ?? '', row), 0);
    const right = this.#newLeaf(content.keys[0] ?? '', content, size);
    leaf.size -= size;
    this.#leaves.splice(index + 1, 0, right);
    this.#dirty.add(right);
    this.#stamp += 1;
  }

  /** The index that leaves about half of the bytes on each side, and at least one row. */
  #middle(leaf: Leaf<Row>): number {
    const { keys, rows } = leaf.content;
    let sum = 0;
    for (let index = 0; index < keys.length - 1; index += 1) {
      const row = rows[index];
      if (row !== undefined) sum += this.#sizeOf(keys[index] ?? '', row);
      if (sum * 2 >= leaf.size) return index + 1;
    }
    return keys.length - 1;
  }

  #drop(index: number): void {
    const [leaf] = this.#leaves.splice(index, 1);
    if (leaf === undefined) return;
    this.#dirty.delete(leaf);
    const { nameOf } = splitChunks(this.#name, leaf.id, new Uint8Array(0));
    for (let chunk = 0; chunk < leaf.pages; chunk += 1) this.#removed.push(nameOf(chunk));
  }
}
