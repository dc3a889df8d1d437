/** Roots and syncs as the configuration of the agent declares them. */
import { checkReload } from './reload-options.ts';
import type { ConfigFile } from './written.ts';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { lineOf } from '#domain/options';
import { parseFolder } from '#domain/path';
import { parsePrincipalName } from '#domain/principal';
import { syncModes } from '#domain/records';
import type { SyncMode, SyncSpec } from '#domain/records';
import { parseRules } from '#reconcile/rules';
import { FileTarget } from '#reconcile/targets/file/target';
import { isMapping } from '#util/mapping';

/** A sync of the file. Its options hold `reload`, if it has one, beside what rules and target understand. */
export interface DeclaredSync {
  readonly name: string;
  readonly spec: Omit<SyncSpec, 'generation'>;
}

const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
const nameRule = '1 to 63 of a-z 0-9 -, not beginning with -';
/** Rights are those of the token; nobody is asked to run as anybody. */
const runAs = parsePrincipalName('workload/agent');

/** Says what is wrong with every root that cannot be understood, and leaves it out. */
export function readRoots(
  { name, roots = {} }: ConfigFile,
  diagnostics: Diagnostic[],
): Readonly<Record<string, string>> {
  if (!isMapping(roots)) {
    diagnostics.push({ subject: name, message: 'roots must be a mapping of names to folders' });
    return {};
  }
  const found = Object.entries(roots).filter(([root, path]) => {
    const fits = namePattern.test(root) && typeof path === 'string' && path !== '' && !path.includes('\0');
    if (!fits)
      diagnostics.push({ subject: name, message: `roots.${root}: expected a folder, under a name of ${nameRule}` });
    return fits;
  });
  return Object.fromEntries(found as [string, string][]);
}

/** The same for syncs. */
export function readSyncs(
  file: ConfigFile,
  roots: Readonly<Record<string, string>>,
  diagnostics: Diagnostic[],
): readonly DeclaredSync[] {
  const { name: subject, syncs = [] } = file;
  if (!Array.isArray(syncs)) {
    diagnostics.push({ subject, message: 'syncs must be a list' });
    return [];
  }
  const known = new Set<unknown>();
  return syncs.flatMap((row: unknown, index): DeclaredSync[] => {
    const label = isMapping(row) && typeof row['name'] === 'string' ? row['name'] : String(index);
    const place = {
      subject,
      ...lineOf(file.text, new RegExp(`^[\\s-]*name:\\s*["']?${RegExp.escape(label)}["']?\\s*$`)),
    };
    const problems: string[] = [];
    const declared = isMapping(row) ? readSync(row, roots, problems) : undefined;
    if (declared === undefined) problems.push('expected a mapping');
    if (known.has(label)) problems.push('another sync has the same name');
    known.add(label);
    for (const message of problems) diagnostics.push({ ...place, message: `syncs.${label}: ${message}` });
    return problems.length > 0 || declared === undefined ? [] : [declared];
  });
}

function readSync(
  row: Record<string, unknown>,
  roots: Readonly<Record<string, string>>,
  problems: string[],
): DeclaredSync {
  const { name, source, root, at, mode = 'repair', ...options } = row;
  const expect = (holds: boolean, message: string): void => {
    if (!holds) problems.push(message);
  };
  const isText = (value: unknown): value is string => typeof value === 'string';
  expect(isText(name) && namePattern.test(name), `name must be ${nameRule}`);
  expect(isText(source) && isFolder(source), 'source must be a folder, such as changelog/production');
  expect(isText(root) && Object.hasOwn(roots, root), 'root must be the name of one of roots');
  expect(isText(at), 'at must be a file name below the root');
  expect(syncModes.includes(mode as SyncMode), `mode must be ${syncModes.join(', ')}`);
  expect(
    options['onFailedRestart'] === undefined,
    'onFailedRestart is not known here: a reload is tried until it succeeds',
  );
  if (isText(at)) attempt(problems, () => checkOptions(at, options));
  const spec = { from: String(source), target: String(root), at: String(at), runAs, mode: mode as SyncMode, options };
  return { name: String(name), spec };
}

function checkOptions(at: string, options: Readonly<Record<string, unknown>>): void {
  const { reload, ...others } = options;
  checkReload(reload);
  const { rest } = parseRules(others);
  // Whichever folder it is: what a file target understands does not depend on it.
  new FileTarget({ root: '/' }).check(at, rest);
}

function isFolder(text: string): boolean {
  try {
    return parseFolder(text) !== '';
  } catch {
    return false;
  }
}

function attempt(problems: string[], act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    const found = error.diagnostics.map(({ message }) => message);
    problems.push(...(found.length === 0 ? [error.message] : found));
  }
}
