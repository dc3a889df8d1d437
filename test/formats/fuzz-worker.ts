/**
 * Tries one format with mutated files until its time is over. It counts every text in shared memory, so that somebody
 * else sees when one is never done with.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { Edit, Format } from '#format/format';
import { PlumbError } from '#domain/errors';
import { valuesOf } from '#format/edit';
import { type FormatName, loadFormat } from '#format/formats';
import { mutated, numbers } from './mutations.ts';

export interface FuzzJob {
  readonly format: FormatName;
  readonly files: readonly string[];
  readonly seed: number;
  readonly seconds: number;
  /** One number: how many texts are done with. */
  readonly done: SharedArrayBuffer;
}

/** Throws what a text did wrong. */
export function tryText(format: Format, text: string, edit: Edit): void {
  const { entries, diagnostics } = format.parse(text, 'f');
  for (const { line = 1, column = 1 } of [...entries, ...diagnostics]) {
    if (!(line >= 1 && column >= 1)) throw new Error(`a place is ${line}:${column}`);
  }
  const whole = diagnostics.length === 0;
  if (whole && entries.some(({ value }) => value === null)) throw new Error('no value and no diagnostic');
  const result = orRefused(() => format.edit(text, [edit], 'f'));
  if (result !== undefined) checkEdited(format, { text, result, edit, whole });
  if (!whole) return;
  const values = entries.map(({ name, value }) => ({ name, value: value ?? '' }));
  const printed = orRefused(() => format.print(values));
  if (printed === undefined) return;
  const again = format.parse(printed, 'f');
  if (again.diagnostics.length > 0 || !same(valuesOf(again.entries), valuesOf(entries))) {
    throw new Error('what was printed is not read as the same');
  }
}

interface Edited {
  readonly text: string;
  readonly result: string;
  readonly edit: Edit;
  readonly whole: boolean;
}

function checkEdited(format: Format, { text, result, edit: [name, value], whole }: Edited): void {
  const after = format.parse(result, 'f');
  const found = valuesOf(after.entries);
  if ((found.get(name) ?? null) !== value) throw new Error('an edit does not read as asked');
  if (!whole) return;
  const expected = valuesOf(format.parse(text, 'f').entries);
  if (value === null) expected.delete(name);
  else expected.set(name, value);
  if (after.diagnostics.length > 0 || !same(found, expected)) throw new Error('an edit changed something else');
}

function orRefused(act: () => string): string | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof PlumbError) return undefined;
    throw error;
  }
}

function same(a: ReadonlyMap<string, string | null>, b: ReadonlyMap<string, string | null>): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

async function fuzz({ format: name, files, seed, seconds, done }: FuzzJob): Promise<string | undefined> {
  const format = await loadFormat(name);
  const texts = [...files.map((file) => readFileSync(file, 'utf8')), ''];
  const counter = new Int32Array(done);
  const end = performance.now() + seconds * 1000;
  const next = numbers(seed);
  while (performance.now() < end) {
    const text = mutated(texts, next);
    const names = format.parse(text, 'f').entries.map((one) => one.name);
    const value = [null, '', 'x', 'it\'s "$x"\n\\', ' é 🌍 '][next(5)] ?? null;
    const edit: Edit = [next(2) === 0 ? `N${next(9)}` : (names[next(names.length + 1)] ?? 'A'), value];
    try {
      tryText(format, text, edit);
    } catch (error) {
      return `${JSON.stringify({ text, edit })}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
    Atomics.add(counter, 0, 1);
  }
  return undefined;
}

parentPort?.postMessage((await fuzz(workerData as FuzzJob)) ?? '', []);
