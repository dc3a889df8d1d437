/** Applies durable records to the fold, in order: at open from the last checkpoint on, later what other writers append. */
import type { Change } from '#domain/change';
import { decodeBody, type PageReference } from './codec.ts';
import { advance, type ChainPlace, type Cursor } from './cursor.ts';
import type { Commit, Draft, Fold, LogOp } from './fold.ts';
import { readValues, withOps, withPages, withValues } from './hydrate.ts';

/** Records decoded and applied in one go; bounds what is held beside the state. */
const chunkBytes = 1024 * 1024;

interface Pending {
  readonly cursor: Cursor;
  readonly length: number;
  readonly changes: readonly Change<LogOp>[];
  /** Of a checkpoint. */
  readonly pages?: readonly PageReference[];
}

/** Told of each record once it is applied. */
export interface TailListener<Op> {
  commit(commit: Commit<Op>, cursor: Cursor): void;
  checkpoint(pages: readonly PageReference[], cursor: Cursor): void;
}

export class Tail<Op extends LogOp, D extends Draft<Op>> {
  readonly #place: ChainPlace;
  readonly #fold: Fold<Op, D>;
  /** Ids of values that records name and the store has no bytes for: destroyed by a later record, or lost. */
  readonly #missing: Set<string>;
  #cursor: Cursor;
  #bytes = 0;

  constructor(place: ChainPlace, fold: Fold<Op, D>, start: { cursor: Cursor; missing: readonly string[] }) {
    this.#place = place;
    this.#fold = fold;
    this.#cursor = start.cursor;
    this.#missing = new Set(start.missing);
  }

  /** The last record applied. */
  get cursor(): Cursor {
    return this.#cursor;
  }

  /** Of records and values since the last checkpoint. */
  get bytes(): number {
    return this.#bytes;
  }

  get missing(): readonly string[] {
    return [...this.#missing];
  }

  /** Moves on past a record of our own that is durable. */
  passed(cursor: Cursor, bytes: number): void {
    this.#cursor = cursor;
    this.#bytes = cursor.checkpoint === cursor.seq ? 0 : this.#bytes + bytes;
  }

  /**
   * Reads on to the head and applies. Answers the ids of values that were destroyed on the way.
   * Throws `corrupt` at the first record that does not follow.
   */
  async readOn(listener?: TailListener<Op>): Promise<readonly string[]> {
    const destroyed: string[] = [];
    let chunk: Pending[] = [];
    let length = 0;
    let cursor = this.#cursor;
    for await (const record of this.#place.driver.read(this.#place.stream, cursor.seq + 1)) {
      cursor = advance(this.#place, cursor, record);
      chunk.push(await this.#decode(cursor, record.bytes));
      length += record.bytes.length;
      if (length < chunkBytes) continue;
      destroyed.push(...(await this.#apply(chunk, listener)));
      chunk = [];
      length = 0;
    }
    destroyed.push(...(await this.#apply(chunk, listener)));
    for (const id of destroyed) this.#missing.delete(id);
    return destroyed;
  }

  async #decode(cursor: Cursor, record: Uint8Array): Promise<Pending> {
    const { driver } = this.#place;
    const body = decodeBody(record);
    if ('changes' in body) return { cursor, length: record.length, changes: await withOps(driver, body.changes) };
    return { cursor, length: record.length, changes: [], pages: await withPages(driver, body.pages) };
  }

  async #apply(chunk: readonly Pending[], listener?: TailListener<Op>): Promise<readonly string[]> {
    const { driver, stream } = this.#place;
    const all = chunk.flatMap(({ changes }) => changes);
    const { found, missing } = await readValues(driver, all);
    for (const id of missing) this.#missing.add(id);
    const destroyed: string[] = [];
    for (const { cursor, length, changes, pages } of chunk) {
      // The record was written by the same kind of fold; one that does not know an op refuses it.
      const filled = withValues(changes, found) as readonly Change<Op>[];
      const commit = { stream, seq: cursor.seq, changes: filled };
      if (pages === undefined) destroyed.push(...this.#fold.apply(commit));
      this.passed(cursor, length);
      if (pages === undefined) listener?.commit(commit, cursor);
      else listener?.checkpoint(pages, cursor);
    }
    return destroyed;
  }
}
