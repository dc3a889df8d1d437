import { beforeEach, describe, expect, test } from 'vitest';
import { Feed } from './feed.ts';
import type { ChangeEvent, Recall, Subscription } from './feed.ts';
import { PlumbError } from '#domain/errors';

const event = (revision: number, ...paths: readonly string[]): ChangeEvent => ({
  type: 'change',
  revision,
  time: 0,
  author: 'person/ann',
  reason: '',
  entries: paths.map((path) => ({ path, effect: 'update', version: 1 })),
});

function taken(subscription: Subscription): readonly (number | 'truncated')[] {
  const all: (number | 'truncated')[] = [];
  for (let next = subscription.take(); next !== undefined; next = subscription.take()) {
    all.push(next === 'truncated' ? next : next.revision);
  }
  return all;
}

async function* nothing(): AsyncGenerator<ChangeEvent> {
  yield* [];
}

describe('a subscription', () => {
  test.each([
    ['', [1, 2, 3, 4]],
    ['a', [1, 2, 3]],
    ['a/b', [1, 2]],
    ['a/b/X', [1]],
    ['a/bb', [3]],
    ['z', []],
  ])('under %j', (under, expected) => {
    const feed = new Feed(0, nothing);
    const before = feed.subscribe(under, 0, []);
    feed.publish(event(1, 'a/b/X'));
    feed.publish(event(2, 'a/b', 'q'));
    feed.publish(event(3, 'a/bb/X'));
    feed.publish(event(4, 'b'));
    feed.publish(event(5));
    expect(taken(before)).toEqual(expected);
    expect(taken(feed.subscribe(under, 0, []))).toEqual(expected);
    expect(taken(feed.subscribe(under, 2, []))).toEqual(expected.filter((revision) => revision > 2));
  });

  test.each([
    ['events', { events: 3 }],
    ['entries', { entries: 3 }],
  ])('that goes on from before what is kept is told so (%s)', (_limit, options) => {
    const feed = new Feed(10, nothing, options);
    for (let revision = 11; revision <= 15; revision += 1) feed.publish(event(revision, 'a'));
    expect(taken(feed.subscribe('', 9, []))).toEqual(['truncated']);
    expect(taken(feed.subscribe('', 11, []))).toEqual(['truncated']);
    expect(taken(feed.subscribe('', 12, []))).toEqual([13, 14, 15]);
    expect(taken(feed.subscribe('', 15, []))).toEqual([]);
  });

  test('one large change beyond the limit of entries leaves nothing kept', () => {
    const feed = new Feed(0, nothing, { entries: 2 });
    feed.publish(event(1, 'a', 'b', 'c'));
    expect(taken(feed.subscribe('', 0, []))).toEqual(['truncated']);
    expect(taken(feed.subscribe('', 1, []))).toEqual([]);
  });

  test('that does not keep up is told so once, and goes on from there', () => {
    const feed = new Feed(0, nothing, { waiting: 2 });
    const slow = feed.subscribe('', 0, []);
    for (let revision = 1; revision <= 5; revision += 1) feed.publish(event(revision, 'a'));
    expect(taken(slow)).toEqual(['truncated']);
    feed.publish(event(6, 'a'));
    expect(taken(slow)).toEqual([6]);
  });

  test('what was kept from before does not count as not keeping up', () => {
    const feed = new Feed(0, nothing, { waiting: 2 });
    for (let revision = 1; revision <= 5; revision += 1) feed.publish(event(revision, 'a'));
    const late = feed.subscribe('', 0, []);
    feed.publish(event(6, 'a'));
    expect(taken(late)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('waits until something happens, its owner is woken, or it is closed', async () => {
    const feed = new Feed(0, nothing);
    const subscription = feed.subscribe('a', 0, ['auth/tokens/t']);
    const woken: string[] = [];
    const wait = async (by: string, act: () => void): Promise<void> => {
      const waiting = subscription.wait().then(() => void woken.push(by));
      act();
      await waiting;
    };
    await wait('a change', () => feed.publish(event(1, 'a')));
    await wait('its owner', () => feed.wake('auth/tokens/t'));
    await wait('the end', () => subscription.close());
    expect(woken).toEqual(['a change', 'its owner', 'the end']);
    feed.publish(event(2, 'a'));
    expect(taken(subscription)).toEqual([1]);
  });
});

describe('what was before it', () => {
  let asked: number[];
  beforeEach(() => {
    asked = [];
  });
  /** A log of which changes up to `gone` are not there any more. */
  const log = (gone: number): Recall =>
    async function* (after) {
      asked.push(after);
      if (after < gone) throw new PlumbError('not-found', 'truncated');
      for (let revision = after + 1; revision <= 10; revision += 1) yield event(revision, 'a', 'b');
    };

  test('is read once, for all who ask', async () => {
    const feed = new Feed(10, log(0));
    await Promise.all([feed.reach(6), feed.reach(8), feed.reach(6), feed.reach(10)]);
    expect(asked).toEqual([6]);
    feed.publish(event(11, 'a'));
    expect(taken(feed.subscribe('a', 6, []))).toEqual([7, 8, 9, 10, 11]);
    await feed.reach(4);
    expect(taken(feed.subscribe('a', 4, []))).toEqual([5, 6, 7, 8, 9, 10, 11]);
    expect(asked).toEqual([6, 4]);
  });

  test.each([
    ['gone', log(7), {}, [6]],
    ['too many events', log(0), { events: 3 }, []],
    ['too many entries', log(0), { entries: 7 }, [6]],
  ])('is out of reach when it is %s, which is found out once', async (_why, recall, limits, reads) => {
    const feed = new Feed(10, recall, limits);
    await feed.reach(6);
    await feed.reach(5);
    expect(taken(feed.subscribe('a', 6, []))).toEqual(['truncated']);
    expect(asked).toEqual(reads);
    await feed.reach(7);
    expect(taken(feed.subscribe('a', 7, []))).toEqual([8, 9, 10]);
  });

  test('is not kept when what came after it has begun to leave meanwhile', async () => {
    const feed = new Feed(10, log(0), { events: 4 });
    const reaching = feed.reach(8);
    for (let revision = 11; revision <= 15; revision += 1) feed.publish(event(revision, 'a'));
    await reaching;
    expect(taken(feed.subscribe('a', 8, []))).toEqual(['truncated']);
    expect(taken(feed.subscribe('a', 11, []))).toEqual([12, 13, 14, 15]);
  });

  test('that cannot be read now can be asked for again', async () => {
    let failure: Error | undefined = new PlumbError('unavailable', 'x');
    const feed = new Feed(10, async function* (after) {
      if (failure !== undefined) throw failure;
      yield* log(0)(after);
    });
    await expect(feed.reach(8)).rejects.toThrow('x');
    failure = undefined;
    await feed.reach(8);
    expect(taken(feed.subscribe('a', 8, []))).toEqual([9, 10]);
  });
});
