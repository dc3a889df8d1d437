/** One agent at a time has a state folder: a lock of the operating system, which goes with its process however that ends. */
import { DatabaseSync } from 'node:sqlite';
import { PlumbError } from '#domain/errors';

/** Primary result code of SQLite: somebody else has the lock (https://sqlite.org/rescode.html#busy). */
const busy = 5;

export interface Lock {
  release(): void;
}

/**
 * Takes the lock in a file, which is made if it is missing and stays empty. Throws `conflict` when another agent has it.
 * Node itself has no locks of files; SQLite has them on every system, and nothing of a database is used but its lock.
 */
export function takeLock(path: string): Lock {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec('BEGIN EXCLUSIVE');
    const held = database;
    return { release: () => held.close() };
  } catch (cause) {
    database?.close();
    throw failureOf(path, cause);
  }
}

function failureOf(path: string, cause: unknown): PlumbError {
  const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : undefined;
  if (code !== busy) {
    return new PlumbError('unavailable', `the lock ${path} cannot be taken`, {
      hint: 'expected an empty file that may be written: remove it while no agent runs, it is made again',
      cause,
    });
  }
  return new PlumbError('conflict', 'another agent runs with this state folder', {
    hint: 'one state folder is for one agent: stop the other one, or give this one another state',
  });
}
