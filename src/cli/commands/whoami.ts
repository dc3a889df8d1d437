import type { ConnectionFlags } from '../command.ts';
import { connectionFlags, defineCommand } from '../command.ts';
import { columns, printable, timeText } from '../style.ts';

export const command = defineCommand<ConnectionFlags, []>({
  parameters: { flags: connectionFlags },
  examples: [{ input: 'whoami', brief: '' }],
  see: ['login', 'help servers'],
  async run(session, flags) {
    const client = await session.connect(flags);
    const who = await client.whoami();
    if (flags.json) return session.printJson(who);
    const uses = who.uses === undefined ? '' : `, ${who.uses} uses left`;
    session.print(
      columns([
        ['principal', printable(who.principal)],
        ['policies', printable(who.policies.join(', '))],
        [
          'token',
          `${printable(who.accessor)}, ${who.expires === undefined ? 'without an end' : `until ${timeText(who.expires)}`}${uses}`,
        ],
      ]),
    );
  },
});
