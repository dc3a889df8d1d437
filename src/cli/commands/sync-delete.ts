import type { ConnectionFlags, ReasonFlag } from '../command.ts';
import { connectionFlags, defineCommand, reasonFlag, switchFlag } from '../command.ts';
import { nameArgument } from '../nouns.ts';
import { printable } from '../style.ts';

interface Flags extends ConnectionFlags, ReasonFlag {
  readonly deleteOwned?: boolean;
}

export const command = defineCommand<Flags, [name: string]>({
  parameters: {
    flags: {
      ...connectionFlags,
      ...reasonFlag,
      deleteOwned: switchFlag('First remove from the place what the sync wrote there, and nothing else'),
    },
    positional: nameArgument({ noun: 'sync', placeholder: 'NAME' }),
  },
  description: 'What it wrote stays where it is, unless --delete-owned is given.',
  examples: [
    { input: 'sync delete laptop --reason "not used any more"', brief: '' },
    { input: 'sync delete laptop --delete-owned', brief: 'as if it had never been' },
  ],
  async run(session, { reason, deleteOwned = false, ...flags }, name) {
    const client = await session.connect(flags);
    const result = await client.syncs.delete(name, {
      ...(reason === undefined ? {} : { reason }),
      ...(deleteOwned ? { owned: 'delete' } : {}),
    });
    if (flags.json) return session.printJson(result);
    session.print(`deleted sync ${printable(name)}, ${deleteOwned ? 'and what it wrote' : 'what it wrote stays'}\n`);
    session.print(`revision ${result.revision}\n`);
  },
});
