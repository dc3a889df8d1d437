import { describe, expect, test } from 'vitest';
import { bugs } from '#testing/simulate/life';
import { simulate } from '#testing/simulate/simulation';

/** One seed again: `npx vitest run --project whole test/simulate -t 'seed 17$'`. */
const seeds = Array.from({ length: 50 }, (_, index) => index + 1);

describe('two writers, a reconciler, faults and deaths: every promise is kept', () => {
  test.each(seeds)('seed %i', async (seed) => {
    const { violations, counts } = await simulate({ seed });
    expect(violations).toEqual([]);
    // Where nothing happens every promise is kept.
    expect(counts.acknowledged).toBeGreaterThan(0);
  });
});

describe('a promise that is broken on purpose is found', () => {
  test.each(bugs)('%s', async (bug) => {
    const found: number[] = [];
    for (const seed of seeds) {
      const { violations } = await simulate({ seed, bug });
      if (violations.length > 0) found.push(seed);
      if (found.length === 2) break;
    }
    expect(found).toHaveLength(2);
  });
});

test('a seed is a world: run again, everything happens again', async () => {
  const [first, second, other] = [
    await simulate({ seed: 7 }),
    await simulate({ seed: 7 }),
    await simulate({ seed: 8 }),
  ];
  expect(second).toEqual(first);
  expect(other.counts).not.toEqual(first.counts);
});

test('much happens in every world', async () => {
  const { counts } = await simulate({ seed: 3 });
  expect(Object.values(counts).every((count) => count > 0)).toBe(true);
});
