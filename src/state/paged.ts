import type { RowCodec } from './codec.ts';
import { decodeLeaf, encodeLeaf, firstKeyOf } from './codec.ts';
import type { Leaf, Slot } from './leaf.ts';
import { isUnused, middleOf } from './leaf.ts';
import type { StatePage } from './pages.ts';
import { joinChunks, splitChunks } from './pages.ts';
import type { Table } from './table.ts';
import { after, lowerBound, search } from './table.ts';
import { comparePaths } from '#domain/path';

/** Estimated bytes at which a leaf is split. One row may be larger. */
const leafBytes = 64 * 1024;

/** Bytes of one row besides its key and what the codec counts. */
const rowOverhead = 8;

/**
 * How rows are found: `by key`, each by its whole key at once; `in order`, by halving, which is for tables that grow at
 * their end and are seldom asked. There a row costs neither time nor memory for an index of its own.
 */
export type Access = 'by key' | 'in order';

/**
 * An ordered table in leaves of consecutive keys. A leaf that was loaded is decoded when it is first
 * touched. The cost of a change is that of one leaf, whatever the size of the table.
 */
export class PagedTable<Row> implements Table<Row> {
  readonly #name: string;
  readonly #codec: RowCodec<Row>;
  /** In order; never empty; the first one's `first` is the empty text. */
  #leaves: Leaf<Row>[];
  /** Every row of every leaf that is decoded, where most are asked for by their whole key; else they are searched for. */
  readonly #slots: Map<string, Slot<Row>> | undefined;
  #rawLeaves = 0;
  readonly #dirty = new Set<Leaf<Row>>();
  readonly #removed: string[] = [];
  #nextId = 0;
  /** Counts rows that came and went, so that a range in progress can find its place again. */
  #stamp = 0;

  /** `name` begins the names of the pages. */
  constructor(name: string, codec: RowCodec<Row>, access: Access = 'by key') {
    this.#name = name;
    this.#codec = codec;
    this.#slots = access === 'by key' ? new Map() : undefined;
    this.#leaves = [this.#newLeaf('')];
  }

  get(key: string): Row | undefined {
    return this.#slot(key)?.row;
  }

  set(key: string, row: Row): void {
    const size = this.#sizeOf(key, row);
    const slot = this.#slot(key);
    if (slot === undefined) {
      this.#insert(key, row, size);
      return;
    }
    slot.leaf.size += size - slot.size;
    slot.row = row;
    slot.size = size;
    this.#dirty.add(slot.leaf);
    if (slot.leaf.size > leafBytes) this.#split(this.#leafIndex(key), 0);
  }

  delete(key: string): void {
    const slot = this.#slot(key);
    if (slot === undefined) return;
    const { leaf } = slot;
    const at = lowerBound(leaf.keys, key);
    leaf.keys.splice(at, 1);
    leaf.slots.splice(at, 1);
    leaf.size -= slot.size;
    this.#slots?.delete(key);
    this.#stamp += 1;
    this.#dirty.add(leaf);
    if (leaf.keys.length === 0 && leaf.first !== '') this.#drop(leaf);
  }

  *range(from: string, to?: string): Generator<readonly [string, Row]> {
    let next = from;
    for (;;) {
      let index = this.#leafIndex(next);
      const stamp = this.#stamp;
      let at = lowerBound(this.#open(this.#leafAt(index)).keys, next);
      while (stamp === this.#stamp) {
        const { keys, slots } = this.#open(this.#leafAt(index));
        const key = keys[at];
        const slot = slots[at];
        if (key === undefined || slot === undefined) {
          index += 1;
          at = 0;
          if (index === this.#leaves.length) return;
          continue;
        }
        if (to !== undefined && comparePaths(key, to) >= 0) return;
        at += 1;
        next = after(key);
        yield [key, slot.row];
      }
    }
  }

  /** Replaces the contents. Only first keys are read now. */
  load(pages: readonly StatePage[]): void {
    this.#slots?.clear();
    this.#dirty.clear();
    this.#removed.length = 0;
    this.#stamp += 1;
    const leaves = joinChunks(this.#name, pages).map(({ id, bytes, count }): Leaf<Row> => {
      this.#nextId = Math.max(this.#nextId, id + 1);
      return { id, first: firstKeyOf(bytes), raw: bytes, keys: [], slots: [], size: bytes.length, pages: count };
    });
    this.#rawLeaves = leaves.length;
    this.#leaves = leaves.sort((left, right) => comparePaths(left.first, right.first));
    if (leaves[0]?.first !== '') this.#leaves.unshift(this.#newLeaf(''));
  }

  /** Pages that changed since they were last taken, or all. Their bytes are the caller's. */
  take(which: 'dirty' | 'all'): readonly StatePage[] {
    const taken: StatePage[] = [];
    for (const leaf of which === 'all' ? this.#leaves : this.#dirty) {
      if (isUnused(leaf)) continue;
      const bytes = leaf.raw === undefined ? this.#encode(leaf) : Uint8Array.from(leaf.raw);
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

  /** Only decodes when the key may be in a leaf that has not been touched. */
  #slot(key: string): Slot<Row> | undefined {
    const slots = this.#slots;
    if (slots === undefined) return this.#search(key);
    const slot = slots.get(key);
    if (slot !== undefined || this.#rawLeaves === 0) return slot;
    const leaf = this.#leafAt(this.#leafIndex(key));
    if (leaf.raw === undefined) return undefined;
    this.#open(leaf);
    return slots.get(key);
  }

  #search(key: string): Slot<Row> | undefined {
    const { keys, slots } = this.#open(this.#leafAt(this.#leafIndex(key)));
    const at = lowerBound(keys, key);
    return keys[at] === key ? slots[at] : undefined;
  }

  #insert(key: string, row: Row, size: number): void {
    const index = this.#leafIndex(key);
    const leaf = this.#open(this.#leafAt(index));
    const at = lowerBound(leaf.keys, key);
    const slot = { row, size, leaf };
    leaf.keys.splice(at, 0, key);
    leaf.slots.splice(at, 0, slot);
    leaf.size += size;
    this.#slots?.set(key, slot);
    this.#stamp += 1;
    this.#dirty.add(leaf);
    if (leaf.size > leafBytes) this.#split(index, at);
  }

  #newLeaf(first: string): Leaf<Row> {
    this.#nextId += 1;
    return { id: this.#nextId - 1, first, raw: undefined, keys: [], slots: [], size: 0, pages: 0 };
  }

  #open(leaf: Leaf<Row>): Leaf<Row> {
    if (leaf.raw === undefined) return leaf;
    const { keys, rows } = decodeLeaf(leaf.raw, this.#codec);
    leaf.raw = undefined;
    leaf.size = 0;
    this.#rawLeaves -= 1;
    for (const [index, row] of rows.entries()) {
      const key = keys[index] ?? '';
      const slot = { row, size: this.#sizeOf(key, row), leaf };
      leaf.keys.push(key);
      leaf.slots.push(slot);
      leaf.size += slot.size;
      this.#slots?.set(key, slot);
    }
    return leaf;
  }

  #encode(leaf: Leaf<Row>): Uint8Array {
    return encodeLeaf(leaf.first, { keys: leaf.keys, rows: leaf.slots.map((slot) => slot.row) }, this.#codec);
  }

  #leafAt(index: number): Leaf<Row> {
    const leaf = this.#leaves[index];
    if (leaf === undefined) throw new RangeError(`no leaf ${index} in ${this.#name}`);
    return leaf;
  }

  /** The last leaf whose first key is not greater. */
  #leafIndex(key: string): number {
    const at = search(this.#leaves.length, key, (index) => this.#leafAt(index).first);
    return this.#leaves[at]?.first === key ? at : Math.max(0, at - 1);
  }

  #sizeOf(key: string, row: Row): number {
    return key.length + rowOverhead + this.#codec.size(row);
  }

  /** In the middle, or before `at` when that is the last row: rows that come in order fill their leaves. */
  #split(index: number, at: number): void {
    const leaf = this.#leafAt(index);
    if (leaf.keys.length === 1) return;
    const cut = at === leaf.keys.length - 1 ? at : middleOf(leaf);
    const right = this.#newLeaf(leaf.keys[cut] ?? '');
    right.keys.push(...leaf.keys.splice(cut));
    right.slots.push(...leaf.slots.splice(cut));
    for (const slot of right.slots) {
      slot.leaf = right;
      right.size += slot.size;
    }
    leaf.size -= right.size;
    this.#leaves.splice(index + 1, 0, right);
    this.#dirty.add(right);
    this.#stamp += 1;
  }

  #drop(leaf: Leaf<Row>): void {
    this.#leaves.splice(this.#leafIndex(leaf.first), 1);
    this.#dirty.delete(leaf);
    const { nameOf } = splitChunks(this.#name, leaf.id, new Uint8Array(0));
    for (let chunk = 0; chunk < leaf.pages; chunk += 1) this.#removed.push(nameOf(chunk));
  }
}
