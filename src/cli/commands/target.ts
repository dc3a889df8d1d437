import type { TargetSummary } from '@plumbd/client';
import type { ConnectionFlags } from '../command.ts';
import { connectionFlags, defineCommand } from '../command.ts';
import { below, nameArgument } from '../nouns.ts';
import { table } from '../style.ts';

const heading = ['NAME', 'TYPE', 'DESCRIPTION'];
const row = ({ name, type, description }: TargetSummary): readonly string[] => [name, type, description ?? ''];

export const list = defineCommand<ConnectionFlags, []>({
  parameters: { flags: connectionFlags },
  description: "Targets are declared in the server's own configuration.",
  examples: [{ input: 'target list', brief: '' }],
  async run(session, flags) {
    const client = await session.connect(flags);
    const targets = await client.targets.list();
    if (flags.json) session.printJson({ items: targets });
    else if (targets.length > 0) session.print(table(heading, targets.map(row)));
  },
});

export const get = defineCommand<ConnectionFlags, [name: string]>({
  parameters: { flags: connectionFlags, positional: nameArgument({ noun: 'target', placeholder: 'NAME' }) },
  examples: [{ input: 'target get local', brief: '' }],
  async run(session, flags, name) {
    const client = await session.connect(flags);
    const target = await client.targets.get(name);
    if (flags.json) session.printJson(target);
    else session.print(below(heading, row(target)));
  },
});
