import type { Diagnostic } from '#domain/errors';
import type { Edit, FormatEntry } from './format.ts';
import { PlumbError } from '#domain/errors';
import { formatLimits } from './format.ts';
import { shown, valueProblem } from './reading.ts';

type Problem = (name: string, value: string) => string | undefined;

/** Why a value cannot stand in any text file, as {@link Problem}; formats that can carry NUL say so. */
export function textProblem(value: string, nul: 'nul' | 'no-nul' = 'no-nul'): string | undefined {
  if (nul === 'no-nul' && value.includes('\0')) return 'has a value with a NUL character';
  const wrong = valueProblem(value);
  return wrong === undefined ? undefined : `has a value that ${wrong}`;
}

/** The entries, once all of them can be written. Throws `invalid` with a diagnostic for each that cannot. */
export function writable(entries: Iterable<FormatEntry>, what: string, problem: Problem): readonly FormatEntry[] {
  const all = [...entries];
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  for (const { name, value } of all) {
    const wrong = seen.has(name) ? 'is given twice' : problem(name, value);
    seen.add(name);
    if (wrong !== undefined) diagnostics.push({ message: `${shown(name)} ${wrong}` });
  }
  if (all.length > formatLimits.names) diagnostics.push({ message: `more than ${formatLimits.names} names` });
  refuse(what, diagnostics);
  return all;
}

/** The edits, the last one of a name. Throws `invalid` with a diagnostic for each that cannot be written. */
export function writableEdits(
  edits: readonly Edit[],
  what: string,
  problem: Problem,
): ReadonlyMap<string, string | null> {
  const wanted = new Map(edits.map(([name, value]) => [name, value]));
  const diagnostics: Diagnostic[] = [];
  for (const [name, value] of wanted) {
    const wrong = value === null ? undefined : problem(name, value);
    if (wrong !== undefined) diagnostics.push({ message: `${shown(name)} ${wrong}` });
  }
  refuse(what, diagnostics);
  return wanted;
}

function refuse(what: string, diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length === 0) return;
  throw new PlumbError('invalid', `not every name and value can be written in ${what}`, { diagnostics });
}
