import { describe, expect, test } from 'vitest';
import { openCache } from './sealed-cache.ts';
import type { CacheOptions, CacheStorage } from './sealed-cache.ts';
import type { EvaluatedFolder } from './types.ts';

const value = 'canary-7f3a';
const folder = (name: string, revision = 1): EvaluatedFolder => ({
  folder: name,
  revision,
  entries: [
    {
      path: `${name}/NAME`,
      kind: 'secret',
      type: 'string',
      form: 'literal',
      version: 1,
      incarnation: 1,
      revision,
      time: 1,
      author: 'person/ada',
      reason: '',
      value,
      secret: true,
      origin: [],
      etag: 'f',
    },
  ],
});

function memory(): CacheStorage & { readonly blobs: Map<string, Uint8Array> } {
  const blobs = new Map<string, Uint8Array>();
  return {
    blobs,
    read: async (name) => blobs.get(name) ?? null,
    write: async (name, bytes) => void blobs.set(name, bytes),
    remove: async (name) => void blobs.delete(name),
  };
}
const key = new Uint8Array(32).fill(7);
const open = (storage: CacheStorage, options: Partial<CacheOptions> = {}) =>
  openCache({ storage, key, scope: 'https://a person/ada', ...options });

/** The name and the bytes of the blob that holds the values: the longest. */
function largest(blobs: ReadonlyMap<string, Uint8Array>): readonly [string, Uint8Array] {
  const [found] = [...blobs].toSorted(([, a], [, b]) => b.length - a.length);
  if (found === undefined) throw new Error('there is no blob');
  return found;
}

describe('what is kept', () => {
  test('is answered with its time, by its folder, also by another process', async () => {
    const storage = memory();
    await open(storage, { now: () => 1000 }).save(folder('a/b'));
    const later = open(storage, { now: () => 2000 });
    expect(await later.load('a/b')).toEqual({ value: folder('a/b'), savedAt: 1000 });
    expect(await later.load('a')).toBeUndefined();
  });

  test('is replaced by what is newer', async () => {
    const cache = open(memory());
    await Promise.all([cache.save(folder('a', 1)), cache.save(folder('a', 2)), cache.save(folder('b'))]);
    expect((await cache.load('a'))?.value.revision).toBe(2);
  });

  test('shows neither values nor names of folders', async () => {
    const storage = memory();
    await open(storage).save(folder('secret-project/production'));
    const all = [...storage.blobs].map(([name, bytes]) => `${name} ${Buffer.from(bytes).toString('latin1')}`).join();
    for (const shown of [value, 'secret-project', 'NAME', 'ada']) expect(all).not.toContain(shown);
    for (const name of storage.blobs.keys()) expect(name).toMatch(/^[a-z0-9-]{1,80}$/);
  });

  test('is never sealed twice with one nonce', async () => {
    const storage = memory();
    const nonces = new Set<string>();
    for (let round = 0; round < 50; round += 1) {
      await open(storage).save(folder('a'));
      nonces.add(Buffer.from(largest(storage.blobs)[1].subarray(4, 16)).toString('hex'));
    }
    expect(nonces.size).toBe(50);
  });

  test('ends by itself', async () => {
    const storage = memory();
    let now = 0;
    const cache = open(storage, { now: () => now, maxAgeMs: 1000 });
    await cache.save(folder('a'));
    now = 1000;
    expect(await cache.load('a')).toBeDefined();
    now = 1001;
    expect(await cache.load('a')).toBeUndefined();
    const day = 24 * 60 * 60 * 1000;
    expect(await open(storage, { now: () => day }).load('a')).toBeDefined();
    expect(await open(storage, { now: () => day + 1 }).load('a')).toBeUndefined();
  });

  test('is not answered when it is from the future, further than clocks differ', async () => {
    const storage = memory();
    await open(storage, { now: () => 300_000 }).save(folder('a'));
    expect(await open(storage, { now: () => 0 }).load('a')).toBeDefined();
    await open(storage, { now: () => 300_001 }).save(folder('a'));
    expect(await open(storage, { now: () => 0 }).load('a')).toBeUndefined();
  });

  test('can be ended: one folder, or all of a scope', async () => {
    const storage = memory();
    const [ours, theirs] = [open(storage), open(storage, { scope: 'theirs' })];
    for (const name of ['a', 'b', 'c']) await ours.save(folder(name));
    await theirs.save(folder('a'));
    await ours.forget('a');
    expect([await ours.load('a'), await ours.load('b')]).toMatchObject([undefined, { value: { folder: 'b' } }]);
    await ours.forget('b', 'b/OTHER');
    expect(await ours.load('b')).toBeDefined();
    await ours.forget('b', 'b/NAME');
    expect(await ours.load('b')).toBeUndefined();
    await ours.save(folder('b'));
    await ours.clear();
    expect([await ours.load('b'), await ours.load('c')]).toEqual([undefined, undefined]);
    expect(await theirs.load('a')).toBeDefined();
    expect(storage.blobs.size).toBe(2);
  });
});

describe('an end of everything', () => {
  /** Two processes, each of which read the index before the other had written it. */
  async function raced() {
    const storage = memory();
    const [ours, theirs] = [open(storage), open(storage)];
    await ours.save(folder('first'));
    const before = new Map(storage.blobs);
    await theirs.save(folder('theirs'));
    const late = { ...storage, read: async (name: string) => before.get(name) ?? null };
    await open(late).save(folder('ours'));
    return { storage, ours };
  }

  test('two processes that keep something at the same time keep both', async () => {
    const { ours } = await raced();
    for (const name of ['first', 'theirs', 'ours']) expect(await ours.load(name), name).toBeDefined();
  });

  test('ends what another process kept at the same time', async () => {
    const { ours } = await raced();
    await ours.clear();
    for (const name of ['first', 'theirs', 'ours']) expect(await ours.load(name), name).toBeUndefined();
    await ours.save(folder('next'));
    expect([await ours.load('next'), await ours.load('theirs')]).toMatchObject([
      { savedAt: expect.anything() },
      undefined,
    ]);
  });

  test('ends what stays because the index was taken away', async () => {
    const storage = memory();
    const cache = open(storage);
    await cache.save(folder('a'));
    const [name] = largest(storage.blobs);
    for (const other of [...storage.blobs.keys()]) if (other !== name) storage.blobs.delete(other);
    await cache.clear();
    await cache.save(folder('b'));
    expect(storage.blobs.has(name)).toBe(true);
    expect(await cache.load('a')).toBeUndefined();
  });
});

describe('what was altered is refused', () => {
  const corrupt = { name: 'PlumbApiError', code: 'corrupt', status: 0 };

  test('every byte of it counts', async () => {
    const storage = memory();
    const cache = open(storage);
    await cache.save(folder('a'));
    const [name, bytes] = largest(storage.blobs);
    for (const at of bytes.keys()) {
      const altered = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte));
      storage.blobs.set(name, altered);
      await expect(cache.load('a'), `byte ${at}`).rejects.toMatchObject(corrupt);
    }
  });

  test.each([0, 1, 4, 16, 31, 32, -1])('cut off at %d bytes', async (length) => {
    const storage = memory();
    const cache = open(storage);
    await cache.save(folder('a'));
    const [name, bytes] = largest(storage.blobs);
    storage.blobs.set(name, bytes.slice(0, length));
    await expect(cache.load('a')).rejects.toMatchObject(corrupt);
  });

  test('another folder in its place, or another scope, or another key', async () => {
    const storage = memory();
    const cache = open(storage);
    await cache.save(folder('a'));
    const [name] = largest(storage.blobs);
    const others = [
      { name: 'b', options: {} },
      { name: 'a', options: { scope: 'theirs' } },
      { name: 'a', options: { key: new Uint8Array(32).fill(8) } },
    ];
    for (const other of others) {
      const elsewhere = memory();
      await open(elsewhere, other.options).save(folder(other.name));
      storage.blobs.set(name, largest(elsewhere.blobs)[1]);
      await expect(cache.load('a')).rejects.toMatchObject(corrupt);
    }
  });

  test('scope and folder cannot be confused', async () => {
    const storage = memory();
    await open(storage, { scope: 'a","folder","b' }).save(folder('c'));
    expect(await open(storage, { scope: 'a' }).load('b","folder","c')).toBeUndefined();
  });

  test('and what the server answers next takes its place', async () => {
    const storage = memory();
    const cache = open(storage);
    await cache.save(folder('a'));
    for (const name of storage.blobs.keys()) storage.blobs.set(name, new Uint8Array(100));
    await expect(cache.load('a')).rejects.toMatchObject(corrupt);
    await cache.save(folder('a', 2));
    expect((await cache.load('a'))?.value.revision).toBe(2);
    await cache.clear();
    expect(storage.blobs.size).toBe(0);
  });

  test('a key has 32 bytes', () => {
    expect(() => open(memory(), { key: new Uint8Array(31) })).toThrow('32 bytes');
  });
});

test('a storage that fails once is asked again', async () => {
  const storage = memory();
  const { write } = storage;
  const cache = open(storage);
  storage.write = () => Promise.reject(new Error('disk full'));
  await expect(cache.save(folder('a'))).rejects.toThrow('disk full');
  storage.write = write;
  await cache.save(folder('a'));
  expect(await cache.load('a')).toBeDefined();
});
