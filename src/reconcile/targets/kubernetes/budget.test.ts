import { describe, expect, test } from 'vitest';
import { Budget } from './budget.ts';
import { FakeClock } from '#testing/clock';

const never = new AbortController().signal;

/** `burst` 0: the one that there is at least is used up. */
function start(burst: number, perSecond: number) {
  const clock = new FakeClock();
  const budget = new Budget({ clock, burst, perSecond });
  if (burst === 0) void budget.take('user', never);
  const done: string[] = [];
  const take = (name: string, lane: string, signal = never): Promise<void> =>
    budget.take(lane, signal).then(
      () => void done.push(name),
      (error: unknown) => void done.push(`${name}: ${error instanceof Error ? error.message : 'no error'}`),
    );
  return { clock, budget, done, take };
}

describe('a budget', () => {
  test('lets a burst through, then so many a second', async () => {
    const { clock, done, take } = start(2, 10);
    for (let i = 0; i < 5; i += 1) void take(String(i), 'user');
    await clock.advance(0);
    expect(done).toEqual(['0', '1']);
    await clock.advance(99);
    expect(done).toHaveLength(2);
    await clock.advance(1);
    expect(done).toEqual(['0', '1', '2']);
    await clock.advance(200);
    expect(done).toHaveLength(5);
  });

  test('serves the most urgent lane first, and what is called otherwise last', async () => {
    const { clock, done, take } = start(0, 10);
    for (const lane of ['other', 'resync', 'drift', 'wave', 'user', 'user']) void take(lane, lane);
    await clock.advance(600);
    expect(done).toEqual(['user', 'user', 'wave', 'drift', 'resync', 'other']);
  });

  test('gives every tenth turn to the least urgent', async () => {
    const { clock, done, take } = start(0, 10);
    for (let i = 0; i < 30; i += 1) void take('wave', 'wave');
    void take('resync', 'resync');
    await clock.advance(1000);
    expect(done.indexOf('resync')).toBe(9);
  });

  test('loses nothing on those who give up', async () => {
    const { clock, budget, done, take } = start(0, 10);
    const giving = new AbortController();
    for (let i = 0; i < 5; i += 1) void take('given up', 'user', giving.signal);
    void take('patient', 'user');
    giving.abort(new Error('enough'));
    expect(budget.waiting).toBe(1);
    await clock.advance(100);
    expect(done.filter((name) => name === 'patient')).toHaveLength(1);
    expect(done.filter((name) => name === 'given up: enough')).toHaveLength(5);
    await take('at once', 'user', AbortSignal.abort(new Error('before')));
    expect(done.at(-1)).toBe('at once: before');
  });

  test('pauses for everyone, and a shorter pause does not end a longer one', async () => {
    const { clock, budget, done, take } = start(5, 10);
    budget.pause(3000);
    budget.pause(1000);
    void take('user', 'user');
    await clock.advance(2999);
    expect(done).toEqual([]);
    await clock.advance(1);
    expect(done).toEqual(['user']);
  });

  test('does not save up more than a burst', async () => {
    const { clock, done, take } = start(2, 10);
    await clock.advance(60_000);
    for (let i = 0; i < 5; i += 1) void take(String(i), 'user');
    await clock.advance(0);
    expect(done).toHaveLength(2);
  });

  test('sends away who waits, and nobody who comes later', async () => {
    const { clock, budget, done, take } = start(0, 10);
    void take('first', 'user');
    budget.refuseAll(new Error('gone'));
    void take('second', 'user');
    await clock.advance(1000);
    expect(done).toEqual(['first: gone', 'second']);
    expect(clock.waiting).toBe(0);
  });
});
