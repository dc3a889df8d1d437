import type { ErrorCode } from '#domain/errors';
import { PlumbError, errorCodes } from '#domain/errors';

/** Code → status. A code without a row does not compile. */
export const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  invalid: 400,
  'not-found': 404,
  exists: 409,
  mismatch: 412,
  conflict: 409,
  unevaluable: 422,
  unauthenticated: 401,
  forbidden: 403,
  'too-large': 413,
  'rate-limited': 429,
  sealed: 503,
  unavailable: 503,
  unknown: 500,
  corrupt: 500,
  unsupported: 422,
  internal: 500,
};

/** What HTTP itself can refuse, before any use-case is called: the code and the text of each. */
const refusals = {
  400: ['invalid', 'the request is malformed'],
  404: ['not-found', 'there is no such resource'],
  405: ['unsupported', 'the resource does not have this method'],
  406: ['unsupported', 'the request takes none of the types that this resource has'],
  408: ['invalid', 'the request did not arrive in time'],
  413: ['too-large', 'the body is larger than this resource takes'],
  414: ['too-large', 'the path is too long'],
  415: ['unsupported', 'the body must be of type application/json'],
  421: ['invalid', 'the request names a host that this server is not'],
  422: ['mismatch', 'this idempotency key came with another request before'],
  431: ['too-large', 'the header fields are too large'],
  500: ['internal', 'an internal fault; the cause is in the log under the request id'],
  501: ['unsupported', 'the method is not known'],
  503: ['unavailable', 'the server is stopping'],
} as const satisfies Record<number, readonly [ErrorCode, string]>;
export type RefusalStatus = keyof typeof refusals;

interface RefusalOptions {
  /** Default: that of the status. */
  readonly message?: string;
  readonly hint?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal by HTTP itself: its status is not that of its code. */
export class Refusal extends PlumbError {
  readonly status: RefusalStatus;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: RefusalStatus, options: RefusalOptions = {}) {
    const [code, message] = refusals[status];
    super(code, options.message ?? message, options.hint === undefined ? {} : { hint: options.hint });
    this.status = status;
    this.headers = options.headers ?? {};
  }
}

/** An error as it leaves: RFC 9457. */
export interface EncodedProblem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Whatever was thrown, as one of the closed list. A framework's own error keeps its status and loses its text. */
function toPlumbError(error: unknown): PlumbError {
  if (error instanceof PlumbError) return error;
  const status = statusOf(error);
  return new Refusal(status === undefined || status === 500 ? 500 : status);
}

function statusOf(error: unknown): RefusalStatus | undefined {
  const status = (error as { readonly statusCode?: unknown } | null | undefined)?.statusCode;
  if (typeof status !== 'number' || status < 400) return undefined;
  if (status in refusals) return status as RefusalStatus;
  return status < 500 ? 400 : 500;
}

/** Whatever was thrown, as it leaves. What is a fault of ours, or has a cause beneath, is told to `onFault`. */
export function encodeProblem(
  thrown: unknown,
  requestId: string,
  onFault: (requestId: string, cause: unknown) => void,
): EncodedProblem {
  const error = toPlumbError(thrown);
  const internal = error.code === 'internal';
  if (internal || error.cause !== undefined) onFault(requestId, thrown === error ? (error.cause ?? error) : thrown);
  const status = error instanceof Refusal ? error.status : statusOfCode[error.code];
  const body = {
    type: `urn:plumb:problem:${error.code}`,
    title: errorCodes[error.code],
    status,
    detail: internal ? refusals[500][1] : error.message,
    code: error.code,
    ...(error.hint === undefined || internal ? {} : { hint: error.hint }),
    requestId,
    ...(error.diagnostics.length === 0 || internal ? {} : { diagnostics: error.diagnostics }),
    ...(Object.keys(error.details).length === 0 || internal ? {} : { details: error.details }),
  };
  const own = headersOf(error, status);
  return { status, headers: { ...headers, 'x-request-id': requestId, ...own }, body: JSON.stringify(body) };
}

/** Whatever was thrown, as a member of an answer that is one for several things. */
export function problemOf(thrown: unknown, onFault: (cause: unknown) => void) {
  const error = toPlumbError(thrown);
  const internal = error.code === 'internal';
  if (internal || error.cause !== undefined) onFault(thrown === error ? (error.cause ?? error) : thrown);
  const { code, message, hint, details } = error;
  return {
    status: error instanceof Refusal ? error.status : statusOfCode[code],
    code,
    detail: internal ? refusals[500][1] : message,
    ...(hint === undefined || internal ? {} : { hint }),
    ...(Object.keys(details).length === 0 || internal ? {} : { details }),
  };
}

/** On every answer: nothing here may be stored by anyone in between, or be taken for something else. */
export const headers = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;

/** A body that was refused unread would have to be read to its end before the connection could go on. */
const closing: ReadonlySet<number> = new Set([408, 413]);

function headersOf(error: PlumbError, status: number): Record<string, string> {
  const retryAfterMs = error.details['retryAfterMs'];
  return {
    'content-type': 'application/problem+json',
    ...(error instanceof Refusal ? error.headers : {}),
    ...(closing.has(status) ? { connection: 'close' } : {}),
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="plumb"' } : {}),
    ...(typeof retryAfterMs === 'number' ? retryFields(status, Math.ceil(retryAfterMs / 1000)) : {}),
  };
}

/** How long to wait; of a rate also as draft-ietf-httpapi-ratelimit-headers has it. */
function retryFields(status: number, seconds: number): Record<string, string> {
  return { 'retry-after': String(seconds), ...(status === 429 ? { ratelimit: `"requests";r=0;t=${seconds}` } : {}) };
}
