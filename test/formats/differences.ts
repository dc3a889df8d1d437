/**
 * What we and other readers make of the files in `corpus/`, and where that differs. `differences.json` lists every
 * difference with the rule that explains it; `node --conditions=plumb-source test/formats/differences.ts` writes it
 * anew, with `?` for a rule that is still to be given.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FormatName } from '#format/formats';
import type { Outcome, ReaderName } from './readers.ts';
import { loadFormat } from '#format/formats';
import { readers } from './readers.ts';

/** Who else reads files of a format. */
const readersOf: Partial<Readonly<Record<FormatName, readonly ReaderName[]>>> = {
  dotenv: ['dotenv', 'docker', 'sh'],
  'dotenv-export': ['dotenv', 'sh'],
  docker: ['docker'],
  shell: ['sh'],
  properties: ['java'],
  xml: ['java-xml'],
  ini: ['configparser'],
  csv: ['csv'],
  tfvars: ['hcl'],
  json: ['json'],
  'json-nested': ['json'],
  dotnet: ['json-keys'],
  yaml: ['pyyaml'],
  toml: ['tomllib'],
};

export interface Difference {
  /** Of {@link Differences.rules}. */
  readonly rule: string;
  readonly here: string;
  readonly there: string;
}

export interface Differences {
  /** Why, for everybody who reads the table. */
  readonly rules: Readonly<Record<string, string>>;
  /** `format/file` → reader → difference. */
  readonly files: Readonly<Record<string, Readonly<Record<string, Difference>>>>;
}

const corpus = join(import.meta.dirname, 'corpus');
const table = join(import.meta.dirname, 'differences.json');

export function readDifferences(): Differences {
  return JSON.parse(readFileSync(table, 'utf8')) as Differences;
}

/** The files of a format, by their paths. */
export function corpusFiles(format: string): readonly string[] {
  return readdirSync(join(corpus, format))
    .toSorted()
    .map((name) => join(corpus, format, name));
}

export function corpusFormats(): readonly FormatName[] {
  return readdirSync(corpus).toSorted() as FormatName[];
}

async function readHere(name: FormatName, files: readonly string[]): Promise<readonly Outcome[]> {
  const format = await loadFormat(name);
  return files.map((file) => {
    const { entries, diagnostics } = format.parse(readFileSync(file, 'utf8'), file);
    if (diagnostics.length > 0) return null;
    return Object.fromEntries(entries.map((one) => [one.name, one.value ?? '']));
  });
}

/** Every difference of today, without rules. Each reader is started once. */
export async function measure(): Promise<Differences['files']> {
  const jobs: { readonly key: string; readonly file: string; readonly here: Outcome; readonly reader: ReaderName }[] =
    [];
  for (const format of corpusFormats()) {
    const files = corpusFiles(format);
    const here = await readHere(format, files);
    for (const [index, file] of files.entries()) {
      const key = file.slice(corpus.length + 1);
      for (const reader of readersOf[format] ?? []) jobs.push({ key, file, here: here[index] ?? null, reader });
    }
  }
  const found = new Map<string, Record<string, Difference>>();
  for (const [reader, own] of Map.groupBy(jobs, (job) => job.reader)) {
    const outcomes = readers[reader](own.map(({ file }) => file));
    if (outcomes.length !== own.length) throw new Error(`${reader} read ${outcomes.length} of ${own.length} files`);
    for (const [index, { key, here }] of own.entries()) {
      const pair = { here: shownOutcome(here), there: shownOutcome(outcomes[index] ?? null) };
      if (pair.here !== pair.there) found.set(key, { ...found.get(key), [reader]: { rule: '?', ...pair } });
    }
  }
  return Object.fromEntries([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** As JSON in the order of names; what is long by its digest. */
function shownOutcome(outcome: Outcome): string {
  if (outcome === null) return 'refused';
  const text = JSON.stringify(Object.fromEntries(Object.entries(outcome).sort(([a], [b]) => (a < b ? -1 : 1))));
  return text.length <= 300 ? text : `sha256 ${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

/** Keeps the rule of a difference that is as it was. */
function withRules(files: Differences['files'], known: Differences): Differences {
  const ruled = Object.entries(files).map(([file, byReader]) => [
    file,
    Object.fromEntries(
      Object.entries(byReader).map(([reader, found]) => {
        const before = known.files[file]?.[reader];
        const same = before?.here === found.here && before.there === found.there;
        return [reader, same ? before : found];
      }),
    ),
  ]);
  return { rules: known.rules, files: Object.fromEntries(ruled) as Differences['files'] };
}

if (import.meta.main) {
  writeFileSync(table, `${JSON.stringify(withRules(await measure(), readDifferences()), undefined, 2)}\n`);
}
