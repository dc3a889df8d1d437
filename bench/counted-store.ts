/** Stands in for the SQLite driver's module: the same driver, kept where the benchmark can read its counters. */
import type { Driver } from '#store/driver';
import { openSqlite as open, type SqliteOptions } from '../src/store/drivers/sqlite/index.ts';

export const opened: Driver[] = [];

export async function openSqlite(folder: string, options?: SqliteOptions): Promise<Driver> {
  const driver = await open(folder, options);
  opened.push(driver);
  return driver;
}
