import { expect, test } from 'vitest';
import { PlumbApiError } from './errors.ts';
import { polling } from './poll.ts';
import type { TransportResponse } from './transport.ts';

const answer = (status: number, text = '', etag: string | null = null): TransportResponse => ({
  status,
  headers: { get: (name) => (name === 'etag' ? etag : null) },
  text: async () => text,
  body: null,
});
const fault = (code: 'unavailable' | 'forbidden') => new PlumbApiError('no', { code, status: 0 });

/** Asks as often as there are answers, then stops. */
async function poll(...answers: readonly (TransportResponse | Error)[]) {
  const stop = new AbortController();
  const known: (string | undefined)[] = [];
  const waited: number[] = [];
  const told: string[] = [];
  const ask = async (etag: string | undefined): Promise<TransportResponse> => {
    const found = answers[known.length] ?? new Error('asked too often');
    known.push(etag);
    if (known.length === answers.length) stop.abort();
    if (found instanceof Error) throw found;
    return found;
  };
  const wait = async (ms: number): Promise<void> => void waited.push(ms);
  let error: unknown;
  try {
    for await (const text of polling({ ask, wait, signal: stop.signal })) told.push(text);
  } catch (thrown) {
    error = thrown;
  }
  return { told, known, waited, error };
}

test('tells the present state and every other one, each once', async () => {
  const { told, known, waited } = await poll(
    answer(200, 'a', '"1"'),
    answer(304),
    answer(200, 'b', '"2"'),
    answer(304),
  );
  expect(told).toEqual(['a', 'b']);
  expect(known).toEqual([undefined, '"1"', '"1"', '"2"']);
  expect(waited).toEqual([1000, 1000, 1000]);
});

test('asks less often while nobody answers, and as before afterwards', async () => {
  const gone = Array.from({ length: 5 }, () => fault('unavailable'));
  const { told, waited } = await poll(answer(200, 'a', '"1"'), ...gone, answer(200, 'b'), answer(304));
  expect(told).toEqual(['a', 'b']);
  expect(waited).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000, 1000]);
});

test('throws what the first question does, and later what is refused', async () => {
  expect((await poll(fault('unavailable'), answer(200))).error).toEqual(fault('unavailable'));
  const later = await poll(answer(200, 'a'), fault('forbidden'), answer(200));
  expect([later.told, later.error]).toEqual([['a'], fault('forbidden')]);
});
