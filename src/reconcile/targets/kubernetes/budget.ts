import { PlumbError } from '#domain/errors';
import type { Clock, Timer } from '#util/clock';

/** From the most urgent on. What is called otherwise comes last. */
const order: readonly string[] = ['user', 'wave', 'drift', 'resync'];
/** So that nothing waits for ever: every so many grants go to the least urgent that waits. */
const fairness = 10;

export interface BudgetOptions {
  readonly clock: Clock;
  /** Requests a second in the long run. */
  readonly perSecond: number;
  /** Requests at once after a rest; one at least. */
  readonly burst: number;
}

interface Waiter {
  readonly grant: () => void;
  readonly refuse: (error: Error) => void;
}

/** One token bucket for all requests to one API server: the most urgent lane first, within a lane who came first. */
export class Budget {
  readonly #options: BudgetOptions;
  readonly #lanes: readonly Set<Waiter>[] = [...order, ''].map(() => new Set());
  #tokens: number;
  #filledAt: number;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #granted = 0;
  #timer: Timer | undefined;

  constructor(options: BudgetOptions) {
    this.#options = { ...options, burst: Math.max(1, options.burst) };
    this.#tokens = this.#options.burst;
    this.#filledAt = options.clock.monotonic();
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.size, 0);
  }

  /** Resolves when a request may be sent. One that is aborted before costs nothing. */
  async take(lane: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.waiting === 0 && this.#spend()) return;
    const place = order.indexOf(lane);
    const queue = this.#lanes[place < 0 ? order.length : place];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { grant: resolve, refuse: reject };
    const leave = (): void => {
      queue?.delete(waiter);
      reject(reasonOf(signal));
    };
    queue?.add(waiter);
    signal.addEventListener('abort', leave, { once: true });
    this.#schedule();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Nobody is served for so long: the server asked for it. A shorter pause does not end a longer one. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#options.clock.monotonic() + ms);
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#schedule();
  }

  /** Sends everyone who waits away. */
  refuseAll(error: Error): void {
    for (const lane of this.#lanes) {
      for (const waiter of lane) waiter.refuse(error);
      lane.clear();
    }
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #spend(): boolean {
    const { clock, perSecond, burst } = this.#options;
    const now = clock.monotonic();
    if (now < this.#pausedUntil) return false;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) * perSecond) / 1000);
    this.#filledAt = now;
    // What is off by a rounding of the clock is enough.
    if (this.#tokens < 1 - 1e-6) return false;
    this.#tokens -= 1;
    return true;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.waiting === 0) return;
    const { clock, perSecond } = this.#options;
    const now = clock.monotonic();
    const tokens = this.#tokens + ((now - this.#filledAt) * perSecond) / 1000;
    const ms = Math.max(this.#pausedUntil - now, ((1 - tokens) * 1000) / perSecond, 0);
    this.#timer = clock.timer(Math.ceil(ms), () => {
      this.#timer = undefined;
      while (this.waiting > 0 && this.#spend()) this.#next()?.grant();
      this.#schedule();
    });
  }

  #next(): Waiter | undefined {
    this.#granted += 1;
    const waiting = this.#lanes.filter(({ size }) => size > 0);
    const lane = waiting.at(this.#granted % fairness === 0 ? -1 : 0);
    const [waiter] = lane ?? [];
    if (waiter !== undefined) lane?.delete(waiter);
    return waiter;
  }
}

/** What an aborted signal says, as an error. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new PlumbError('unavailable', 'the request was given up');
}
