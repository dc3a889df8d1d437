import type { ConnectionFlags } from '../command.ts';
import { argument, connectionFlags, defineCommand, switchFlag } from '../command.ts';
import { exitCodes } from '../failures.ts';
import { table } from '../style.ts';
import { isInAgreement, stateText } from '../syncs.ts';

interface Flags extends ConnectionFlags {
  readonly exitCode?: boolean;
}

export const command = defineCommand<Flags, [name?: string]>({
  parameters: {
    flags: { ...connectionFlags, exitCode: switchFlag('Exit with 3 unless all are in agreement') },
    positional: { kind: 'tuple', parameters: [{ ...argument('NAME', 'Default: all syncs'), optional: true }] },
  },
  examples: [
    { input: 'sync status', brief: '' },
    { input: 'sync status laptop --exit-code', brief: 'for a script' },
  ],
  async run(session, flags, name) {
    const client = await session.connect(flags);
    const syncs = name === undefined ? await client.syncs.list() : [await client.syncs.get(name)];
    const rows = syncs.map((sync) => [sync.name, sync.from, `${sync.target}:${sync.at}`, stateText(sync)]);
    if (flags.json) session.printJson({ items: syncs });
    else if (rows.length > 0) session.print(table(['SYNC', 'FROM', 'TO', 'STATE'], rows));
    if (flags.exitCode && !syncs.every(isInAgreement)) session.exitWith(exitCodes.differs.code);
  },
});
