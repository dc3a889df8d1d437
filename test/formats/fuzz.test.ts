/** The same mutated texts in every run: what `fuzz.long.ts` looks for as long as it is let. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatNames, loadFormat } from '#format/formats';
import { corpusFiles } from './differences.ts';
import { fuzz } from './fuzz.ts';

test.each(formatNames)('%s neither crashes nor misreads', async (name) => {
  const texts = corpusFiles(name).map((file) => readFileSync(file, 'utf8'));
  let left = 1000;
  const found = fuzz(await loadFormat(name), { texts, seed: 5, timed: false, next: () => (left -= 1) >= 0 });
  expect(found).toBeUndefined();
});
