import { beforeEach, expect, test } from 'vitest';
import { Agenda } from './agenda.ts';
import { Loop } from './loop.ts';
import type { Lane, Outcome } from './reconciler.ts';
import { FakeClock, SeededRandom, settle } from '#testing/clock';

let clock: FakeClock;
let runs: { name: string; lane: Lane; at: number }[];
let hang: Promise<unknown> | undefined;
let signals: AbortSignal[];

beforeEach(() => {
  clock = new FakeClock();
  runs = [];
  hang = undefined;
  signals = [];
});

function newLoop(): Loop {
  const reconcile = async (name: string, lane: Lane, signal: AbortSignal): Promise<Outcome> => {
    runs.push({ name, lane, at: clock.monotonic() });
    signals.push(signal);
    await hang;
    return { kind: 'done' };
  };
  return new Loop({ clock, random: new SeededRandom(7), reconciler: { reconcile } });
}

test('looks at every sync at the start, then every minute, give or take', async () => {
  const loop = newLoop();
  loop.add('a');
  loop.start();
  await clock.advance(600_000);
  const [first, ...later] = runs;
  expect(first).toEqual({ name: 'a', lane: 'drift', at: 0 });
  const gaps = later.slice(1).map(({ at }, index) => at - (later[index]?.at ?? 0));
  expect(later.length).toBeGreaterThanOrEqual(9);
  expect(gaps.every((gap) => gap >= 54_000 && gap <= 66_000)).toBe(true);
  expect(new Set(gaps).size).toBe(gaps.length);
});

test('a thousand syncs are spread over the minute, and wait on one timer', async () => {
  const loop = newLoop();
  for (let index = 0; index < 1000; index += 1) loop.add(`s${index}`);
  loop.start();
  await clock.advance(0);
  expect(clock.waiting).toBe(1);
  runs = [];
  const counts: number[] = [];
  for (let second = 0; second < 60; second += 1) {
    const before = runs.length;
    await clock.advance(1000);
    counts.push(runs.length - before);
  }
  expect(Math.max(...counts)).toBeLessThan(40);
  expect(Math.min(...counts)).toBeGreaterThan(2);
});

test('looks that are nearly due come with the one that is, at most a hundredth of the interval early', async () => {
  const loop = newLoop();
  for (let index = 0; index < 1000; index += 1) loop.add(`s${index}`);
  loop.start();
  await clock.advance(0);
  runs = [];
  await clock.advance(600_000);
  const moments = new Set(runs.map(({ at }) => at));
  expect(runs.length).toBeGreaterThan(9000);
  expect(moments.size).toBeLessThanOrEqual(1000);
  const last = new Map<string, number>();
  const gaps = runs.flatMap(({ name, at }) => {
    const before = last.get(name);
    last.set(name, at);
    return before === undefined ? [] : at - before;
  });
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(53_400);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(66_000);
});

test('one that is added later starts, one that is removed is not looked at again', async () => {
  const loop = newLoop();
  loop.start();
  loop.add('a');
  await settle();
  loop.remove('a');
  await clock.advance(300_000);
  expect(runs.length).toBe(1);
  loop.wake('a', 'user');
  await settle();
  expect(runs.length).toBe(2);
});

test('does nothing before it is started and after it is stopped', async () => {
  const loop = newLoop();
  loop.add('a');
  loop.wake('a', 'user');
  await clock.advance(300_000);
  expect(runs).toEqual([]);
  loop.start();
  await loop.stop();
  loop.wake('a', 'user');
  await clock.advance(300_000);
  expect(runs.length).toBe(0);
});

test('stop waits for a run, and aborts it after the grace', async () => {
  const loop = newLoop();
  const run = Promise.withResolvers<void>();
  hang = run.promise;
  loop.add('a');
  loop.start();
  await settle();
  const stopping = loop.stop();
  await clock.advance(9_999);
  expect(signals[0]?.aborted).toBe(false);
  await clock.advance(1);
  expect(signals[0]?.aborted).toBe(true);
  run.resolve();
  await stopping;
  expect(clock.waiting).toBe(0);
});

test('an agenda rings in order, whatever the order of setting, moving and removing', async () => {
  const agenda = new Agenda(clock);
  const random = new SeededRandom(3);
  const expected = new Map<string, number>();
  const rung: [string, number][] = [];
  for (let step = 0; step < 2000; step += 1) {
    const key = `k${random.below(200)}`;
    const at = random.below(10_000);
    const remove = random.next() < 0.2;
    if (remove) agenda.delete(key);
    else agenda.set(key, at, () => rung.push([key, clock.monotonic()]));
    expected.delete(key);
    if (!remove) expected.set(key, at);
  }
  expect(agenda.size).toBe(expected.size);
  await clock.advance(10_000);
  expect(rung.map(([, at]) => at)).toEqual([...expected.values()].sort((a, b) => a - b));
  expect(new Map(rung)).toEqual(expected);
  expect(clock.waiting).toBe(0);
});
