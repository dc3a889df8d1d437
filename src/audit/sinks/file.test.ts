import { createHmac } from 'node:crypto';
import {
  appendFile,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AuditFileOptions, openAuditFile } from './file.ts';
import type { AuditHead, AuditMac } from './file/format.ts';
import { FakeClock } from '#testing/clock';

const mac: AuditMac = {
  generation: 1,
  mac: (previous, payload) => createHmac('sha256', 'test').update(previous).update(payload).digest(),
};

let folder: string;
let path: string;
let anchored: AuditHead | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumb-audit-'));
  path = join(folder, 'audit.log');
  anchored = undefined;
});
afterEach(() => rm(folder, { recursive: true }));

const open = (more: Partial<AuditFileOptions> = {}) =>
  openAuditFile({
    path,
    mac,
    anchor: { head: () => anchored, set: (_, head) => (anchored = head) },
    clock: new FakeClock(),
    ...more,
  });
const record = (n: number) => JSON.stringify({ time: n, paths: ['changelog/production/DB_HOST'] });
const records = async () => (await readFile(path, 'utf8')).split('\n').filter((line) => line.startsWith('{"time"'));

/** A file of `batches` batches of one record each, closed and anchored. */
async function written(batches: number, more: Partial<AuditFileOptions> = {}): Promise<void> {
  const file = await open(more);
  for (let n = 1; n <= batches; n++) await file.write(record(n));
  await file.close();
}

describe('writing', () => {
  test('puts all records of a turn into one batch, in order', async () => {
    const file = await open();
    const before = (await readFile(path, 'utf8')).length;
    await Promise.all([1, 2, 3].map((n) => file.write(record(n))));
    await file.write(record(4));
    const lines = (await readFile(path, 'utf8')).slice(before).trim().split('\n');
    expect(lines.map((line) => line.slice(0, 8))).toEqual(
      ['{"time":', '{"time":', '{"time":', '{"seq":3,', '{"time":', '{"seq":4,'].map((line) => line.slice(0, 8)),
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await file.close();
  });

  test('has written when it resolves, and syncs and anchors within a second', async () => {
    const clock = new FakeClock();
    const file = await open({ clock });
    await file.write(record(1));
    expect(await records()).toEqual([record(1)]);
    expect(anchored?.seq).toBe(0);
    await clock.advance(1000);
    await file.flush();
    expect(anchored?.seq).toBe(1);
    expect(clock.waiting).toBe(0);
    await file.close();
  });

  test('refuses what would break the lines', async () => {
    const file = await open();
    for (const bad of ['{"a":\n1}', '{"seq":1,"mk":1,"mac":"x"}']) {
      await expect(file.write(bad)).rejects.toMatchObject({ code: 'internal' });
    }
    expect((await file.verify()).ok).toBe(true);
    await file.close();
  });

  test('rejects and stays failed once something could not be written', async () => {
    let full = false;
    const failing = {
      ...mac,
      mac: (...args: Parameters<AuditMac['mac']>) => {
        if (full) throw new Error('no space left on device');
        return mac.mac(...args);
      },
    };
    const file = await open({ mac: failing });
    await file.write(record(1));
    full = true;
    await expect(file.write(record(2))).rejects.toMatchObject({ code: 'unavailable' });
    full = false;
    await expect(file.write(record(3))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(file.flush()).rejects.toMatchObject({ code: 'unavailable' });
    await file.close();
    expect(await records()).toEqual([record(1)]);
  });

  test('turns over when full, and the chain goes on', async () => {
    await written(30, { maxBytes: 700 });
    const names = (await readdir(folder)).toSorted();
    expect(names.slice(0, 3)).toEqual(['audit.log', 'audit.log.000001', 'audit.log.000002']);
    const file = await open({ maxBytes: 700 });
    expect(await file.verify()).toEqual({ ok: true, records: 30, anchored: 30 });
    await file.close();
  });
});

describe('opening again', () => {
  test.each([0, 1, 5])('goes on after %i records', async (count) => {
    await written(count);
    await written(2);
    const file = await open();
    expect(await file.verify()).toEqual({ ok: true, records: count + 2, anchored: count + 2 });
    await file.close();
  });

  test('cuts a torn batch that was never anchored, and notes it, wherever it was torn', async () => {
    await written(2);
    const safe = anchored;
    const whole = (await stat(path)).size;
    await written(3);
    const end = (await stat(path)).size;
    const bytes = await readFile(path);
    for (let size = whole; size <= end; size += 17) {
      anchored = safe;
      await writeFile(path, bytes.subarray(0, size));
      const file = await open();
      expect([size, (await file.verify()).problem]).toEqual([size, undefined]);
      await file.close();
    }
    expect((await records()).at(-1)).toContain('"torn"');
  });

  test('cuts zeros and garbage that a power cut left at the end', async () => {
    await written(2);
    await appendFile(path, Buffer.alloc(5000));
    const file = await open();
    expect(await file.verify()).toMatchObject({ ok: true, records: 3 });
    expect((await records()).at(-1)).toContain('"note":"torn","count":5000');
    await file.close();
  });

  test('goes on when it was interrupted between two files', async () => {
    await written(3);
    await rename(path, `${path}.000001`);
    const file = await open();
    await file.write(record(4));
    expect(await file.verify()).toEqual({ ok: true, records: 4, anchored: 3 });
    await file.close();
    await writeFile(path, '{"audit":1,"fi');
    anchored = { seq: 3, mac: anchored?.mac ?? Buffer.alloc(0) };
    await rm(path);
    await writeFile(path, '');
    const again = await open();
    expect((await again.verify()).records).toBe(3);
    await again.close();
  });
});

describe('verify finds', () => {
  const editings: [string, (bytes: Buffer) => Buffer | Promise<Buffer>][] = [
    ['a changed record', (bytes) => Buffer.from(bytes.toString().replace('"time":2,', '"time":9,'))],
    ['a removed record', (bytes) => Buffer.from(bytes.toString().replace(`${record(2)}\n`, ''))],
    ['a removed batch', (bytes) => Buffer.from(bytes.toString().replace(/\{"time":2,.*\n.*\n/, ''))],
    ['a cut end', (bytes) => bytes.subarray(0, bytes.length - 200)],
    ['an emptied file', () => Buffer.alloc(0)],
    ['an inserted record', (bytes) => Buffer.from(bytes.toString().replace(record(2), `${record(2)}\n${record(2)}`))],
    ['another first line', (bytes) => Buffer.from(bytes.toString().replace('"from":0', '"from":1'))],
  ];
  test.each(editings)('%s behind our back', async (_, edit) => {
    const file = await open();
    for (let n = 1; n <= 4; n++) await file.write(record(n));
    await file.flush();
    expect((await file.verify()).ok).toBe(true);
    await writeFile(path, await edit(await readFile(path)));
    expect(await file.verify()).toMatchObject({ ok: false, anchored: 4, problem: expect.any(String) as string });
    await file.close();
  });

  test.each(editings)('%s while we were down, for ever after, and keeps what is left', async (_, edit) => {
    await written(4);
    const edited = await edit(await readFile(path));
    await writeFile(path, edited);
    for (let start = 0; start < 2; start++) {
      const file = await open();
      await file.write(record(5));
      expect(await file.verify()).toMatchObject({ ok: false, problem: expect.any(String) as string });
      await file.close();
    }
    const left = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))));
    expect(left.some((bytes) => bytes.subarray(0, edited.length).equals(edited))).toBe(true);
  });

  test('a deleted file, the last or another one', async () => {
    await written(31, { maxBytes: 700 });
    expect(await records()).not.toEqual([]);
    const last = await readFile(path);
    await unlink(path);
    const first = await open();
    expect(await first.verify()).toMatchObject({ ok: false });
    await first.close();
    await writeFile(path, last);
    await unlink(`${path}.000002`);
    const second = await open();
    expect(await second.verify()).toMatchObject({ ok: false, problem: expect.stringContaining('file 2') as string });
    await second.close();
  });

  test('that its end was cut off, and notes it in the file that goes on', async () => {
    await written(4);
    await truncate(path, (await stat(path)).size - 200);
    const file = await open();
    expect(await file.verify()).toMatchObject({ ok: false });
    expect((await records())[0]).toContain('"note":"lost","count":2');
    await file.close();
  });

  test('that it was replaced by an older copy', async () => {
    await written(3);
    const old = await readFile(path);
    await written(3);
    await writeFile(path, old);
    const file = await open();
    expect(await file.verify()).toMatchObject({ ok: false });
    await file.close();
  });

  test('any single byte that was altered', async () => {
    const file = await open();
    for (let n = 1; n <= 3; n++) await file.write(record(n));
    await file.flush();
    const bytes = await readFile(path);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        await writeFile(
          path,
          bytes.map((byte, index) => (index === at ? byte ^ mask : byte)),
        );
        expect((await file.verify()).ok).toBe(false);
      }),
      { numRuns: 150, seed: 1 },
    );
    await truncate(path, 0);
    await file.close();
  });
});
