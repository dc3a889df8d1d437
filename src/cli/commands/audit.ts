import type { ConnectionFlags } from '../command.ts';
import { connectionFlags, defineCommand } from '../command.ts';
import { exitCodes } from '../failures.ts';
import { table } from '../style.ts';

export const verify = defineCommand<ConnectionFlags, []>({
  parameters: { flags: connectionFlags },
  description: 'Reads every record again and compares the chains with their anchor. Exits with 1 if one is broken.',
  examples: [{ input: 'audit verify', brief: '' }],
  paged: true,
  async run(session, flags) {
    const client = await session.connect(flags);
    const report = await client.system.verify();
    const rows = report.chains.map(({ name, ok, records, anchored, problem }) => [
      name,
      ok ? 'whole' : 'BROKEN',
      String(records),
      String(anchored),
      problem ?? '',
    ]);
    if (flags.json) session.printJson(report);
    else session.print(table(['CHAIN', 'STATE', 'RECORDS', 'ANCHORED', ''], rows, session.room));
    if (!report.ok) session.exitWith(exitCodes.failed.code);
  },
});
