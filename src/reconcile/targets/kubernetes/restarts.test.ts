import { expect, test } from 'vitest';
import { Restarts } from './restarts.ts';
import { FakeClock } from '#testing/clock';

/** How many can be taken now. */
function rest(restarts: Restarts, namespace: string): number {
  let count = 0;
  while (restarts.take(namespace)) count += 1;
  return count;
}

test('ten at once, then one every six seconds, never more than ten', async () => {
  const clock = new FakeClock();
  const restarts = new Restarts({ clock });
  expect(rest(restarts, 'a')).toBe(10);
  await clock.advance(5_999);
  expect(restarts.take('a')).toBe(false);
  await clock.advance(1);
  expect(rest(restarts, 'a')).toBe(1);
  await clock.advance(30_000);
  expect(rest(restarts, 'a')).toBe(5);
  await clock.advance(3_600_000);
  expect(rest(restarts, 'a')).toBe(10);
});

test('namespaces do not take from one another', async () => {
  const clock = new FakeClock();
  const restarts = new Restarts({ clock, perMinute: 2 });
  expect(rest(restarts, 'a')).toBe(2);
  await clock.advance(30_000);
  expect([rest(restarts, 'b'), rest(restarts, 'a')]).toEqual([2, 1]);
  await clock.advance(30_000);
  expect([rest(restarts, 'b'), rest(restarts, 'a')]).toEqual([1, 1]);
});

test('what was taken for nothing is given back', () => {
  const restarts = new Restarts({ clock: new FakeClock(), perMinute: 2 });
  restarts.take('a');
  restarts.giveBack('a');
  restarts.giveBack('a');
  restarts.giveBack('b');
  expect([rest(restarts, 'a'), rest(restarts, 'b')]).toEqual([2, 2]);
});

test('none at all when none are allowed', () => {
  expect(new Restarts({ clock: new FakeClock(), perMinute: 0 }).take('a')).toBe(false);
});
