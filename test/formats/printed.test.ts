/** What is printed is read by others as it is read here: hostile documents, one start of every reader. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Format, FormatEntry } from '#format/format';
import { PlumbError } from '#domain/errors';
import { type FormatName, loadFormat } from '#format/formats';
import { documents } from './laws.ts';
import { type ReaderName, readers } from './readers.ts';

/** What a reader is known not to take as it is written; `docs/formats.md` says so. */
const except: Partial<Readonly<Record<FormatName, (entry: FormatEntry) => boolean>>> = {
  // No quotes of a shell can spell a carriage return.
  'dotenv-export': ({ value }) => value.includes('\r'),
  dotenv: ({ value }) => value.includes('\r'),
};

const pairs: readonly (readonly [FormatName, ReaderName])[] = [
  ['dotenv', 'sh'],
  ['dotenv-export', 'sh'],
  ['docker', 'docker'],
  ['shell', 'sh'],
  ['properties', 'java'],
  ['xml', 'java-xml'],
  ['csv', 'csv'],
  ['tfvars', 'hcl'],
  ['json', 'json'],
  ['json-nested', 'json'],
  ['dotnet', 'json-keys'],
  ['yaml', 'pyyaml'],
  ['toml', 'tomllib'],
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plumb-printed-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function printed(format: Format, entries: readonly FormatEntry[]): string | undefined {
  try {
    return format.print(entries);
  } catch (error) {
    if (error instanceof PlumbError) return undefined;
    throw error;
  }
}

test.each(pairs)('%s, read by %s', async (name, reader) => {
  const format = await loadFormat(name);
  const wanted: Record<string, string>[] = [];
  const files: string[] = [];
  for (const sample of fc.sample(documents, { numRuns: 400, seed: 20 })) {
    const entries = sample.filter((one) => format.problem(one.name, one.value) === undefined && !except[name]?.(one));
    const text = printed(format, entries);
    if (text === undefined) continue;
    const file = join(folder, `${name}-${files.length}`);
    writeFileSync(file, text);
    files.push(file);
    wanted.push(Object.fromEntries(entries.map((one) => [one.name, one.value])));
  }
  expect(files.length).toBeGreaterThan(200);
  const outcomes = readers[reader](files);
  const wrong = outcomes.flatMap((there, index) => {
    const here = wanted[index];
    return JSON.stringify(sorted(there)) === JSON.stringify(sorted(here ?? null)) ? [] : [{ here, there }];
  });
  expect(wrong).toEqual([]);
});

function sorted(outcome: Readonly<Record<string, string>> | null): unknown {
  return outcome && Object.entries(outcome).sort(([a], [b]) => (a < b ? -1 : 1));
}
