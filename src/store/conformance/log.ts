import { expect, test } from 'vitest';
import type { Followed } from '../driver.ts';
import { collect, digest, fill, pattern, plain, range, record, takeRecords, text, type Subject } from './fixtures.ts';

export function appends(subject: Subject): void {
  test('makes record expectedSeq + 1', async () => {
    const { driver } = subject;
    expect(await driver.head('truth')).toBe(0);
    expect(await driver.append('truth', 0, text('one'))).toEqual({ outcome: 'appended' });
    expect(await driver.append('truth', 1, text('two'))).toEqual({ outcome: 'appended' });
    expect(await driver.head('truth')).toBe(2);
    expect(await collect(driver.read('truth', 1))).toEqual([record(1, 'one'), record(2, 'two')]);
  });

  test('is a conflict where a record already is, and keeps nothing', async () => {
    const { driver } = subject;
    await fill(driver, 2);
    for (const expectedSeq of [0, 1]) {
      expect(await driver.append('truth', expectedSeq, text('late'))).toEqual({ outcome: 'conflict' });
    }
    expect(await collect(driver.read('truth', 1))).toEqual([record(1, '1'), record(2, '2')]);
  });

  test('is refused behind a gap', async () => {
    const { driver } = subject;
    await fill(driver, 1);
    await expect(driver.append('truth', 2, text('gap'))).rejects.toMatchObject({ code: 'invalid' });
    expect(await driver.head('truth')).toBe(1);
  });

  test('lets exactly one of many at one seq win', async () => {
    const { driver } = subject;
    const tries = range(1, 16).map((n) => driver.append('truth', 0, text(`writer ${n}`)));
    const won = (await Promise.all(tries)).flatMap(({ outcome }, index) => (outcome === 'appended' ? [index + 1] : []));
    expect(won).toHaveLength(1);
    expect(await collect(driver.read('truth', 1))).toEqual([record(1, `writer ${won[0]}`)]);
  });

  test('may be called before the one before has resolved', async () => {
    const { driver } = subject;
    const outcomes = await Promise.all(range(1, 20).map((seq) => driver.append('truth', seq - 1, text(`${seq}`))));
    expect(outcomes).toEqual(range(1, 20).map(() => ({ outcome: 'appended' })));
    expect(await collect(driver.read('truth', 1))).toEqual(range(1, 20).map((seq) => record(seq, `${seq}`)));
  });

  test('keeps the streams apart', async () => {
    const { driver } = subject;
    await Promise.all([driver.append('truth', 0, text('t')), driver.append('work', 0, text('w'))]);
    expect(await collect(driver.read('truth', 1))).toEqual([record(1, 't')]);
    expect(await collect(driver.read('work', 1))).toEqual([record(1, 'w')]);
  });

  test('keeps its own copy of the bytes, and hands out copies', async () => {
    const { driver } = subject;
    const mine = text('mine');
    await driver.append('truth', 0, mine);
    mine.fill(0);
    const [first] = await collect(driver.read('truth', 1));
    first?.bytes.fill(0);
    expect(await collect(driver.read('truth', 1))).toEqual([record(1, 'mine')]);
  });

  test('is counted', async () => {
    const { driver } = subject;
    const before = driver.stats;
    await fill(driver, 3);
    await driver.head('truth');
    const { appends: made, syncs, calls } = driver.stats;
    expect(made - before.appends).toBe(3);
    expect(calls - before.calls).toBe(4);
    expect(syncs - before.syncs).toBeLessThanOrEqual(3);
  });
}

export function reads(subject: Subject): void {
  test('starts anywhere and has no gaps, however many records there are', async () => {
    const { driver } = subject;
    await Promise.all(range(1, 6_000).map((seq) => driver.append('truth', seq - 1, text(`${seq}`))));
    const from = async (seq: number) => (await collect(driver.read('truth', seq))).map((each) => each.seq);
    expect(await from(1)).toEqual(range(1, 6_000));
    expect(await from(5_999)).toEqual([5_999, 6_000]);
    expect(await from(6_001)).toEqual([]);
    expect(await from(9_000)).toEqual([]);
  });

  test('gives large records back in order', async () => {
    const { driver } = subject;
    const large = range(1, 12).map((seq) => pattern(1 << 20, seq));
    for (const [index, bytes] of large.entries()) await driver.append('truth', index, bytes);
    const back = await collect(driver.read('truth', 1));
    expect(back.map(({ bytes }) => digest(bytes))).toEqual(large.map(digest));
  });

  test.each([
    ['no bytes', new Uint8Array(0)],
    ['every byte', Uint8Array.from(range(0, 255))],
    ['zeros', new Uint8Array(1_000)],
    ['a slice of something longer', text('xxinsidexx').subarray(2, 8)],
  ])('gives %s back exactly', async (_name, bytes) => {
    const { driver } = subject;
    const [put, attached] = [`b${bytes.length}`, `c${bytes.length}`];
    await driver.putBlob({ id: put, bytes });
    await driver.append('work', 0, bytes, {
      blobs: [{ id: attached, bytes }],
      pages: [{ name: 'p', seq: 0, bytes }],
    });
    const [back] = await collect(driver.read('work', 1));
    const [pageBack] = await collect(driver.pages('p'));
    expect([back?.bytes, pageBack?.bytes, ...(await driver.getBlobs([put, attached]))].map(plain)).toEqual(
      Array.from({ length: 4 }, () => plain(bytes)),
    );
  });

  test('may be left early', async () => {
    const { driver } = subject;
    await fill(driver, 3);
    for await (const { seq } of driver.read('truth', 1)) {
      expect(seq).toBe(1);
      break;
    }
    expect(await driver.append('truth', 3, text('4'))).toEqual({ outcome: 'appended' });
  });
}

export function follows(subject: Subject): void {
  test('gives what is there, then what comes, and ends when aborted', async () => {
    const { driver } = subject;
    await fill(driver, 2);
    const abort = new AbortController();
    const seen: Followed[] = [];
    for await (const followed of driver.follow('truth', 1, abort.signal)) {
      seen.push(followed);
      if (seen.length === 2) await driver.append('truth', 2, text('3'));
      if (seen.length === 3) void driver.append('truth', 3, text('4'));
      if (seen.length === 4) abort.abort();
    }
    expect(seen).toEqual(range(1, 4).map((seq) => ({ kind: 'record', record: record(seq, `${seq}`) })));
  });

  test('waits for a record that is not there yet', async () => {
    const { driver } = subject;
    const abort = new AbortController();
    const waiting = driver.follow('truth', 2, abort.signal)[Symbol.asyncIterator]();
    const next = waiting.next();
    await fill(driver, 2);
    expect(await next).toEqual({ done: false, value: { kind: 'record', record: record(2, '2') } });
    abort.abort();
    expect(await waiting.next()).toMatchObject({ done: true });
  });

  test('ends while it waits, when aborted or when the driver is closed', async () => {
    const { driver } = subject;
    const abort = new AbortController();
    const aborted = collect(driver.follow('truth', 1, abort.signal));
    const closed = collect(driver.follow('work', 1, new AbortController().signal));
    const never = collect(driver.follow('work', 1, AbortSignal.abort()));
    abort.abort();
    expect(await aborted).toEqual([]);
    expect(await never).toEqual([]);
    await driver.close();
    expect(await closed).toEqual([]);
  });

  test('hears only its own stream, and may be one of several', async () => {
    const { driver } = subject;
    const abort = new AbortController();
    const followers = range(1, 3).map((seq) => takeRecords(driver.follow('truth', seq, abort.signal), 4 - seq));
    await driver.append('work', 0, text('w'));
    await fill(driver, 3);
    expect((await Promise.all(followers)).map((each) => each.map(({ seq }) => seq))).toEqual([[1, 2, 3], [2, 3], [3]]);
    abort.abort();
  });

  test('says truncated when its beginning is gone, and ends', async () => {
    const { driver } = subject;
    await fill(driver, 5);
    await driver.truncate('truth', 3);
    const { signal } = new AbortController();
    expect(await collect(driver.follow('truth', 2, signal))).toEqual([{ kind: 'truncated', firstSeq: 4 }]);
  });
}

export function truncates(subject: Subject): void {
  test('forgets the beginning, and says from where there is something', async () => {
    const { driver } = subject;
    await fill(driver, 5);
    await driver.append('work', 0, text('w'));
    await driver.truncate('truth', 3);
    expect(await collect(driver.read('truth', 4))).toEqual([record(4, '4'), record(5, '5')]);
    for (const fromSeq of [1, 3]) {
      await expect(collect(driver.read('truth', fromSeq))).rejects.toMatchObject({
        code: 'not-found',
        details: { firstSeq: 4 },
      });
    }
    expect(await collect(driver.read('work', 1))).toEqual([record(1, 'w')]);
  });

  test('leaves the head and the counting alone', async () => {
    const { driver } = subject;
    await fill(driver, 5);
    await driver.truncate('truth', 4);
    await driver.truncate('truth', 2);
    expect(await driver.head('truth')).toBe(5);
    for (const expectedSeq of [0, 3, 4]) {
      expect(await driver.append('truth', expectedSeq, text('late'))).toEqual({ outcome: 'conflict' });
    }
    expect(await driver.append('truth', 5, text('6'))).toEqual({ outcome: 'appended' });
    expect(await collect(driver.read('truth', 5))).toEqual([record(5, '5'), record(6, '6')]);
  });

  test('is refused for the head and above', async () => {
    const { driver } = subject;
    await fill(driver, 2);
    for (const upTo of [2, 3]) {
      await expect(driver.truncate('truth', upTo)).rejects.toMatchObject({ code: 'invalid' });
    }
    expect(await collect(driver.read('truth', 1))).toHaveLength(2);
  });
}
