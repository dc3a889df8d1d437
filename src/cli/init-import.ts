/** `init --import`: shows what the files that were found would change, asks once, and writes it. */
import { PlumbError } from '#domain/errors';
import { recognised } from './found.ts';
import type { Found } from './found.ts';
import type { Row } from './import-plan.ts';
import { applyImport, planImport, printRows } from './import-plan.ts';
import { withoutReferences } from './resolve-op.ts';
import { printWarnings } from './results.ts';
import type { Session } from './session.ts';
import { printable } from './style.ts';

interface Wishes {
  readonly json?: boolean;
  readonly yes?: boolean;
}

interface Part {
  readonly found: Found;
  readonly folder: string;
  readonly rows: readonly Row[];
}

/** The server is the one of every other command: a project file is not asked for it. */
export async function importFound(session: Session, { json, yes }: Wishes, found: readonly Found[]): Promise<void> {
  const client = await session.connect({});
  const parts: Part[] = [];
  for (const one of found) {
    if (one.values === undefined || one.folder === undefined) continue;
    const values = await withoutReferences(session, firstOnes(session, one, parts), undefined);
    const wishes = one.kind === undefined ? {} : { kind: one.kind };
    const rows = await planImport(client, one.folder, { values, wishes });
    if (rows.length === 0) continue;
    parts.push({ found: one, folder: one.folder, rows });
    const result = await applyImport(client, one.folder, { rows, dryRun: true });
    if (result !== undefined) printWarnings(session, result);
    if (json) continue;
    session.print(`\n${printable(one.file)} → ${printable(one.folder)}\n`);
    printRows(session, rows, { dryRun: true, revision: 0 });
  }
  if (parts.length === 0) {
    throw new PlumbError('not-found', 'nothing was found whose values stand in a file here', {
      hint: `it looks for ${recognised}`,
    });
  }
  if (!yes && !(await isWanted(session))) {
    session.note('note', 'nothing was imported');
    return;
  }
  const done: object[] = [];
  for (const { found: one, folder, rows } of parts) {
    const result = await applyImport(client, folder, { rows, dryRun: false, reason: `imported from ${one.file}` });
    done.push({
      file: one.file,
      folder,
      revision: result?.revision ?? 0,
      names: rows.map(({ name, effect }) => ({ name, effect })),
    });
    if (!json)
      session.print(
        `${printable(one.file)}: ${result === undefined ? 'nothing to write' : `revision ${result.revision}`}\n`,
      );
  }
  if (json) session.printJson({ imported: done });
}

/** A name that several files give to one folder is taken from the first of them. */
function firstOnes(
  session: Session,
  { file, folder, values }: Found,
  before: readonly Part[],
): ReadonlyMap<string, string> {
  const same = before.filter((part) => part.folder === folder);
  return new Map(
    [...(values ?? [])].filter(([name]) => {
      const first = same.find(({ rows }) => rows.some((row) => row.name === name));
      if (first !== undefined)
        session.note('warning', `${name} of ${file} is left out: ${first.found.file} has it too`);
      return first === undefined;
    }),
  );
}

async function isWanted(session: Session): Promise<boolean> {
  const { stdin } = session.io;
  if (!stdin.isTerminal)
    throw new PlumbError('invalid', 'there is nobody to ask', { hint: '--yes imports without asking' });
  return /^y(es)?$/i.test((await stdin.readLine('import this? [y/N] ')).trim());
}
