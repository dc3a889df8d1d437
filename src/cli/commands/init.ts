import { join } from 'node:path';
import { parsePath } from '#domain/path';
import { argument, connectionFlags, defineCommand, switchFlag, textFlag } from '../command.ts';
import { UsageError } from '../failures.ts';
import type { Found } from '../found.ts';
import { findOthers, recognised } from '../found.ts';
import type { Session } from '../session.ts';
import { projectFileName } from '../session.ts';
import { printable } from '../style.ts';

interface Flags {
  readonly address?: string;
  readonly json?: boolean;
  readonly import?: boolean;
  readonly yes?: boolean;
}

export const command = defineCommand<Flags, [environment?: string]>({
  parameters: {
    flags: {
      address: textFlag('ADDRESS', 'Where the server is, for people to see; never followed'),
      json: connectionFlags.json,
      import: switchFlag('Import the values that were found: shows what would be written, then asks'),
      yes: switchFlag('With --import: do not ask'),
    },
    positional: {
      kind: 'tuple',
      parameters: [
        {
          ...argument('FOLDER', 'The folder that single names are looked up in; without it only says what is here'),
          optional: true,
        },
      ],
    },
  },
  description: [
    'Written into the working folder, to be kept with the project. A file that is there is left as it is.',
    '',
    `Then says what other tools have left there, and which command lines would bring the values here: ${recognised}. With --import, what stands in the files themselves is imported: .env.production into the environment production beside FOLDER, the others into FOLDER.`,
  ].join('\n'),
  examples: [
    { input: 'init changelog/development', brief: '' },
    { input: 'init changelog/development --import', brief: 'and takes over what is in .env' },
  ],
  see: ['import', 'help paths'],
  async run(session, flags, given) {
    if (flags.yes && !flags.import) throw new UsageError('--yes goes with --import');
    if (given === undefined) throw await withoutFolder(session);
    const environment = parsePath(given.replace(/\/$/, ''));
    const path = join(session.io.cwd, projectFileName);
    const isThere = flags.import === true && session.io.files.status(path) !== null;
    if (!isThere) writeFile(session, path, { ...flags, environment });
    const found = await findOthers(session.io, environment);
    if (flags.json && !flags.import) return session.printJson({ path, environment, found: found.map(withoutValues) });
    if (!flags.json && !isThere) session.print(`wrote ${printable(path)}\n`);
    if (!flags.json) printFound(session, found);
    if (flags.import) await (await import('../init-import.ts')).importFound(session, flags, found);
    else if (found.some(({ values }) => values !== undefined)) {
      session.note('hint', `plumb init ${environment} --import shows what would be imported, asks, and does it`);
    }
  },
});

/** Nothing is written: what is here is said, and what to type. */
async function withoutFolder(session: Session): Promise<UsageError> {
  const found = await findOthers(session.io, '');
  for (const { file, what } of found) session.note('note', `found ${printable(file)}: ${printable(what)}`);
  if (found.length === 0) session.note('note', `none of these is here: ${recognised}`);
  const example = 'plumb init changelog/development';
  return new UsageError(
    'FOLDER is missing: which folder are single names looked up in?',
    found.some(({ values }) => values !== undefined) ? `${example} --import takes over what was found` : example,
  );
}

function writeFile(session: Session, path: string, { environment, address }: Flags & { environment: string }): void {
  const lines = [
    '# The folder that single names are looked up in. Neither values nor tokens belong here.',
    `environment: ${JSON.stringify(environment)}`,
    ...(address === undefined ? [] : [`address: ${JSON.stringify(address)}`]),
  ];
  session.io.files.create(path, `${lines.join('\n')}\n`);
}

function withoutValues({ values, ...found }: Found): object {
  return { ...found, names: [...(values?.keys() ?? [])] };
}

function printFound(session: Session, found: readonly Found[]): void {
  for (const { file, what, commands: lines } of found) {
    session.print(`found ${printable(file)}: ${printable(what)}\n`);
    for (const line of lines) session.print(`  ${printable(line)}\n`);
  }
}
