import type { Client, EvaluatedEntry } from '@plumbd/client';
import { PlumbError } from '#domain/errors';
import type { EnvironmentFlags, WatchFlags } from '../command.ts';
import {
  argument,
  defineCommand,
  environmentAliases,
  environmentFlags,
  isWatching,
  numberFlag,
  offlineFlags,
  switchFlag,
  watchFlags,
} from '../command.ts';
import { isFailure } from '../failures.ts';
import { connectToRead } from '../offline-wish.ts';
import type { OfflineFlags } from '../offline-flags.ts';
import type { Session } from '../session.ts';
import { mask } from '../style.ts';

interface Flags extends EnvironmentFlags, OfflineFlags, WatchFlags {
  readonly reveal?: boolean;
  readonly raw?: boolean;
  readonly version?: number;
}

export const command = defineCommand<Flags, [path: string]>({
  parameters: {
    flags: {
      ...environmentFlags,
      ...watchFlags,
      ...offlineFlags,
      reveal: switchFlag('Print a secret'),
      raw: switchFlag('Print the text of an expression instead of its result'),
      version: numberFlag('N', "That version of the path's own instead of the present one", 1),
    },
    aliases: environmentAliases,
    positional: { kind: 'tuple', parameters: [argument('PATH', 'Path of an entry, or a single name')] },
  },
  description: [
    'A secret is masked on a terminal and refused elsewhere, unless --reveal is given. Values of type bytes are printed as bytes.',
    'With --watch it is printed again whenever it becomes another, by a change of its own or of what it refers to; with',
    '--json, one document a line.',
  ].join('\n'),
  examples: [
    { input: 'get changelog/production/DB_HOST', brief: '' },
    { input: 'get -e changelog/production DB_PASS --reveal', brief: 'a secret' },
    { input: 'get changelog/production/DB_URL --raw', brief: 'an expression as it was written' },
    { input: 'get -e changelog/production DB_HOST --watch', brief: 'until interrupted' },
  ],
  async run(session, flags, name) {
    const path = await session.path(name, flags);
    if (isWatching(flags)) return watch(session, flags, path);
    const client = await connectToRead(session, flags);
    try {
      show(session, flags, await read(client, flags, path));
    } catch (error) {
      throw await orFolder(client, path, error);
    }
  },
});

function read(client: Client, { raw, version }: Flags, path: string): Promise<EvaluatedEntry> {
  return client.entries.get({ path, ...(raw ? { raw } : {}), ...(version === undefined ? {} : { version }) });
}

/** Where nothing is at the path but something that may be listed below it, says so. */
async function orFolder(client: Client, path: string, error: unknown): Promise<unknown> {
  if (!isFailure(error) || error.code !== 'not-found') return error;
  const { entries, folders } = await client.entries
    .list({ folder: path, limit: 1 })
    .catch(() => ({ entries: [], folders: [] }));
  if (entries.length + folders.length === 0) return error;
  return new PlumbError('not-found', error.message, { hint: `it is a folder: plumb list ${path}` });
}

function show(session: Session, flags: Flags, entry: EvaluatedEntry): void {
  const hidden = entry.secret && !flags.reveal;
  if (flags.json) {
    const shown = hidden ? withoutValue(entry) : entry;
    if (flags.watch) session.printJsonLine(shown);
    else session.printJson(shown);
  } else if (hidden) printHidden(session, entry.path);
  else session.printValue(entry.type === 'bytes' ? Buffer.from(entry.value, 'base64') : entry.value);
}

async function watch(session: Session, flags: Flags, path: string): Promise<void> {
  const { follow, firstSegment } = await import('../watching.ts');
  await follow<EvaluatedEntry>(session, flags, {
    look: (client) => read(client, flags, path),
    mark: ({ etag }) => etag,
    show: (entry) => show(session, flags, entry),
    projects: ({ origin }) => [path, ...origin.map((from) => from.path)].map(firstSegment),
  });
}

function withoutValue({ value: _, ...rest }: EvaluatedEntry): object {
  return { ...rest, masked: true };
}

/** A program that reads the mask would take it for the value, so it gets an error instead. */
function printHidden(session: Session, path: string): void {
  if (!session.io.stdout.isTerminal) {
    throw new PlumbError('invalid', `${path} is a secret, which is not printed unasked`, {
      hint: '--reveal prints it',
    });
  }
  session.print(`${mask}\n`);
  session.note('hint', '--reveal shows it');
}
