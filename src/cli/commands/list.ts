import type { EnvironmentFlags, WatchFlags } from '../command.ts';
import {
  argument,
  defineCommand,
  environmentAliases,
  environmentFlags,
  isWatching,
  offlineFlags,
  switchFlag,
  watchFlags,
} from '../command.ts';
import type { OfflineFlags } from '../offline-flags.ts';
import { listAll } from '../pages.ts';
import type { Session } from '../session.ts';
import { printable, table, timeText } from '../style.ts';

interface Flags extends EnvironmentFlags, OfflineFlags, WatchFlags {
  readonly recursive?: boolean;
}

export const command = defineCommand<Flags, [folder?: string]>({
  parameters: {
    flags: {
      ...environmentFlags,
      ...watchFlags,
      ...offlineFlags,
      recursive: switchFlag('Also what is in folders below'),
    },
    aliases: { ...environmentAliases, r: 'recursive' },
    positional: {
      kind: 'tuple',
      parameters: [{ ...argument('FOLDER', 'Default: the environment, else the root'), optional: true }],
    },
  },
  description: 'Names and what is known of them; only what you may list. With --watch and --json, one document a line.',
  examples: [
    { input: 'list changelog/production', brief: '' },
    { input: 'list --recursive --json', brief: 'everything, for a program' },
    { input: 'list changelog/production --watch', brief: 'until interrupted' },
  ],
  see: ['get', 'history', 'help paths'],
  paged: true,
  async run(session, flags, given) {
    const folder = (given ?? (await session.environment(flags)) ?? '').replace(/\/$/, '');
    const isRecursive = flags.recursive === true;
    if (flags.offline === true && !isWatching(flags)) {
      const { listKept } = await import('../offline.ts');
      return show(session, flags, await listKept(session, flags, { folder, isRecursive }));
    }
    if (!isWatching(flags))
      return show(session, flags, await listAll(await session.connect(flags), folder, isRecursive));
    const { follow, firstSegment } = await import('../watching.ts');
    await follow<Listed>(session, flags, {
      look: (client) => listAll(client, folder, isRecursive),
      mark: (listed) => JSON.stringify(listed),
      show: (listed, isFirst) => {
        if (!isFirst && !flags.json) session.print('\n');
        show(session, flags, listed);
      },
      projects: () => (folder === '' ? undefined : [firstSegment(folder)]),
    });
  },
});

type Listed = Awaited<ReturnType<typeof listAll>>;

function show(session: Session, flags: Flags, listed: Listed): void {
  if (flags.json) {
    if (flags.watch) session.printJsonLine(listed);
    else session.printJson(listed);
    return;
  }
  const prefix = listed.folder === '' ? 0 : listed.folder.length + 1;
  for (const name of listed.folders) session.print(`${printable(name)}/\n`);
  const rows = listed.entries.map(({ path, kind, type, form, version, time, author, inheritedFrom }) => [
    path.slice(prefix),
    kind,
    form === 'expression' ? `${type}, expression` : type,
    String(version),
    timeText(time),
    author,
    inheritedFrom === undefined ? '' : `from ${inheritedFrom}`,
  ]);
  if (rows.length > 0)
    session.print(table(['NAME', 'KIND', 'TYPE', 'VERSION', 'CHANGED', 'BY', ''], rows, session.room));
}
