import { resolve } from 'node:path';
import type { Kind } from '@plumbd/client';
import { formatLimits } from '#format/format';
import type { ConnectionFlags, ReasonFlag } from '../command.ts';
import { argument, connectionFlags, defineCommand, reasonFlag, switchFlag, textsFlag } from '../command.ts';
import { UsageError } from '../failures.ts';
import type { FileValues, Format } from '../formats.ts';
import { formatOf, formats, readFileValues, readValues } from '../formats.ts';
import { applyImport, planImport, printRows } from '../import-plan.ts';
import { withoutReferences } from '../resolve-op.ts';
import type { Session } from '../session.ts';
import { during } from '../progress.ts';
import { printWarnings } from '../results.ts';
import { count, printable } from '../style.ts';
import { readFile } from '../values.ts';

interface Flags extends ConnectionFlags, ReasonFlag {
  readonly format?: Format;
  readonly kind?: Kind;
  readonly config?: readonly string[];
  readonly secret?: readonly string[];
  readonly resolve?: 'op';
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
      config: textsFlag('GLOB', 'Names that are config, such as *_HOST; may be given several times'),
      secret: textsFlag('GLOB', 'Names that are secrets; stronger than --config'),
      resolve: {
        kind: 'enum',
        values: ['op'],
        optional: true,
        brief: 'Read op:// references by the op command of 1Password',
      },
      dryRun: switchFlag('Say what would happen and write nothing'),
    },
    positional: {
      kind: 'tuple',
      parameters: [
        argument('FOLDER', 'Where the values go'),
        argument('FILE', 'A file of any format; - for standard input; a folder with one file for each name'),
      ],
    },
  },
  description: [
    'One change: everything or nothing. Names whose value is the same already are left alone; names that the file does not have stay.',
    '',
    'A value that is a reference of 1Password (op://vault/item/field) is read by op where --resolve op says so. Those that cannot be read are named and left out, and the exit code is 1.',
  ].join('\n'),
  examples: [
    { input: 'import changelog/staging staging.env --dry-run', brief: '' },
    { input: "import changelog/staging staging.env --config '*_HOST' --config '*_PORT'", brief: '' },
    { input: 'import changelog/staging values.yaml --kind config', brief: '' },
    { input: 'import changelog/staging /run/secrets', brief: 'one file for each name' },
    { input: 'import changelog/staging .env --resolve op', brief: 'with references of 1Password' },
  ],
  see: ['export', 'set', 'init'],
  async run(session, flags, givenFolder, file) {
    const folder = await session.folder(givenFolder, {});
    const given = await readGiven(session, flags, file);
    const values = await withoutReferences(session, given.values, flags.resolve);
    const client = await session.connect(flags);
    const planning = planImport(client, folder, { values, wishes: { ...flags, told: given.kinds } });
    const rows = await during(session, `looking at ${folder}`, planning);
    const { reason, dryRun = false } = flags;
    const applying = applyImport(client, folder, { rows, dryRun, ...(reason === undefined ? {} : { reason }) });
    const result = await during(session, `writing ${count(rows.length, 'name')}`, applying);
    if (result !== undefined) printWarnings(session, result);
    const outcome = { folder, dryRun, revision: result?.revision ?? 0 };
    if (flags.json) session.printJson({ ...outcome, names: rows.map(({ name, effect }) => ({ name, effect })) });
    else printRows(session, rows, outcome);
  },
});

async function readGiven(session: Session, flags: Flags, file: string): Promise<FileValues> {
  if (file !== '-' && session.io.files.status(resolve(session.io.cwd, file))?.kind === 'folder') {
    if (flags.format !== undefined) throw new UsageError(`${file} is a folder, in which each file is a value`);
    return readFileValues(filesIn(session, file));
  }
  const format = formatOf(file, flags.format);
  const content =
    file === '-' ? await session.io.stdin.read(formatLimits.file) : readFile(session.io, file, formatLimits.file);
  return await readValues(format, content, file === '-' ? 'standard input' : file);
}

/** Every file of a folder; what is no file is named and left out, but for the hidden folders of a mounted volume. */
function filesIn(session: Session, folder: string): readonly (readonly [name: string, content: Uint8Array])[] {
  const { files, cwd } = session.io;
  return files.list(resolve(cwd, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (files.status(resolve(cwd, path))?.kind === 'file') return [[name, readFile(session.io, path)] as const];
    if (!name.startsWith('..')) session.note('warning', `${printable(path)} is no file and is left out`);
    return [];
  });
}
