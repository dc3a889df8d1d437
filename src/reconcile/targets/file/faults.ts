import { PlumbError } from '#domain/errors';
import type { ErrorCode } from '#domain/errors';

/** What a failed call to the file system means. Messages name the file by its `at`: where the root lies is not for everybody. */
const meanings: Readonly<Record<string, readonly [code: ErrorCode, message: string]>> = {
  EACCES: ['forbidden', 'the server has no right to it'],
  EPERM: ['forbidden', 'the server has no right to do this to it'],
  ELOOP: ['forbidden', 'it is a symbolic link, which is never followed'],
  ENOTDIR: ['forbidden', 'a folder on the way is a symbolic link or no folder'],
  EISDIR: ['forbidden', 'it is no regular file'],
  ENXIO: ['forbidden', 'it is no regular file'],
  EROFS: ['unavailable', 'the file system is read-only'],
  ENOSPC: ['unavailable', 'no space is left'],
  EDQUOT: ['unavailable', 'the quota is used up'],
  EMFILE: ['unavailable', 'too many files are open'],
  ENFILE: ['unavailable', 'too many files are open'],
};

/** The `code` of a failed call, or nothing. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Makes a `PlumbError` of whatever was thrown; one that is one already stays. */
export function faultOf(error: unknown, at: string): Error {
  if (error instanceof PlumbError) return error;
  const system = codeOf(error);
  const [code, message] = meanings[system ?? ''] ?? ['unavailable', `the file system answers ${system ?? 'an error'}`];
  return new PlumbError(code, `${at}: ${message}`, { cause: error });
}

export function symbolicLink(at: string): PlumbError {
  return new PlumbError('forbidden', `${at}: a symbolic link is never followed`, {
    hint: 'name the file or folder that it leads to, or make it the root of a target',
  });
}
