import type { ConnectionFlags } from '../command.ts';
import { connectionFlags, defineCommand } from '../command.ts';
import { exitCodes } from '../failures.ts';
import { nameArgument } from '../nouns.ts';
import { printPlan, stateText } from '../syncs.ts';
import { printable } from '../style.ts';

const parameters = { flags: connectionFlags, positional: nameArgument({ noun: 'sync', placeholder: 'NAME' }) };

export const plan = defineCommand<ConnectionFlags, [name: string]>({
  parameters,
  description: 'Name by name, without values. The same code makes the plan and applies it.',
  examples: [{ input: 'sync plan laptop', brief: '' }],
  async run(session, flags, name) {
    const client = await session.connect(flags);
    const result = await client.syncs.plan(name);
    if (flags.json) session.printJson(result);
    else printPlan(session, result);
  },
});

export const apply = defineCommand<ConnectionFlags, [name: string]>({
  parameters,
  description: 'Whatever the mode, unless the sync is paused. Exits with 1 if something stands in the way.',
  examples: [{ input: 'sync apply laptop', brief: '' }],
  async run(session, flags, name) {
    const client = await session.connect(flags);
    const result = await client.syncs.apply(name);
    if (result.problems.length > 0) session.exitWith(exitCodes.failed.code);
    if (flags.json) return session.printJson(result);
    printPlan(session, result);
    const sync = await client.syncs.get(name);
    session.print(`${printable(stateText({ ...sync, status: result.status }))}\n`);
  },
});
