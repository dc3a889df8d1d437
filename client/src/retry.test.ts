import { describe, expect, test } from 'vitest';
import { PlumbApiError, errorOf } from './errors.ts';
import type { ApiErrorFields } from './errors.ts';
import { retrying } from './retry.ts';
import type { RetryOptions } from './retry.ts';

const problem = (fields: Partial<ApiErrorFields>) =>
  new PlumbApiError('no', { code: 'unavailable', status: 503, ...fields });
const cut = problem({ status: 0, cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) });
const refused = problem({
  status: 0,
  cause: new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }),
});

interface Tried {
  readonly tries: number;
  readonly waited: readonly number[];
  readonly outcome: unknown;
}

/** Fails like this, in order, then goes well; `chance` is 1, so that the longest delays show. */
async function tried(
  failures: readonly unknown[],
  options: RetryOptions & { readonly isSafe?: boolean; readonly chance?: number } = {},
): Promise<Tried> {
  const { isSafe = true, chance = 1, ...rest } = options;
  const waited: number[] = [];
  let tries = 0;
  const act = async (): Promise<string> => {
    const failure = failures[tries++];
    if (failure !== undefined) throw failure as Error;
    return 'done';
  };
  const wait = async (ms: number): Promise<void> => void waited.push(ms);
  const attempts = { options: rest, isSafe, signal: undefined, chance: () => chance, wait };
  const outcome = await retrying(act, attempts).catch((error: unknown) => error);
  return { tries, waited, outcome };
}

test('a failure that passes is not seen', async () => {
  const { outcome, waited } = await tried([cut, problem({}), problem({ status: 502 })]);
  expect([outcome, waited]).toEqual(['done', [200, 400, 800]]);
});

test('the last failure is thrown when there were too many', async () => {
  const last = problem({ status: 504 });
  expect(await tried([cut, cut, cut, last])).toMatchObject({ tries: 4, outcome: last });
  expect(await tried([cut], { retries: 0 })).toMatchObject({ tries: 1, outcome: cut });
});

test('delays are anything between nothing and the longest', async () => {
  const many = Array.from({ length: 8 }, () => cut);
  expect((await tried(many, { retries: 8 })).waited).toEqual([200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  expect((await tried(many, { retries: 8, chance: 0 })).waited).toEqual(many.map(() => 0));
  expect((await tried([cut, cut], { baseMs: 10, maxMs: 15, chance: 0.5 })).waited).toEqual([5, 7.5]);
});

describe('what the server asks for by Retry-After', () => {
  test('is waited for, and the jitter comes on top', async () => {
    const busy = problem({ code: 'rate-limited', status: 429, retryAfterMs: 3000 });
    expect((await tried([busy])).waited).toEqual([3200]);
    expect((await tried([busy], { isSafe: false, chance: 0 })).waited).toEqual([3000]);
  });
  test('is not waited for when it is too long', async () => {
    const busy = problem({ retryAfterMs: 60_001 });
    expect(await tried([busy])).toMatchObject({ tries: 1, outcome: busy });
    expect((await tried([problem({ retryAfterMs: 60_000 })])).outcome).toBe('done');
  });
  const headers = (value: string) => ({ get: (name: string) => (name === 'retry-after' ? value : null) });
  test.each([
    ['0', 0],
    ['7', 7000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2020', 2_020_000],
  ])('%s', (value, expected) => {
    expect(errorOf(503, '', headers(value)).retryAfterMs).toBe(expected);
    const said = JSON.stringify({ code: 'rate-limited', detail: 'busy' });
    expect(errorOf(429, said, headers(value)).retryAfterMs).toBe(expected);
  });
  test('a date that is to come', () => {
    const { retryAfterMs } = errorOf(503, '', headers('Fri, 01 Jan 2100 00:00:00 GMT'));
    expect(retryAfterMs).toBeGreaterThan(0);
  });
  test('429 of something in front of the server', () => {
    expect(errorOf(429, '<html>').code).toBe('rate-limited');
  });
});

test.each<[ApiErrorFields['code'], number]>([
  ['unauthenticated', 401],
  ['forbidden', 403],
  ['not-found', 404],
  ['mismatch', 412],
  ['internal', 500],
  ['unknown', 500],
  ['unsupported', 302],
])('%s is thrown at once', async (code, status) => {
  expect(await tried([problem({ code, status })])).toMatchObject({ tries: 1, waited: [] });
});

test('what is no error of the API is thrown at once', async () => {
  const fault = new TypeError('ours');
  expect(await tried([fault])).toMatchObject({ tries: 1, outcome: fault });
});

test('a write whose twin is still being carried out waits for it', async () => {
  const running = problem({ code: 'conflict', status: 409, retryAfterMs: 1000 });
  expect(await tried([running], { chance: 0 })).toMatchObject({ waited: [1000], outcome: 'done' });
  expect(await tried([problem({ code: 'conflict', status: 409 })])).toMatchObject({ tries: 1 });
});

describe('a write', () => {
  test.each([
    ['the connection was refused', refused],
    ['the server is sealed', problem({ code: 'sealed' })],
    ['there were too many', problem({ code: 'rate-limited', status: 429 })],
  ])('is sent again when %s', async (_, failure) => {
    expect((await tried([failure], { isSafe: false })).outcome).toBe('done');
  });
  test.each([
    ['the connection broke', cut],
    ['a gateway says so', problem({ status: 504 })],
    ['the time ran out', problem({ status: 0, cause: new DOMException('late', 'TimeoutError') })],
    ['it may have been made', problem({ code: 'unknown', status: 500 })],
  ])('is never sent again when %s', async (_, failure) => {
    expect(await tried([failure], { isSafe: false })).toMatchObject({ tries: 1, outcome: failure });
  });
});

test('who stops while it waits is not kept waiting for another try', async () => {
  const stop = new AbortController();
  let tries = 0;
  const done = retrying(
    async () => {
      tries += 1;
      throw cut;
    },
    {
      options: {},
      isSafe: true,
      signal: stop.signal,
      chance: () => 1,
      wait: async () => stop.abort(new Error('enough')),
    },
  );
  await expect(done).rejects.toThrow('enough');
  expect(tries).toBe(1);
});
