/** Other readers of the same files: every difference is in the table, with the rule that explains it, and no other is. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { loadFormat } from '#format/formats';
import { corpusFiles, corpusFormats, type Differences, measure, readDifferences } from './differences.ts';
import { checkEdits } from './laws.ts';

const known = readDifferences();
let found: Differences['files'] = {};

beforeAll(async () => {
  found = await measure();
});

/** Without the rules, which nobody can measure. */
function plain(files: Differences['files']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(files).map(([file, byReader]) => [
      file,
      Object.fromEntries(Object.entries(byReader).map(([reader, { here, there }]) => [reader, { here, there }])),
    ]),
  );
}

test('the corpus is large enough to mean something', () => {
  expect(corpusFormats().flatMap(corpusFiles).length).toBeGreaterThanOrEqual(200);
});

test('readers differ where the table says so, and nowhere else', () => {
  expect(plain(found)).toEqual(plain(known.files));
});

test('every difference has a rule, and every rule a difference', () => {
  const used = Object.values(known.files).flatMap((byReader) => Object.values(byReader).map(({ rule }) => rule));
  expect([...new Set(used)].toSorted()).toEqual(Object.keys(known.rules).toSorted());
});

test.each(corpusFormats())(
  'an edit of a file of the corpus changes what it names and nothing else: %s',
  async (name) => {
    const texts = corpusFiles(name)
      .map((file) => readFileSync(file, 'utf8'))
      .filter((text) => text.length < 10_000);
    expect(checkEdits(await loadFormat(name), fc.constantFrom(...texts), { numRuns: 300, seed: 11 })).toBeGreaterThan(
      60,
    );
  },
);
