import type { Clock, Timer } from '#util/clock';

interface Entry {
  readonly name: string;
  at: number;
  fire: () => void;
  /** Where it stands in the heap. */
  index: number;
}

/**
 * What is to happen when: any number of appointments on one timer of the clock. Setting and removing cost
 * O(log n), waiting costs nothing. Times are those of `clock.monotonic()`.
 */
export class Agenda {
  readonly #clock: Clock;
  readonly #togetherMs: number;
  readonly #entries = new Map<string, Entry>();
  /** A binary heap, the earliest first. */
  readonly #heap: Entry[] = [];
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  /**
   * `togetherMs`: what is due within that time of a ring rings with it, so that the process wakes less often;
   * what rings must not set itself again that soon. Default 0.
   */
  constructor(clock: Clock, togetherMs = 0) {
    this.#clock = clock;
    this.#togetherMs = togetherMs;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Calls `fire` once at `at`, in place of what was set for `name` before. */
  set(name: string, at: number, fire: () => void): void {
    const known = this.#entries.get(name);
    if (known === undefined) {
      const entry = { name, at, fire, index: this.#heap.length };
      this.#entries.set(name, entry);
      this.#heap.push(entry);
      this.#rise(entry);
    } else {
      known.at = at;
      known.fire = fire;
      this.#rise(known);
      this.#sink(known);
    }
    this.#arm();
  }

  delete(name: string): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) this.#remove(entry);
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
    this.#heap.length = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = first.at;
    this.#timer = this.#clock.timer(Math.max(0, Math.ceil(first.at - this.#clock.monotonic())), () => this.#ring());
  }

  #ring(): void {
    this.#timer = undefined;
    // What is set meanwhile arms no timer: the one for what remains is armed once, at the end.
    this.#timerAt = Number.NEGATIVE_INFINITY;
    const until = this.#clock.monotonic() + this.#togetherMs;
    for (let first = this.#heap[0]; first !== undefined && first.at <= until; first = this.#heap[0]) {
      this.#remove(first);
      first.fire();
    }
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#arm();
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.name);
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#place(last, entry.index);
    this.#rise(last);
    this.#sink(last);
  }

  #place(entry: Entry, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }

  #rise(entry: Entry): void {
    while (entry.index > 0) {
      const above = (entry.index - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || parent.at <= entry.at) return;
      this.#place(parent, entry.index);
      this.#place(entry, above);
    }
  }

  #sink(entry: Entry): void {
    for (;;) {
      const left = this.#heap[2 * entry.index + 1];
      const right = this.#heap[2 * entry.index + 2];
      const child = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (child === undefined || child.at >= entry.at) return;
      const below = child.index;
      this.#place(child, entry.index);
      this.#place(entry, below);
    }
  }
}
