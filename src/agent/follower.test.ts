import { expect, test } from 'vitest';
import { PlumbApiError } from '@plumbd/client';
import type { WatchEvent } from '@plumbd/client';
import { Follower } from './follower.ts';
import { FakeClock, SeededRandom } from '#testing/clock';

const bookmark = (revision: number): WatchEvent => ({ type: 'bookmark', revision });

/** Streams that the test feeds: what each was opened with, and how it ends. */
class Streams {
  readonly asked: (number | undefined)[] = [];
  readonly told: string[] = [];
  readonly clock = new FakeClock();
  refusal: Error | undefined;
  #feed: ((event: WatchEvent | undefined) => void) | undefined;
  readonly follower = new Follower({
    clock: this.clock,
    random: new SeededRandom(1),
    watch: (after, end) => this.#watch(after, end),
    opened: (gap) => void this.told.push(gap ? 'opened after a gap' : 'opened'),
    isNoAnswer: (error) => error instanceof PlumbApiError && error.code === 'unavailable',
    heard: ({ type, revision }) => void this.told.push(`${type} ${revision}`),
    failed: () => void this.told.push('failed'),
  });

  async say(event: WatchEvent | undefined): Promise<void> {
    this.#feed?.(event);
    await this.clock.advance(0);
  }

  async *#watch(after: number | undefined, end: AbortController): AsyncGenerator<WatchEvent> {
    this.asked.push(after);
    if (this.refusal !== undefined) throw this.refusal;
    for (;;) {
      const next = Promise.withResolvers<WatchEvent | undefined>();
      this.#feed = next.resolve;
      end.signal.addEventListener('abort', () => next.resolve(undefined));
      const event = await next.promise;
      if (event === undefined) return;
      yield event;
    }
  }
}

const refusedWith = (code: 'unavailable' | 'unauthenticated' | 'invalid') =>
  new PlumbApiError('no', { code, status: 0 });

test('goes on after what it heard last; only what may have been missed is a gap', async () => {
  const streams = new Streams();
  streams.follower.start();
  await streams.say(bookmark(7));
  expect([streams.follower.isLive, streams.told]).toEqual([true, ['opened after a gap', 'bookmark 7']]);
  await streams.say(undefined);
  expect(streams.follower.isLive).toBe(false);
  await streams.clock.advance(1000);
  await streams.say(bookmark(9));
  expect(streams.asked).toEqual([undefined, 7]);
  expect(streams.told.slice(2)).toEqual(['opened', 'bookmark 9']);
  await streams.follower.stop();
  expect(streams.clock.waiting).toBe(0);
});

test('a connection that says nothing is dead', async () => {
  const streams = new Streams();
  streams.follower.start();
  await streams.say(bookmark(1));
  await streams.clock.advance(44_000);
  await streams.say(bookmark(1));
  await streams.clock.advance(44_000);
  expect(streams.asked).toHaveLength(1);
  await streams.clock.advance(3000);
  expect(streams.asked).toEqual([undefined, 1]);
  await streams.follower.stop();
});

test.each([
  ['unavailable', 12, 40],
  ['unauthenticated', 3, 6],
] as const)('%s: asked again, less and less often', async (code, least, most) => {
  const streams = new Streams();
  streams.refusal = refusedWith(code);
  streams.follower.start();
  await streams.clock.advance(240_000);
  expect(streams.asked.length).toBeGreaterThanOrEqual(least);
  expect(streams.asked.length).toBeLessThanOrEqual(most);
  await streams.follower.stop();
});

test('is cut off while nobody answers, not while somebody refuses', async () => {
  const streams = new Streams();
  streams.follower.start();
  await streams.say(bookmark(1));
  streams.refusal = refusedWith('unavailable');
  await streams.say(undefined);
  expect(streams.follower.isCutOff).toBe(false);
  await streams.clock.advance(1000);
  expect(streams.follower.isCutOff).toBe(true);
  streams.refusal = refusedWith('unauthenticated');
  await streams.clock.advance(10_000);
  expect(streams.follower.isCutOff).toBe(false);
  streams.refusal = undefined;
  await streams.clock.advance(80_000);
  await streams.say(bookmark(2));
  expect([streams.follower.isCutOff, streams.follower.isLive]).toEqual([false, true]);
  await streams.follower.stop();
});

test('a server that was set back is followed from its present', async () => {
  const streams = new Streams();
  streams.follower.start();
  await streams.say(bookmark(90));
  streams.refusal = refusedWith('invalid');
  await streams.say(undefined);
  await streams.clock.advance(1000);
  streams.refusal = undefined;
  await streams.clock.advance(1000);
  await streams.say(bookmark(5));
  expect([streams.asked.at(-1), streams.told.at(-2)]).toEqual([undefined, 'opened after a gap']);
  await streams.follower.stop();
});
