/** What importing values into a folder would do, and doing it: as one change, with the versions that were looked at. */
import type { ChangeRequestOp, ChangeResult, Client, Kind } from '@plumbd/client';
import { isFailure } from './failures.ts';
import { environmentKind } from './kinds.ts';
import { listAll } from './pages.ts';
import type { Session } from './session.ts';
import { mask, padded, printable, quoted, width } from './style.ts';

/** Which kinds are asked for. */
export interface KindWishes {
  readonly kind?: Kind;
  /** Globs of names. */
  readonly config?: readonly string[];
  readonly secret?: readonly string[];
  /** What the file itself says: a secret is one, and a new name that is none is config. Weaker than the others. */
  readonly told?: ReadonlyMap<string, Kind>;
}

/** The names of a file beside what is in the folder now. */
export async function planImport(
  client: Client,
  folder: string,
  given: { readonly values: ReadonlyMap<string, string>; readonly wishes: KindWishes },
): Promise<readonly Row[]> {
  const there = await present(client, folder);
  const fallback = (await environmentKind(client, `${folder}/_`)) ?? 'secret';
  return compare(given.values, there, given.wishes, fallback);
}

/** `undefined`: there was nothing to write. */
export async function applyImport(
  client: Client,
  folder: string,
  given: { readonly rows: readonly Row[]; readonly dryRun: boolean; readonly reason?: string },
): Promise<ChangeResult | undefined> {
  const { rows, dryRun, reason } = given;
  const ops = rows.filter(({ effect }) => effect !== 'same').map((row) => putOf(folder, row));
  if (ops.length === 0) return undefined;
  return client.changes.apply({ ops, dryRun, ...(reason === undefined ? {} : { reason }) });
}

/** A name of the file beside what is there now. */
export interface Row {
  readonly name: string;
  readonly value: string;
  readonly effect: 'create' | 'change' | 'same' | 'replace';
  /** Asked for by flags. */
  readonly kind?: Kind;
  readonly secret: boolean;
  /** The present value, if it may be read. */
  readonly before?: string;
  /** The path's own version to expect, so that a change made meanwhile is not overwritten. */
  readonly expect?: number;
}

interface Present {
  readonly kind: Kind;
  readonly secret: boolean;
  readonly value?: string;
  readonly ownVersion?: number;
}

/** What is in the folder: with values if all of them may be read, else names only. */
async function present(client: Client, folder: string): Promise<ReadonlyMap<string, Present>> {
  const named = (path: string): string => path.slice(folder.length + 1);
  try {
    const { entries } = await client.entries.evaluate({ folder });
    return new Map(
      entries.map((entry) => [
        named(entry.path),
        { kind: entry.kind, secret: entry.secret, value: entry.value, ...ownVersion(entry) },
      ]),
    );
  } catch (error) {
    if (!isFailure(error) || !['forbidden', 'not-found', 'unevaluable'].includes(error.code)) throw error;
  }
  const { entries } = await listAll(client, folder, false);
  return new Map(
    entries.map((entry) => [
      named(entry.path),
      { kind: entry.kind, secret: entry.kind === 'secret', ...ownVersion(entry) },
    ]),
  );
}

function ownVersion(entry: { readonly inheritedFrom?: string; readonly version: number }): {
  readonly ownVersion?: number;
} {
  return entry.inheritedFrom === undefined ? { ownVersion: entry.version } : {};
}

function compare(
  values: ReadonlyMap<string, string>,
  there: ReadonlyMap<string, Present>,
  wishes: KindWishes,
  fallback: Kind,
): readonly Row[] {
  return [...values].map(([name, value]) => {
    const now = there.get(name);
    const asked = askedKind(name, wishes, now);
    const secret = (asked ?? now?.kind ?? fallback) === 'secret' || (now?.secret ?? false);
    const row = { name, value, secret, ...(asked === undefined ? {} : { kind: asked }) };
    if (now === undefined) return { ...row, effect: 'create' };
    const expect = now.ownVersion === undefined ? {} : { expect: now.ownVersion };
    if (now.value === undefined) return { ...row, effect: 'replace', ...expect };
    const same = now.value === value && (asked === undefined || asked === now.kind);
    return { ...row, effect: same ? 'same' : 'change', before: now.value, ...expect };
  });
}

/** By flags, else by the file; a file alone never makes config of what is a secret here. */
function askedKind(name: string, wishes: KindWishes, now: Present | undefined): Kind | undefined {
  if (matches(wishes.secret, name)) return 'secret';
  if (matches(wishes.config, name)) return 'config';
  const told = wishes.told?.get(name);
  return wishes.kind ?? (told === 'secret' || now === undefined ? told : undefined);
}

function matches(globs: readonly string[] | undefined, name: string): boolean {
  return (globs ?? []).some((glob) => {
    const pattern = glob
      .split('*')
      .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('.*');
    return new RegExp(`^${pattern}$`, 's').test(name);
  });
}

function putOf(folder: string, { name, value, kind, expect }: Row): ChangeRequestOp {
  return {
    op: 'put',
    path: `${folder}/${name}`,
    value,
    ...(kind === undefined ? {} : { kind }),
    ...(expect === undefined ? {} : { expect }),
  };
}

const marks = { create: '+', change: '~', replace: '~', same: ' ' } as const;

/** A line for each name that is not the same, and a last one that counts. Secrets are masked. */
export function printRows(
  session: Session,
  rows: readonly Row[],
  outcome: { readonly dryRun: boolean; readonly revision: number },
): void {
  const shown = rows.filter(({ effect }) => effect !== 'same');
  const wide = Math.max(0, ...shown.map(({ name }) => width(printable(name))));
  for (const row of shown) {
    const value = row.secret ? mask : quoted(row.value);
    const before = row.effect === 'change' && !row.secret ? `${quoted(row.before ?? '')}  →  ` : '';
    session.print(`${marks[row.effect]} ${padded(printable(row.name), wide)}  ${before}${value}\n`);
  }
  const number = (effect: Row['effect']): number => rows.filter((row) => row.effect === effect).length;
  const unread = number('replace') === 0 ? '' : `, ${number('replace')} replaced (you may not read what is there)`;
  const end = outcome.dryRun
    ? 'dry run: nothing was written'
    : outcome.revision === 0
      ? 'nothing to write'
      : `revision ${outcome.revision}`;
  session.print(
    `${number('create')} created, ${number('change')} changed, ${number('same')} the same${unread}; ${end}\n`,
  );
}
