import { PlumbError } from '#domain/errors';
import type { Followed, LogRecord } from './driver.ts';

/** Rings whenever a stream may have something new; followers sleep on it. */
export class Bell {
  #rings = 0;
  #closed = false;
  readonly #waiters = new Set<() => void>();

  /** Take it before reading and hand it to {@link wait}: a ring in between is then not lost. */
  get rings(): number {
    return this.#rings;
  }

  get closed(): boolean {
    return this.#closed;
  }

  ring(): void {
    this.#rings += 1;
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  /** Rings for the last time; every follower ends. */
  close(): void {
    this.#closed = true;
    this.ring();
  }

  /** Resolves once it has rung more often than `seen`, or `signal` aborts. */
  wait(seen: number, signal: AbortSignal): Promise<void> {
    if (this.#rings > seen || this.#closed || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#waiters.delete(wake);
        resolve();
      };
      signal.addEventListener('abort', wake);
      this.#waiters.add(wake);
    });
  }
}

export interface FollowOptions {
  readonly fromSeq: number;
  readonly signal: AbortSignal;
  /** As `Driver.read` of the stream that is followed. */
  readonly read: (fromSeq: number) => AsyncIterable<LogRecord>;
  /** Rung after each append to the stream. */
  readonly bell: Bell;
}

/** `Driver.follow` for a driver that hears of every append: reads to the head, sleeps until the bell, reads on. */
export async function* follow({ fromSeq, signal, read, bell }: FollowOptions): AsyncIterable<Followed> {
  let next = fromSeq;
  while (!signal.aborted && !bell.closed) {
    const seen = bell.rings;
    try {
      for await (const record of read(next)) {
        if (signal.aborted) return;
        next = record.seq + 1;
        yield { kind: 'record', record };
      }
    } catch (error) {
      if (bell.closed) return;
      const firstSeq = firstSeqOf(error);
      if (firstSeq === undefined) throw error;
      yield { kind: 'truncated', firstSeq };
      return;
    }
    await bell.wait(seen, signal);
  }
}

function firstSeqOf(error: unknown): number | undefined {
  if (!(error instanceof PlumbError) || error.code !== 'not-found') return undefined;
  const { firstSeq } = error.details;
  return typeof firstSeq === 'number' ? firstSeq : undefined;
}
