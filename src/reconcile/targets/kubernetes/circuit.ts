import type { Clock, Random, Timer } from '#util/clock';

export interface CircuitOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Asks the server for a sign of life; throws when there is none. */
  readonly probe: () => Promise<void>;
  /** It was closed and is open now: calls fail at once with this. */
  readonly opened: (error: Error) => void;
}

const backoff = { firstMs: 500, mostMs: 30_000 } as const;

/**
 * While a server does not answer, calls to it fail at once, and one probe at a time goes on: after 0.5 s, doubling up
 * to 30 s, ± 20 %.
 */
export class Circuit {
  readonly #options: CircuitOptions;
  readonly #recovered = new Set<() => void>();
  #error: Error | undefined;
  #failures = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: CircuitOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#error !== undefined;
  }

  /** Throws while the server does not answer. */
  check(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  /** No connection could be made. */
  failed(error: Error): void {
    if (this.#stopped) return;
    const isNews = this.#error === undefined;
    this.#error = error;
    if (!isNews) return;
    this.#options.opened(error);
    this.#wait();
  }

  /** Calls `listener` every time the server answers again. Returns a stop function. */
  onRecovered(listener: () => void): () => void {
    this.#recovered.add(listener);
    return () => this.#recovered.delete(listener);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#recovered.clear();
  }

  #wait(): void {
    const { clock, random } = this.#options;
    const ms = Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.min(this.#failures, 30));
    this.#timer = clock.timer(ms * (0.8 + 0.4 * random.next()), () => void this.#probe());
  }

  async #probe(): Promise<void> {
    try {
      await this.#options.probe();
    } catch (error) {
      if (this.#stopped) return;
      if (error instanceof Error) this.#error = error;
      this.#failures += 1;
      this.#wait();
      return;
    }
    if (this.#stopped) return;
    this.#error = undefined;
    this.#failures = 0;
    for (const listener of [...this.#recovered]) listener();
  }
}
