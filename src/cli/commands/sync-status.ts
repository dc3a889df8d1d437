import type { SyncView } from '@plumbd/client';
import type { ConnectionFlags } from '../command.ts';
import { argument, connectionFlags, defineCommand, numberFlag, switchFlag } from '../command.ts';
import { exitCodes } from '../failures.ts';
import type { Session } from '../session.ts';
import { isInAgreement, statusTable } from '../syncs.ts';

interface Flags extends ConnectionFlags {
  readonly exitCode?: boolean;
  readonly watch?: boolean;
}

const positional = {
  kind: 'tuple',
  parameters: [{ ...argument('NAME', 'Default: all syncs'), optional: true }],
} as const;

export const command = defineCommand<Flags, [name?: string]>({
  parameters: {
    flags: {
      ...connectionFlags,
      exitCode: switchFlag('Exit with 3 unless all are in agreement'),
      watch: switchFlag('Go on showing it whenever it changes, until interrupted'),
    },
    positional,
  },
  examples: [
    { input: 'sync status', brief: '' },
    { input: 'sync status laptop --exit-code', brief: 'for a script' },
    { input: 'sync status --watch', brief: 'until interrupted' },
  ],
  async run(session, { watch: isWatching = false, exitCode = false, ...flags }, name) {
    if (isWatching) return follow(session, flags, name);
    const client = await session.connect(flags);
    const syncs = name === undefined ? await client.syncs.list() : [await client.syncs.get(name)];
    if (flags.json) session.printJson({ items: syncs });
    else show(session, syncs);
    if (exitCode && !syncs.every(isInAgreement)) session.exitWith(exitCodes.differs.code);
  },
});

interface WatchFlags extends ConnectionFlags {
  readonly count?: number;
}

export const watch = defineCommand<WatchFlags, [name?: string]>({
  parameters: {
    flags: { ...connectionFlags, count: numberFlag('N', 'End after N states. Default: when interrupted', 1) },
    positional,
  },
  description: [
    'Shows the status, and again whenever it has changed. The server is asked every second, and answers only what is',
    'another one than before. With --json, one state a line.',
  ].join('\n'),
  examples: [
    { input: 'sync watch', brief: 'all of them, until interrupted' },
    { input: 'sync watch changelog-prod --json', brief: 'for a program' },
  ],
  run: follow,
});

/**
 * What happens to a sync by itself is no change of the log, so no stream tells of it: the client asks each second with the ETag
 * that it knows, and as long as nothing is another one the answer is 304 without a body.
 */
async function follow(session: Session, { count = Infinity, ...flags }: WatchFlags, name?: string): Promise<void> {
  const stop = new AbortController();
  const release = session.io.onSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], () => stop.abort());
  try {
    const client = await session.connect(flags);
    let seen = 0;
    for await (const syncs of client.syncs.watch(name === undefined ? {} : { name }, { signal: stop.signal })) {
      if (flags.json) session.printJsonLine({ items: syncs });
      else {
        if (seen > 0) session.print('\n');
        show(session, syncs);
      }
      seen += 1;
      if (seen >= count) stop.abort();
    }
  } finally {
    release();
  }
}

function show(session: Session, syncs: readonly SyncView[]): void {
  if (syncs.length === 0) return;
  const { stdout, now } = session.io;
  session.print(statusTable(syncs, { now: now(), columns: stdout.isTerminal ? stdout.columns : undefined }));
}
