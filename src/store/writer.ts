/** What is written to the store: records with their MAC, the anchor after each, pages now and then. One call at a time. */
import { macLength } from '#crypto/chain';
import { equalBytes } from '#crypto/digest';
import type { Accepted } from './batch.ts';
import { type Book, bookOf, draftCheckpoint } from './checkpoint.ts';
import { encodeRecord, payloadOf, type RecordHead } from './codec.ts';
import { type Cursor, readRecord } from './cursor.ts';
import type { Attachments } from './driver.ts';
import type { Commit, Draft, LogOp } from './fold.ts';
import type { LogOptions } from './log.ts';
import type { Replayed } from './replay.ts';

const defaultCheckpointBytes = 16 * 1024 * 1024;

/** `lost`: another writer has made that record; nothing of ours was kept. */
export type Outcome = 'ours' | 'lost';

export class Writer<Op extends LogOp, D extends Draft<Op>> {
  readonly #options: LogOptions<Op, D>;
  readonly #tail: Replayed<Op, D>['tail'];
  readonly #onCommit: (commit: Commit<Op>) => void;
  #book: Book;
  /** The stored pages are not divided like ours, or which of ours are changed is not known: the next checkpoint writes all. */
  #takeAll = false;
  #foreign = 0;

  /** `onCommit` is called with each commit that has been applied, ours and others'. */
  constructor(options: LogOptions<Op, D>, { tail, book }: Replayed<Op, D>, onCommit: (commit: Commit<Op>) => void) {
    this.#options = options;
    this.#tail = tail;
    this.#book = book;
    this.#onCommit = onCommit;
  }

  /** The last record that is durable and applied. */
  get cursor(): Cursor {
    return this.#tail.cursor;
  }

  /** How often it was read on: unless it has changed, no record of another writer has been applied. */
  get foreign(): number {
    return this.#foreign;
  }

  /** Throws when it stays in doubt whether the batch was written, or anything fails after it was. */
  async write({ accepted, encoded }: Accepted<Op>): Promise<Outcome> {
    const { fold, stream, mac } = this.#options;
    const { seq, checkpoint } = this.#tail.cursor;
    const revision = accepted.at(-1)?.revision ?? 0;
    const head = { stream, seq: seq + 1, macGeneration: mac.generation, checkpoint, revision };
    const record = encodeRecord(head, 'changes', `[${encoded.map(({ text }) => text).join()}]`);
    const blobs = encoded.flatMap((change) => change.blobs);
    if ((await this.#append(head, record, { blobs })) === 'lost') return 'lost';
    const commit = { stream, seq: head.seq, changes: accepted };
    const destroyed = fold.apply(commit);
    this.#onCommit(commit);
    if (destroyed.length > 0) await this.finishDestroying(destroyed);
    return 'ours';
  }

  /** Applies what others have appended. */
  async readOn(): Promise<void> {
    const { anchor, stream } = this.#options;
    this.#foreign += 1;
    const destroyed = await this.#tail.readOn({
      commit: (commit, cursor) => {
        anchor.set(stream, cursor);
        this.#onCommit(commit);
      },
      checkpoint: (pages, cursor) => {
        anchor.set(stream, cursor);
        this.#book = bookOf(pages);
        this.#takeAll = true;
      },
    });
    if (destroyed.length > 0) await this.checkpoint();
  }

  /** Erases the bytes of destroyed values, and rewrites the pages that held them. Also called at open, for what a crash left undone. */
  async finishDestroying(ids: readonly string[]): Promise<void> {
    await this.#options.driver.erase(ids);
    await this.checkpoint();
  }

  get checkpointIsDue(): boolean {
    const { checkpointBytes = defaultCheckpointBytes } = this.#options;
    // Against writing many large pages for a few small changes: pages cost at most half of what the log does.
    return this.#tail.bytes >= Math.max(checkpointBytes, 2 * this.#book.written);
  }

  /** At the end: a start after it reads pages, and little else. */
  async checkpointIfWorthwhile(): Promise<void> {
    const { checkpointBytes = defaultCheckpointBytes } = this.#options;
    if (this.#tail.bytes >= checkpointBytes / 4) await this.checkpoint();
  }

  /** Writes changed pages with the record that vouches for them. */
  async checkpoint(): Promise<void> {
    const { fold, stream, mac } = this.#options;
    for (;;) {
      const dirty = this.#takeAll
        ? { changed: fold.allPages(), removed: [...this.#book.pages.keys()] }
        : fold.dirtyPages();
      if (dirty.changed.length === 0 && dirty.removed.length === 0) return;
      const { seq, revision } = this.#tail.cursor;
      const head = { stream, seq: seq + 1, macGeneration: mac.generation, checkpoint: seq + 1, revision };
      const { record, attachments, book } = draftCheckpoint(head, this.#book, dirty);
      if ((await this.#append(head, record, attachments)) === 'ours') {
        this.#book = book;
        this.#takeAll = false;
        return;
      }
      this.#takeAll = true;
      await this.readOn();
    }
  }

  /** Appends, and anchors what has become durable. Throws when it stays in doubt whether it has. */
  async #append(head: RecordHead, record: Buffer, attachments: Attachments): Promise<Outcome> {
    const { driver, stream, mac, anchor } = this.#options;
    record.set(mac.mac(this.#tail.cursor.mac, payloadOf(record), head.macGeneration), record.length - macLength);
    const { seq, checkpoint, revision } = head;
    let lost: boolean;
    try {
      lost = (await driver.append(stream, seq - 1, record, attachments)).outcome === 'conflict';
    } catch (cause) {
      const there = await readRecord(driver, stream, seq);
      if (there === undefined) throw cause;
      lost = !equalBytes(there.bytes, record);
    }
    if (lost) return 'lost';
    const cursor: Cursor = { seq, checkpoint, revision, mac: Uint8Array.from(record.subarray(-macLength)) };
    const blobs = (attachments.blobs ?? []).reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#tail.passed(cursor, record.length + blobs);
    anchor.set(stream, cursor);
    return 'ours';
  }
}
