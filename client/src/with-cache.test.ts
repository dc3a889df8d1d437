import { describe, expect, test } from 'vitest';
import { openCache, withCache } from './cache.ts';
import type { Cache, CacheUse, Fallback } from './cache.ts';
import { createClient } from './client.ts';
import type { Transport } from './transport.ts';

const entry = (path: string, value: string) => ({ path, value, secret: true, revision: 1 });
const folder = (...values: readonly string[]) => ({
  folder: 'a/b',
  revision: 1,
  entries: values.map((value, index) => entry(`a/b/N${index}`, value)),
});
const away = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
const broken = Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' });
const refusal = (status: number, code: string) => ({ status, body: { code, detail: `it is ${code}` } });

type Answer = object | Error;

/** A server whose answer each test sets, and what was told. */
function stage(options: CacheUse = {}) {
  const blobs = new Map<string, Uint8Array>();
  const told: { readonly fallbacks: Fallback[]; readonly faults: unknown[] } = { fallbacks: [], faults: [] };
  const server: { answer: Answer; asked: number; now: number } = { answer: away, asked: 0, now: 0 };
  const transport: Transport = async () => {
    server.asked += 1;
    const { answer } = server;
    if (answer instanceof Error) throw answer;
    const { status = 200, body = answer } = answer as { status?: number; body?: unknown };
    return { status, headers: { get: () => null }, text: async () => JSON.stringify(body), body: null };
  };
  const storage = {
    read: async (name: string) => blobs.get(name) ?? null,
    write: async (name: string, bytes: Uint8Array) => void blobs.set(name, bytes),
    remove: async (name: string) => void blobs.delete(name),
  };
  const cache: Cache = openCache({ storage, key: new Uint8Array(32), scope: 's', now: () => server.now });
  const plain = createClient({ address: 'http://localhost', transport, retry: false });
  const client = withCache(plain, cache, {
    onFallback: (fallback) => told.fallbacks.push(fallback),
    onFault: (error) => told.faults.push(error),
    ...options,
  });
  return { client, cache, plain, server, told, blobs, storage };
}

describe('a folder', () => {
  test('is answered as it was while the server is away, and says so', async () => {
    const { client, server, told } = stage();
    server.answer = folder('x');
    server.now = 1000;
    expect(await client.entries.evaluate({ folder: 'a/b' })).toEqual(folder('x'));
    expect(told.fallbacks).toEqual([]);
    server.answer = away;
    server.now = 2000;
    expect(await client.entries.evaluate({ folder: 'a/b' })).toEqual(folder('x'));
    expect(told.fallbacks).toMatchObject([{ asked: 'a/b', savedAt: 1000, error: { code: 'unavailable' } }]);
    server.answer = refusal(503, 'sealed');
    expect(await client.with({ timeoutMs: 0 }).entries.evaluate({ folder: 'a/b' })).toEqual(folder('x'));
  });

  test('of which nothing is kept: the error of the server', async () => {
    const { client, told } = stage();
    await expect(client.entries.evaluate({ folder: 'a/b' })).rejects.toMatchObject({ cause: away });
    expect(told).toEqual({ fallbacks: [], faults: [] });
  });

  test.each([
    ['401', refusal(401, 'unauthenticated'), 'gone'],
    ['403', refusal(403, 'forbidden'), 'gone'],
    ['404', refusal(404, 'not-found'), 'gone'],
    ['409', refusal(409, 'unevaluable'), 'there'],
    ['500', refusal(500, 'internal'), 'there'],
    ['TLS', broken, 'there'],
    ['a page of somebody else', { status: 401, body: 'sign in here' }, 'there'],
  ])('%s is never answered from the cache; what is kept is %s', async (_, answer, left) => {
    const { client, cache, server, told } = stage();
    server.answer = folder('x');
    await client.entries.evaluate({ folder: 'a/b' });
    server.answer = answer;
    await expect(client.entries.evaluate({ folder: 'a/b' })).rejects.toThrow();
    expect(told).toEqual({ fallbacks: [], faults: [] });
    expect((await cache.load('a/b')) === undefined ? 'gone' : 'there').toBe(left);
  });

  test('another folder outlives a refusal, and not an unknown token', async () => {
    const { client, cache, server } = stage();
    await cache.save({ folder: 'other', revision: 1, entries: [] });
    server.answer = refusal(403, 'forbidden');
    await expect(client.entries.evaluate({ folder: 'a/b' })).rejects.toThrow();
    expect(await cache.load('other')).toBeDefined();
    server.answer = refusal(401, 'unauthenticated');
    await expect(client.entries.evaluate({ folder: 'a/b' })).rejects.toThrow();
    expect(await cache.load('other')).toBeUndefined();
  });

  test('that was altered is not answered', async () => {
    const { client, server, told, blobs } = stage();
    server.answer = folder('x');
    await client.entries.evaluate({ folder: 'a/b' });
    for (const name of blobs.keys()) blobs.set(name, new Uint8Array(64));
    server.answer = away;
    await expect(client.entries.evaluate({ folder: 'a/b' })).rejects.toMatchObject({ cause: away });
    expect(told).toMatchObject({ fallbacks: [], faults: [{ code: 'corrupt' }] });
  });

  test('is answered although it cannot be kept', async () => {
    const { client, server, told, storage } = stage();
    storage.write = () => Promise.reject(new Error('disk full'));
    server.answer = folder('x');
    expect(await client.entries.evaluate({ folder: 'a/b' })).toEqual(folder('x'));
    expect(told.faults).toMatchObject([{ message: 'disk full' }]);
  });
});

describe('an entry', () => {
  const get = (client: ReturnType<typeof stage>['client'], path: string) => client.entries.get({ path });

  test('is kept by itself, and never taken for its folder', async () => {
    const { client, server } = stage();
    server.answer = entry('a/b/N0', 'x');
    await get(client, 'a/b/N0');
    server.answer = away;
    expect(await get(client, 'a/b/N0')).toEqual(entry('a/b/N0', 'x'));
    await expect(client.entries.evaluate({ folder: 'a/b' })).rejects.toThrow();
    await expect(client.entries.evaluate({ folder: 'a/b/N0' })).rejects.toThrow();
  });

  test('comes from whatever is newer', async () => {
    const { client, server } = stage();
    server.answer = entry('a/b/N0', 'alone');
    server.now = 1000;
    await get(client, 'a/b/N0');
    server.answer = folder('within', 'second');
    server.now = 2000;
    await client.entries.evaluate({ folder: 'a/b' });
    server.answer = away;
    expect(await get(client, 'a/b/N0')).toMatchObject({ value: 'within' });
    expect(await get(client, 'a/b/N1')).toMatchObject({ value: 'second' });
    server.answer = { ...folder(), revision: 2 };
    server.now = 3000;
    await client.entries.evaluate({ folder: 'a/b' });
    server.answer = away;
    await expect(get(client, 'a/b/N0')).rejects.toThrow();
  });

  test.each([
    ['403', refusal(403, 'forbidden')],
    ['404', refusal(404, 'not-found')],
  ])('that is refused with %s is not answered from its folder either', async (_, answer) => {
    const { client, server, told } = stage();
    server.answer = folder('refused', 'other');
    server.now = 1000;
    await client.entries.evaluate({ folder: 'a/b' });
    server.answer = answer;
    await expect(get(client, 'a/b/N0')).rejects.toThrow();
    server.answer = away;
    await expect(get(client, 'a/b/N0')).rejects.toMatchObject({ cause: away });
    expect(await get(client, 'a/b/N1')).toMatchObject({ value: 'other' });
    expect(told.fallbacks).toMatchObject([{ asked: 'a/b/N1', savedAt: 1000 }]);
    expect((await client.entries.evaluate({ folder: 'a/b' })).entries).toHaveLength(1);
  });

  test('raw, or as an older version, is not kept', async () => {
    const { client, server, blobs } = stage();
    server.answer = entry('a/b/N0', 'x');
    await client.entries.get({ path: 'a/b/N0', raw: true });
    await client.entries.get({ path: 'a/b/N0', version: 1 });
    expect(blobs.size).toBe(0);
  });
});

describe('without asking the server', () => {
  test('only what is kept is answered', async () => {
    const { client, cache, server, told } = stage({ use: 'only' });
    await expect(client.entries.evaluate({ folder: 'a/b' })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'nothing is kept of a/b, or it is too old',
    });
    await cache.save(folder('x') as unknown as Parameters<Cache['save']>[0]);
    expect(await client.entries.evaluate({ folder: 'a/b' })).toEqual(folder('x'));
    expect(await client.entries.get({ path: 'a/b/N0' })).toMatchObject({ value: 'x' });
    expect(told.fallbacks).toEqual([
      { asked: 'a/b', savedAt: 0 },
      { asked: 'a/b/N0', savedAt: 0 },
    ]);
    await expect(client.entries.get({ path: 'a/b/N0', raw: true })).rejects.toMatchObject({ code: 'unsupported' });
    expect(server.asked).toBe(0);
  });

  test('what was altered is an error', async () => {
    const { client, cache, blobs } = stage({ use: 'only' });
    await cache.save(folder('x') as unknown as Parameters<Cache['save']>[0]);
    for (const name of blobs.keys()) blobs.set(name, new Uint8Array(64));
    await expect(client.entries.evaluate({ folder: 'a/b' })).rejects.toMatchObject({ code: 'corrupt' });
  });
});

test('what is only kept never stands in', async () => {
  const { client, cache, server, told } = stage({ use: 'keep' });
  server.answer = folder('x');
  await client.entries.evaluate({ folder: 'a/b' });
  expect(await cache.load('a/b')).toBeDefined();
  server.answer = away;
  await expect(client.entries.evaluate({ folder: 'a/b' })).rejects.toMatchObject({ cause: away });
  expect(told.fallbacks).toEqual([]);
});
