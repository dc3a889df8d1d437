/** When something that is kept may stand in for an answer. */
import { PlumbApiError } from './errors.ts';

/**
 * How systems, Node's `fetch` and Bun say that nobody answered. A list of what is allowed: whatever is not in it, such
 * as a certificate that does not fit or a redirect, may be somebody in between.
 */
const unanswered: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
  'ConnectionRefused',
  'ConnectionClosed',
  'FailedToOpenSocket',
]);

/** Deno has no codes here; what it says of certificates begins in the same way. */
const unansweredInDeno = /^error sending request .*: client error \(Connect\): (tcp connect error|dns error): /;

/** Between us and a server that is away: bad gateway, not available, gateway time-out. */
const awayStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

/** Causes of causes; errors of our own making are never deeper. */
const maxDepth = 8;

/**
 * Whether an error may be answered from a cache: the server was not reached, or what stands before it says that it is
 * away. Never what it refuses (401, 403, 404), never a fault of TLS, never a cause that is not known here.
 */
export function mayFallBack(error: unknown): boolean {
  if (!(error instanceof PlumbApiError) && !looksLikeOurs(error)) return false;
  if (error.status !== 0) return awayStatuses.has(error.status);
  return error.code === 'unavailable' && isUnanswered(error.cause, maxDepth);
}

/** Two copies of this package may be loaded in one program. */
function looksLikeOurs(error: unknown): error is PlumbApiError {
  return error instanceof Error && error.name === 'PlumbApiError' && 'code' in error && 'status' in error;
}

/** The deepest cause decides: what wraps it only says where it happened. */
function isUnanswered(error: unknown, depth: number): boolean {
  if (!(error instanceof Error) || depth === 0) return false;
  // One for each address of the host that was tried.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.every((each) => isUnanswered(each, depth - 1));
  }
  if (error.cause !== undefined) return isUnanswered(error.cause, depth - 1);
  if (error.name === 'TimeoutError') return true;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // The socket of a server that is not running, and no other missing file.
  if (code === '') return unansweredInDeno.test(error.message);
  return unanswered.has(code) || (code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect');
}
