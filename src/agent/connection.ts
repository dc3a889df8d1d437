/** One server under one token: a client for questions, and one for each stream. */
import { createClient } from '@plumbd/client';
import type { Client, Transport, TransportResponse, WatchEvent } from '@plumbd/client';

export interface ConnectionOptions {
  /** What the client takes. */
  readonly url: string;
  readonly send: Transport;
  readonly userAgent: string;
}

export interface Connection {
  readonly client: Client;
  /** One stream of changes, which ends when its connection does or `end` aborts. */
  watch(after: number | undefined, end: AbortController): AsyncIterable<WatchEvent>;
}

export function connect({ url, send, userAgent }: ConnectionOptions): Connection {
  // Time limits stand with the transport, and when to ask again with who asks.
  const ours = { address: url, userAgent, retry: false, timeoutMs: 0 } as const;
  return {
    client: createClient({ ...ours, transport: send }),
    watch(after, end) {
      // The client goes on by itself when a stream has ended; when to do that is ours to say.
      const once: Transport = async (target, request) => ending(await send(target, request), end);
      const client = createClient({ ...ours, transport: once });
      return client.changes.watch(after === undefined ? {} : { after }, { signal: end.signal });
    },
  };
}

function ending(response: TransportResponse, end: AbortController): TransportResponse {
  const { body } = response;
  if (response.status !== 200 || body === null) return response;
  return {
    status: response.status,
    headers: response.headers,
    text: () => response.text(),
    body: toTheEnd(body, end),
  };
}

async function* toTheEnd(body: AsyncIterable<Uint8Array>, end: AbortController): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    end.abort();
  }
}
