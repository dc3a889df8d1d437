import type { Diagnostic, ErrorCode, Problem } from './types.ts';

/** What a {@link PlumbApiError} carries besides its message. */
export interface ApiErrorFields {
  readonly code: ErrorCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly hint?: string | undefined;
  readonly requestId?: string | undefined;
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
    this.diagnostics = fields.diagnostics ?? [];
    this.details = fields.details ?? {};
  }
}

/** Makes the error of an answer that is not a success, whoever wrote its body. */
export function errorOf(status: number, body: string): PlumbApiError {
  const problem = parseProblem(body);
  if (problem === undefined) {
    return new PlumbApiError(`unexpected answer with status ${status}, expected one of a plumb server`, {
      code: status >= 500 ? 'unavailable' : 'unsupported',
      status,
      hint: 'does the address name a plumb server, or something in front of one?',
    });
  }
  return new PlumbApiError(problem.detail, { ...problem, status });
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
