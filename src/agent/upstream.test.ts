import { expect, test } from 'vitest';
import { PlumbApiError } from '@plumbd/client';
import type { EvaluatedFolder, HistoryPage } from '@plumbd/client';
import { openCache } from '@plumbd/client/cache';
import { Upstream } from './upstream.ts';
import { PlumbError } from '#domain/errors';
import { FakeClock, SeededRandom } from '#testing/clock';

const clock = (): FakeClock => new FakeClock();
const folder = { folder: 'a/b', revision: 3, entries: [] } as const satisfies EvaluatedFolder;
const noAnswer = () =>
  new PlumbApiError('the server does not answer', {
    code: 'unavailable',
    status: 0,
    cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
  });
const answered = (code: PlumbApiError['code'], status: number) => new PlumbApiError('as it says', { code, status });

function make(time: FakeClock) {
  const blobs = new Map<string, Uint8Array>();
  const world = { failure: undefined as unknown, asked: 0, saves: 0, states: [] as string[], blobs };
  const cache = openCache({
    storage: {
      read: async (name) => blobs.get(name) ?? null,
      write: async (name, bytes) => {
        world.saves += 1;
        blobs.set(name, bytes);
      },
      remove: async (name) => void blobs.delete(name),
    },
    key: new Uint8Array(32),
    scope: 'test',
    maxAgeMs: 3_600_000,
    now: () => time.now(),
  });
  const answer = async <T>(value: T): Promise<T> => {
    world.asked += 1;
    if (world.failure !== undefined) throw world.failure as Error;
    return value;
  };
  const history: HistoryPage = { path: 'a/b/C', versions: [] };
  const upstream = new Upstream({
    client: { entries: { evaluate: () => answer(folder), history: () => answer(history) } },
    cache,
    clock: time,
    random: new SeededRandom(1),
    reached: (state) => void world.states.push(state),
  });
  return { world, upstream };
}

test('what is kept stands in while nobody answers, and a server that is away is not asked all the time', async () => {
  const time = clock();
  const { world, upstream } = make(time);
  await upstream.evaluate('a/b');
  await upstream.keep(folder);
  const savedAt = time.now();
  await time.advance(60_000);
  world.failure = noAnswer();
  for (let count = 0; count < 50; count += 1) {
    expect(await upstream.evaluate('a/b')).toEqual({ kind: 'values', folder, from: 'cache', asOf: savedAt });
  }
  expect([world.asked, world.states]).toEqual([2, ['answers', 'away']]);
  await time.advance(1300);
  await upstream.evaluate('a/b');
  expect(world.asked).toBe(3);
  world.failure = undefined;
  upstream.isBack();
  expect(await upstream.evaluate('a/b')).toMatchObject({ from: 'server' });
});

test('what is too old, or was never there, does not', async () => {
  const time = clock();
  const { world, upstream } = make(time);
  await upstream.keep(folder);
  await time.advance(3_600_001);
  world.failure = noAnswer();
  await expect(upstream.evaluate('a/b')).rejects.toMatchObject({ code: 'unavailable' });
  await expect(upstream.evaluate('other')).rejects.toMatchObject({ code: 'unavailable' });
});

test('the same values are sealed anew after an hour only, so that they stay young', async () => {
  const time = clock();
  const { world, upstream } = make(time);
  for (let count = 0; count < 7; count += 1) {
    await upstream.keep(folder);
    await time.advance(600_000);
  }
  expect(world.saves).toBe(3);
});

test.each([
  [answered('unauthenticated', 401), 'Unauthenticated', true],
  [answered('forbidden', 403), 'Forbidden', false],
  [answered('not-found', 404), 'NotFound', false],
  [answered('unevaluable', 422), 'Unevaluable', true],
  [
    new PlumbApiError('x', { code: 'unavailable', status: 0, cause: new PlumbError('unauthenticated', 'no token') }),
    'Unauthenticated',
    true,
  ],
  [
    new PlumbApiError('x', {
      code: 'unavailable',
      status: 0,
      cause: Object.assign(new Error(''), { code: 'CERT_HAS_EXPIRED' }),
    }),
    'Untrusted',
    true,
  ],
])('a refusal is never answered from what is kept: %s', async (failure, reason, stays) => {
  const { world, upstream } = make(clock());
  await upstream.keep(folder);
  const blobs = world.blobs.size;
  world.failure = failure;
  expect(await upstream.evaluate('a/b')).toMatchObject({ kind: 'refused', reason });
  expect(world.blobs.size === blobs).toBe(stays);
});

test('too many requests, and a fault of the server, are waited for', async () => {
  const { world, upstream } = make(clock());
  for (const failure of [answered('rate-limited', 429), answered('internal', 500)]) {
    world.failure = failure;
    await expect(upstream.evaluate('a/b')).rejects.toMatchObject({ name: 'PlumbError', code: 'unavailable' });
  }
});
