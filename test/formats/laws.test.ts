import { describe, expect, test } from 'vitest';
import { formatNames, loadFormat } from '#format/formats';
import { checkEdits, checkRoundTrips, writtenTexts } from './laws.ts';

describe.each(formatNames)('%s', (name) => {
  test('what was printed is read as the same, or refused by name', async () => {
    expect(checkRoundTrips(await loadFormat(name), { numRuns: 200, seed: 11 })).toBeGreaterThan(60);
  });

  test('an edit changes what it names and nothing else', async () => {
    const format = await loadFormat(name);
    expect(checkEdits(format, writtenTexts(format), { numRuns: 200, seed: 11, written: true })).toBeGreaterThan(40);
  });
});
