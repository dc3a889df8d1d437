/**
 * The closed list of error codes. Every protocol maps them by a total table, so a code added here
 * does not compile until each protocol has a row for it.
 */
export const errorCodes = {
  invalid: 'the request is malformed or breaks a documented rule; repeating it unchanged cannot succeed',
  'not-found': 'nothing is there, or nothing that the caller may know of',
  exists: 'the name is taken',
  mismatch: 'a compare-and-set expectation did not hold; nothing was written',
  conflict: 'the change contradicts the present state (a reference would break, a cycle would form)',
  unevaluable: 'the value exists but cannot be computed: a missing reference, a cycle, an unreadable origin',
  unauthenticated: 'no credential, or one that is malformed, unknown, expired or revoked',
  forbidden: 'the principal may not do this; nothing is allowed by default',
  'too-large': 'a documented limit on size or count was passed',
  'rate-limited': 'too many requests; try again after the time given',
  sealed: 'the server is sealed: it answers health and unseal, nothing else',
  unavailable: 'a part that is needed does not answer now; the same request may succeed later',
  unknown: 'whether the change was made is not known: the store failed while it was being written',
  corrupt: 'stored bytes fail their check; nothing is served from them',
  unsupported: 'understood, and not offered here',
  internal: 'a fault of ours; the cause is in the log under the request id',
} as const;

/** One of the closed list of codes in {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** A mistake in something the user wrote, with its place. Several are reported at once. */
export interface Diagnostic {
  /** What is wrong, what was expected. Lower case, no full stop, never a value. */
  readonly message: string;
  /** File name as the user gave it, or the entry's path. */
  readonly subject?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based, in UTF-16 code units. */
  readonly column?: number;
}

/** What a {@link PlumbError} carries besides its message. */
export interface ErrorOptions {
  /** What to do about it; printed on a line of its own after `hint:`. */
  readonly hint?: string;
  /** The fault beneath; logged, never shown to a client. */
  readonly cause?: unknown;
  /** Facts for programs (`expected`, `version`, …); JSON-safe, never a value. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly diagnostics?: readonly Diagnostic[];
}

/**
 * The one error class. The message says what was wrong and what was expected, in lower case and
 * without a full stop; it never contains a value.
 */
export class PlumbError extends Error {
  override readonly name = 'PlumbError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
    this.diagnostics = options.diagnostics ?? [];
  }
}
