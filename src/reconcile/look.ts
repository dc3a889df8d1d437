import type { Claims } from './claims.ts';
import { makeDraft } from './plan.ts';
import type { Draft } from './plan.ts';
import type { Places, Resolved } from './places.ts';
import type { SyncSource, SyncName } from './reconciler.ts';
import type { Observed, Place } from './target.ts';
import type { InventoryRecord, SyncSpec } from '#domain/records';

/** One run: which sync, with what spec, for whom. */
export interface Run {
  readonly name: SyncName;
  readonly spec: SyncSpec;
  readonly resolved: Resolved;
  readonly signal: AbortSignal;
  /** A person asked for it, not the loop. */
  readonly person: boolean;
}

/** What was found when a sync and its target were read. */
export type Look = Blocked | Drafted;
/** The target was not looked at. */
export interface Blocked {
  readonly kind: 'stalled' | 'rivals';
  readonly reason: string;
  readonly message: string;
}
export interface Drafted {
  readonly kind: 'drafted';
  readonly draft: Draft;
  readonly revision: number;
  /** A secret is to stand in the place. */
  readonly secret: boolean;
  /** The mark of what was read. */
  readonly mark: string | null;
  /** `null`: the place does not exist. */
  readonly observed: Observed | null;
}

export interface LookOptions {
  readonly syncs: SyncSource;
  readonly places: Places;
}

/** Asks for the wish, reads the place and compares. Changes nothing. With `supposed`: as if the sync were that. */
export async function look(options: LookOptions, run: Run, place: Place, supposed?: SyncSpec): Promise<Look> {
  const { syncs, places } = options;
  const wish = await syncs.wish(run.name, supposed);
  if (wish.kind === 'absent') return { kind: 'stalled', reason: 'Absent', message: 'the sync is gone' };
  if (wish.kind === 'stalled') return wish;
  const { desired, revision } = wish;
  const secret = [...desired.values()].some((item) => item.secret);
  const observed = await places.ask(run.signal, (limit) => place.read({ secret }, limit));
  const draft = makeDraft({
    desired,
    observed,
    inventory: inventoryOf(syncs, run),
    fingerprint: (name, value) => syncs.fingerprint(run.name, name, value),
    traits: place.traits,
    adopt: run.resolved.adopt,
    deleteMany: run.resolved.deleteMany,
  });
  return { kind: 'drafted', draft, revision, secret, mark: observed?.mark ?? null, observed };
}

/** Why a sync may not write where it wants to: others do. */
export function rivalsOf(claims: Claims, { name, resolved }: Run): Blocked | undefined {
  const rivals = claims.rivals(name, resolved.identity);
  if (rivals.length === 0) return undefined;
  const message = `the place is also written by sync ${rivals.join(', ')}, expected one sync for one place`;
  return { kind: 'rivals', reason: 'SamePlace', message };
}

/** What we wrote to another place is not ours in this one. */
function inventoryOf(syncs: SyncSource, { name, resolved }: Run): InventoryRecord {
  const inventory = syncs.inventory(name);
  return inventory.place === resolved.placeKey ? inventory : { place: resolved.placeKey, names: {} };
}
