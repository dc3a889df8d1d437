import { PlumbError } from '#domain/errors';
import type { Clock } from '#util/clock';

export interface RateOptions {
  /** How many may come at once. */
  readonly burst: number;
  /** How many come back in a second. */
  readonly perSecond: number;
}

interface Bucket {
  left: number;
  /** Monotonic time of the last refill. */
  at: number;
}

/** Above this many principals the full buckets are forgotten: a full one and none are the same. */
const maxBuckets = 10_000;

/** A token bucket for each principal. */
export class Rate {
  readonly #clock: Clock;
  readonly #options: RateOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, options: RateOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Takes one. Throws `rate-limited`, with `details.retryAfterMs`, when there is none. */
  take(principal: string): void {
    const { burst, perSecond } = this.#options;
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(principal) ?? { left: burst, at: now };
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    this.#buckets.set(principal, bucket);
    if (this.#buckets.size > maxBuckets) this.#forgetFull(now);
    if (bucket.left < 1) {
      const retryAfterMs = Math.ceil(((1 - bucket.left) / perSecond) * 1000);
      throw new PlumbError('rate-limited', 'too many comparisons by this principal', {
        hint: `try again in ${Math.ceil(retryAfterMs / 1000)} s`,
        details: { retryAfterMs },
      });
    }
    bucket.left -= 1;
  }

  #forgetFull(now: number): void {
    const { burst, perSecond } = this.#options;
    for (const [principal, bucket] of this.#buckets) {
      if (bucket.left + ((now - bucket.at) / 1000) * perSecond >= burst) this.#buckets.delete(principal);
    }
  }
}
