/**
 * The committer. While an append is in flight, requests queue; then all of them become one batch, one
 * record, one append. What is in doubt is read back; what stays in doubt stops the log for good.
 */
import { equalBytes } from '#crypto/digest';
import { macLength } from '#crypto/chain';
import type { Change } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { type Batch, prepareBatch, type Waiting } from './batch.ts';
import { type Book, bookOf, draftCheckpoint } from './checkpoint.ts';
import { encodeRecord, payloadOf, type RecordHead } from './codec.ts';
import { type ChainPlace, type Cursor, readRecord } from './cursor.ts';
import type { Attachments } from './driver.ts';
import type { Commit, Draft, LogOp } from './fold.ts';
import type { ChainReport, CommitRequest, Log, LogOptions } from './log.ts';
import { replay, type Replayed } from './replay.ts';
import { sweepOrphans } from './sweep.ts';
import { changesAfter, verifyChain } from './verify.ts';

const defaultCheckpointBytes = 4 * 1024 * 1024;

/**
 * Folds pages and tail into `options.fold`, which must be empty. Throws `corrupt` when the chain is
 * broken, or commits are missing and their loss is not accepted; `unsupported` for a newer format.
 */
export async function openLog<Op extends LogOp, D extends Draft<Op>>(options: LogOptions<Op, D>): Promise<Log<Op, D>> {
  const { fold, anchor, acceptLoss = false, onNotice = () => undefined } = options;
  const place: ChainPlace = options;
  const replayed = await replay({ place, fold, anchor, acceptLoss, onNotice });
  const committer = new Committer(options, replayed);
  if (replayed.destroyed.length > 0) await committer.finishDestroying(replayed.destroyed);
  return committer;
}

type Outcome = 'ours' | 'lost';
/** What has to run between batches. */
interface Job {
  readonly act: () => Promise<void>;
  readonly reject: (error: unknown) => void;
}

class Committer<Op extends LogOp, D extends Draft<Op>> implements Log<Op, D> {
  readonly acceptedLoss: string | undefined;
  readonly #options: LogOptions<Op, D>;
  readonly #tail: Replayed<Op, D>['tail'];
  #book: Book;
  /** The stored pages are not divided like ours, or which of ours are changed is not known: the next checkpoint writes all. */
  #takeAll = false;
  #queue: (Waiting<Op, D> | Job)[] = [];
  readonly #listeners = new Set<(commit: Commit<Op>) => void>();
  #running = false;
  #stopped: PlumbError | undefined;

  constructor(options: LogOptions<Op, D>, { tail, book, acceptedLoss }: Replayed<Op, D>) {
    this.#options = options;
    this.#tail = tail;
    this.#book = book;
    this.acceptedLoss = acceptedLoss;
  }

  get seq(): number {
    return this.#tail.cursor.seq;
  }

  commit(request: CommitRequest<Op, D>): Promise<Change<Op>> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    return new Promise((resolve, reject) => this.#enqueue({ request, resolve, reject }));
  }

  onCommit(listener: (commit: Commit<Op>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changesAfter(revision: number): AsyncIterable<Change<Op>> {
    // What the log gives back is what this fold's ops were encoded from.
    return changesAfter(this.#options, revision, this.seq) as AsyncIterable<Change<Op>>;
  }

  catchUp(): Promise<void> {
    return this.#alone(() => this.#readOn());
  }

  verify(): Promise<ChainReport> {
    const end = this.#tail.cursor;
    return verifyChain(this.#options, { end, anchored: this.#options.anchor.head(this.#options.stream) ?? end });
  }

  checkpoint(): Promise<void> {
    return this.#alone(() => this.#checkpoint());
  }

  sweep(): Promise<number> {
    return this.#alone(async () => {
      const { driver, fold } = this.#options;
      const ids: string[] = [];
      for await (const id of driver.blobIds()) ids.push(id);
      await this.#readOn();
      return sweepOrphans(this.#options, ids, fold.liveBlobs());
    });
  }

  async close(): Promise<void> {
    const closed = this.#alone(async () => {
      this.#stopped = new PlumbError('unavailable', 'the log is closed');
    });
    await closed.catch(() => undefined); // it had stopped before
  }

  /** Also called at open, for what a crash left undone. */
  async finishDestroying(ids: readonly string[]): Promise<void> {
    await this.#options.driver.erase(ids);
    await this.#checkpoint();
  }

  /** Runs between batches. Whatever fails there leaves the log in doubt, so it stops. */
  #alone<T>(act: () => Promise<T>): Promise<T> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    return new Promise((resolve, reject) => {
      this.#enqueue({
        reject,
        act: async () => {
          try {
            resolve(await act());
          } catch (error) {
            reject(error);
            throw error;
          }
        },
      });
    });
  }

  #enqueue(item: Waiting<Op, D> | Job): void {
    this.#queue.push(item);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    await undefined; // whoever asks in the same turn is in the first batch
    try {
      for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
        if (this.#stopped !== undefined) rejectAll(this.#queue.splice(0), this.#stopped);
        else if ('act' in first) await (this.#queue.shift(), first.act());
        else await this.#batch();
      }
    } catch (cause) {
      this.#stop(cause);
    } finally {
      this.#running = false;
    }
  }

  async #batch(): Promise<void> {
    const { fold, clock, stream } = this.#options;
    const ending = this.#queue.findIndex((item) => 'act' in item);
    const waiting = (ending < 0 ? this.#queue : this.#queue.slice(0, ending)) as Waiting<Op, D>[];
    const batch = prepareBatch(waiting, fold.draft(), { stream, time: clock.now() });
    try {
      if (batch.accepted.length > 0 && (await this.#write(batch)) === 'lost') return await this.#readOn();
    } catch (cause) {
      rejectAll(this.#queue.splice(0, batch.verdicts.length), inDoubt(cause));
      throw cause;
    }
    const told = this.#queue.splice(0, batch.verdicts.length) as Waiting<Op, D>[];
    batch.verdicts.forEach((verdict, index) => {
      if ('change' in verdict) told[index]?.resolve(verdict.change);
      else told[index]?.reject(verdict.refusal);
    });
    if (this.#checkpointIsDue()) await this.#checkpoint();
  }

  async #write({ accepted, encoded }: Batch<Op>): Promise<Outcome> {
    const { fold, stream, mac } = this.#options;
    const { seq, checkpoint } = this.#tail.cursor;
    const revision = accepted.at(-1)?.revision ?? 0;
    const head = { stream, seq: seq + 1, macGeneration: mac.generation, checkpoint, revision };
    const record = encodeRecord(head, 'changes', `[${encoded.map(({ text }) => text).join()}]`);
    const blobs = encoded.flatMap((change) => change.blobs);
    if ((await this.#append(head, record, { blobs })) === 'lost') return 'lost';
    const commit = { stream, seq: head.seq, changes: accepted };
    const destroyed = fold.apply(commit);
    for (const listener of this.#listeners) listener(commit);
    if (destroyed.length > 0) await this.finishDestroying(destroyed);
    return 'ours';
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

  /** Applies what others have appended. */
  async #readOn(): Promise<void> {
    const { anchor, stream } = this.#options;
    const destroyed = await this.#tail.readOn({
      commit: (commit, cursor) => {
        anchor.set(stream, cursor);
        for (const listener of this.#listeners) listener(commit);
      },
      checkpoint: (pages, cursor) => {
        anchor.set(stream, cursor);
        this.#book = bookOf(pages);
        this.#takeAll = true;
      },
    });
    if (destroyed.length > 0) await this.#checkpoint();
  }

  #checkpointIsDue(): boolean {
    const { checkpointBytes = defaultCheckpointBytes } = this.#options;
    // Against writing many large pages for a few small changes: what pages cost is at most twice what the log does.
    return this.#tail.bytes >= Math.max(checkpointBytes, this.#book.written / 2);
  }

  /** Writes changed pages with the record that vouches for them. */
  async #checkpoint(): Promise<void> {
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
      await this.#readOn();
    }
  }

  /** For good: what the store holds is not known, so nothing more may stand on it. */
  #stop(cause: unknown): void {
    this.#stopped = new PlumbError('unavailable', 'the log has stopped after a failure of the store', { cause });
    rejectAll(this.#queue.splice(0), this.#stopped);
    this.#options.onFatal(cause instanceof Error ? cause : new Error(String(cause)));
  }
}

function rejectAll(items: readonly { readonly reject: (error: unknown) => void }[], error: PlumbError): void {
  for (const item of items) item.reject(error);
}

function inDoubt(cause: unknown): PlumbError {
  return new PlumbError('unknown', 'the store failed while the change was being written', {
    cause,
    hint: 'whether it was made shows once the server is up again',
  });
}
