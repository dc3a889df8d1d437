import { expect, test } from 'vitest';
import { blob, collect, digest, fill, page, pattern, range, record, text, type Subject } from './fixtures.ts';

export function attachments(subject: Subject): void {
  test('come with the record', async () => {
    const { driver } = subject;
    await driver.append('truth', 0, text('one'), { pages: [page('heads/1', 0, 'old'), page('heads/2', 0, 'gone')] });
    await driver.append('truth', 1, text('two'), {
      blobs: [blob('a', 'A'), blob('b', 'B')],
      pages: [page('heads/1', 1, 'new')],
      dropPages: ['heads/2', 'heads/never'],
    });
    expect(await driver.getBlobs(['b', 'a'])).toEqual([text('B'), text('A')]);
    expect(await collect(driver.pages(''))).toEqual([page('heads/1', 1, 'new')]);
  });

  test('of a conflict are not kept', async () => {
    const { driver } = subject;
    await driver.append('truth', 0, text('one'), { pages: [page('p', 0, 'kept')] });
    const lost = { blobs: [blob('lost', 'x')], pages: [page('q', 1, 'x')], dropPages: ['p'] };
    expect(await driver.append('truth', 0, text('late'), lost)).toEqual({ outcome: 'conflict' });
    expect(await driver.getBlobs(['lost'])).toEqual([undefined]);
    expect(await collect(driver.pages(''))).toEqual([page('p', 0, 'kept')]);
  });

  test('of a conflict take nothing away that was there before', async () => {
    const { driver } = subject;
    await fill(driver, 1);
    await driver.putBlob(blob('staged', 'x'));
    expect(await driver.append('truth', 0, text('late'), { blobs: [blob('staged', 'x')] })).toEqual({
      outcome: 'conflict',
    });
    expect(await driver.getBlobs(['staged'])).toEqual([text('x')]);
  });

  test('with a blob id that holds other bytes are refused whole', async () => {
    const { driver } = subject;
    await driver.putBlob(blob('taken', 'first'));
    const attached = { blobs: [blob('fresh', 'x'), blob('taken', 'second')], pages: [page('p', 0, 'x')] };
    await expect(driver.append('truth', 0, text('one'), attached)).rejects.toMatchObject({ code: 'exists' });
    expect(await driver.head('truth')).toBe(0);
    expect(await driver.getBlobs(['fresh', 'taken'])).toEqual([undefined, text('first')]);
    expect(await collect(driver.pages(''))).toEqual([]);
  });

  test('may be 16 MiB beside a record of 1 MiB', async () => {
    const { driver } = subject;
    const [bytes, large] = [pattern(1 << 20, 1), pattern(16 << 20, 2)];
    await driver.append('truth', 0, bytes, { blobs: [{ id: 'large', bytes: large }] });
    const [back] = await collect(driver.read('truth', 1));
    const [blobBack] = await driver.getBlobs(['large']);
    expect(digest(back?.bytes)).toBe(digest(bytes));
    expect(digest(blobBack)).toBe(digest(large));
  });
}

export function blobs(subject: Subject): void {
  test('are given back in the order asked for', async () => {
    const { driver } = subject;
    await Promise.all([driver.putBlob(blob('a', 'A')), driver.putBlob(blob('b', 'B'))]);
    expect(await driver.getBlobs(['b', 'none', 'a', 'b'])).toEqual([text('B'), undefined, text('A'), text('B')]);
    expect(await driver.getBlobs([])).toEqual([]);
  });

  test('may be put twice with equal bytes, not with others', async () => {
    const { driver } = subject;
    await driver.putBlob(blob('a', 'A'));
    await driver.putBlob(blob('a', 'A'));
    await driver.append('truth', 0, text('one'), { blobs: [blob('a', 'A')] });
    await expect(driver.putBlob(blob('a', 'B'))).rejects.toMatchObject({ code: 'exists' });
    expect(await driver.getBlobs(['a'])).toEqual([text('A')]);
    expect(await driver.head('truth')).toBe(1);
  });

  test('are listed', async () => {
    const { driver } = subject;
    const ids = range(1, 3_000).map((n) => `v-${n}`);
    await driver.append('truth', 0, text('one'), { blobs: ids.map((id) => blob(id, id)) });
    await driver.putBlob(blob('keyring-000001', 'k'));
    expect((await collect(driver.blobIds())).sort()).toEqual([...ids, 'keyring-000001'].sort());
  });

  test('are erased, whatever else was asked for', async () => {
    const { driver } = subject;
    await driver.append('truth', 0, text('one'), { blobs: [blob('a', 'A'), blob('b', 'B'), blob('c', 'C')] });
    await driver.erase(['a', 'none', 'c', 'a']);
    await driver.erase([]);
    expect(await driver.getBlobs(['a', 'b', 'c'])).toEqual([undefined, text('B'), undefined]);
    expect(await collect(driver.blobIds())).toEqual(['b']);
    expect(await collect(driver.read('truth', 1))).toEqual([record(1, 'one')]);
  });
}

export function pages(subject: Subject): void {
  test('are listed by prefix, in byte order', async () => {
    const { driver } = subject;
    const names = ['heads/B', 'heads/a', 'heads/-', 'heads/.', 'heads/_', 'heads/0', 'heads0', 'head', 'history/1'];
    await driver.append('truth', 0, text('one'), { pages: names.map((name) => page(name, 0, name)) });
    const listed = async (prefix: string) => (await collect(driver.pages(prefix))).map(({ name }) => name);
    expect(await listed('heads/')).toEqual(['heads/-', 'heads/.', 'heads/0', 'heads/B', 'heads/_', 'heads/a']);
    expect(await listed('')).toEqual([...names].sort());
    expect(await listed('heads/a')).toEqual(['heads/a']);
    expect(await listed('heads/ab')).toEqual([]);
  });

  test('are replaced whole, and dropped', async () => {
    const { driver } = subject;
    await driver.append('truth', 0, text('one'), { pages: [page('a', 0, 'long content'), page('b', 0, 'B')] });
    await driver.append('truth', 1, text('two'), { pages: [page('a', 1, 'x')], dropPages: ['b'] });
    await driver.append('truth', 2, text('three'), { pages: [page('b', 2, 'again')] });
    expect(await collect(driver.pages(''))).toEqual([page('a', 1, 'x'), page('b', 2, 'again')]);
  });

  test('of 256 KiB come back, many of them', async () => {
    const { driver } = subject;
    const many = range(10, 49).map((n) => ({ name: `heads/${n}`, seq: 0, bytes: pattern(256 << 10, n) }));
    // What was given to the driver is its own.
    const expected = many.map(({ name, bytes }) => [name, digest(bytes)]);
    await driver.append('truth', 0, text('one'), { pages: many });
    const back = await collect(driver.pages('heads/'));
    expect(back.map(({ name, bytes }) => [name, digest(bytes)])).toEqual(expected);
  });

  test('that share a buffer come back', async () => {
    const { driver } = subject;
    const shared = pattern(96 << 10, 1);
    const many = range(0, 2).map((n) => {
      return { name: `heads/${n}`, seq: 0, bytes: shared.subarray(n << 15, (n + 1) << 15) };
    });
    const expected = many.map(({ name, bytes }) => [name, digest(bytes)]);
    await driver.append('truth', 0, text('one'), { pages: many });
    const back = await collect(driver.pages('heads/'));
    expect(back.map(({ name, bytes }) => [name, digest(bytes)])).toEqual(expected);
  });
}
