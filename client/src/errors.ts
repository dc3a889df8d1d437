import { parseRetryAfter } from './retry-after.ts';
import type { TransportResponse } from './transport.ts';
import type { Diagnostic, ErrorCode, Problem } from './types.ts';

/** What a {@link PlumbApiError} carries besides its message. */
export interface ApiErrorFields {
  readonly code: ErrorCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly hint?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly diagnostics?: readonly Diagnostic[] | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/** The one error class of the client: a problem that the server answered, or `unavailable` when it did not answer. */
export class PlumbApiError extends Error {
  override readonly name = 'PlumbApiError';
  readonly code: ErrorCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** Under which the server's log and audit file know the request. */
  readonly requestId: string | undefined;
  /** How long the server asks to wait before the next try, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Every mistake found in what was sent, with its place. */
  readonly diagnostics: readonly Diagnostic[];
  /** Facts for programs; never a value. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, fields: ApiErrorFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.status = fields.status;
    this.hint = fields.hint;
    this.requestId = fields.requestId;
    this.retryAfterMs = fields.retryAfterMs;
    this.diagnostics = fields.diagnostics ?? [];
    this.details = fields.details ?? {};
  }
}

/** Makes the error of an answer that is not a success, whoever wrote its body. */
export function errorOf(status: number, body: string, headers?: TransportResponse['headers']): PlumbApiError {
  const retryAfterMs = parseRetryAfter(headers?.get('retry-after') ?? null);
  const problem = parseProblem(body);
  if (problem !== undefined) return new PlumbApiError(problem.detail, { ...problem, status, retryAfterMs });
  return new PlumbApiError(`unexpected answer with status ${status}, expected one of a plumb server`, {
    code: codeOf(status),
    status,
    retryAfterMs,
    hint: 'does the address name a plumb server, or something in front of one?',
  });
}

/** Of what something in front of a server answered. */
function codeOf(status: number): ErrorCode {
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'unavailable' : 'unsupported';
}

/** Whether the same request may succeed later. */
export function isPassing({ code }: PlumbApiError): boolean {
  return code === 'unavailable' || code === 'rate-limited' || code === 'sealed';
}

function parseProblem(body: string): Problem | undefined {
  try {
    const parsed = JSON.parse(body) as Partial<Problem> | null;
    return typeof parsed?.code === 'string' && typeof parsed.detail === 'string' ? (parsed as Problem) : undefined;
  } catch {
    return undefined;
  }
}
