import { PlumbApiError, isPassing } from './errors.ts';
import type { TransportResponse } from './transport.ts';
import type { WatchEvent } from './types.ts';

/** Longest event text accepted: a change has at most 10,000 paths of 1,024 bytes. */
const maxEventChars = 32 * 1024 * 1024;

/** What {@link resumingWatch} needs; separate so that a test can hold time. */
export interface WatchOptions {
  /** Opens the stream after a revision; `undefined`: from the present. Throws {@link PlumbApiError}. */
  readonly open: (after: number | undefined) => Promise<TransportResponse>;
  readonly after: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Resolves after `ms` or when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Between 0 and 1: of the longest delay, so that many watchers of one server do not come back at once. */
  readonly chance: () => number;
}

/**
 * Events in order, each once, across broken connections: goes on after the last revision seen.
 * Ends without an error when the signal aborts. Throws when the first connection fails, and later
 * when the server refuses (the token has ended, the right is gone).
 */
export async function* resumingWatch(options: WatchOptions): AsyncGenerator<WatchEvent> {
  let after = options.after;
  let failures = 0;
  let first = true;
  const stopped = (): boolean => options.signal?.aborted === true;
  while (!stopped()) {
    try {
      const response = await options.open(after);
      first = false;
      for await (const event of parseEvents(response.body)) {
        failures = 0;
        after = event.revision;
        yield event;
      }
    } catch (error) {
      if (stopped()) return;
      if (first || (error instanceof PlumbApiError && !isPassing(error))) throw error;
    }
    failures += 1;
    await options.wait(options.chance() * Math.min(10_000, 50 * 2 ** failures), options.signal);
  }
}

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) whose `data` is
 * one event in JSON. An event cut off by the end of the stream is dropped, as the standard says.
 */
export async function* parseEvents(body: AsyncIterable<Uint8Array> | null): AsyncGenerator<WatchEvent> {
  if (body === null) return;
  const decoder = new TextDecoder();
  let rest = '';
  let payload: string[] = [];
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > maxEventChars)
      throw new PlumbApiError('an event is too long', { code: 'too-large', status: 200 });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const text = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (text.startsWith('data:')) payload.push(text.slice(text[5] === ' ' ? 6 : 5));
      if (text !== '' || payload.length === 0) continue;
      yield JSON.parse(payload.join('\n')) as WatchEvent;
      payload = [];
    }
  }
}
