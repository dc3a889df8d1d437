import type { ChangeRequestOp, Client, Kind } from '@plumbd/client';
import { dotenvLimits } from '#format/dotenv-grammar';
import type { ConnectionFlags, ReasonFlag } from '../command.ts';
import { argument, connectionFlags, defineCommand, reasonFlag, switchFlag } from '../command.ts';
import { isFailure } from '../failures.ts';
import { environmentKind } from '../kinds.ts';
import type { Format } from '../formats.ts';
import { formatOf, formats, readValues } from '../formats.ts';
import { listAll } from '../pages.ts';
import type { Session } from '../session.ts';
import { printWarnings } from '../results.ts';
import { mask, padded, printable, quoted, width } from '../style.ts';
import { readFile } from '../values.ts';

interface Flags extends ConnectionFlags, ReasonFlag {
  readonly format?: Format;
  readonly kind?: Kind;
  readonly config?: readonly string[];
  readonly secret?: readonly string[];
  readonly dryRun?: boolean;
}

export const command = defineCommand<Flags, [folder: string, file: string]>({
  parameters: {
    flags: {
      ...connectionFlags,
      ...reasonFlag,
      format: { kind: 'enum', values: formats, optional: true, brief: "Default: by the file's name" },
      kind: {
        kind: 'enum',
        values: ['secret', 'config'],
        optional: true,
        brief: 'Of every name. Default: as before, else as the environment says',
      },
      config: {
        kind: 'parsed',
        parse: String,
        optional: true,
        variadic: true,
        placeholder: 'GLOB',
        brief: 'Names that are config, such as *_HOST; may be given several times',
      },
      secret: {
        kind: 'parsed',
        parse: String,
        optional: true,
        variadic: true,
        placeholder: 'GLOB',
        brief: 'Names that are secrets; stronger than --config',
      },
      dryRun: switchFlag('Say what would happen and write nothing'),
    },
    positional: {
      kind: 'tuple',
      parameters: [
        argument('FOLDER', 'Where the values go'),
        argument('FILE', 'A .env or .json file; - for standard input'),
      ],
    },
  },
  description:
    'One change: everything or nothing. Names whose value is the same already are left alone; names that the file does not have stay.',
  examples: [
    { input: 'import changelog/staging staging.env --dry-run', brief: '' },
    { input: "import changelog/staging staging.env --config '*_HOST' --config '*_PORT'", brief: '' },
  ],
  async run(session, flags, givenFolder, file) {
    const folder = await session.folder(givenFolder, {});
    const values = await readGiven(session, flags, file);
    const client = await session.connect(flags);
    const rows = compare(
      values,
      await present(client, folder),
      flags,
      (await environmentKind(client, `${folder}/_`)) ?? 'secret',
    );
    const ops = rows.filter(({ effect }) => effect !== 'same').map((row) => putOf(folder, row));
    const { reason, dryRun = false } = flags;
    const result =
      ops.length === 0
        ? undefined
        : await client.changes.apply({ ops, dryRun, ...(reason === undefined ? {} : { reason }) });
    if (result !== undefined) printWarnings(session, result);
    const outcome = { folder, dryRun, revision: result?.revision ?? 0 };
    if (flags.json) session.printJson({ ...outcome, names: rows.map(({ name, effect }) => ({ name, effect })) });
    else printRows(session, rows, outcome);
  },
});

/** A name of the file beside what is there now. */
interface Row {
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

async function readGiven(session: Session, flags: Flags, file: string): Promise<ReadonlyMap<string, string>> {
  const format = formatOf(file, flags.format);
  const content =
    file === '-' ? await session.io.stdin.read(dotenvLimits.file) : readFile(session.io, file, dotenvLimits.file);
  return readValues(format, content, file === '-' ? 'standard input' : file);
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
  flags: Flags,
  fallback: Kind,
): readonly Row[] {
  return [...values].map(([name, value]) => {
    const asked = matches(flags.secret, name) ? 'secret' : matches(flags.config, name) ? 'config' : flags.kind;
    const now = there.get(name);
    const secret = (asked ?? now?.kind ?? fallback) === 'secret' || (now?.secret ?? false);
    const row = { name, value, secret, ...(asked === undefined ? {} : { kind: asked }) };
    if (now === undefined) return { ...row, effect: 'create' };
    const expect = now.ownVersion === undefined ? {} : { expect: now.ownVersion };
    if (now.value === undefined) return { ...row, effect: 'replace', ...expect };
    const same = now.value === value && (asked === undefined || asked === now.kind);
    return { ...row, effect: same ? 'same' : 'change', before: now.value, ...expect };
  });
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

function printRows(
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
