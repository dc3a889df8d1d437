import { describe, expect, test } from 'vitest';
import { settle } from '#testing/clock';
import { put, type ToyOp, toyAnchor } from '#testing/toy-fold';
import { altered, ask, newPlace } from '#testing/toy-log';

const write = (...ops: ToyOp[]) => ask(() => ops);
const destroy = (name: string): ToyOp => ({ op: 'destroy', name });

/** A place with `count` commits, each a record of its own; a checkpoint at the end if asked for. */
async function written(count: number, checkpoint = false) {
  const place = newPlace();
  const { log, fold } = await place.open();
  for (let i = 1; i <= count; i++) await log.commit(write(put(`n${i}`), put('same', `${i}`)));
  if (checkpoint) await log.checkpoint();
  return { ...place, log, fold };
}

describe('checkpoints', () => {
  test('are made after so many bytes, drop what they replace, and stay few', async () => {
    const { open, store } = newPlace();
    const { log, fold, driver } = await open({ checkpointBytes: 2000 });
    for (let i = 0; i < 60; i++) await log.commit(write(put(`n${i % 5}`)));
    const pages = await Array.fromAsync(store.driver().pages('truth/'));
    expect(pages.length).toBe(2);
    expect(log.seq).toBeGreaterThan(62);
    expect(log.seq).toBeLessThan(80);
    expect(driver.stats.appends).toBe(log.seq);
    expect((await open()).fold.snapshot()).toEqual(fold.snapshot());
  });

  test('are made when it closes after many bytes, and not after few', async () => {
    for (const [checkpointBytes, expected] of [
      [1_000_000, 3],
      [2000, 4],
    ] as const) {
      const { open } = newPlace();
      const { log } = await open({ checkpointBytes });
      for (let i = 0; i < 3; i++) await log.commit(write(put('a')));
      await log.close();
      expect(log.seq).toBe(expected);
    }
  });

  test('write nothing when nothing changed', async () => {
    const { log } = await written(2);
    await log.checkpoint();
    await log.checkpoint();
    expect(log.seq).toBe(3);
  });

  test('drop pages that were staged for a checkpoint which was never made', async () => {
    const { open, store, fold } = await written(2, true);
    const driver = store.driver();
    await driver.append('work', 0, Buffer.from('x'), {
      pages: [{ name: 'truth/names/1/99', seq: 99, bytes: Buffer.from('[]') }],
    });
    const { log } = await open();
    await log.commit(write(put('x')));
    await log.checkpoint();
    const names = (await Array.fromAsync(driver.pages('truth/'))).map(({ name }) => name);
    expect(names).not.toContain('truth/names/1/99');
    expect(fold.revision).toBe(2);
  });

  test('of two writers replace each other whole', async () => {
    const { open, store } = newPlace();
    const one = await open();
    const two = await open({ anchor: toyAnchor() });
    await one.log.commit(write(put('a')));
    await one.log.checkpoint();
    await two.log.commit(write(put('b')));
    await two.log.checkpoint();
    await one.log.commit(write(put('c')));
    await one.log.checkpoint();
    const names = (await Array.fromAsync(store.driver().pages('truth/'))).map(({ name }) => name);
    expect(names).toEqual(['revision', 'names/97', 'names/98', 'names/99'].map((name) => `truth/${name}/6`).toSorted());
    expect((await open()).fold.snapshot()).toEqual(one.fold.snapshot());
  });

  test('that lose their place are made again, whole', async () => {
    const { open, store } = newPlace();
    const one = await open();
    const two = await open({ anchor: toyAnchor() });
    await one.log.commit(write(put('a')));
    await two.log.catchUp();
    await two.log.commit(write(put('b')));
    await one.log.checkpoint();
    const names = (await Array.fromAsync(store.driver().pages('truth/'))).map(({ name }) => name);
    expect(names).toEqual(['truth/names/97/3', 'truth/names/98/3', 'truth/revision/3']);
    expect((await open()).fold.snapshot()).toEqual(two.fold.snapshot());
  });
});

describe('destroying', () => {
  test('erases the bytes, in blobs and in pages, before it answers', async () => {
    const { open, store } = newPlace();
    const { log, fold } = await open();
    await log.commit(write(put('a', 'to be destroyed'), put('b', 'to be kept')));
    await log.checkpoint();
    await log.commit(write(destroy('a')));
    const driver = store.driver();
    const pages = (await Array.fromAsync(driver.pages(''))).map(({ bytes }) => Buffer.from(bytes).toString());
    expect(await Array.fromAsync(driver.blobIds())).toHaveLength(1);
    expect(pages.join()).not.toContain(Buffer.from('to be destroyed').toString('base64'));
    expect(pages.join()).toContain(Buffer.from('to be kept').toString('base64'));
    expect((await open()).fold.snapshot()).toEqual(fold.snapshot());
    expect((await log.verify()).ok).toBe(true);
  });

  test('is finished at the next open if it was interrupted', async () => {
    const { open, store } = newPlace();
    const driver = store.driver();
    const dying = altered(driver, { erase: () => Promise.reject(new Error('killed')) });
    const { log } = await open({ driver: dying });
    await log.commit(write(put('a')));
    await expect(log.commit(write(destroy('a')))).rejects.toMatchObject({ code: 'unknown' });
    expect(await Array.fromAsync(driver.blobIds())).toHaveLength(1);
    const again = await open();
    expect(await Array.fromAsync(driver.blobIds())).toEqual([]);
    expect(again.fold.names.get('a')?.bytes).toBeNull();
  });
});

describe('sweeping', () => {
  test('erases what nothing names, and nothing else', async () => {
    const { open, store, fold } = await written(3);
    const driver = store.driver();
    const many = Array.from({ length: 9000 }, (_, index) => put(`${index}${'n'.repeat(120)}`, 'v'));
    const { log } = await open();
    await log.commit(write(...many));
    const before = (await Array.fromAsync(driver.blobIds())).length;
    for (const id of ['v-orphan', 'o-truth-orphan', 'o-work-orphan', 'keyring-000001']) {
      await driver.putBlob({ id, bytes: Buffer.from('x') });
    }
    await settle();
    // Of `same`, the toy keeps only the newest version.
    expect(await log.sweep()).toBe(2 + 2);
    const after = await Array.fromAsync(driver.blobIds());
    expect(after).toContain('o-work-orphan');
    expect(after).toContain('keyring-000001');
    expect(after).toHaveLength(before);
    expect(fold.revision).toBe(3);
  });
});
