import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Idempotency } from './idempotency.ts';
import type { Claim } from './idempotency.ts';
import { idempotencyLimits } from './idempotency-limits.ts';
import type { IdempotencyLimits } from './idempotency-limits.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { PlumbError } from '#domain/errors';
import { FakeClock } from '#testing/clock';

const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)), next: () => 0 };
const claim = (key: string, more: Partial<Claim> = {}): Claim => ({
  principal: 'p',
  retryKey: key,
  request: ['PUT', '/'],
  ...more,
});

function setUp(limits: Partial<IdempotencyLimits> = {}) {
  const clock = new FakeClock();
  const known = new Idempotency(clock, random, { ...idempotencyLimits, ...limits });
  let count = 0;
  const act = async () => ({ status: 201, headers: { etag: '"1"' }, body: { count: (count += 1) } });
  return { clock, known, act, count: () => count };
}

test('the same request is answered, and carried out once', async () => {
  const { known, act } = setUp();
  expect(await known.once(claim('a'), act)).toEqual({ status: 201, headers: { etag: '"1"' }, body: { count: 1 } });
  const again = { status: 201, headers: { etag: '"1"', 'idempotent-replayed': 'true' }, body: { count: 1 } };
  expect(await known.once(claim('a'), act)).toEqual(again);
  expect((await known.once(claim('b'), act)).body).toEqual({ count: 2 });
  expect((await known.once(claim('a', { principal: 'q' }), act)).body).toEqual({ count: 3 });
});

test('another token of the same principal, which may do less, is told nothing, and nothing is done twice', async () => {
  const { known, act, count } = setUp();
  const mine = claim('a', { accessor: 'mine' });
  await known.once(mine, act);
  for (const accessor of ['other', undefined]) {
    const other = claim('a', accessor === undefined ? {} : { accessor });
    await expect(known.once(other, act)).rejects.toMatchObject({ code: 'conflict' });
    await expect(known.once({ ...other, request: ['x'] }, act)).rejects.toMatchObject({ code: 'conflict' });
  }
  expect([(await known.once(mine, act)).body, count()]).toEqual([{ count: 1 }, 1]);
});

test('another request with the key is refused, however its parts are put together', async () => {
  const { known, act } = setUp();
  await known.once(claim('a', { request: ['ab', 'c'] }), act);
  for (const request of [
    ['a', 'bc'],
    ['ab', 'c', ''],
    ['ab', 'd'],
  ]) {
    await expect(known.once(claim('a', { request }), act)).rejects.toMatchObject({ status: 422 });
  }
});

test('while it is carried out it conflicts', async () => {
  const { known } = setUp();
  const { promise, resolve } = Promise.withResolvers<{ body: string }>();
  const first = known.once(claim('a'), () => promise);
  await expect(known.once(claim('a'), () => promise)).rejects.toMatchObject({ code: 'conflict' });
  resolve({ body: 'x' });
  expect(await first).toEqual({ body: 'x' });
});

test('a refusal is the answer too; what may pass is not', async () => {
  const { known, act } = setUp();
  const refuse = (code: 'mismatch' | 'unavailable') => () =>
    Promise.reject(new PlumbError(code, 'no', { cause: new Error('beneath') }));
  await expect(known.once(claim('a'), refuse('mismatch'))).rejects.toThrow('no');
  await expect(known.once(claim('a'), act)).rejects.toMatchObject({ code: 'mismatch', message: 'no' });
  await expect(known.once(claim('b'), refuse('unavailable'))).rejects.toThrow('no');
  expect((await known.once(claim('b'), act)).body).toEqual({ count: 1 });
});

test('a secret is kept sealed with what only the client has, and not for long', async () => {
  const { known, clock, count } = setUp({ secretAgeMs: 1000 });
  const act = async () => ({ body: { token: 't0ken' } });
  const mine = claim('a', { unlock: 'mine' });
  await known.once(mine, act);
  expect((await known.once(mine, act)).body).toEqual({ token: 't0ken' });
  await expect(known.once({ ...mine, unlock: 'other' }, act)).rejects.toMatchObject({ code: 'conflict' });
  await clock.advance(1001);
  await expect(known.once(mine, act)).rejects.toMatchObject({ code: 'conflict' });
  expect(count()).toBe(0);
});

test('keys are forgotten: by age, by number, by number of one principal, by bytes', async () => {
  const old = setUp({ ageMs: 1000 });
  await old.known.once(claim('a'), old.act);
  await old.clock.advance(1000);
  expect((await old.known.once(claim('a'), old.act)).body).toEqual({ count: 1 });
  await old.clock.advance(1);
  expect((await old.known.once(claim('a'), old.act)).body).toEqual({ count: 2 });

  const many = setUp({ keys: 3 });
  for (const key of 'abcd') await many.known.once(claim(key), many.act);
  expect(many.known.size).toBe(3);
  expect((await many.known.once(claim('b'), many.act)).body).toEqual({ count: 2 });
  expect((await many.known.once(claim('a'), many.act)).body).toEqual({ count: 5 });

  const one = setUp({ keysOfOne: 2 });
  await one.known.once(claim('a', { principal: 'q' }), one.act);
  for (const key of 'abc') await one.known.once(claim(key), one.act);
  expect(one.known.size).toBe(3);
  expect((await one.known.once(claim('a', { principal: 'q' }), one.act)).body).toEqual({ count: 1 });

  const large = setUp({ bytes: 25 });
  for (const key of 'abc') await large.known.once(claim(key), large.act);
  expect(large.known.size).toBe(2);
});

test.each([
  [undefined, undefined],
  ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['8e03978e', '8e03978e'],
  [`"${'k'.repeat(255)}"`, 'k'.repeat(255)],
])('key %s', (header, key) => {
  expect(idempotencyKey(header)).toBe(key);
});

test.each(['', '""', `"${'k'.repeat(256)}"`, '"a"b"', 'a b', 'a, b', '"é"'])('key %s is refused', (header) => {
  expect(() => idempotencyKey(header)).toThrow('1 to 255');
});
