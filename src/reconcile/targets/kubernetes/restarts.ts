import type { Clock } from '#util/clock';

export interface RestartsOptions {
  readonly clock: Clock;
  /** For one namespace. Default 10. */
  readonly perMinute?: number;
}

interface Bucket {
  left: number;
  at: number;
}

const minute = 60_000;

/**
 * How many workloads may be started anew: so many per namespace and minute, whichever of the syncs of one cluster asks. A bucket
 * that fills up steadily, so that what is spent at once comes back one by one and not all together a minute later.
 */
export class Restarts {
  readonly #clock: Clock;
  readonly #size: number;
  /** Of the namespaces where something was started within the last minute, the longest ago first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ clock, perMinute = 10 }: RestartsOptions) {
    this.#clock = clock;
    this.#size = perMinute;
  }

  /** Takes one, if there is one. */
  take(namespace: string): boolean {
    this.#forgetFull();
    const bucket = this.#buckets.get(namespace) ?? { left: this.#size, at: this.#clock.monotonic() };
    const left = this.#leftIn(bucket);
    if (left < 1) return false;
    this.#buckets.delete(namespace);
    this.#buckets.set(namespace, { left: left - 1, at: this.#clock.monotonic() });
    return true;
  }

  /** Gives one back: nothing was started. */
  giveBack(namespace: string): void {
    const bucket = this.#buckets.get(namespace);
    if (bucket !== undefined) bucket.left = Math.min(this.#size, bucket.left + 1);
  }

  #leftIn({ left, at }: Bucket): number {
    return Math.min(this.#size, left + ((this.#clock.monotonic() - at) * this.#size) / minute);
  }

  /** After a minute a bucket is as full as a new one. */
  #forgetFull(): void {
    for (const [namespace, bucket] of this.#buckets) {
      if (this.#clock.monotonic() - bucket.at < minute) return;
      this.#buckets.delete(namespace);
    }
  }
}
