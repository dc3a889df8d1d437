import { truncatedError } from '../../checks.ts';
import type { Page, Stream } from '../../driver.ts';
import { damagedError } from './failure.ts';
import type { Operations } from './messages.ts';
import { type Pieces, placeOf } from './pieces.ts';
import type { Statements } from './tables.ts';

/** A message holds about this much, so that one long read does not hold up the writes behind it. */
const messageBytes = 4 << 20;
const messageRows = 4_096;

type Request<Op extends keyof Operations> = Operations[Op]['request'];
type Answer<Op extends keyof Operations> = Operations[Op]['answer'];

/** The reads, outside of any transaction: they see what is durable. */
export class Reads {
  readonly #statements: Statements;
  readonly #pieces: Pieces;

  constructor(statements: Statements, pieces: Pieces) {
    this.#statements = statements;
    this.#pieces = pieces;
  }

  head({ stream }: Request<'head'>): number {
    return this.#bounds(stream).head;
  }

  /** The records in one buffer: thousands of small ones are dear to hand over one by one. */
  read({ stream, fromSeq, upTo }: Request<'read'>): Answer<'read'> {
    const { first, head } = this.#bounds(stream);
    if (fromSeq < first) throw truncatedError(stream, first);
    const last = upTo ?? head;
    const chunks: Uint8Array[] = [];
    let total = 0;
    for (const row of this.#statements.perStream[stream].range.iterate(fromSeq, last)) {
      if (row['seq'] !== fromSeq + chunks.length) break;
      const bytes = bytesOf(row['bytes']);
      chunks.push(bytes);
      total += bytes.length;
      if (total >= messageBytes || chunks.length >= messageRows) break;
    }
    // A damaged tree can hide rows without an error: a record that must be there is not.
    if (chunks.length === 0 && fromSeq <= last) throw damagedError('a record is missing');
    return { upTo: last, lengths: chunks.map(({ length }) => length), bytes: joined(chunks, total) };
  }

  getBlobs({ ids }: Request<'getBlobs'>): Answer<'getBlobs'> {
    const found: (Uint8Array | null)[] = [];
    let total = 0;
    for (const id of ids) {
      const row = this.#statements.blob.get(id);
      found.push(row === undefined ? null : this.#pieces.read(placeOf(row)));
      total += found.at(-1)?.length ?? 0;
      if (total >= messageBytes) break;
    }
    return found;
  }

  blobIds({ after }: Request<'blobIds'>): Answer<'blobIds'> {
    return this.#statements.blobIds.all(after, messageRows).map(({ id }) => String(id));
  }

  pages({ prefix, after }: Request<'pages'>): Answer<'pages'> {
    const found: Page[] = [];
    let total = 0;
    for (const row of this.#statements.pages.iterate(prefix, after)) {
      const page = { name: String(row['name']), seq: Number(row['seq']), bytes: this.#pieces.read(placeOf(row)) };
      found.push(page);
      total += page.bytes.length;
      if (total >= messageBytes || found.length >= messageRows) break;
    }
    return found;
  }

  #bounds(stream: Stream): { first: number; head: number } {
    const { first, last } = this.#statements.perStream[stream].bounds.get() ?? {};
    return { first: Number(first ?? 1), head: Number(last ?? 0) };
  }
}

function joined(chunks: readonly Uint8Array[], total: number): Uint8Array {
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function bytesOf(column: unknown): Uint8Array {
  if (column instanceof Uint8Array) return column;
  throw damagedError('a record holds no bytes');
}
