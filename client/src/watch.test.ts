import { describe, expect, test } from 'vitest';
import { PlumbApiError } from './errors.ts';
import type { TransportResponse } from './transport.ts';
import type { WatchEvent } from './types.ts';
import { parseEvents, resumingWatch } from './watch.ts';

const bookmark = (revision: number): WatchEvent => ({ type: 'bookmark', revision });
const frame = (event: WatchEvent): string =>
  `id: ${event.revision}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

async function* chunks(...parts: readonly (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield new TextEncoder().encode(part);
  }
}

const answer = (...parts: readonly (string | Error)[]): TransportResponse => ({
  status: 200,
  headers: { get: () => null },
  text: async () => '',
  body: chunks(...parts),
});

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of source) found.push(each);
  return found;
}

describe('events', () => {
  const text = `: comment\n${frame(bookmark(1))}\r\n${frame(bookmark(2)).replaceAll('\n', '\r\n')}`;
  test.each([1, 2, 3, 7, 1000])('are the same in chunks of %d', async (size) => {
    const parts = Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));
    expect(await all(parseEvents(chunks(...parts)))).toEqual([bookmark(1), bookmark(2)]);
  });

  test('characters may be cut', async () => {
    const event: WatchEvent = { type: 'change', revision: 1, time: 1, author: 'a', reason: '€', entries: [] };
    const bytes = new TextEncoder().encode(frame(event));
    async function* single(): AsyncGenerator<Uint8Array> {
      for (const byte of bytes) yield Uint8Array.of(byte);
    }
    expect(await all(parseEvents(single()))).toEqual([event]);
  });

  test('one that is cut off by the end is dropped', async () => {
    expect(await all(parseEvents(chunks(frame(bookmark(1)), 'data: {"type":"bookm')))).toEqual([bookmark(1)]);
    expect(await all(parseEvents(null))).toEqual([]);
  });
});

describe('a watch', () => {
  interface Seen {
    readonly opened: (number | undefined)[];
    readonly waited: number[];
    readonly events: WatchEvent[];
    readonly error: unknown;
  }

  /** Runs until the answers are used up, then aborts. */
  async function run(answers: readonly (TransportResponse | Error)[], after?: number): Promise<Seen> {
    const stop = new AbortController();
    const seen = { opened: [] as (number | undefined)[], waited: [] as number[], events: [] as WatchEvent[] };
    const rest = [...answers];
    const source = resumingWatch({
      after,
      signal: stop.signal,
      chance: () => 1,
      open: async (from) => {
        seen.opened.push(from);
        const next = rest.shift();
        if (next instanceof Error) throw next;
        return next ?? answer();
      },
      wait: async (ms) => {
        seen.waited.push(ms);
        if (rest.length === 0) stop.abort();
      },
    });
    try {
      for await (const event of source) seen.events.push(event);
      return { ...seen, error: undefined };
    } catch (error) {
      return { ...seen, error };
    }
  }
  const problem = (code: 'unauthenticated' | 'unavailable') => new PlumbApiError('no', { code, status: 0 });

  test('goes on after the last revision seen, however the connection ended', async () => {
    const seen = await run([
      answer(frame(bookmark(5)), frame(bookmark(7))),
      answer(frame(bookmark(8)), new Error('reset')),
      problem('unavailable'),
      answer(frame(bookmark(9))),
    ]);
    expect(seen.opened).toEqual([undefined, 7, 8, 8]);
    expect(seen.events.map(({ revision }) => revision)).toEqual([5, 7, 8, 9]);
    expect(seen.error).toBeUndefined();
  });

  test('waits longer from failure to failure, and not after a success', async () => {
    const down = problem('unavailable');
    const seen = await run([answer(frame(bookmark(1))), down, down, answer(frame(bookmark(2))), down]);
    expect(seen.waited).toEqual([100, 200, 400, 100, 200]);
  });

  test('begins where it is told', async () => {
    expect((await run([answer()], 3)).opened).toEqual([3]);
  });

  test('throws when the first connection fails, and when it is refused later', async () => {
    const down = problem('unavailable');
    const refused = problem('unauthenticated');
    expect((await run([down])).error).toBe(down);
    expect((await run([answer(frame(bookmark(1))), refused])).error).toBe(refused);
  });
});
