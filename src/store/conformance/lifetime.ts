import { expect, test } from 'vitest';
import type { Driver } from '../driver.ts';
import { blob, collect, fill, page, range, text, type Subject } from './fixtures.ts';

export function refusals(subject: Subject): void {
  const withBlob = (id: string) => (driver: Driver) =>
    driver.append('truth', 0, text('one'), { blobs: [{ id, bytes: text('x') }] });
  const withPage = (name: string) => (driver: Driver) =>
    driver.append('truth', 0, text('one'), { pages: [page(name, 0, 'x')] });

  test.each<[string, (driver: Driver) => Promise<unknown>]>([
    ['a blob without an id', withBlob('')],
    ['a blob id of 65 characters', withBlob('x'.repeat(65))],
    ['a blob id with a slash', withBlob('a/b')],
    ['a blob put under a malformed id', (driver) => driver.putBlob(blob('ä', 'x'))],
    ['a page without a name', withPage('')],
    ['a page name of 201 characters', withPage('x'.repeat(201))],
    ['a page name with a space', withPage('a b')],
    ['a blob twice', (driver) => driver.append('truth', 0, text('x'), { blobs: [blob('a', 'A'), blob('a', 'A')] })],
    [
      'a page put and dropped at once',
      (driver) => driver.append('truth', 0, text('x'), { pages: [page('p', 0, 'x')], dropPages: ['p'] }),
    ],
    ['a prefix that no page can have', (driver) => collect(driver.pages('a b'))],
    ['a negative seq', (driver) => driver.append('truth', -1, text('x'))],
    ['a broken seq', (driver) => driver.append('truth', 0.5, text('x'))],
    ['reading from 0', (driver) => collect(driver.read('truth', 0))],
    ['following from 0', (driver) => collect(driver.follow('truth', 0, AbortSignal.abort()))],
  ])('refuses %s', async (_name, attempt) => {
    const { driver } = subject;
    await expect(attempt(driver)).rejects.toMatchObject({ code: 'invalid' });
    expect(await driver.head('truth')).toBe(0);
    expect(await collect(driver.blobIds())).toEqual([]);
  });

  test('takes names of the greatest length', async () => {
    const { driver } = subject;
    await withBlob('x'.repeat(64))(driver);
    await driver.append('truth', 1, text('two'), { pages: [page('x'.repeat(200), 1, 'x')] });
    expect(await collect(driver.pages('x'.repeat(200)))).toHaveLength(1);
  });
}

export function lifetime(subject: Subject): void {
  test('a store that is opened again is the same', async () => {
    const { driver } = subject;
    await fill(driver, 5);
    await driver.append('work', 0, text('w'), { blobs: [blob('a', 'A'), blob('b', 'B')], pages: [page('p', 1, 'P')] });
    await driver.truncate('truth', 2);
    await driver.erase(['a']);
    const before = await contents(driver);
    const again = await subject.reopen();
    expect(await contents(again)).toEqual(before);
    expect(await again.append('truth', 4, text('late'))).toEqual({ outcome: 'conflict' });
    expect(await again.append('truth', 5, text('6'))).toEqual({ outcome: 'appended' });
  });

  test('close waits for what is in flight, and may be called again', async () => {
    const { driver } = subject;
    const appended = range(1, 5).map((seq) => driver.append('truth', seq - 1, text(`${seq}`)));
    await Promise.all([driver.close(), driver.close()]);
    expect(await Promise.all(appended)).toHaveLength(5);
    await driver.close();
    const again = await subject.reopen();
    expect(await again.head('truth')).toBe(5);
  });

  test('nothing answers after close', async () => {
    const { driver } = subject;
    await driver.close();
    const attempts: (() => Promise<unknown>)[] = [
      () => driver.append('truth', 0, text('x')),
      () => collect(driver.read('truth', 1)),
      () => driver.head('truth'),
      () => collect(driver.follow('truth', 1, new AbortController().signal)),
      () => driver.putBlob(blob('a', 'A')),
      () => driver.getBlobs(['a']),
      () => collect(driver.blobIds()),
      () => driver.erase(['a']),
      () => collect(driver.pages('')),
      () => driver.truncate('truth', 1),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'unavailable' });
  });
}

/** Everything that a caller can see. */
async function contents(driver: Driver): Promise<unknown> {
  return {
    truth: await collect(driver.read('truth', 3)),
    work: await collect(driver.read('work', 1)),
    firstOfTruth: await collect(driver.read('truth', 1)).catch((error: unknown) => error),
    ids: (await collect(driver.blobIds())).sort(),
    blobs: await driver.getBlobs(['a', 'b']),
    pages: await collect(driver.pages('')),
  };
}
