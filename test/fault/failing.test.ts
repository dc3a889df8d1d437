import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PlumbError } from '#domain/errors';
import type { Driver } from '#store/driver';
import { openSqlite } from '#store/drivers/sqlite/index';
import { startWriter } from './child.ts';
import { type MemoryDisk, makeMemoryDisk } from './disk.ts';
import { examine } from './store.ts';
import { without } from './without.ts';
import { failedExit } from './writer.ts';

describe.skipIf(without('mount'))('a full disk', () => {
  let disk: MemoryDisk;
  beforeEach(() => {
    disk = makeMemoryDisk(2);
  });
  afterEach(() => disk.remove());

  test('stops the writer, which says so; with room again the store is whole', async () => {
    const writer = startWriter({ folder: disk.folder, writers: 8 });
    const { code, lines } = await writer.ended;
    expect(code).toBe(failedExit);
    expect(lines.at(-1)).toMatch(/^failed (unknown|unavailable): .*\(/);
    expect(writer.acknowledged.size).toBe(8);
    disk.resize(64);
    expect(await examine(disk.folder, writer.acknowledged)).toMatchObject({ outcome: 'whole' });
  });

  test('refuses everything after the append that failed, until the store is opened again', async () => {
    const driver = await openSqlite(disk.folder);
    const refusals = await untilFull(driver);
    expect(refusals).toEqual(['unknown', 'unavailable', 'unavailable', 'unavailable']);
    await driver.close();
    disk.resize(64);
    const again = await openSqlite(disk.folder);
    const head = await again.head('truth');
    expect(head).toBeGreaterThan(0);
    expect(await again.append('truth', head, new Uint8Array(1))).toEqual({ outcome: 'appended' });
    await again.close();
  });

  /** Codes of the append that failed, of the next one, of a read and of a blob. */
  async function untilFull(driver: Driver): Promise<readonly string[]> {
    const codeOf = async (attempt: Promise<unknown>) => {
      const error: unknown = await attempt.catch((cause: unknown) => cause);
      return error instanceof PlumbError ? error.code : 'none';
    };
    let seq = 0;
    let failure = 'none';
    for (; failure === 'none'; seq += 1) failure = await codeOf(driver.append('truth', seq, new Uint8Array(10_000)));
    const next = await codeOf(driver.append('truth', seq - 1, new Uint8Array(1)));
    return [
      failure,
      next,
      await codeOf(driver.head('truth')),
      await codeOf(driver.putBlob({ id: 'a', bytes: new Uint8Array(1) })),
    ];
  }
});

describe.skipIf(without('strace'))('a sync that fails', () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'plumb-sync-'));
    folder = join(parent, 'store');
  });
  afterEach(() => rmSync(parent, { recursive: true, maxRetries: 10 }));

  test.each([
    ['of the write-ahead log', 'plumb.db-wal', 'fsync:error=EIO:when=9'],
    ['of the database, in a checkpoint', 'plumb.db', 'fsync:error=EIO:when=3'],
    ['of the write-ahead log, for want of space', 'plumb.db-wal', 'fsync:error=ENOSPC:when=25'],
    ['of the anchor', 'anchor', 'fsync:error=EIO:when=2'],
    ['for a write to the write-ahead log', 'plumb.db-wal', 'pwrite64:error=EIO:when=40'],
  ])('%s stops the writer, and the store is whole', async (_what, file, inject) => {
    const trace = join(parent, 'trace');
    const under = [
      'strace',
      '-f',
      '-qq',
      '-o',
      trace,
      '-P',
      join(folder, file),
      '-e',
      'trace=fsync,fdatasync,pwrite64',
    ];
    const writer = startWriter({ folder, writers: 8, under: [...under, '-e', `inject=${inject}`] });
    const { code, lines } = await writer.ended;
    expect(lines.at(-1)).toMatch(/^failed (unknown|unavailable): /);
    expect(code).toBe(failedExit);
    const calls = readFileSync(trace, 'utf8').split('\n');
    expect(calls.filter((call) => call.includes('(INJECTED)'))).toHaveLength(1);
    expect(await examine(folder, writer.acknowledged)).toMatchObject({ outcome: 'whole' });
  });
});
