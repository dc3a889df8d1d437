import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeTail, matchesTag, quoteTag } from './codec.ts';
import type { Door } from './door.ts';
import type { RestOptions } from './options.ts';
import { entryText } from './entry-text.ts';
import { sendProblem, sendText } from './send.ts';

const prefix = '/api/v1/entries/';

/** `GET /api/v1/entries/{path}` without a query. */
export function isPlainRead({ method, url = '' }: IncomingMessage): boolean {
  return method === 'GET' && url.startsWith(prefix) && !url.includes('?');
}

/**
 * The request that is made all the time: the present value of one entry. The same steps as those of the route
 * `getEntry`, made of the same pieces, on Node's own request and response: the framework's cost as much as all of
 * authentication, decision, decryption and audit together.
 */
export class Reads {
  readonly #options: RestOptions & { readonly door: Door };

  constructor(options: RestOptions & { readonly door: Door }) {
    this.#options = options;
  }

  /** Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { door, services, requestId, onFault } = this.#options;
    const id = requestId();
    try {
      door.checkHost(request.headers.host);
      const admitted = door.admit(request, id);
      const caller = admitted instanceof Promise ? await admitted : admitted;
      const path = decodeTail(request.url ?? '', prefix, '');
      const entry = await services.entries.get(caller, { path });
      const etag = quoteTag(entry.etag);
      const known = request.headers['if-none-match'];
      const fresh = known === undefined || !matchesTag(known, etag);
      sendText(response, { status: fresh ? 200 : 304, requestId: id, etag, text: fresh ? entryText(entry) : '' });
    } catch (error) {
      sendProblem(response, id, error, onFault);
    }
  }
}
