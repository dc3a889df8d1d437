/** Follows the changes of the source over one stream that is opened again as long as it takes. */
import { PlumbApiError } from '@plumbd/client';
import type { WatchEvent } from '@plumbd/client';
import type { Clock, Random, Timer } from '#util/clock';

export interface FollowerOptions {
  /** Opens one stream, which ends when the connection does. `after` undefined: from the present. */
  readonly watch: (after: number | undefined, end: AbortController) => AsyncIterable<WatchEvent>;
  readonly clock: Clock;
  readonly random: Random;
  /** `gap`: changes may have been missed. Called before its first event is heard. */
  readonly opened: (gap: boolean) => void;
  readonly heard: (event: WatchEvent) => void;
  /** Whether a failure is that nobody answered. */
  readonly isNoAnswer: (error: unknown) => boolean;
  /** Called with why a stream could not be opened, each time. */
  readonly failed?: (error: unknown) => void;
}

/** The server says something every 15 s; after so much silence the connection is dead. */
const silenceMs = 45_000;
const backoff = { firstMs: 250, mostMs: 10_000, refusedMs: 60_000 } as const;

export class Follower {
  readonly #options: FollowerOptions;
  readonly #stop = new AbortController();
  #ended: Promise<void> | undefined;
  #live = false;
  #unanswered = false;
  #after: number | undefined;
  #failures = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Whether every change is heard of as it comes. */
  get isLive(): boolean {
    return this.#live;
  }

  /** Whether nobody has answered since: as soon as somebody does, what was missed is heard of. */
  get isCutOff(): boolean {
    return !this.#live && this.#unanswered;
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const error = await this.#follow();
      this.#live = false;
      this.#unanswered = this.#options.isNoAnswer(error);
      if (this.#stop.signal.aborted) return;
      if (error !== undefined) this.#options.failed?.(error);
      await this.#wait(this.#pauseAfter(error));
    }
  }

  /** One stream, to its end; answers what it failed with. */
  async #follow(): Promise<unknown> {
    const end = new AbortController();
    const stop = (): void => end.abort();
    this.#stop.signal.addEventListener('abort', stop, { once: true });
    let silence: Timer | undefined;
    const hear = (): void => {
      silence?.cancel();
      silence = this.#options.clock.timer(silenceMs, stop);
    };
    try {
      hear();
      for await (const event of this.#options.watch(this.#after, end)) {
        hear();
        this.#take(event);
      }
      return undefined;
    } catch (error) {
      // What is asked for is later than the server's present: it was set back.
      if (error instanceof PlumbApiError && error.code === 'invalid') this.#after = undefined;
      return error;
    } finally {
      silence?.cancel();
      this.#stop.signal.removeEventListener('abort', stop);
    }
  }

  #take(event: WatchEvent): void {
    this.#failures = 0;
    this.#unanswered = false;
    if (!this.#live) {
      this.#live = true;
      this.#options.opened(this.#after === undefined);
    }
    this.#after = event.revision;
    this.#options.heard(event);
  }

  #pauseAfter(error: unknown): number {
    const jitter = 0.8 + 0.4 * this.#options.random.next();
    const isRefused = error instanceof PlumbApiError && ['unauthenticated', 'forbidden'].includes(error.code);
    const ms = isRefused ? backoff.refusedMs : Math.min(backoff.mostMs, backoff.firstMs * 2 ** this.#failures);
    this.#failures += 1;
    return ms * jitter;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#stop.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#options.clock.timer(ms, done);
      this.#stop.signal.addEventListener('abort', done, { once: true });
      if (this.#stop.signal.aborted) done();
    });
  }
}
