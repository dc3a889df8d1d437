import { resolve } from 'node:path';
import type { EvaluatedFolder } from '@plumbd/client';
import { PlumbError } from '#domain/errors';
import type { Format as FileFormat } from '#format/format';
import { formatOfFile, loadFormat } from '#format/formats';
import type { EnvironmentFlags, WatchFlags } from '../command.ts';
import {
  argument,
  defineCommand,
  environmentAliases,
  environmentFlags,
  isWatching,
  offlineFlags,
  switchFlag,
  textFlag,
  watchFlags,
} from '../command.ts';
import { UsageError } from '../failures.ts';
import { printEntries, writeFiles } from '../export-files.ts';
import type { Format } from '../formats.ts';
import { formats } from '../formats.ts';
import { connectToRead } from '../offline-wish.ts';
import type { OfflineFlags } from '../offline-flags.ts';
import type { Session } from '../session.ts';
import { printable } from '../style.ts';

interface Flags extends Omit<EnvironmentFlags, 'json'>, OfflineFlags, WatchFlags {
  readonly format?: Format | 'files';
  readonly output?: string;
  readonly title?: string;
  readonly reveal?: boolean;
}

const { json: _, ...placeFlags } = environmentFlags;

export const command = defineCommand<Flags, [folder?: string]>({
  parameters: {
    flags: {
      ...placeFlags,
      ...watchFlags,
      ...offlineFlags,
      format: {
        kind: 'enum',
        values: [...formats, 'files'],
        optional: true,
        brief: "What to write. Default: by the file's name, else dotenv. files: one for each name, in the folder of -o",
      },
      output: textFlag('FILE', 'Replace this file, readable by you alone, instead of standard output'),
      title: textFlag('NAME', 'Of the objects of --format kubernetes. Default plumb'),
      reveal: switchFlag('Show secrets on a terminal'),
    },
    aliases: { ...environmentAliases, o: 'output' },
    positional: { kind: 'tuple', parameters: [{ ...argument('FOLDER', 'Default: the environment'), optional: true }] },
  },
  description: [
    'Evaluated values, inherited ones included, in the order of their names. Secrets are written to files and pipes, which',
    'is what an export is for; on a terminal they are refused without --reveal. Values of type bytes are written in base64, and',
    'as the bytes that they are where each name has its file. Names and values that a format cannot carry are refused by name.',
    'With -o and --watch the file is replaced whenever a value has changed. To keep a file right for good, use a sync.',
  ].join('\n'),
  examples: [
    { input: 'export changelog/production -o production.env', brief: '' },
    { input: 'export -e changelog/production --format json | jq .', brief: '' },
    { input: 'export changelog/production --format kubernetes --title app | kubectl apply -f -', brief: '' },
    { input: 'export changelog/production --format files -o secrets', brief: 'one file for each name' },
    { input: 'export changelog/development -o .env --watch', brief: 'until interrupted' },
  ],
  async run(session, flags, given) {
    const folder = await session.folder(given, flags);
    const format = await formatFor(flags);
    if (!isWatching(flags)) {
      const found = await (await connectToRead(session, flags)).entries.evaluate({ folder });
      return write(session, { ...flags, format }, found);
    }
    if (flags.output === undefined)
      throw new UsageError('--watch goes with -o FILE', 'plumb get --watch prints a value');
    const { follow, firstSegment } = await import('../watching.ts');
    await follow<EvaluatedFolder>(session, flags, {
      look: (client) => client.entries.evaluate({ folder }),
      mark: ({ entries }) => entries.map(({ path, etag }) => `${path} ${etag}`).join('\n'),
      show: (found) => write(session, { ...flags, format }, found),
      projects: ({ entries }) =>
        [folder, ...entries.flatMap(({ origin }) => origin.map(({ path }) => path))].map(firstSegment),
    });
  },
});

/** Throws a usage error for flags that do not go together. */
async function formatFor({ format, output, title }: Flags): Promise<FileFormat | 'files'> {
  const name = format ?? (output === undefined ? undefined : formatOfFile(output)) ?? 'dotenv';
  if (title !== undefined && name !== 'kubernetes') throw new UsageError('--title goes with --format kubernetes');
  if (name !== 'files') return await loadFormat(name);
  if (output === undefined) throw new UsageError('--format files goes with -o FOLDER');
  return name;
}

interface Writing extends Omit<Flags, 'format'> {
  readonly format: FileFormat | 'files';
}

function write(session: Session, flags: Writing, { folder, entries }: EvaluatedFolder): void {
  if (entries.length === 0) session.note('warning', `nothing is in ${folder}`);
  const secrets = entries.filter(({ secret }) => secret).length;
  if (flags.output === undefined && session.io.stdout.isTerminal && secrets > 0 && !flags.reveal) {
    throw new PlumbError(
      'invalid',
      `${secrets} of ${entries.length} values are secrets, which are not shown on a terminal unasked`,
      {
        hint: '-o FILE writes them to a file, --reveal shows them',
      },
    );
  }
  const named = entries.map((entry) => ({ name: entry.path.slice(folder.length + 1), entry }));
  const { format, output, title } = flags;
  if (format === 'files') writeFiles(session.io, output ?? '', named);
  else {
    const text = printEntries(format, named, title);
    if (output === undefined) return session.printFile(text);
    session.io.files.writePrivate(resolve(session.io.cwd, output), text);
  }
  session.note('note', `wrote ${entries.length} names to ${printable(output ?? '')}`);
}
