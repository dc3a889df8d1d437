import { describe, expect, test } from 'vitest';
import { FakeClock, SeededRandom } from './clock.ts';

describe('FakeClock', () => {
  test('fires in the order of time, then of making, also what is set while it moves', async () => {
    const clock = new FakeClock(0);
    const fired: string[] = [];
    const note = (name: string) => () => void fired.push(`${name}@${clock.now()}`);
    clock.timer(20, note('late'));
    clock.timer(10, note('one'));
    clock.timer(10, note('two'));
    clock.timer(5, () => clock.timer(7, note('nested')));
    clock.timer(8, note('cancelled')).cancel();
    expect(clock.untilNext).toBe(5);
    await clock.advance(15);
    expect(fired).toEqual(['one@10', 'two@10', 'nested@12']);
    await clock.advance(5);
    expect([fired.at(-1), clock.waiting, clock.monotonic()]).toEqual(['late@20', 0, 20]);
  });

  test('lets what a timer woke settle before the next one fires', async () => {
    const clock = new FakeClock(0);
    const order: string[] = [];
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.timer(ms, resolve));
    const work = async () => {
      await sleep(1);
      await Promise.resolve();
      order.push('work');
    };
    void work();
    clock.timer(2, () => order.push('timer'));
    await clock.advance(2);
    expect(order).toEqual(['work', 'timer']);
  });
});

test('SeededRandom repeats itself for the same seed only', () => {
  const draw = (seed: number) => {
    const random = new SeededRandom(seed);
    return [random.next(), ...random.bytes(4), random.below(10)];
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});
