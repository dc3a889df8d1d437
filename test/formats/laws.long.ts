import { describe, expect, test } from 'vitest';
import { formatNames, loadFormat } from '#format/formats';
import { checkEdits, checkRoundTrips, writtenTexts } from './laws.ts';

describe.each(formatNames)('%s', (name) => {
  test('ten thousand documents are read as they were written, or refused by name', async () => {
    expect(checkRoundTrips(await loadFormat(name), { numRuns: 10_000 })).toBeGreaterThan(3000);
  });

  test('ten thousand edits change what they name and nothing else', async () => {
    const format = await loadFormat(name);
    expect(checkEdits(format, writtenTexts(format), { numRuns: 10_000, written: true })).toBeGreaterThan(2000);
  });
});
