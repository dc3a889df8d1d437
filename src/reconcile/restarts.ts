import type { Consumer } from './activator.ts';
import { inventoryOf } from './look.ts';
import type { Drafted, Run } from './look.ts';
import type { Draft } from './plan.ts';
import type { Places } from './places.ts';
import type { SyncSource } from './reconciler.ts';
import type { Place } from './target.ts';
import type { PlanRestart } from '#domain/plan';
import type { InventoryRecord, RestartItem } from '#domain/records';
import type { Clock } from '#util/clock';

export interface RestartRequest {
  readonly syncs: SyncSource;
  readonly places: Places;
  readonly clock: Clock;
  readonly run: Run;
  readonly place: Place;
  readonly look: Drafted;
}

/** What has to be started anew when the draft has been written, as an inventory notes it. */
export async function restartsFor(request: RestartRequest): Promise<Readonly<Record<string, RestartItem>>> {
  const { syncs, run, look } = request;
  const affected = await consumersOf(request);
  if (affected.length === 0) return {};
  const before = syncs.status(run.name)?.appliedRevision;
  return Object.fromEntries(
    affected.map((consumer) => {
      const item: RestartItem = {
        mark: markFor({ syncs, run }, consumer, look.draft.confirmed),
        revision: look.revision,
        ...(before === undefined ? {} : { before }),
        state: 'pending',
      };
      return [consumer.id, item];
    }),
  );
}

/** What was noted, as far as it may be carried out now. */
export interface DueRestarts {
  readonly due: Readonly<Record<string, RestartItem>>;
  /** By consumer: it reads what is meant to be written and is not, or not for certain. */
  readonly unwritten: ReadonlySet<string>;
}

/**
 * What was noted with an intent is carried out for what became of it: a write may have failed, or have been overtaken by
 * another wish, and the mark is that of what stands there. As long as that is in doubt it waits.
 */
export async function dueRestarts({
  syncs,
  places,
  run,
  place,
}: Omit<RestartRequest, 'look' | 'clock'>): Promise<DueRestarts> {
  const { activator } = place;
  const { names, restarts = {} } = syncs.inventory(run.name);
  const isPending = ({ state }: RestartItem): boolean => state === 'pending';
  if (activator === undefined || !Object.values(restarts).some(isPending))
    return { due: restarts, unwritten: new Set() };
  const ours = new Set(Object.keys(names));
  const consumers = await places.ask(run.signal, (limit) => activator.consumers(ours, limit), place.patienceMs);
  const byId = new Map(consumers.map((consumer) => [consumer.id, consumer]));
  const unwritten = new Set<string>();
  const due = Object.entries(restarts).map(([id, item]): [string, RestartItem] => {
    const consumer = byId.get(id);
    if (consumer === undefined || !isPending(item)) return [id, item];
    if (consumer.names.some((name) => names[name]?.intent !== undefined)) unwritten.add(id);
    return [id, { ...item, mark: markFor({ syncs, run }, consumer, { names }) }];
  });
  return { due: Object.fromEntries(due), unwritten };
}

/** A hash of everything of ours that the consumer reads, as it was confirmed. */
function markFor(
  { syncs, run }: Pick<RestartRequest, 'syncs' | 'run'>,
  consumer: Consumer,
  { names }: Pick<InventoryRecord, 'names'>,
): string {
  const contents = consumer.names.flatMap((name) => {
    const print = Object.hasOwn(names, name) ? names[name]?.confirmed : undefined;
    return print === undefined ? [] : [`${name}=${print}`];
  });
  return syncs.fingerprint(run.name, consumer.id, contents.sort().join('\n')).slice(0, markLength);
}

/** The same for a plan. */
export async function plannedRestarts(request: RestartRequest): Promise<readonly PlanRestart[]> {
  const changed = changedNames(request);
  const affected = await consumersOf(request);
  return affected.map(({ id, names }) => ({ consumer: id, names: names.filter((name) => changed.has(name)) }));
}

/** Characters of base64url: 96 bits. */
const markLength = 16;

/** Who reads anything that changes, with everything of ours that it reads. */
async function consumersOf({ syncs, places, run, place, look }: RestartRequest): Promise<readonly Consumer[]> {
  const { activator } = place;
  const changed = changedNames({ syncs, run, place, look });
  if (activator === undefined || changed.size === 0) return [];
  const ours = new Set([...look.reading.wanted.keys(), ...Object.keys(inventoryOf(syncs, run).names)]);
  const consumers = await places.ask(run.signal, (limit) => activator.consumers(ours, limit), place.patienceMs);
  return consumers.filter(({ names }) => names.some((name) => changed.has(name)));
}

/**
 * Names whose change somebody may run without having seen. Those of an object that is made for the first time are not among them:
 * what needs it waits for it, and starts with it, unless the activator says otherwise. Of one that vanished, those that are not as
 * we left them there.
 */
function changedNames({ syncs, run, place, look }: Omit<RestartRequest, 'places' | 'clock'>): ReadonlySet<string> {
  const { draft, reading } = look;
  const existing = existingGroups(draft, reading);
  const before = inventoryOf(syncs, run).names;
  const left = new Set(Object.keys(before).map((name) => place.groupOf(name)));
  const isChanged = (name: string): boolean => {
    if (place.activator?.heedsNew === true) return true;
    const group = place.groupOf(name);
    return (
      existing.has(group) || (left.has(group) && before[name]?.confirmed !== draft.confirmed.names[name]?.confirmed)
    );
  };
  const vanished = Object.keys(before).filter(
    (name) => !Object.hasOwn(draft.confirmed.names, name) && reading.observed?.names.has(name) !== true,
  );
  return new Set([...draft.writes.map(({ name }) => name).filter(isChanged), ...vanished]);
}

function existingGroups(draft: Draft, { observed }: Drafted['reading']): ReadonlySet<string> {
  const groups = new Set<string>();
  for (const { name, group } of draft.steps) if (observed?.names.has(name) === true) groups.add(group ?? '');
  for (const name of draft.foreign) groups.add(name.slice(0, Math.max(0, name.lastIndexOf('/'))));
  return groups;
}
