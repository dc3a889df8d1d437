/** One process at a time, also across a crash: SQLite's lock of a file ends with the process that holds it. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    // 5: SQLITE_BUSY.
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) return false;
    throw error;
  }
}

/** Holds the lock of `file` while `act` runs. `onWait` is called once if somebody else has it. */
export async function locked<T>(file: string, act: () => Promise<T>, onWait: () => void = () => {}): Promise<T> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(file);
  try {
    if (!tryLock(database)) {
      onWait();
      while (!tryLock(database)) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return await act();
  } finally {
    database.close();
  }
}
