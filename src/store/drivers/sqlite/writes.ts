import { blobExistsError, gapError, headStaysError, sameBytes } from '../../checks.ts';
import type { Appended, Blob, Page, Stream } from '../../driver.ts';
import type { Operations } from './messages.ts';
import { type Pieces, placeOf } from './pieces.ts';
import type { Statements } from './tables.ts';

/** The writes, each inside a transaction that the caller began. One that throws a `PlumbError` has changed nothing. */
export class Writes {
  readonly #statements: Statements;
  readonly #pieces: Pieces;
  /** Nobody else writes, so that they need no asking; ahead of the durable ones within a transaction. */
  readonly #heads: Record<Stream, number>;
  #changes = 0;

  constructor(statements: Statements, pieces: Pieces, heads: Readonly<Record<Stream, number>>) {
    this.#statements = statements;
    this.#pieces = pieces;
    this.#heads = { ...heads };
  }

  /** Rows touched so far; a transaction that touched none is not synced. */
  get changes(): number {
    return this.#changes;
  }

  append(request: Operations['append']['request']): Appended {
    const { stream, expectedSeq, bytes, blobs, pages, dropPages } = request;
    const head = this.#heads[stream];
    if (expectedSeq > head) throw gapError(expectedSeq, head);
    if (expectedSeq < head) return { outcome: 'conflict' };
    for (const blob of this.#fresh(blobs)) this.#insertBlob(blob);
    for (const name of dropPages) this.#dropPage(name);
    for (const page of pages) this.#putPage(page);
    this.#pieces.eraseGivenUp();
    this.#run(this.#statements.perStream[stream].insert, expectedSeq + 1, bytes);
    this.#heads[stream] = expectedSeq + 1;
    return { outcome: 'appended' };
  }

  putBlob(blob: Blob): undefined {
    if (this.#isFresh(blob)) this.#insertBlob(blob);
  }

  erase({ ids }: Operations['erase']['request']): undefined {
    for (const id of ids) {
      const row = this.#statements.blob.get(id);
      if (row === undefined) continue;
      this.#pieces.erase(placeOf(row));
      this.#run(this.#statements.deleteBlob, id);
    }
  }

  truncate({ stream, upTo }: Operations['truncate']['request']): undefined {
    const head = this.#heads[stream];
    if (upTo > 0 && upTo >= head) throw headStaysError(upTo, head);
    this.#run(this.#statements.perStream[stream].truncate, upTo);
  }

  /** Those that are not there already. One search for all: ids of one append stand beside each other, and beside no others. */
  #fresh(blobs: readonly Blob[]): readonly Blob[] {
    const [first, ...others] = blobs;
    if (first === undefined) return blobs;
    let [least, greatest] = [first.id, first.id];
    for (const { id } of others) {
      if (id < least) least = id;
      else if (id > greatest) greatest = id;
    }
    if (this.#statements.anyBlob.get(least, greatest) === undefined) return blobs;
    return blobs.filter((blob) => this.#isFresh(blob));
  }

  /** `false` if it is there already; throws `exists` if with other bytes. */
  #isFresh({ id, bytes }: Blob): boolean {
    const row = this.#statements.blob.get(id);
    if (row === undefined) return true;
    if (!sameBytes(this.#pieces.read(placeOf(row)), bytes)) throw blobExistsError(id);
    return false;
  }

  #insertBlob({ id, bytes }: Blob): void {
    const { length, rows } = this.#pieces.write(bytes);
    this.#run(this.#statements.insertBlob, id, length, JSON.stringify(rows));
  }

  #putPage({ name, seq, bytes }: Page): void {
    this.#dropPage(name);
    const { length, rows } = this.#pieces.write(bytes);
    this.#run(this.#statements.insertPage, name, seq, length, JSON.stringify(rows));
  }

  #dropPage(name: string): void {
    const row = this.#statements.page.get(name);
    if (row === undefined) return;
    this.#pieces.giveUp(placeOf(row));
    this.#run(this.#statements.deletePage, name);
  }

  #run(statement: Statements['insertBlob'], ...parameters: (string | number | Uint8Array)[]): void {
    this.#changes += Number(statement.run(...parameters).changes);
  }
}
