/** The same mutated texts in every run: what `fuzz.long.ts` looks for as long as it is let. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Format } from '#format/format';
import { formatNames, loadFormat } from '#format/formats';
import { corpusFiles } from './differences.ts';
import { fuzz, slowness } from './fuzz.ts';

test.each(formatNames)('%s neither crashes nor misreads', async (name) => {
  const texts = corpusFiles(name).map((file) => readFileSync(file, 'utf8'));
  let left = 1000;
  const found = fuzz(await loadFormat(name), { texts, seed: 5, timed: false, next: () => (left -= 1) >= 0 });
  expect(found).toBeUndefined();
});

test('what takes four times as long for twice as much is slow, what takes twice as long is not', async () => {
  const format = await loadFormat('dotenv');
  let work = 0;
  const taking = (steps: (length: number) => number): Format => ({
    ...format,
    parse: (text, subject) => {
      for (let left = steps(text.length); left > 0; left -= 1) work = (work + left) % 7919;
      return format.parse(text, subject);
    },
  });
  const long = { text: `A=${'b'.repeat(1000)}\n`, edits: [] };
  expect(
    slowness(
      taking((length) => length ** 2 / 4),
      long,
    ),
  ).toContain('time: ');
  expect(
    slowness(
      taking((length) => length * 300),
      long,
    ),
  ).toBeUndefined();
  expect(work).toBeGreaterThanOrEqual(0);
});
