import { expect, test } from 'vitest';
import { simulate } from '#testing/simulate/simulation';

/** One seed again: `npx vitest run --project long test/simulate -t 'seed 17$'`. */
const seeds = Array.from({ length: 1000 }, (_, index) => index + 1);

test.each(seeds)('two writers, a reconciler, faults and deaths: seed %i', async (seed) => {
  expect(await simulate({ seed })).toMatchObject({ seed, violations: [] });
});
