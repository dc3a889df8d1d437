import type { ServerResponse } from 'node:http';
import { PlumbError } from '#domain/errors';
import type { WatchEvent } from '#service/services';

export interface StreamLimits {
  /** Open at once, of everyone. */
  readonly total: number;
  /** Open at once, of one principal. */
  readonly perPrincipal: number;
}
export const defaultStreamLimits: StreamLimits = { total: 2000, perPrincipal: 1200 };

/** One stream of events. */
export interface Stream {
  open(signal: AbortSignal): AsyncIterable<WatchEvent>;
  /** Writes the header; called once, when the first event is there, so that a refusal can still be answered. */
  start(): void;
  /** Told what ended the stream after it had started, unless it was the caller's right. */
  onFault(cause: unknown): void;
}

/** The open event streams: counted, and ended together when the server stops. */
export class Streams {
  readonly #limits: StreamLimits;
  readonly #open = new Map<AbortController, string>();
  readonly #ofPrincipal = new Map<string, number>();
  #closed = false;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /**
   * Sends the events until they end, the client goes, or the server stops; then ends the response.
   * Throws what is thrown before the first event; after that an error only ends the stream.
   */
  async send(principal: string, response: ServerResponse, stream: Stream): Promise<void> {
    const ending = this.#enter(principal);
    const gone = (): void => ending.abort();
    response.once('close', gone);
    let started = false;
    try {
      for await (const event of stream.open(ending.signal)) {
        if (!started) stream.start();
        started = true;
        if (!response.write(encodeEvent(event))) await drained(response, ending.signal);
        if (ending.signal.aborted) break;
      }
      if (!started) stream.start();
    } catch (error) {
      if (!started) throw error;
      if (!(error instanceof PlumbError) || error.code === 'internal') stream.onFault(error);
    } finally {
      response.off('close', gone);
      this.#leave(ending, principal);
    }
    response.end();
  }

  /** Ends every stream and refuses new ones. */
  close(): void {
    this.#closed = true;
    for (const ending of this.#open.keys()) ending.abort();
  }

  #enter(principal: string): AbortController {
    const mine = this.#ofPrincipal.get(principal) ?? 0;
    if (this.#closed) throw new PlumbError('unavailable', 'the server is stopping');
    if (this.#open.size >= this.#limits.total || mine >= this.#limits.perPrincipal) {
      throw new PlumbError('rate-limited', 'too many open event streams', { details: { retryAfterMs: 5000 } });
    }
    const ending = new AbortController();
    this.#open.set(ending, principal);
    this.#ofPrincipal.set(principal, mine + 1);
    return ending;
  }

  #leave(ending: AbortController, principal: string): void {
    this.#open.delete(ending);
    const mine = (this.#ofPrincipal.get(principal) ?? 1) - 1;
    if (mine === 0) this.#ofPrincipal.delete(principal);
    else this.#ofPrincipal.set(principal, mine);
  }
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html; JSON has no line breaks. */
export function encodeEvent(event: WatchEvent): string {
  return `id: ${event.revision}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Resolves when the client has taken what is buffered, or the stream is to end. */
function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.once('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
