import type { ConnectionFlags, ReasonFlag } from '../command.ts';
import { connectionFlags, defineCommand, reasonFlag, textFlag } from '../command.ts';
import { parseDuration, parseMoment } from '../duration.ts';
import { nameArgument } from '../nouns.ts';
import { printable, timeText } from '../style.ts';

interface PauseFlags extends ConnectionFlags {
  readonly for?: string;
  readonly until?: string;
  readonly reason: string;
}

const positional = nameArgument({ noun: 'sync', placeholder: 'NAME' });

export const pause = defineCommand<PauseFlags, [name: string]>({
  parameters: {
    flags: {
      ...connectionFlags,
      for: textFlag('DURATION', 'How long, such as 90s, 15m, 2h or 3d. Default: until it is resumed'),
      until: textFlag('TIME', 'Instead of --for: a date such as 2027-01-31, or one with time and zone'),
      reason: { kind: 'parsed', parse: String, placeholder: 'TEXT', brief: 'Why; shown as long as the pause lasts' },
    },
    positional,
  },
  description: 'Its place is neither looked at nor written meanwhile. The mode of the sync stays what it is.',
  examples: [{ input: 'sync pause changelog-prod --for 2h --reason "incident 88"', brief: '' }],
  async run(session, { reason, for: length, until, ...flags }, name) {
    if (length !== undefined) parseDuration(length);
    const end = until === undefined ? undefined : parseMoment(until, session.io.now());
    const client = await session.connect(flags);
    const sync = await client.syncs.pause(name, {
      reason,
      ...(length === undefined ? {} : { for: length }),
      ...(end === undefined ? {} : { until: end }),
    });
    if (flags.json) return session.printJson(sync);
    const at = sync.pause?.until === undefined ? 'until it is resumed' : `until ${timeText(sync.pause.until)}`;
    session.print(`paused sync ${printable(name)} ${at}\nrevision ${sync.revision}\n`);
  },
});

export const resume = defineCommand<ConnectionFlags & ReasonFlag, [name: string]>({
  parameters: { flags: { ...connectionFlags, ...reasonFlag }, positional },
  description: 'What changed on either side meanwhile is dealt with at once, as the mode says.',
  examples: [{ input: 'sync resume changelog-prod', brief: '' }],
  async run(session, { reason, ...flags }, name) {
    const client = await session.connect(flags);
    const sync = await client.syncs.resume(name, reason === undefined ? {} : { reason });
    if (flags.json) session.printJson(sync);
    else session.print(`resumed sync ${printable(name)}\nrevision ${sync.revision}\n`);
  },
});
