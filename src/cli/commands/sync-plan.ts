import type { AppliedPlan, Client, SyncView } from '@plumbd/client';
import type { ConnectionFlags } from '../command.ts';
import { connectionFlags, defineCommand, switchFlag } from '../command.ts';
import { exitCodes } from '../failures.ts';
import { nameArgument } from '../nouns.ts';
import { printDifferences, printPlan } from '../plans.ts';
import type { Session } from '../session.ts';
import { printable } from '../style.ts';
import { stateText } from '../syncs.ts';

interface PlanFlags extends ConnectionFlags {
  readonly all?: boolean;
  readonly reveal?: boolean;
  readonly exitCode?: boolean;
}

const positional = nameArgument({ noun: 'sync', placeholder: 'NAME' });
const reveal = switchFlag(
  'Also values of config, wanted and found, that you may read; it is recorded. Never of secrets',
);
const exitCode = switchFlag('Exit with 3 unless it is in agreement');

export const plan = defineCommand<PlanFlags, [name: string]>({
  parameters: {
    flags: { ...connectionFlags, all: switchFlag('Also names that agree'), reveal, exitCode },
    positional,
  },
  description: [
    'Name by name, without values; by object where the place has several. The same code makes the plan and applies',
    'it. Names of others are left alone, and shown only as a number.',
  ].join('\n'),
  examples: [
    { input: 'sync plan changelog-prod', brief: '' },
    { input: 'sync plan changelog-prod --reveal --all', brief: 'every name, and config that differs' },
    { input: 'sync plan changelog-prod --exit-code', brief: 'for CI: 0 in agreement, 3 if something differs' },
  ],
  paged: true,
  async run(session, { all = false, reveal: revealed = false, exitCode: asCode = false, ...flags }, name) {
    const client = await session.connect(flags);
    const result = await client.syncs.plan(name, revealed ? { reveal: true } : {});
    if (asCode && !result.inAgreement) session.exitWith(exitCodes.differs.code);
    if (flags.json) session.printJson(result);
    else printPlan(session, result, { all });
  },
});

export const diff = defineCommand<Omit<PlanFlags, 'all'>, [name: string]>({
  parameters: { flags: { ...connectionFlags, reveal, exitCode }, positional },
  description:
    'Only what differs: what is there behind -, what should be there behind +. Values of secrets are never shown.',
  examples: [
    { input: 'sync diff changelog-prod', brief: '' },
    { input: 'sync diff changelog-prod --reveal', brief: 'with values of config' },
  ],
  see: ['diff'],
  paged: true,
  async run(session, { reveal: revealed = false, exitCode: asCode = false, ...flags }, name) {
    const client = await session.connect(flags);
    const { steps, ...rest } = await client.syncs.plan(name, revealed ? { reveal: true } : {});
    const result = { ...rest, steps: steps.filter((step) => step.do !== 'keep' && step.do !== 'adopt') };
    if (asCode && !result.inAgreement) session.exitWith(exitCodes.differs.code);
    if (flags.json) return session.printJson(result);
    const different = printDifferences(session, result);
    if (different === 0 && result.problems.length === 0) session.print('nothing differs\n');
    for (const remark of result.remarks) session.note('note', remark);
    for (const problem of result.problems) session.note('warning', problem);
  },
});

interface ApplyFlags extends ConnectionFlags {
  readonly wait?: boolean;
}

export const apply = defineCommand<ApplyFlags, [name: string]>({
  parameters: {
    flags: { ...connectionFlags, wait: switchFlag('Return when what reads it runs with it, or its restart failed') },
    positional,
  },
  description: [
    'Whatever the mode, unless the sync is paused. Exits with 1 if something stands in the way, or, with --wait, if a',
    'restart failed.',
  ].join('\n'),
  examples: [
    { input: 'sync apply laptop', brief: '' },
    { input: 'sync apply changelog-prod --wait', brief: 'until the workloads run with it' },
  ],
  async run(session, { wait = false, ...flags }, name) {
    const client = await session.connect(flags);
    const { during } = await import('../progress.ts');
    const result = await during(session, `applying ${name}`, client.syncs.apply(name));
    if (result.problems.length > 0) session.exitWith(exitCodes.failed.code);
    if (!flags.json) printPlan(session, result);
    const sync = { ...(await client.syncs.get(name)), status: result.status };
    const last = wait ? await activated(session, client, sync) : sync;
    if (wait && last.status?.activation?.state === 'failed') session.exitWith(exitCodes.failed.code);
    if (flags.json) session.printJson({ ...result, status: last.status ?? result.status } satisfies AppliedPlan);
    else session.print(`${printable(stateText(last))}\n`);
  },
});

/** The sync as it is when nothing is on its way any more, or as it was when that was broken off. */
async function activated(session: Session, client: Client, first: SyncView): Promise<SyncView> {
  if (first.status?.activation?.state !== 'pending') return first;
  const stop = new AbortController();
  const release = session.io.onSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], () => stop.abort());
  let last = first;
  try {
    for await (const [sync] of client.syncs.watch({ name: first.name }, { signal: stop.signal })) {
      last = sync ?? last;
      if (last.status?.activation?.state !== 'pending') break;
    }
    if (stop.signal.aborted) session.exitWith(exitCodes.failed.code);
  } finally {
    release();
  }
  return last;
}
