import type { EnvironmentFlags } from '../command.ts';
import { argument, defineCommand, environmentAliases, environmentFlags, numberFlag } from '../command.ts';
import { table, timeText } from '../style.ts';

interface Flags extends EnvironmentFlags {
  readonly limit?: number;
  readonly before?: number;
}

export const command = defineCommand<Flags, [path: string]>({
  parameters: {
    flags: {
      ...environmentFlags,
      limit: numberFlag('N', 'At most N versions. Default: 100', 1),
      before: numberFlag('N', 'Only versions before N', 1),
    },
    aliases: environmentAliases,
    positional: { kind: 'tuple', parameters: [argument('PATH', 'Path of an entry, or a single name')] },
  },
  description: "The path's own versions, newest first, without values; get --version N prints one.",
  examples: [{ input: 'history changelog/production/DB_HOST', brief: '' }],
  see: ['why', 'diff'],
  paged: true,
  async run(session, { limit = 100, before, ...flags }, name) {
    const path = await session.path(name, flags);
    const client = await session.connect(flags);
    const page = await client.entries.history({ path, limit, ...(before === undefined ? {} : { before }) });
    if (flags.json) return session.printJson(page);
    const rows = page.versions.map((version) => [
      String(version.version),
      version.destroyed ? 'destroyed' : version.state,
      version.kind,
      version.form === 'expression' ? `${version.type}, expression` : version.type,
      timeText(version.time),
      version.author,
      String(version.revision),
      version.reason,
    ]);
    session.print(
      table(['VERSION', 'STATE', 'KIND', 'TYPE', 'CHANGED', 'BY', 'REVISION', 'REASON'], rows, session.room),
    );
    if (page.next !== undefined) session.note('hint', `older versions: --before ${page.next}`);
  },
});
