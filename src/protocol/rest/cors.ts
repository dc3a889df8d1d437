/** Pages of other sites (Fetch standard): none may ask, unless the configuration names their origin. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Bearer tokens are sent by a page itself; cookies there are none, so credentials are never allowed. */
const preflight = {
  'access-control-allow-methods': 'GET, HEAD, PUT, POST, DELETE',
  'access-control-allow-headers':
    'Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, traceparent, tracestate',
  'access-control-max-age': '600',
  'cache-control': 'no-store',
} as const;

const exposed =
  'ETag, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, Allow, traceresponse';

export class Cors {
  readonly #origins: ReadonlySet<string>;

  /** `origins` as browsers send them: `https://HOST[:PORT]`. */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** Names what the page may see, on the response to come. False: it asked only whether it may, and is to be answered. */
  admit({ headers, method }: IncomingMessage, response: ServerResponse): boolean {
    if (this.#origins.size === 0) return true;
    response.setHeader('vary', 'Origin');
    const { origin } = headers;
    if (origin === undefined || !this.#origins.has(origin)) return true;
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-expose-headers', exposed);
    return !(method === 'OPTIONS' && headers['access-control-request-method'] !== undefined);
  }

  answerPreflight(response: ServerResponse, requestId: string): void {
    response.writeHead(204, { ...preflight, 'x-request-id': requestId }).end();
  }
}
