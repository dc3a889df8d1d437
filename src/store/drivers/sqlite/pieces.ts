import { damagedError } from './failure.ts';
import type { Statements } from './tables.ts';

/** Bytes of the largest piece: with its row it just fits a database page of 4 KiB, so that none spills over. */
const largest = 4_000;
/** Sizes of pieces are multiples of this. */
const step = 32;

/** Where some bytes are: the rows of their pieces in order, and how much of the pieces is theirs. */
export interface Place {
  readonly length: number;
  readonly rows: readonly number[];
}

/**
 * Bytes that can be erased for good. SQLite's `secure_delete` overwrites a row that is deleted, but when rows
 * are deleted it moves others from page to page, and leaves stale copies of those behind, which survive their
 * own deletion. So a row of `piece` is never deleted nor changed in size: erasing overwrites it where it is,
 * and a later piece of about the same size takes its place.
 */
export class Pieces {
  readonly #statements: Statements;
  /** Saves the search in the usual store, where nothing was ever erased. */
  #mayBeFree: boolean;
  /** Rows of the largest pieces that are given up and not overwritten yet. */
  #givenUp: number[] = [];

  constructor(statements: Statements) {
    this.#statements = statements;
    this.#mayBeFree = statements.freePiece.get(0, largest) !== undefined;
  }

  write(bytes: Uint8Array): Place {
    const rows: number[] = [];
    for (let offset = 0; offset < bytes.length; offset += largest) {
      rows.push(this.#put(bytes.subarray(offset, offset + largest)));
    }
    return { length: bytes.length, rows };
  }

  read({ length, rows }: Place): Uint8Array {
    const bytes = new Uint8Array(length);
    let offset = 0;
    for (const row of rows) {
      const piece = this.#statements.piece.get(row)?.['bytes'];
      if (!(piece instanceof Uint8Array) || offset >= length) throw damagedError('a piece is missing');
      bytes.set(piece.subarray(0, length - offset), offset);
      offset += piece.length;
    }
    if (offset < length) throw damagedError('a piece is missing');
    return bytes;
  }

  erase({ rows }: Place): void {
    for (const row of rows) this.#erase(row);
  }

  /**
   * As {@link erase}, together with {@link eraseGivenUp}, which has to follow in the same transaction: what is written
   * between them overwrites the old bytes at once.
   */
  giveUp({ rows }: Place): void {
    const last = rows.length - 1;
    for (const [index, row] of rows.entries()) {
      if (index < last) this.#givenUp.push(row);
      else this.#erase(row);
    }
  }

  eraseGivenUp(): void {
    for (const row of this.#givenUp) this.#erase(row);
    this.#givenUp = [];
  }

  #erase(row: number): void {
    this.#mayBeFree = true;
    this.#statements.erasePiece.run(row);
    this.#statements.givePiece.run(row);
  }

  #put(bytes: Uint8Array): number {
    const size = Math.ceil(bytes.length / step) * step;
    const given = size === largest ? this.#givenUp.pop() : undefined;
    if (given !== undefined) {
      this.#statements.updatePiece.run(padded(bytes, size), given);
      return given;
    }
    const free = this.#mayBeFree
      ? this.#statements.freePiece.get(size, Math.min(largest, size + (size >> 2)))
      : undefined;
    if (free === undefined) return Number(this.#statements.insertPiece.run(padded(bytes, size)).lastInsertRowid);
    const row = Number(free['row']);
    this.#statements.takePiece.run(Number(free['size']), row);
    this.#statements.updatePiece.run(padded(bytes, Number(free['size'])), row);
    return row;
  }
}

/** A row of `blob` or `page` as the place it names. */
export function placeOf(row: Readonly<Record<string, unknown>>): Place {
  const rows: unknown = parse(row['rows']);
  if (!Array.isArray(rows) || !rows.every((each) => Number.isSafeInteger(each)))
    throw damagedError('a place is garbled');
  return { length: Number(row['length']), rows };
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

function padded(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length === size) return bytes;
  const whole = new Uint8Array(size);
  whole.set(bytes);
  return whole;
}
