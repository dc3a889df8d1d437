/** Applies durable records to the fold, in order: at open from the last checkpoint on, later what other writers append. */
import type { Change } from '#domain/change';
import { decodeBody } from './codec.ts';
import { advance, type ChainPlace, type Cursor } from './cursor.ts';
import type { Commit, Draft, Fold, LogOp } from './fold.ts';
import { readValues, withOps, withValues } from './hydrate.ts';

/** Records decoded and applied in one go; bounds what is held beside the state. */
const chunkBytes = 1024 * 1024;

interface Pending {
  readonly cursor: Cursor;
  readonly length: number;
  /** `undefined`: a checkpoint. */
  readonly changes: readonly Change<LogOp>[] | undefined;
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
  async readOn(onCommit?: (commit: Commit<Op>, cursor: Cursor) => void): Promise<readonly string[]> {
    let chunk: Pending[] = [];
    let length = 0;
    let cursor = this.#cursor;
    for await (const record of this.#place.driver.read(this.#place.stream, cursor.seq + 1)) {
      cursor = advance(this.#place, cursor, record);
      const body = decodeBody(record.bytes);
      const changes = 'changes' in body ? await withOps(this.#place.driver, body.changes) : undefined;
      chunk.push({ cursor, length: record.bytes.length, changes });
      length += record.bytes.length;
      if (length < chunkBytes) continue;
      await this.#apply(chunk, onCommit);
      chunk = [];
      length = 0;
    }
    await this.#apply(chunk, onCommit);
    const destroyed = this.#fold.takeDestroyed();
    for (const id of destroyed) this.#missing.delete(id);
    return destroyed;
  }

  async #apply(chunk: readonly Pending[], onCommit?: (commit: Commit<Op>, cursor: Cursor) => void): Promise<void> {
    const { driver, stream } = this.#place;
    const { found, missing } = await readValues(
      driver,
      chunk.flatMap(({ changes }) => changes ?? []),
    );
    for (const id of missing) this.#missing.add(id);
    for (const { cursor, length, changes } of chunk) {
      // The record was written by the same kind of fold; one that does not know an op refuses it.
      const filled = withValues(changes ?? [], found) as readonly Change<Op>[];
      const commit = { stream, seq: cursor.seq, changes: filled };
      this.#fold.apply(commit);
      this.passed(cursor, length);
      onCommit?.(commit, cursor);
    }
  }
}
