import { expect, test } from 'vitest';
import { Places } from './places.ts';
import { PlumbError } from '#domain/errors';
import { FakeClock } from '#testing/clock';

const places = new Places({
  targets: new Map(),
  clock: new FakeClock(),
  fingerprint: () => '',
  changed: () => undefined,
});
const ask = (error: Error) =>
  places.ask(new AbortController().signal, async () => {
    throw error;
  });

test('what others damaged contradicts the state that is wanted, and is no fault of this server', async () => {
  const diagnostics = [{ message: 'something is not closed', subject: 'a.yaml', line: 2, column: 1 }];
  const cause = new Error('beneath');
  const damage = new PlumbError('corrupt', 'a.yaml is too damaged', { hint: 'mend it', diagnostics, cause });
  const expected = { code: 'conflict', message: 'a.yaml is too damaged', hint: 'mend it', diagnostics, cause };
  await expect(ask(damage)).rejects.toMatchObject(expected);
});

test('whatever else goes wrong there is told as it is', async () => {
  for (const error of [new PlumbError('forbidden', 'not yours'), new RangeError('a fault')]) {
    await expect(ask(error)).rejects.toBe(error);
  }
});
