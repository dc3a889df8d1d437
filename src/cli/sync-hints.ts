/** What a person may do about a sync that is not as it should be. */
import type { SyncView } from '@plumbd/client';

type Hint = (sync: SyncView) => string;

/** By the reason of a condition. */
const hints: Readonly<Record<string, Hint>> = {
  MassDelete: ({ name }) => `plumb sync plan ${name} shows what would go; plumb sync apply ${name} goes on`,
  Frozen: ({ name }) => `it goes on when the freeze ends; plumb sync apply ${name} writes now all the same`,
  RestartFailed: ({ name }) =>
    `look at the workload, put the value right with plumb set, then plumb sync apply ${name} delivers the newest again`,
  HeldBack: ({ name }) =>
    `look at the workload, put the value right with plumb set, then plumb sync apply ${name} delivers the newest again`,
  NotOurs: ({ name }) =>
    `plumb sync plan ${name} says which names; apply, or --adopt in the spec, takes them over; --except or --prefix leaves them`,
  SamePlace: () => 'delete one of the syncs, or give it another place with plumb sync create --replace',
  Oscillation: ({ name }) =>
    `find out who else writes there and end it, or leave the name out with --except; then plumb sync apply ${name}`,
  RightsLost: ({ runAs, from }) => `give ${runAs} list and read on ${from} again, or run it as another workload`,
  PrincipalDisabled: ({ runAs }) => `plumb principal put ${runAs}, or run it as another workload`,
  Unevaluable: ({ name }) => `plumb sync plan ${name} says which entries; plumb why tells where each comes from`,
  TooLarge: ({ from }) => `${from} has more than a sync takes: divide the folder`,
  CannotCarry: ({ name }) =>
    `plumb sync plan ${name} says which names; change them, leave them out with --except, or send them to another object`,
  InvalidSpec: ({ name }) => `declare ${name} again with plumb sync create --replace`,
  AskedFor: ({ name }) => `plumb sync resume ${name}`,
  Unavailable: ({ target }) => `it is tried again by itself; plumb target check ${target} asks the other side now`,
  Forbidden: ({ target }) => `plumb target check ${target} says which rights are missing`,
  Corrupt: ({ name }) => `look at the place: it cannot be read; then plumb sync apply ${name}`,
};

/** One for each condition that holds, and for what was written and does not run. */
export function hintsFor(sync: SyncView): readonly string[] {
  const { status, name, mode } = sync;
  if (status === undefined) return [`it has not been looked at yet; plumb sync apply ${name} does it now`];
  const troubles = status.conditions.filter(({ type, status: is }) => type !== 'InSync' && is === 'true');
  const found = troubles.flatMap(({ reason }) => hints[reason]?.(sync) ?? []);
  const isOnlyDifferent = troubles.length > 0 && troubles.every(({ type }) => type === 'Drifted');
  if (isOnlyDifferent && mode !== 'repair') {
    found.push(`the mode is ${mode}: plumb sync apply ${name} writes what plumb sync plan ${name} shows`);
  }
  if (mode === 'paused') found.push(`declare ${name} again with another --mode`);
  if (status.activation?.state === 'failed') found.push('look at the workload: what was written does not run there');
  return [...new Set(found)];
}
