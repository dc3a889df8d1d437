import type { EnvironmentFlags } from '../command.ts';
import { argument, defineCommand, environmentAliases, environmentFlags, switchFlag } from '../command.ts';
import { listAll } from '../pages.ts';
import { printable, table, timeText } from '../style.ts';

interface Flags extends EnvironmentFlags {
  readonly recursive?: boolean;
}

export const command = defineCommand<Flags, [folder?: string]>({
  parameters: {
    flags: { ...environmentFlags, recursive: switchFlag('Also what is in folders below') },
    aliases: { ...environmentAliases, r: 'recursive' },
    positional: {
      kind: 'tuple',
      parameters: [{ ...argument('FOLDER', 'Default: the environment, else the root'), optional: true }],
    },
  },
  description: 'Names and what is known of them; only what you may list.',
  examples: [
    { input: 'list changelog/production', brief: '' },
    { input: 'list --recursive --json', brief: 'everything, for a program' },
  ],
  async run(session, flags, given) {
    const folder = (given ?? (await session.environment(flags)) ?? '').replace(/\/$/, '');
    const client = await session.connect(flags);
    const listed = await listAll(client, folder, flags.recursive === true);
    if (flags.json) return session.printJson(listed);
    const prefix = folder === '' ? 0 : folder.length + 1;
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
    if (rows.length > 0) session.print(table(['NAME', 'KIND', 'TYPE', 'VERSION', 'CHANGED', 'BY', ''], rows));
  },
});
