import { PlumbApiError, isPassing } from './errors.ts';
import type { TransportResponse } from './transport.ts';

/** What {@link polling} needs; separate so that a test can hold time. */
export interface PollOptions {
  /** Asks once, naming the state that is known by its ETag. Throws {@link PlumbApiError}. */
  readonly ask: (known: string | undefined) => Promise<TransportResponse>;
  readonly signal: AbortSignal | undefined;
  /** Resolves after `ms` or when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

const everyMs = 1000;

/**
 * The present state, then every other one, as text. Asks every second; a server that does not answer is asked
 * again, less often. Ends without an error when the signal aborts. Throws what the first question throws, and
 * later what the server refuses.
 */
export async function* polling(options: PollOptions): AsyncGenerator<string> {
  let known: string | undefined;
  let failures = 0;
  let first = true;
  const stopped = (): boolean => options.signal?.aborted === true;
  while (!stopped()) {
    try {
      const response = await options.ask(known);
      failures = 0;
      if (response.status !== 304) {
        known = response.headers.get('etag') ?? undefined;
        yield await response.text();
      }
    } catch (error) {
      if (stopped()) return;
      if (first || !(error instanceof PlumbApiError) || !isPassing(error)) throw error;
      failures += 1;
    }
    first = false;
    if (!stopped()) await options.wait(Math.min(10_000, everyMs * 2 ** failures), options.signal);
  }
}
