import { chmodSync, closeSync, fsyncSync, lstatSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PlumbError } from '#domain/errors';

/** The one database file; SQLite puts its write-ahead log beside it as `plumb.db-wal`, with the same permissions. */
export const databaseName = 'plumb.db';

/**
 * Makes `folder` (0700) and an empty database file (0600) in it where they are missing, durably, and returns the
 * file's path. A folder that others may enter, or that is not ours, is refused: `invalid`.
 */
export function prepareFolder(folder: string): string {
  try {
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) syncFolder(dirname(folder));
    checkFolder(statSync(folder));
    const path = join(folder, databaseName);
    if (createFile(path)) syncFolder(folder);
    checkFile(path);
    return path;
  } catch (error) {
    if (error instanceof PlumbError) throw error;
    throw new PlumbError('unavailable', 'the folder of the store cannot be used', { cause: error });
  }
}

function checkFolder({ mode, uid }: Stats): void {
  if (uid !== process.geteuid?.()) {
    throw new PlumbError('invalid', 'the folder of the store belongs to another user', {
      hint: 'run the server as the user who owns the folder',
    });
  }
  if ((mode & 0o077) !== 0) {
    throw new PlumbError('invalid', 'the folder of the store is open to others, expected mode 0700', {
      hint: 'chmod 700 the folder after looking at what is in it',
    });
  }
}

function checkFile(path: string): void {
  const stats = lstatSync(path);
  if (!stats.isFile()) throw new PlumbError('corrupt', 'the database of the store is not a regular file');
  // A restored copy is often wider; nobody else could reach it through the folder.
  if ((stats.mode & 0o077) !== 0) chmodSync(path, 0o600);
}

/**
 * `true` if it was not there. An existing file is never opened here: closing any descriptor of it would drop
 * the lock that another driver in this process holds (POSIX locks belong to the process).
 */
function createFile(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
