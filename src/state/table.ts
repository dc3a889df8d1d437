import { compareAt, comparePaths, sharedLength } from '#domain/path';

/** Rows by text key, in byte order of the keys. */
export interface Table<Row> {
  get(key: string): Row | undefined;
  set(key: string, row: Row): void;
  delete(key: string): void;
  /** Rows with `from` ≤ key < `to`; without `to`, to the end. Goes on rightly when rows change meanwhile. */
  range(from: string, to?: string): Iterable<readonly [key: string, row: Row]>;
}

/** The smallest key that is greater. */
export function after(key: string): string {
  return `${key}\0`;
}

/** The smallest key greater than every one that begins with `prefix`, whose last character must be plain ASCII. */
export function afterPrefix(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

/** Index of the first key that is not less than `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  return search(keys.length, key, (index) => keys[index] ?? '');
}

/** Characters that JavaScript orders otherwise than their bytes are, but only among each other: see `comparePaths`. */
const orderedOtherwise = /[\ud800-\uffff]/;

/** The same over any ordered list. What comes behind the last is found at once: many tables grow only there. */
export function search(length: number, key: string, keyAt: (index: number) => string): number {
  if (orderedOtherwise.test(key)) return searchByBytes(length, key, keyAt);
  if (length === 0 || keyAt(length - 1) < key) return length;
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyAt(middle) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Keys between two bounds share what the bounds share with `key`, so that is not compared again: paths of one
 * folder have long beginnings in common.
 */
function searchByBytes(length: number, key: string, keyAt: (index: number) => string): number {
  let low = 0;
  let high = length;
  let sharedLow = 0;
  let sharedHigh = 0;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = keyAt(middle);
    const shared = sharedLength(candidate, key, Math.min(sharedLow, sharedHigh));
    if (compareAt(candidate, key, shared) < 0) {
      low = middle + 1;
      sharedLow = shared;
    } else {
      high = middle;
      sharedHigh = shared;
    }
  }
  return low;
}

/** Sets or deletes a row in the table beneath an overlay, as it was done in the overlay. */
export type Write = () => void;

/** A few rows of one's own over many beneath, which stay as they are. */
export class OverlayTable<Row> implements Table<Row> {
  readonly #beneath: Table<Row>;
  readonly #journal: Write[];
  /** `undefined` marks a deleted row. Made with the first row: most tables of most drafts get none. */
  #own: Map<string, Row | undefined> | undefined;
  /** Keys of `#own` in order; made when a range needs it. */
  #sorted: readonly string[] | undefined;

  /** Everything done here is added to `journal`, to be done again beneath. */
  constructor(beneath: Table<Row>, journal: Write[] = []) {
    this.#beneath = beneath;
    this.#journal = journal;
  }

  get(key: string): Row | undefined {
    const own = this.#own?.get(key);
    return own !== undefined || this.#own?.has(key) === true ? own : this.#beneath.get(key);
  }

  set(key: string, row: Row): void {
    this.#put(key, row);
    this.#journal.push(() => this.#beneath.set(key, row));
  }

  delete(key: string): void {
    this.#put(key, undefined);
    this.#journal.push(() => this.#beneath.delete(key));
  }

  range(from: string, to?: string): Iterable<readonly [string, Row]> {
    if (this.#own === undefined) return this.#beneath.range(from, to);
    const keys = this.#keys();
    const end = to === undefined ? keys.length : lowerBound(keys, to);
    return this.#merge(keys.slice(lowerBound(keys, from), end), this.#beneath.range(from, to));
  }

  #put(key: string, row: Row | undefined): void {
    this.#own ??= new Map();
    if (!this.#own.has(key)) this.#sorted = undefined;
    this.#own.set(key, row);
  }

  #keys(): readonly string[] {
    this.#sorted ??= [...(this.#own?.keys() ?? [])].sort(comparePaths);
    return this.#sorted;
  }

  *#merge(keys: readonly string[], beneath: Iterable<readonly [string, Row]>): Generator<readonly [string, Row]> {
    let at = 0;
    for (const item of beneath) {
      for (let key = keys[at]; key !== undefined && comparePaths(key, item[0]) < 0; key = keys[at]) {
        yield* this.#ownRow(key);
        at += 1;
      }
      if (this.#own?.has(item[0]) !== true) yield item;
    }
    for (const key of keys.slice(at)) yield* this.#ownRow(key);
  }

  *#ownRow(key: string): Generator<readonly [string, Row]> {
    const row = this.#own?.get(key);
    if (row !== undefined) yield [key, row];
  }
}
