import { resolve } from 'node:path';
import type { EvaluatedFolder } from '@plumbd/client';
import { PlumbError } from '#domain/errors';
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
import type { Format } from '../formats.ts';
import { formats, printValues } from '../formats.ts';
import { connectToRead } from '../offline-wish.ts';
import type { OfflineFlags } from '../offline-wish.ts';
import type { Session } from '../session.ts';
import { printable } from '../style.ts';

interface Flags extends Omit<EnvironmentFlags, 'json'>, OfflineFlags, WatchFlags {
  readonly format: Format;
  readonly output?: string;
  readonly reveal?: boolean;
}

const { json: _, ...placeFlags } = environmentFlags;

export const command = defineCommand<Flags, [folder?: string]>({
  parameters: {
    flags: {
      ...placeFlags,
      ...watchFlags,
      ...offlineFlags,
      format: { kind: 'enum', values: formats, default: 'dotenv', brief: 'What to write' },
      output: textFlag('FILE', 'Replace this file, readable by you alone, instead of standard output'),
      reveal: switchFlag('Show secrets on a terminal'),
    },
    aliases: { ...environmentAliases, o: 'output' },
    positional: { kind: 'tuple', parameters: [{ ...argument('FOLDER', 'Default: the environment'), optional: true }] },
  },
  description: [
    'Evaluated values, inherited ones included, in the order of their names. Secrets are written to files and pipes, which',
    'is what an export is for; on a terminal they are refused without --reveal. Values of type bytes are written in base64.',
    'With -o and --watch the file is replaced whenever a value has changed. To keep a file right for good, use a sync.',
  ].join('\n'),
  examples: [
    { input: 'export changelog/production -o production.env', brief: '' },
    { input: 'export -e changelog/production --format json | jq .', brief: '' },
    { input: 'export changelog/development -o .env --watch', brief: 'until interrupted' },
  ],
  async run(session, flags, given) {
    const folder = await session.folder(given, flags);
    if (!isWatching(flags)) {
      return write(session, flags, await (await connectToRead(session, flags)).entries.evaluate({ folder }));
    }
    if (flags.output === undefined)
      throw new UsageError('--watch goes with -o FILE', 'plumb get --watch prints a value');
    const { follow, firstSegment } = await import('../watching.ts');
    await follow<EvaluatedFolder>(session, flags, {
      look: (client) => client.entries.evaluate({ folder }),
      mark: ({ entries }) => entries.map(({ path, etag }) => `${path} ${etag}`).join('\n'),
      show: (found) => write(session, flags, found),
      projects: ({ entries }) =>
        [folder, ...entries.flatMap(({ origin }) => origin.map(({ path }) => path))].map(firstSegment),
    });
  },
});

function write(session: Session, flags: Flags, { folder, entries }: EvaluatedFolder): void {
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
  const text = printValues(
    flags.format,
    entries.map(({ path, value }) => [path.slice(folder.length + 1), value]),
  );
  if (flags.output === undefined) return session.print(text);
  session.io.files.writePrivate(resolve(session.io.cwd, flags.output), text);
  session.note('note', `wrote ${entries.length} names to ${printable(flags.output)}`);
}
