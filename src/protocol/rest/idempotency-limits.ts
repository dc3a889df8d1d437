/** How much is remembered for `Idempotency-Key`, and for how long. */
export interface IdempotencyLimits {
  /** Keys remembered, of everybody. When there are more the oldest that is answered goes. */
  readonly keys: number;
  /** Keys of one principal. */
  readonly keysOfOne: number;
  /** Bytes of all the answers that are kept. */
  readonly bytes: number;
  /** Milliseconds for which a key is remembered. */
  readonly ageMs: number;
  /** Milliseconds for which an answer with a secret in it is kept. */
  readonly secretAgeMs: number;
}
export const idempotencyLimits: IdempotencyLimits = {
  keys: 10_000,
  keysOfOne: 2000,
  bytes: 64 * 1024 * 1024,
  ageMs: 24 * 3600_000,
  secretAgeMs: 10 * 60_000,
};
