/** What may go wrong with a request to an API server, as a proxy of a test plays it. */
import type { IncomingHttpHeaders } from 'node:http';

export interface ProxiedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly httpVersion: string;
}

export type Fault =
  /** Not forwarded: this instead. */
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Not forwarded, and never answered. */
  | { readonly type: 'hang' }
  /** Not forwarded; the stream, or with HTTP/1.1 the connection, breaks. */
  | { readonly type: 'reset' }
  /** Done by the server, but the answer is lost: the stream breaks instead. */
  | { readonly type: 'lose' };

/** `undefined`: forwarded as it is. What it does before it resolves is done before the server sees the request. */
export type FaultRule = (request: ProxiedRequest) => Fault | undefined | Promise<Fault | undefined>;

/** An answer as the API server words it. */
export function statusFault(code: number, reason: string, headers: Readonly<Record<string, string>> = {}): Fault {
  const message = `fault of the test: ${reason}`;
  const body = JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  });
  return { type: 'answer', status: code, body, headers };
}

/** Those that a client has to cope with. */
export const faults = {
  conflict: statusFault(409, 'Conflict'),
  /** Of a list or a watch that begins. */
  gone: statusFault(410, 'Expired'),
  internal: statusFault(500, 'InternalError'),
  unavailable: statusFault(503, 'ServiceUnavailable'),
  tooMany: (seconds: number): Fault => statusFault(429, 'TooManyRequests', { 'retry-after': String(seconds) }),
  /** A watch that says by its first event that its revision is too old. */
  watchGone: {
    type: 'answer',
    status: 200,
    body: '{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Expired","code":410}}\n',
  },
  hang: { type: 'hang' },
  reset: { type: 'reset' },
  lose: { type: 'lose' },
} as const satisfies Record<string, Fault | ((seconds: number) => Fault)>;
