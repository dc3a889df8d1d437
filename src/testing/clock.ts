import type { Clock, Random, Timer } from '#util/clock';

interface Pending extends Timer {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

/** Time that moves only when told to. Timers fire in order of their time, then of their making. */
export class FakeClock implements Clock {
  #now: number;
  #order = 0;
  readonly #start: number;
  readonly #pending = new Set<Pending>();

  /** `start`: milliseconds since the epoch; default the first of January 2026. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
    this.#start = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#start;
  }

  timer(ms: number, fire: () => void): Timer {
    const pending: Pending = {
      at: this.#now + Math.max(0, ms),
      order: this.#order++,
      fire,
      cancel: () => void this.#pending.delete(pending),
    };
    this.#pending.add(pending);
    return pending;
  }

  /** How many timers are waiting. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Milliseconds until the next timer; `undefined` when none waits. */
  get untilNext(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.at - this.#now;
  }

  /** Moves time on by `ms`, firing each timer at its moment, and lets promises settle before, between and after. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) {
      this.#now = next.at;
      this.#pending.delete(next);
      next.fire();
      await settle();
    }
    this.#now = end;
  }

  #next(): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (first === undefined || pending.at < first.at || (pending.at === first.at && pending.order < first.order)) {
        first = pending;
      }
    }
    return first;
  }
}

/** Lets everything that is ready run: microtasks, and one turn of the event loop. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The same numbers for the same seed (mulberry32). Not for secrets. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.next() * 256));
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }
}
