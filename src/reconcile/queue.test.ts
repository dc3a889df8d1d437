import { beforeEach, describe, expect, test } from 'vitest';
import { Queue } from './queue.ts';
import type { QueueOptions } from './queue.ts';
import type { Lane, Outcome } from './reconciler.ts';
import { FakeClock, SeededRandom, settle } from '#testing/clock';

const done: Outcome = { kind: 'done' };
const failed: Outcome = { kind: 'error', error: new Error('x'), terminal: false };

interface Started {
  readonly name: string;
  readonly lane: Lane;
  readonly at: number;
  readonly end: (outcome: Outcome) => Promise<void>;
}

let clock: FakeClock;
let started: Started[];
beforeEach(() => {
  clock = new FakeClock();
  started = [];
});

/** A queue whose runs end when the test says so. */
function newQueue(options: Partial<QueueOptions> = {}): Queue {
  const run = (name: string, lane: Lane): Promise<Outcome> => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const end = async (outcome: Outcome): Promise<void> => {
      resolve(outcome);
      await settle();
    };
    started.push({ name, lane, at: clock.monotonic(), end });
    return promise;
  };
  return new Queue({ clock, random: new SeededRandom(1), run, ...options });
}

/** A queue whose runs end at once, with these outcomes and then `done`. */
function newQuickQueue(outcomes: Outcome[] = [], options: Partial<QueueOptions> = {}): Queue {
  const run = async (name: string, lane: Lane): Promise<Outcome> => {
    started.push({ name, lane, at: clock.monotonic(), end: async () => undefined });
    return outcomes.shift() ?? done;
  };
  return new Queue({ clock, random: new SeededRandom(1), run, ...options });
}
const names = (): readonly string[] => started.map(({ name }) => name);
const times = (): readonly number[] => started.map(({ at }) => at);

describe('one name', () => {
  test('waits once, however often it is woken', async () => {
    const queue = newQueue({ concurrency: 1 });
    queue.wake('busy', 'user');
    await settle();
    for (let count = 0; count < 100; count += 1) queue.wake('a', 'user');
    await started[0]?.end(done);
    await started[1]?.end(done);
    await clock.advance(1000);
    expect(names()).toEqual(['busy', 'a']);
  });

  test('is never run twice at the same time, and once more after a wake during its run', async () => {
    const queue = newQueue();
    queue.wake('a', 'user');
    await settle();
    queue.wake('a', 'user');
    queue.wake('a', 'resync');
    await settle();
    expect(names()).toEqual(['a']);
    await started[0]?.end(done);
    expect(names()).toEqual(['a', 'a']);
    await started[1]?.end(done);
    await clock.advance(1000);
    expect(names()).toEqual(['a', 'a']);
  });

  test('runs at once when changes come one by one', async () => {
    const queue = newQuickQueue();
    for (let change = 0; change < 20; change += 1) {
      queue.wake('a', 'user');
      await settle();
      await clock.advance(3);
    }
    expect(times()).toEqual(Array.from({ length: 20 }, (_, change) => change * 3));
  });

  test('spaces its runs out under a burst, and answers its last wake', async () => {
    let revision = 0;
    let seen = 0;
    const run = async (): Promise<Outcome> => {
      started.push({ name: 'a', lane: 'user', at: clock.monotonic(), end: async () => undefined });
      const read = revision;
      await new Promise<void>((resolve) => void clock.timer(4, resolve));
      seen = read;
      return done;
    };
    const queue = newQueue({ run });
    for (revision = 1; revision <= 200; revision += 1) {
      queue.wake('a', 'user');
      await clock.advance(2);
    }
    revision = 200;
    await clock.advance(1000);
    expect(seen).toBe(200);
    expect(started.length).toBeLessThanOrEqual(20);
  });

  test('what its target tells of its own write waits for a moment, and keeps no change of the source waiting', async () => {
    const queue = newQueue();
    queue.wake('a', 'user');
    await settle();
    queue.wake('a', 'drift');
    await started[0]?.end(done);
    await clock.advance(5);
    queue.wake('a', 'user');
    await settle();
    queue.wake('a', 'drift');
    await started[1]?.end(done);
    await clock.advance(980);
    await started[2]?.end(done);
    queue.wake('a', 'drift');
    await settle();
    expect(started.map(({ lane, at }) => [lane, at])).toEqual([
      ['user', 0],
      ['user', 5],
      ['drift', 25],
      ['drift', 985],
    ]);
  });

  test('its most urgent wake decides the lane', async () => {
    const queue = newQueue({ concurrency: 1 });
    queue.wake('busy', 'user');
    await settle();
    queue.wake('a', 'resync');
    queue.wake('a', 'user');
    queue.wake('a', 'drift');
    await started[0]?.end(done);
    expect(started[1]).toMatchObject({ name: 'a', lane: 'user' });
  });

  test('comes back when asked to', async () => {
    const queue = newQuickQueue([{ kind: 'again', afterMs: 700 }]);
    queue.wake('a', 'user');
    await clock.advance(2000);
    expect(times()).toEqual([0, 700]);
  });
});

describe('failures', () => {
  test('are retried, ever later, each at another moment', async () => {
    const queue = newQuickQueue(Array.from({ length: 12 }, () => failed));
    queue.wake('a', 'user');
    await clock.advance(600_000);
    const gaps = times()
      .slice(1)
      .map((at, index) => at - (times()[index] ?? 0));
    const bare = gaps.map((_, index) => Math.min(60_000, 500 * 2 ** index));
    expect(gaps.map((gap, index) => gap / (bare[index] ?? 1)).every((ratio) => ratio >= 0.8 && ratio <= 1.2)).toBe(
      true,
    );
    expect(new Set(gaps.slice(8)).size).toBe(gaps.slice(8).length);
  });

  test('a throw is one', async () => {
    const queue = newQuickQueue([], { run: async () => Promise.reject(new Error('x')) });
    queue.wake('a', 'user');
    await settle();
    expect(queue.busy).toBe(1);
    expect(clock.untilNext).toBeGreaterThanOrEqual(400);
  });

  test.each([
    ['user', 0],
    ['drift', 500],
    ['resync', 2_000],
  ] as const)('a wake of lane %s waits %i ms of the back-off', async (lane, wait) => {
    const queue = newQuickQueue([failed, failed, failed], { backoff: { firstMs: 500, mostMs: 60_000 } });
    queue.wake('a', 'user');
    await clock.advance(1_900);
    const [last] = times().slice(-1);
    expect(started.length).toBe(3);
    queue.wake('a', lane);
    await clock.advance(5_000);
    const waited = (times()[3] ?? 0) - (lane === 'user' ? 1_900 : (last ?? 0));
    expect(waited).toBeGreaterThanOrEqual(wait * 0.8);
    expect(waited).toBeLessThanOrEqual(wait * 1.2 + 1);
  });

  test('a terminal one is not retried', async () => {
    const queue = newQuickQueue([{ kind: 'error', error: new Error('x'), terminal: true }]);
    queue.wake('a', 'user');
    await clock.advance(600_000);
    expect([started.length, queue.busy]).toEqual([1, 0]);
  });

  test('of one name delay no other', async () => {
    const queue = newQueue();
    queue.wake('bad', 'user');
    queue.wake('good', 'user');
    await settle();
    await started[0]?.end(failed);
    queue.wake('good', 'user');
    await started[1]?.end(done);
    expect(names()).toEqual(['bad', 'good', 'good']);
  });
});

describe('many names', () => {
  test('the most urgent lane goes first', async () => {
    const queue = newQueue({ concurrency: 1 });
    queue.wake('first', 'user');
    await settle();
    queue.wake('r', 'resync');
    queue.wake('d', 'drift');
    queue.wake('u1', 'user');
    queue.wake('u2', 'user');
    for (let turn = 0; turn < 5; turn += 1) await started[turn]?.end(done);
    expect(names()).toEqual(['first', 'u1', 'u2', 'd', 'r']);
  });

  test('but the least urgent one does not wait for ever', async () => {
    const queue = newQuickQueue([], { concurrency: 1 });
    queue.wake('resync', 'resync');
    for (let name = 0; name < 1000; name += 1) queue.wake(`user ${name}`, 'user');
    await clock.advance(0);
    expect(names().indexOf('resync')).toBeLessThanOrEqual(10);
  });

  test('so many run at the same time, and no more', async () => {
    const queue = newQueue({ concurrency: 3 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) queue.wake(name, 'user');
    await settle();
    expect(names()).toEqual(['a', 'b', 'c']);
    await started[1]?.end(done);
    expect(names()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a change of the source does not wait for a turn that others of its group have', async () => {
    const queue = newQueue({ groupConcurrency: 2, userExtra: 1 });
    for (const name of ['a', 'b', 'c', 'd']) queue.wake(name, 'wave');
    await settle();
    for (const name of ['x', 'y']) queue.wake(name, 'user');
    await settle();
    expect(names()).toEqual(['a', 'b', 'x']);
    await started[0]?.end(done);
    expect(names()).toEqual(['a', 'b', 'x', 'y']);
    await started[2]?.end(done);
    await started[3]?.end(done);
    expect(names()).toEqual(['a', 'b', 'x', 'y', 'c']);
    await started[1]?.end(done);
    await started[4]?.end(done);
    expect(names()).toEqual(['a', 'b', 'x', 'y', 'c', 'd']);
  });

  test('a group that hangs leaves turns to the others', async () => {
    const queue = newQueue({ concurrency: 4, groupConcurrency: 2, userExtra: 0, groupOf: (name) => name.slice(0, 4) });
    for (let name = 0; name < 10; name += 1) queue.wake(`slow${name}`, 'user');
    queue.wake('fast', 'resync');
    await settle();
    expect(names()).toEqual(['slow0', 'slow1', 'fast']);
    await started[0]?.end(done);
    expect(names()).toEqual(['slow0', 'slow1', 'fast', 'slow2']);
  });

  test('the age is that of the oldest wake without an answer, failures included', async () => {
    const queue = newQueue();
    queue.wake('a', 'user');
    await clock.advance(100);
    await started[0]?.end(failed);
    queue.wake('b', 'user');
    await clock.advance(50);
    expect(queue.oldestUnserved()).toBe(150);
    await clock.advance(1000);
    await started[1]?.end(done);
    await started[2]?.end(done);
    expect([queue.oldestUnserved(), queue.busy]).toEqual([0, 0]);
  });

  test('at rest nothing is left: no timer, no name', async () => {
    const queue = newQuickQueue();
    for (let name = 0; name < 100; name += 1) queue.wake(`n${name}`, 'user');
    for (let name = 0; name < 100; name += 1) queue.wake(`n${name}`, 'user');
    await clock.advance(1000);
    expect([queue.busy, clock.waiting]).toEqual([0, 0]);
  });
});

describe('stop', () => {
  test('waits for what is running and starts nothing more', async () => {
    const queue = newQueue({ concurrency: 1 });
    queue.wake('a', 'user');
    queue.wake('b', 'user');
    await settle();
    let stopped = false;
    const stopping = queue.stop().then(() => {
      stopped = true;
    });
    await settle();
    expect(stopped).toBe(false);
    await started[0]?.end(failed);
    await stopping;
    queue.wake('c', 'user');
    await clock.advance(100_000);
    expect(names()).toEqual(['a']);
  });

  test('of an idle one resolves', async () => {
    await expect(newQueue().stop()).resolves.toBeUndefined();
  });
});
