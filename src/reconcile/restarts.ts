import type { Consumer } from './activator.ts';
import { inventoryOf } from './look.ts';
import type { Drafted, Run } from './look.ts';
import type { Draft } from './plan.ts';
import type { Places } from './places.ts';
import type { SyncSource } from './reconciler.ts';
import type { Place } from './target.ts';
import type { PlanRestart } from '#domain/plan';
import type { Fingerprint, RestartItem } from '#domain/records';
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
  const { names } = look.draft.confirmed;
  const print = (name: string): Fingerprint | undefined =>
    Object.hasOwn(names, name) ? names[name]?.confirmed : undefined;
  return Object.fromEntries(
    affected.map(({ id, names: read }) => {
      const contents = [...read].sort().map((name) => `${name}=${print(name) ?? ''}`);
      const mark = syncs.fingerprint(run.name, id, contents.join('\n')).slice(0, markLength);
      const item: RestartItem = {
        mark,
        revision: look.revision,
        ...(before === undefined ? {} : { before }),
        state: 'pending',
      };
      return [id, item];
    }),
  );
}

/** The same for a plan. */
export async function plannedRestarts(request: RestartRequest): Promise<readonly PlanRestart[]> {
  const changed = changedNames(request.look);
  const affected = await consumersOf(request);
  return affected.map(({ id, names }) => ({ consumer: id, names: names.filter((name) => changed.has(name)) }));
}

/** Characters of base64url: 96 bits. */
const markLength = 16;

/** Who reads anything that changes, with everything of ours that it reads. */
async function consumersOf({ syncs, places, run, place, look }: RestartRequest): Promise<readonly Consumer[]> {
  const { activator } = place;
  const changed = changedNames(look);
  if (activator === undefined || changed.size === 0) return [];
  const ours = new Set([...look.reading.wanted.keys(), ...Object.keys(inventoryOf(syncs, run).names)]);
  const consumers = await places.ask(run.signal, (limit) => activator.consumers(ours, limit), place.patienceMs);
  return consumers.filter(({ names }) => names.some((name) => changed.has(name)));
}

/**
 * Names whose change somebody may run without having seen. An object that is made anew is not among them: what
 * needs it waits for it, and starts with it.
 */
function changedNames({ draft, reading }: Pick<Drafted, 'draft' | 'reading'>): ReadonlySet<string> {
  const existing = existingGroups(draft, reading);
  return new Set(draft.writes.flatMap(({ name }) => (existing.has(groupOf(draft, name)) ? name : [])));
}

function existingGroups(draft: Draft, { observed }: Drafted['reading']): ReadonlySet<string> {
  const groups = new Set<string>();
  for (const { name, group } of draft.steps) if (observed?.names.has(name) === true) groups.add(group ?? '');
  for (const name of draft.foreign) groups.add(name.slice(0, Math.max(0, name.lastIndexOf('/'))));
  return groups;
}

function groupOf({ steps }: Draft, name: string): string {
  return steps.find((step) => step.name === name)?.group ?? '';
}
