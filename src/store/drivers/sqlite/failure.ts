import { PlumbError } from '#domain/errors';
import type { Failure } from './messages.ts';

/** Primary result codes of SQLite that have a meaning of their own here (https://sqlite.org/rescode.html). */
const sqliteCode = { busy: 5, locked: 6, corrupt: 11, notADatabase: 26 } as const;

/** The primary result code of an error thrown by node:sqlite; `undefined` for any other error. */
function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** What an error while opening or reading means. Nothing was written. */
export function readFailure(error: unknown): PlumbError {
  if (error instanceof PlumbError) return error;
  const code = codeOf(error);
  if (code === sqliteCode.busy || code === sqliteCode.locked) {
    return new PlumbError('unavailable', 'another server has this store open', {
      hint: 'stop the other server, or give this one a folder of its own',
      cause: error,
    });
  }
  if (code === sqliteCode.corrupt || code === sqliteCode.notADatabase) {
    return new PlumbError('corrupt', 'the database file of the store is damaged or is not one', {
      hint: 'restore the folder from a backup',
      cause: error,
    });
  }
  if (code === undefined) return new PlumbError('internal', 'the store could not be read', { cause: error });
  return new PlumbError('unavailable', 'the store could not be read', { cause: error });
}

/** What is stored contradicts itself. */
export function damagedError(message: string): PlumbError {
  return new PlumbError('corrupt', `the store is damaged: ${message}`, { hint: 'restore the folder from a backup' });
}

/** A write that failed: what it left behind is not known until the store is opened again. */
export function writeFailure(error: unknown): PlumbError {
  return new PlumbError('unknown', 'the store failed while writing', {
    hint: 'see the cause in the log: a full disk, a failing disk, a damaged file',
    cause: error,
  });
}

/** What everything is answered with after a write failed: a sync that failed once is never tried again. */
export function brokenFailure(cause: unknown): PlumbError {
  return new PlumbError('unavailable', 'the store has failed and must be opened again', { cause });
}

export function toFailure(error: PlumbError): Failure {
  const { code, message, hint, details, cause } = error;
  return { code, message, hint, details, cause: cause === undefined ? undefined : describe(cause) };
}

export function fromFailure({ code, message, hint, details, cause }: Failure): PlumbError {
  return new PlumbError(code, message, {
    details,
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}

function describe(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return cause instanceof Error && 'errcode' in cause ? `${text} (sqlite ${String(cause.errcode)})` : text;
}
