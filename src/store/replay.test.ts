import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { put, type ToyOp, toyAnchor, toyMac } from '#testing/toy-fold';
import { altered, ask, newPlace } from '#testing/toy-log';
import { memorySlotFile } from '#util/files';
import type { Driver, LogRecord, Page } from './driver.ts';

const corrupt = { code: 'corrupt' };
const write = (...ops: ToyOp[]) => ask(() => ops);
const destroy = (name: string): ToyOp => ({ op: 'destroy', name });

/** A place with `count` commits, each a record of its own, checkpoints after those listed. */
async function written(count: number, checkpoints: readonly number[] = []) {
  const place = newPlace();
  const { log, fold } = await place.open();
  for (let i = 1; i <= count; i++) {
    await log.commit(write(put(`n${i}`), put('same', `${i}`)));
    if (checkpoints.includes(i)) await log.checkpoint();
  }
  return { ...place, log, fold };
}

interface Edits {
  readonly records?: (records: LogRecord[]) => LogRecord[];
  readonly page?: (page: Page) => Page | undefined;
  readonly blob?: (bytes: Uint8Array, index: number) => Uint8Array | undefined;
}

/** The store as somebody has edited it behind our back. */
function edited(driver: Driver, { records = (list) => list, page = (same) => same, blob = (same) => same }: Edits) {
  const list = async () => records(await Array.fromAsync(driver.read('truth', 1)));
  return altered(driver, {
    head: async () => (await list()).length,
    async *read(_stream, from) {
      yield* (await list()).slice(from - 1).map(({ bytes }, index) => ({ seq: from + index, bytes }));
    },
    async *pages(prefix) {
      for await (const kept of driver.pages(prefix)) yield* [page(kept)].filter((there) => there !== undefined);
    },
    getBlobs: async (ids) => {
      const all = await driver.getBlobs(ids);
      return all.map((bytes, index) => bytes && blob(bytes, index));
    },
  });
}

const flip = (bytes: Uint8Array, at: number) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

describe('opening again', () => {
  test.each([[[]], [[7]], [[3, 9]], [[1, 2, 10]]])('gives the state back, with checkpoints after %j', async (after) => {
    const { open, fold, log } = await written(10, after);
    const again = await open();
    expect(again.fold.snapshot()).toEqual(fold.snapshot());
    expect(again.log.seq).toBe(log.seq);
    await again.log.commit(write(put('more')));
    expect((await open()).fold.snapshot()).toEqual(again.fold.snapshot());
  });

  test('reads only the pages and what came after them', async () => {
    const { open, store, fold } = await written(10, [8]);
    const read: number[] = [];
    const driver = store.driver();
    const counting = altered(driver, {
      async *read(stream, from) {
        for await (const record of driver.read(stream, from)) {
          read.push(record.seq);
          yield record;
        }
      },
    });
    expect((await open({ driver: counting })).fold.snapshot()).toEqual(fold.snapshot());
    expect(Math.min(...read)).toBe(8);
  });

  test('whatever is committed, destroyed and checkpointed, in any order: replay equals live', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => ({ do: 'put', names })) },
      { weight: 1, arbitrary: name.map((one) => ({ do: 'destroy', names: [one] })) },
      { weight: 1, arbitrary: fc.constantFrom({ do: 'checkpoint', names: [] }, { do: 'reopen', names: [] }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const { open, store } = newPlace();
        let { log, fold } = await open();
        for (const { do: act, names } of steps) {
          if (act === 'put') await Promise.all(names.map((one) => log.commit(write(put(one)))));
          if (act === 'destroy') await log.commit(write(...names.map(destroy)));
          if (act === 'checkpoint') await log.checkpoint();
          if (act === 'reopen') ({ log, fold } = await open());
        }
        expect((await open()).fold.snapshot()).toEqual(fold.snapshot());
        const whole = await open({
          driver: edited(store.driver(), { page: () => undefined }),
          anchor: toyAnchor(),
          acceptLoss: true,
        });
        expect([whole.fold.revision, whole.fold.names]).toEqual([fold.revision, fold.names]);
        expect(await log.verify()).toMatchObject({ ok: true, records: log.seq, anchored: log.seq });
      }),
      { numRuns: 80, seed: 1 },
    );
  });

  test('verifies across a rotation of the MAC key, and refuses a key that is not held', async () => {
    const { open, fold, log } = await written(3);
    const rotated = await open({ mac: toyMac('truth', 2) });
    await rotated.log.commit(write(put('new')));
    expect(await rotated.log.verify()).toMatchObject({ ok: true, records: 4 });
    expect(fold.revision).toBe(3);
    await expect(log.catchUp()).resolves.toBeUndefined();
    await expect(open({ mac: toyMac('other') })).rejects.toMatchObject(corrupt);
    await expect(open({ storeId: 'hgfedcba' })).rejects.toMatchObject(corrupt);
    await expect(open({ stream: 'work' })).resolves.toBeDefined();
  });

  test.each([
    ['format', '"v":1', '"v":2'],
    ['head', '"cp":0,', '"cp":0,"x":1,'],
  ])('refuses a newer %s', async (what, from, to) => {
    const { open, store } = await written(2);
    const newer = (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1');
    const driver = edited(store.driver(), {
      records: (list) => list.map(({ seq, bytes }) => ({ seq, bytes: newer(bytes) })),
    });
    await expect(open({ driver })).rejects.toMatchObject({ code: what === 'format' ? 'unsupported' : 'corrupt' });
  });
});

describe('an edited store', () => {
  const editings: [string, (records: LogRecord[], at: number) => LogRecord[]][] = [
    [
      'a flipped bit in the text',
      (all, at) => all.map((one, i) => (i === at ? { ...one, bytes: flip(one.bytes, 150) } : one)),
    ],
    [
      'a flipped bit in the MAC',
      (all, at) => all.map((one, i) => (i === at ? { ...one, bytes: flip(one.bytes, one.bytes.length - 1) } : one)),
    ],
    [
      'a flipped bit in the head',
      (all, at) => all.map((one, i) => (i === at ? { ...one, bytes: flip(one.bytes, 30) } : one)),
    ],
    ['a cut record', (all, at) => all.map((one, i) => (i === at ? { ...one, bytes: one.bytes.subarray(0, -1) } : one))],
    ['an emptied record', (all, at) => all.map((one, i) => (i === at ? { ...one, bytes: new Uint8Array(0) } : one))],
    ['a dropped record', (all, at) => all.toSpliced(at, 1)],
    ['a repeated record', (all, at) => all.toSpliced(at, 0, ...all.slice(at, at + 1))],
    ['a record put elsewhere', (all, at) => [...all.slice(at, at + 1), ...all.toSpliced(at, 1)].reverse()],
    ['the end cut off', (all, at) => all.slice(0, at)],
  ];
  test.each(editings)('%s is found, wherever it is', async (_, edit) => {
    const { open, store, log } = await written(5);
    const untouched = await open({ driver: edited(store.driver(), {}) });
    expect(untouched.log.seq).toBe(5);
    for (let at = 0; at < 5; at++) {
      const driver = edited(store.driver(), { records: (list) => edit(list, at) });
      await expect(open({ driver })).rejects.toMatchObject(corrupt);
    }
    expect(log.seq).toBe(5);
  });

  test.each(editings)('%s below the checkpoint is found by verify', async (_, edit) => {
    const place = await written(5, [5]);
    const real = place.store.driver();
    for (let at = 0; at < 4; at++) {
      let tampered = false;
      const { log } = await place.open({
        driver: edited(real, { records: (list) => (tampered ? edit(list, at) : list) }),
      });
      expect((await log.verify()).ok).toBe(true);
      tampered = true;
      expect(await log.verify()).toMatchObject({ ok: false, problem: expect.any(String) as string });
    }
  });

  test('altered bytes of a value are found at open and by verify', async () => {
    const { open, store, log } = await written(3);
    let tampered = true;
    const driver = edited(store.driver(), {
      blob: (bytes, index) => (tampered && index === 0 ? flip(bytes, 0) : bytes),
    });
    await expect(open({ driver })).rejects.toMatchObject(corrupt);
    tampered = false;
    const again = await open({ driver });
    tampered = true;
    expect(await again.log.verify()).toMatchObject({ ok: false, problem: expect.stringContaining('v-toy') as string });
    expect(log.seq).toBe(3);
  });

  test('missing bytes of a value are a loss, unless it was destroyed', async () => {
    const { open, store } = await written(3);
    const driver = edited(store.driver(), { blob: (bytes, index) => (index === 1 ? undefined : bytes) });
    await expect(open({ driver })).rejects.toMatchObject(corrupt);
    const accepted = await open({ driver, acceptLoss: true });
    expect(accepted.log.acceptedLoss).toContain('1 values');
  });

  test('altered or missing pages are not used: the state is built from the log', async () => {
    const { open, store, fold, notices } = await written(6, [5]);
    for (const page of [() => undefined, (kept: Page) => ({ ...kept, bytes: flip(kept.bytes, 3) })]) {
      const again = await open({ driver: edited(store.driver(), { page }) });
      expect(again.fold.snapshot()).toEqual(fold.snapshot());
    }
    expect(notices).toHaveLength(2);
  });
});

describe('the anchor', () => {
  const image = (file: ReturnType<typeof memorySlotFile>) => Buffer.from(file.read(0, 8192));
  const restored = (bytes: Buffer) => {
    const file = memorySlotFile();
    file.write(0, bytes);
    return toyAnchor(file);
  };

  test('behind the log is as it should be after a power cut', async () => {
    const { open, file, log } = await written(3, [2]);
    const before = image(file);
    for (let i = 0; i < 3; i++) await log.commit(write(put('later')));
    await log.checkpoint();
    const again = await open({ anchor: restored(before) });
    expect(again.log.acceptedLoss).toBeUndefined();
    expect(again.log.seq).toBe(8);
  });

  test.each([
    ['ahead of the log', (bytes: Buffer) => bytes, 2, 'records 3 to 4 are missing'],
    ['with both slots bad', (bytes: Buffer) => bytes.map((byte) => byte ^ 1), 4, 'the anchor is unreadable'],
    ['deleted', () => Buffer.alloc(0), 4, 'the anchor knows of none'],
    ['emptied', (bytes: Buffer) => bytes.fill(0), 4, 'the anchor knows of none'],
  ])('%s is refused until an administrator accepts it', async (_, edit, left, problem) => {
    const { open, file, store } = await written(4);
    const driver = edited(store.driver(), { records: (list) => list.slice(0, left) });
    const anchor = () => restored(Buffer.from(edit(image(file))));
    await expect(open({ driver, anchor: anchor() })).rejects.toMatchObject({
      ...corrupt,
      message: expect.stringContaining(problem) as string,
    });
    const accepted = anchor();
    const { log, fold } = await open({ driver, anchor: accepted, acceptLoss: true });
    expect(log.acceptedLoss).toContain(problem);
    expect([log.seq, fold.revision]).toEqual([left, left]);
    const after = await open({
      driver,
      anchor: accepted.state === 'lost' ? toyAnchor(memorySlotFile()) : accepted,
      acceptLoss: true,
    });
    expect(after.log.seq).toBe(left);
  });

  test('of another history of the same length is refused', async () => {
    const one = await written(4);
    const other = await written(4);
    await expect(one.open({ anchor: restored(image(other.file)) })).rejects.toMatchObject({
      message: expect.stringContaining('record 4 is not the one that was anchored') as string,
    });
  });

  test('with one slot bad still knows the record before', async () => {
    const { open, file } = await written(4);
    for (const slot of [0, 4096]) {
      const bytes = image(file);
      bytes.fill(0xff, slot, slot + 100);
      const again = await open({ anchor: restored(bytes) });
      expect([again.log.seq, again.log.acceptedLoss]).toEqual([4, undefined]);
    }
  });

  test('is there before the first commit, so that losing it afterwards shows', async () => {
    const { open, file } = newPlace();
    await open();
    expect(toyAnchor(file).head('truth')?.seq).toBe(0);
  });
});
