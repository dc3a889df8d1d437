import { expect, test } from 'vitest';
import { runSchemathesis } from './schemathesis.ts';

test.each([
  [true, 1],
  [true, 2],
  [true, 3],
  [false, 4],
] as const)('nothing is found by schemathesis in a long run, signed in: %s, seed %d', async (signedIn, seed) => {
  const { code, faults, output } = await runSchemathesis({ signedIn, examples: 200, seed });
  expect({ code, faults }, output).toEqual({ code: 0, faults: [] });
});
