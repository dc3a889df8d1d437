import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { wait } from './transport.ts';

test('nothing is waited for once the signal has aborted', async () => {
  const first = [wait(60_000, AbortSignal.abort()).then(() => 'ended'), setImmediate('still waiting')];
  expect(await Promise.race(first)).toBe('ended');
});
