import type { WatchEvent } from '@plumbd/client';
import type { ConnectionFlags } from '../command.ts';
import { argument, connectionFlags, defineCommand, numberFlag } from '../command.ts';
import type { Session } from '../session.ts';
import { printable, timeText } from '../style.ts';

interface Flags extends ConnectionFlags {
  readonly after?: number;
  readonly count?: number;
}

export const command = defineCommand<Flags, [under?: string]>({
  parameters: {
    flags: {
      ...connectionFlags,
      after: numberFlag('REVISION', 'Also the changes after this revision. Default: only new ones'),
      count: numberFlag('N', 'End after N changes. Default: when interrupted', 1),
    },
    positional: {
      kind: 'tuple',
      parameters: [{ ...argument('FOLDER', 'Only below this folder. Default: everything'), optional: true }],
    },
  },
  description: 'Paths and what happened to them, never values. With --json, one event a line.',
  examples: [
    { input: 'changes changelog/production', brief: 'until interrupted' },
    { input: 'changes --after 41 --json', brief: 'everything since revision 41' },
  ],
  async run(session, { after, count = Number.POSITIVE_INFINITY, ...flags }, under) {
    const stop = new AbortController();
    const release = session.io.onSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], () => stop.abort());
    try {
      const client = await session.connect(flags);
      const request = { ...(under === undefined ? {} : { under }), ...(after === undefined ? {} : { after }) };
      let seen = 0;
      for await (const event of client.changes.watch(request, { signal: stop.signal })) {
        if (flags.json) session.printJsonLine(event);
        else printEvent(session, event);
        if (event.type === 'change') seen += 1;
        if (seen >= count) stop.abort();
      }
    } finally {
      release();
    }
  },
});

function printEvent(session: Session, event: WatchEvent): void {
  if (event.type === 'bookmark') return;
  if (event.type === 'truncated') {
    return session.note('warning', `changes before revision ${event.revision} are no longer kept; going on from there`);
  }
  const reason = event.reason === '' ? '' : `  ${printable(event.reason)}`;
  session.print(`revision ${event.revision}  ${timeText(event.time)}  ${printable(event.author)}${reason}\n`);
  for (const { path, effect, version } of event.entries)
    session.print(`  ${effect}  ${printable(path)}  version ${version}\n`);
}
