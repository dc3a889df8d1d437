import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { driverConformance } from '#store/conformance';
import type { Driver } from '#store/driver';
import { openSqlite } from '#store/drivers/sqlite/index';

let parent: string;
let folder: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'plumb-sqlite-'));
  folder = join(parent, 'store');
});
afterEach(() => rmSync(parent, { recursive: true }));

driverConformance('sqlite', async () => {
  const driver = await openSqlite(folder);
  return {
    driver,
    reopen: async () => {
      await driver.close();
      return openSqlite(folder);
    },
  };
});

describe('the folder', () => {
  test('and its files are for the owner alone', async () => {
    const driver = await openSqlite(join(folder, 'deep'));
    await driver.append('truth', 0, text('one'));
    const modes = readdirSync(join(folder, 'deep')).map((name) => [name, modeOf(join(folder, 'deep', name))]);
    await driver.close();
    expect(modeOf(join(folder, 'deep'))).toBe('700');
    expect(modes).toEqual([
      ['plumb.db', '600'],
      ['plumb.db-wal', '600'],
    ]);
  });

  test('is refused when others may enter it', async () => {
    mkdirSync(folder, { mode: 0o700 });
    chmodSync(folder, 0o750);
    await expect(openSqlite(folder)).rejects.toMatchObject({ code: 'invalid', hint: expect.stringContaining('chmod') });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('that is a file is refused', async () => {
    writeFileSync(folder, '');
    await expect(openSqlite(folder)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('may hold a database that was restored with a wider mode', async () => {
    await (await openSqlite(folder)).close();
    chmodSync(join(folder, 'plumb.db'), 0o644);
    await (await openSqlite(folder)).close();
    expect(modeOf(join(folder, 'plumb.db'))).toBe('600');
  });
});

describe('a second server', () => {
  const refusal = { code: 'unavailable', message: 'another server has this store open', hint: expect.any(String) };

  test('in the same process is refused, and the first goes on', async () => {
    const driver = await openSqlite(folder);
    for (const seq of [0, 1]) {
      await expect(openSqlite(folder)).rejects.toMatchObject(refusal);
      expect(await driver.append('truth', seq, text('x'))).toEqual({ outcome: 'appended' });
    }
    await driver.close();
  });

  test('in another process is refused, before and after the first write', async () => {
    const driver = await openSqlite(folder);
    const before = openElsewhere();
    await driver.append('truth', 0, text('one'));
    const after = openElsewhere();
    await driver.close();
    expect([before, after, openElsewhere()]).toEqual([refusal.message, refusal.message, 'opened']);
  });

  function openElsewhere(): string {
    const program = `import { openSqlite } from ${JSON.stringify(import.meta.resolve('#store/drivers/sqlite/index'))};
      try { await (await openSqlite(process.argv[1])).close(); console.log('opened'); } catch (error) { console.log(error.message); }`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program, folder]);
    return stdout.toString().trim();
  }
});

describe('the database file', () => {
  const path = () => join(folder, 'plumb.db');

  test.each<[string, string, (file: string) => void]>([
    ['of another program', 'corrupt', (file) => exec(file, 'CREATE TABLE theirs (a)')],
    ['with another application id', 'corrupt', (file) => exec(file, 'PRAGMA application_id = 7')],
    ['that is no database', 'corrupt', (file) => writeFileSync(file, 'hello '.repeat(2_000))],
  ])('%s is refused and left as it is', async (_name, code, make) => {
    mkdirSync(folder, { mode: 0o700 });
    make(path());
    const before = readFileSync(path());
    await expect(openSqlite(folder)).rejects.toMatchObject({ code, hint: expect.any(String) });
    expect(readFileSync(path()).equals(before)).toBe(true);
  });

  test('of a newer format is refused and left as it is', async () => {
    await (await openSqlite(folder)).close();
    exec(path(), 'PRAGMA user_version = 2');
    const before = readFileSync(path());
    await expect(openSqlite(folder)).rejects.toMatchObject({ code: 'unsupported', hint: expect.any(String) });
    expect(readFileSync(path()).equals(before)).toBe(true);
  });

  test('is whole after a process was killed between making it and filling it', async () => {
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(path(), '');
    const driver = await openSqlite(folder);
    expect(await driver.head('truth')).toBe(0);
    await driver.close();
  });
});

describe('bytes', () => {
  test('that were erased, replaced or truncated are in no file, those beside them are', async () => {
    const driver = await openSqlite(folder);
    const kept = await fillAndErase(driver);
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString('latin1'));
    const found = new Set(files.flatMap((contents) => contents.match(/<[a-z]+ \d+ (?:kept|gone)/g) ?? []));
    await driver.close();
    expect([...found].filter((marker) => marker.endsWith('gone'))).toEqual([]);
    expect(kept.filter((marker) => !found.has(marker))).toEqual([]);
  });

  /** Values of many sizes in an order that splits and merges pages of the tree; returns the markers that stay. */
  async function fillAndErase(driver: Driver): Promise<string[]> {
    const all = Array.from({ length: 3_000 }, (_, n) => ({ n, keep: (n * 7) % 3 === 0 }));
    const marked = (kind: string, { n, keep }: { n: number; keep: boolean }) =>
      `<${kind} ${n} ${keep ? 'kept' : 'gone'}`;
    const bytes = (marker: string, n: number) => text(marker.padEnd(20 + ((n * 37) % 900), '.') + marker);
    for (let seq = 0; seq < 30; seq += 1) {
      const some = all.slice(seq * 100, seq * 100 + 100);
      await driver.append('truth', seq, bytes(`<record ${seq} ${seq < 20 ? 'gone' : 'kept'}`, 5), {
        blobs: some.map((each) => ({ id: `v-${(each.n * 7919) % 3_001}`, bytes: bytes(marked('blob', each), each.n) })),
        pages: [{ name: 'p', seq, bytes: bytes(`<page ${seq} ${seq < 29 ? 'gone' : 'kept'}`, 20) }],
      });
      const gone = some.filter(({ keep }) => !keep).map(({ n }) => `v-${(n * 7919) % 3_001}`);
      if (seq % 2 === 0) await driver.erase(gone);
    }
    await driver.truncate('truth', 20);
    await driver.erase(all.filter(({ keep }) => !keep).map(({ n }) => `v-${(n * 7919) % 3_001}`));
    return ['<page 29 kept', '<record 25 kept', ...all.filter(({ keep }) => keep).map((each) => marked('blob', each))];
  }

  test('of pages are written over those that they replace, and nothing of them is left', async () => {
    const driver = await openSqlite(folder);
    const page = (seq: number, length: number) => ({
      name: `p/${seq}`,
      seq,
      bytes: text(`<page ${String(seq).padStart(3, '0')}>`.repeat(length)),
    });
    const sizes = [9_000, 9_000, 400, 9_000, 1, 800, 9_000, 700];
    for (const [seq, length] of sizes.entries()) {
      await driver.append('truth', seq, text('x'), { pages: [page(seq, length)], dropPages: [`p/${seq - 1}`] });
      const [found, ...others] = await Array.fromAsync(driver.pages('p/'));
      expect([found, others]).toEqual([page(seq, length), []]);
    }
    await driver.close();
    const contents = readFileSync(join(folder, 'plumb.db')).toString('latin1');
    expect(new Set(contents.match(/<page \d+>/g))).toEqual(new Set(['<page 007>']));
    expect(contents.length).toBeLessThan(220_000);
  });

  test('of many commits do not pile up in the write-ahead log', async () => {
    const driver = await openSqlite(folder, { checkpointPages: 100 });
    for (let seq = 0; seq < 500; seq += 1) await driver.append('truth', seq, new Uint8Array(3_000));
    const { size } = statSync(join(folder, 'plumb.db-wal'));
    await driver.close();
    expect(size).toBeLessThan(150 * 4_200);
    expect(readdirSync(folder)).toEqual(['plumb.db']);
  });

  test('of appends in flight together are made durable by one sync', async () => {
    const driver = await openSqlite(folder);
    const before = driver.stats.syncs;
    await Promise.all(Array.from({ length: 50 }, (_, seq) => driver.append('truth', seq, text('x'))));
    expect(driver.stats.syncs - before).toBe(1);
    await driver.append('truth', 0, text('conflict'));
    expect(driver.stats.syncs - before).toBe(1);
    await driver.close();
  });
});

function exec(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
