import { PlumbApiError } from './errors.ts';

/** How a request that failed is sent again. */
export interface RetryOptions {
  /** How often at most, the first time not counted. Default 3. */
  readonly retries?: number;
  /** The first delay is chosen between 0 and this, the next between 0 and twice as much, … Milliseconds; default 200. */
  readonly baseMs?: number;
  /** No delay is chosen longer than this. Milliseconds; default 5000. */
  readonly maxMs?: number;
  /** What the server asks for by `Retry-After` is waited for up to this; beyond it the error is thrown. Default 60,000. */
  readonly maxAfterMs?: number;
  /**
   * Whether a write is sent again when it may have been carried out, with an `Idempotency-Key` by which the server knows it
   * again; default true. A server that was started anew in between knows it no more: where that matters, say which
   * version is expected, or false. Then a write is sent again only where it surely was not carried out.
   */
  readonly writes?: boolean;
}

/** What decides about one request besides its errors. */
export interface Attempts {
  readonly options: RetryOptions;
  /** The same request may be carried out twice. Otherwise it is sent again only where it surely was not carried out. */
  readonly isSafe: boolean;
  readonly signal: AbortSignal | undefined;
  /** Between 0 and 1. */
  readonly chance: () => number;
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * Acts until it goes well, or fails in a way that will not pass, or has been tried often enough; throws the last error.
 * Delays have full jitter, so that many clients do not come back at once, and are never shorter than the server asks.
 */
export async function retrying<T>(act: () => Promise<T>, attempts: Attempts): Promise<T> {
  const { retries = 3 } = attempts.options;
  for (let failures = 0; ; failures += 1) {
    try {
      return await act();
    } catch (error) {
      const delay = failures < retries ? delayAfter(error, failures, attempts) : undefined;
      if (delay === undefined) throw error;
      await attempts.wait(delay, attempts.signal);
      attempts.signal?.throwIfAborted();
    }
  }
}

/** `undefined`: it is not tried again. */
function delayAfter(error: unknown, failures: number, { options, isSafe, chance }: Attempts): number | undefined {
  if (!(error instanceof PlumbApiError) || !(isSafe ? mayPass(error) : wasNotCarriedOut(error))) return undefined;
  const { baseMs = 200, maxMs = 5000, maxAfterMs = 60_000 } = options;
  const { retryAfterMs = 0 } = error;
  if (retryAfterMs > maxAfterMs) return undefined;
  return retryAfterMs + chance() * Math.min(maxMs, baseMs * 2 ** failures);
}

/** Of a request that changes nothing, or is known again by its key. */
function mayPass({ code, status, retryAfterMs }: PlumbApiError): boolean {
  // The first of two with one key is still being carried out.
  if (code === 'conflict') return retryAfterMs !== undefined;
  return code === 'rate-limited' || code === 'sealed' || code === 'unavailable' || status === 429;
}

/** No connection came about, or the server says that it has not begun. */
function wasNotCarriedOut(error: PlumbApiError): boolean {
  if (error.code === 'rate-limited' || error.code === 'sealed' || error.status === 429) return true;
  return error.status === 0 && error.code === 'unavailable' && isUnconnected(error.cause);
}

const unconnected: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
]);

function isUnconnected(error: unknown, depth = 8): boolean {
  if (!(error instanceof Error) || depth === 0) return false;
  if (error.cause !== undefined) return isUnconnected(error.cause, depth - 1);
  return 'code' in error && unconnected.has(error.code);
}
