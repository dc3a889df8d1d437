import { PlumbError } from '#domain/errors';
import type { Clock } from '#util/clock';

export interface RateOptions {
  /** How many may come at once. */
  readonly burst: number;
  /** How many come back in a second. */
  readonly perSecond: number;
  /** What there were too many of. */
  readonly message: string;
}

interface Bucket {
  left: number;
  /** Monotonic time of the last refill. */
  at: number;
}

/** Above this many names the full buckets are forgotten (a full one and none are the same), else the oldest tenth. */
const maxBuckets = 10_000;

/** A token bucket for each name: a principal, an address. */
export class Rate {
  readonly #clock: Clock;
  readonly #options: RateOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, options: RateOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Takes one. Throws `rate-limited`, with `details.retryAfterMs`, when there is none. */
  take(name: string): void {
    const bucket = this.#refill(name);
    if (bucket.left < 1) throw this.#exhausted(bucket);
    bucket.left -= 1;
  }

  /** How many are left to the name, and in how many seconds it will have all of them again. */
  standing(name: string): { readonly left: number; readonly resetSeconds: number } {
    const { burst, perSecond } = this.#options;
    const { left } = this.#refill(name);
    return { left: Math.floor(left), resetSeconds: Math.ceil((burst - left) / perSecond) };
  }

  #refill(name: string): Bucket {
    const { burst, perSecond } = this.#options;
    const now = this.#clock.monotonic();
    const known = this.#buckets.get(name);
    if (known !== undefined) {
      known.left = Math.min(burst, known.left + ((now - known.at) / 1000) * perSecond);
      known.at = now;
      return known;
    }
    if (this.#buckets.size >= maxBuckets) this.#forgetFull(now);
    const bucket = { left: burst, at: now };
    this.#buckets.set(name, bucket);
    return bucket;
  }

  #exhausted(bucket: Bucket): PlumbError {
    const { message, perSecond } = this.#options;
    const retryAfterMs = Math.ceil(((1 - bucket.left) / perSecond) * 1000);
    return new PlumbError('rate-limited', message, {
      hint: `try again in ${Math.ceil(retryAfterMs / 1000)} s`,
      details: { retryAfterMs },
    });
  }

  #forgetFull(now: number): void {
    const { burst, perSecond } = this.#options;
    for (const [name, bucket] of this.#buckets) {
      if (bucket.left + ((now - bucket.at) / 1000) * perSecond >= burst) this.#buckets.delete(name);
    }
    let excess = this.#buckets.size - maxBuckets * 0.9;
    for (const name of this.#buckets.keys()) {
      if (excess <= 0) break;
      this.#buckets.delete(name);
      excess -= 1;
    }
  }
}
