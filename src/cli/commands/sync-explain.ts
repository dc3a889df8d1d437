import type { Client, EntrySummary, Plan, PlanStep, SyncView } from '@plumbd/client';
import type { ConnectionFlags } from '../command.ts';
import { connectionFlags, defineCommand, switchFlag } from '../command.ts';
import { isFailure } from '../failures.ts';
import { nameArgument } from '../nouns.ts';
import { listAll } from '../pages.ts';
import { isByObject, keyOf, sectionsOf, titleOf } from '../plans.ts';
import type { Session } from '../session.ts';
import { columns, count, printable, timeText } from '../style.ts';
import { hintsFor } from '../sync-hints.ts';
import { placeText, shortened } from '../syncs.ts';

interface Flags extends ConnectionFlags {
  readonly all?: boolean;
}

/** Everything that is known of a sync. */
interface Explained {
  readonly sync: SyncView;
  /** Absent: the caller may not ask for it, or it cannot be had now. */
  readonly plan?: Plan;
  /** Why there is none. */
  readonly unplanned?: string;
  readonly names: readonly Delivered[];
  readonly hints: readonly string[];
}

/** A name of the place, and the entry that it is. */
interface Delivered {
  readonly name: string;
  readonly group?: string;
  readonly state: PlanStep['do'] | 'conflict';
  readonly secret: boolean;
  /** Where the entry stands; another environment's if it is inherited. Absent: it is gone, or not to be known. */
  readonly path?: string;
  readonly version?: number;
}

/** Names of one object that are shown without `--all`. */
const fewNames = 12;

export const command = defineCommand<Flags, [name: string]>({
  parameters: {
    flags: { ...connectionFlags, all: switchFlag(`Every name, also where an object has more than ${fewNames}`) },
    positional: nameArgument({ noun: 'sync', placeholder: 'NAME' }),
  },
  description: [
    'What it delivers, as whom, where each name comes from, which conditions hold since when and why, what is still to',
    'be done, and what you may do about it. Shows no values, and nothing that you may not list.',
  ].join('\n'),
  examples: [{ input: 'sync explain changelog-prod', brief: '' }],
  paged: true,
  async run(session, { all = false, ...flags }, name) {
    const client = await session.connect(flags);
    const explained = await explain(client, name);
    if (flags.json) return session.printJson(explained);
    printHead(session, explained);
    printNames(session, explained, all);
    printConditions(session, explained.sync);
    printPending(session, explained);
    for (const hint of explained.hints) session.note('hint', hint);
  },
});

async function explain(client: Client, name: string): Promise<Explained> {
  const sync = await client.syncs.get(name);
  const planned = await attempt(() => client.syncs.plan(name));
  const listed = await attempt(() => listAll(client, sync.from, false));
  const entries = new Map((listed.found?.entries ?? []).map((entry) => [entry.path, entry]));
  const plan = planned.found;
  return {
    sync,
    ...(plan === undefined ? { unplanned: planned.refused ?? '' } : { plan }),
    names: plan === undefined ? [] : sourcesOf(sync, plan, entries),
    hints: hintsFor(sync),
  };
}

/** What is refused or cannot be had now does not keep the rest from being told. */
async function attempt<T>(ask: () => Promise<T>): Promise<{ readonly found?: T; readonly refused?: string }> {
  try {
    return { found: await ask() };
  } catch (error) {
    if (!isFailure(error) || error.code === 'unauthenticated') throw error;
    return { refused: error.message };
  }
}

function sourcesOf({ from }: SyncView, plan: Plan, entries: ReadonlyMap<string, EntrySummary>): readonly Delivered[] {
  const named = [...plan.steps, ...(plan.conflicts ?? []).map((one) => ({ ...one, do: 'conflict' as const }))];
  const inOrder = named.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return inOrder.map(({ name, group, secret, entry, do: state }) => {
    const found = entries.get(`${from}/${entry ?? name}`);
    return {
      name,
      state,
      secret,
      ...(group === undefined ? {} : { group }),
      ...(found === undefined ? {} : { path: found.inheritedFrom ?? found.path, version: found.version }),
    };
  });
}

function printHead(session: Session, { sync, plan }: Explained): void {
  const { status, pause, heldBack } = sync;
  const rows = [
    ['delivers', sync.from],
    ['to', placeText(sync)],
    ['as', sync.runAs],
    ['mode', `${sync.mode}, generation ${sync.generation} of the spec`],
    ['last', lastOf(sync)],
  ];
  if (pause !== undefined) {
    const end = pause.until === undefined ? 'until it is resumed' : `until ${timeText(pause.until)}`;
    rows.push(['paused', `${end} by ${pause.by}: ${pause.reason}`]);
  }
  if (heldBack !== undefined) {
    rows.push(['put back', `the values of revision ${heldBack.to} in place of ${heldBack.from}: ${heldBack.because}`]);
  }
  if (status?.activation !== undefined) {
    const { state, message, since } = status.activation;
    rows.push([
      'restarts',
      `${state} since ${timeText(since)}: ${plan === undefined ? message : shortened(plan, message)}`,
    ]);
  }
  session.print(`${printable(sync.name)}\n`);
  session.print(columns(rows.map(([label = '', text = '']) => [`  ${label}`, printable(text)])));
}

function lastOf({ status }: SyncView): string {
  if (status === undefined) return 'never looked at';
  const counts = `${status.agree} of ${count(status.total, 'name')} agree`;
  const applied =
    status.appliedAt === undefined
      ? 'never applied'
      : `revision ${status.appliedRevision} at ${timeText(status.appliedAt)}`;
  return [applied, counts, ...(status.note === undefined ? [] : [status.note])].join('; ');
}

const states: Readonly<Record<Delivered['state'], string>> = {
  create: 'to create',
  update: 'to change',
  delete: 'to delete',
  adopt: 'to adopt',
  keep: 'agrees',
  conflict: 'not ours',
};

function printNames(session: Session, { sync, plan, unplanned, names }: Explained, all: boolean): void {
  if (plan === undefined) return session.note('note', `the place was not looked at: ${unplanned}`);
  if (names.length === 0) return;
  for (const { group } of isByObject(plan) ? sectionsOf(plan) : [{ group: '' }]) {
    const found = names.filter((one) => (one.group ?? '') === group);
    // What is to be done comes first: it is why somebody asks.
    const ordered = all ? found : [...found.filter(isPending), ...found.filter((one) => !isPending(one))];
    const rows = ordered
      .slice(0, all ? undefined : fewNames)
      .map((one) => [
        `  ${keyOf(one)}`,
        states[one.state],
        one.secret ? 'secret' : 'config',
        printable(sourceText(sync, one)),
      ]);
    if (rows.length === 0) continue;
    session.print(`\n${group === '' ? 'names' : titleOf(plan, group)}\n${columns(rows)}`);
    if (rows.length < found.length) session.print(`  and ${found.length - rows.length} more; --all shows them\n`);
  }
}

function isPending({ state }: Delivered): boolean {
  return state !== 'keep';
}

function sourceText({ from }: SyncView, { path, version, state }: Delivered): string {
  if (path === undefined) return state === 'delete' ? 'no longer in the source' : '';
  return `${path.startsWith(`${from}/`) ? '' : 'inherited: '}${path}@${version}`;
}

function printConditions(session: Session, { status, at }: SyncView): void {
  const holding = (status?.conditions ?? []).filter(({ type, status: is }) => is !== 'false' || type === 'InSync');
  if (holding.length === 0) return;
  const rows = holding.map(({ type, status: is, reason, message, since }) => [
    `  ${type}`,
    is,
    `since ${timeText(since)}`,
    printable(message === '' ? reason : `${reason}: ${shortened({ at }, message)}`),
  ]);
  session.print(`\nconditions\n${columns(rows)}`);
}

function printPending(session: Session, { plan, names }: Explained): void {
  if (plan === undefined) return;
  const number = (state: Delivered['state']): number => names.filter((one) => one.state === state).length;
  const parts = (['create', 'update', 'delete', 'adopt', 'conflict'] as const)
    .filter((state) => number(state) > 0)
    .map((state) => `${number(state)} ${states[state]}`);
  const restarts = (plan.restarts ?? []).map(({ consumer }) => shortened(plan, consumer));
  if (restarts.length > 0) parts.push(`restarts ${restarts.join(', ')}`);
  if (parts.length > 0) session.print(`\npending\n  ${printable(parts.join(', '))}\n`);
}
