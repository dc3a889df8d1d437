import { PlumbError } from '#domain/errors';
import type { Diagnostic, ErrorCode } from '#domain/errors';

export interface WriteFailure {
  /** The object. */
  readonly group: string;
  readonly error: unknown;
}

/** Worse ones first: what only somebody else can change, what is not known, what another try puts right. */
const order: readonly ErrorCode[] = ['forbidden', 'invalid', 'too-large', 'not-found', 'unavailable'];

/** One error of several, each of which concerned an object of its own. `mismatch` only if there was nothing worse. */
export function combined(failures: readonly WriteFailure[], objects: number): unknown {
  const [first] = failures;
  if (first === undefined || failures.length === 1) return first?.error;
  const worst = failures.map(({ error }) => codeOf(error)).sort((a, b) => rank(a) - rank(b))[0] ?? 'internal';
  const diagnostics = failures.map(({ group, error }): Diagnostic => ({ subject: group, message: messageOf(error) }));
  const cause = failures.find(({ error }) => codeOf(error) === worst)?.error;
  return new PlumbError(worst, `${failures.length} of ${objects} objects could not be written`, { diagnostics, cause });
}

function rank(code: ErrorCode): number {
  if (code === 'mismatch') return order.length + 1;
  const index = order.indexOf(code);
  return index === -1 ? order.length : index;
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof PlumbError ? error.code : 'internal';
}

function messageOf(error: unknown): string {
  return error instanceof PlumbError ? error.message : 'an unexpected fault';
}
