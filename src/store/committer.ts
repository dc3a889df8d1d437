/**
 * The committer. While an append is in flight, requests queue and are made ready; then all of them are one
 * batch, one record, one append. What is in doubt is read back; what stays in doubt stops the log for good.
 */
import type { Change } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { Batch, type Waiting } from './batch.ts';
import type { ChainPlace } from './cursor.ts';
import type { Commit, Draft, LogOp } from './fold.ts';
import type { ChainReport, CommitRequest, Log, LogOptions } from './log.ts';
import { replay, type Replayed } from './replay.ts';
import { sweepOrphans } from './sweep.ts';
import { changesAfter, verifyChain } from './verify.ts';
import { Writer } from './writer.ts';

/**
 * Folds pages and tail into `options.fold`, which must be empty. Throws `corrupt` when the chain is
 * broken, or commits are missing and their loss is not accepted; `unsupported` for a newer format.
 */
export async function openLog<Op extends LogOp, D extends Draft<Op>>(options: LogOptions<Op, D>): Promise<Log<Op, D>> {
  const { fold, anchor, acceptLoss = false, onNotice = () => undefined } = options;
  const place: ChainPlace = options;
  const replayed = await replay({ place, fold, anchor, acceptLoss, onNotice });
  const committer = new Committer(options, replayed);
  await committer.start(replayed.destroyed);
  return committer;
}

/** What has to run between batches. */
interface Job {
  readonly act: () => Promise<void>;
  readonly reject: (error: unknown) => void;
}

function isJob(item: object): item is Job {
  return 'act' in item;
}

class Committer<Op extends LogOp, D extends Draft<Op>> implements Log<Op, D> {
  readonly acceptedLoss: string | undefined;
  readonly #options: LogOptions<Op, D>;
  readonly #writer: Writer<Op, D>;
  #queue: (Waiting<Op, D> | Job)[] = [];
  readonly #listeners = new Set<(commit: Commit<Op>) => void>();
  #running = false;
  /** How many of the queue are in the append that is in flight. */
  #inFlight = 0;
  /** Changes in the batch before. */
  #together = 0;
  /** What is made ready of the queue behind them: the time that the store takes is used. */
  #ahead: Batch<Op, D> | undefined;
  /** `#writer.foreign` when `#ahead` was begun. */
  #aheadAt = 0;
  #stopped: PlumbError | undefined;

  constructor(options: LogOptions<Op, D>, replayed: Replayed<Op, D>) {
    this.#options = options;
    this.acceptedLoss = replayed.acceptedLoss;
    this.#writer = new Writer(options, replayed, (commit) => {
      for (const listener of this.#listeners) listener(commit);
    });
  }

  /** What a crash left undone. */
  async start(destroyed: readonly string[]): Promise<void> {
    if (destroyed.length > 0) await this.#writer.finishDestroying(destroyed);
  }

  get seq(): number {
    return this.#writer.cursor.seq;
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
    return this.#alone(() => this.#writer.readOn());
  }

  verify(): Promise<ChainReport> {
    const end = this.#writer.cursor;
    return verifyChain(this.#options, { end, anchored: this.#options.anchor.head(this.#options.stream) ?? end });
  }

  checkpoint(): Promise<void> {
    return this.#alone(() => this.#writer.checkpoint());
  }

  sweep(): Promise<number> {
    return this.#alone(async () => {
      const { driver, fold } = this.#options;
      const ids: string[] = [];
      for await (const id of driver.blobIds()) ids.push(id);
      await this.#writer.readOn();
      return sweepOrphans(this.#options, ids, fold.liveBlobs());
    });
  }

  async close(): Promise<void> {
    const closed = this.#alone(async () => {
      await this.#writer.checkpointIfWorthwhile();
      this.#stopped = new PlumbError('unavailable', 'the log is closed');
    });
    await closed.catch(() => undefined); // it had stopped before
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
          } catch (cause) {
            const error = cause instanceof Error ? cause : new Error(String(cause));
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
    else if (this.#ahead !== undefined) this.#fill(this.#ahead);
  }

  async #run(): Promise<void> {
    this.#running = true;
    await Promise.resolve(); // whoever asks in the same turn is in the first batch
    try {
      for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
        if (this.#stopped !== undefined) rejectAll(this.#queue.splice(0), this.#stopped);
        else if (isJob(first)) await this.#work(first);
        else {
          const { turn } = this.#options;
          if (turn !== undefined && this.#together > 1) await turn();
          await this.#batch();
        }
      }
    } catch (cause) {
      this.#stop(cause);
    } finally {
      this.#running = false;
      this.#ahead = undefined;
    }
  }

  async #work(job: Job): Promise<void> {
    this.#ahead = undefined;
    this.#queue.shift();
    await job.act();
  }

  async #batch(): Promise<void> {
    const { fold, stream } = this.#options;
    // What stands on a draft beneath which others' changes have come is validated again.
    const ahead = this.#aheadAt === this.#writer.foreign ? this.#ahead : undefined;
    const batch = ahead ?? new Batch(stream, fold.draft());
    this.#fill(batch);
    const { accepted, verdicts } = batch;
    this.#inFlight = verdicts.length;
    this.#together = verdicts.length;
    this.#ahead = batch.following();
    this.#aheadAt = this.#writer.foreign;
    try {
      if (accepted.length > 0 && (await this.#writer.write(batch)) === 'lost') return await this.#writer.readOn();
    } catch (cause) {
      rejectAll(this.#queue.splice(0, verdicts.length), inDoubt(cause));
      throw cause;
    } finally {
      this.#inFlight = 0;
    }
    const told = this.#queue.splice(0, verdicts.length) as Waiting<Op, D>[];
    verdicts.forEach((verdict, index) => {
      if ('change' in verdict) told[index]?.resolve(verdict.change);
      else told[index]?.reject(verdict.refusal);
    });
    if (this.#writer.checkpointIsDue) await this.#writer.checkpoint();
  }

  /** Takes of the queue, up to the next job, what is not in flight and not taken yet. */
  #fill(batch: Batch<Op, D>): void {
    const { clock } = this.#options;
    for (;;) {
      const item = this.#queue[this.#inFlight + batch.verdicts.length];
      if (item === undefined || isJob(item) || !batch.take(item.request, clock.now())) return;
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
