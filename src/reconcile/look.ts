import type { Claims } from './claims.ts';
import { mapNames } from './mapping.ts';
import { makeDraft } from './plan.ts';
import type { Draft } from './plan.ts';
import type { Places, Resolved } from './places.ts';
import type { Lane, SyncSource, SyncName, Wish } from './reconciler.ts';
import type { Desired, Place, Reading } from './target.ts';
import type { InventoryRecord, SyncSpec } from '#domain/records';

/** One run: which sync, with what spec, for whom. */
export interface Run {
  readonly name: SyncName;
  readonly spec: SyncSpec;
  readonly resolved: Resolved;
  readonly signal: AbortSignal;
  readonly lane: Lane;
  /** A person asked for it, not the loop. */
  readonly person: boolean;
  /** As if the sync were that; nothing is remembered. */
  readonly supposed?: true;
  /** Also tells values of config. */
  readonly reveal?: boolean;
  /** Nothing is wanted any more. */
  readonly withdraw?: true;
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
  /** What is wished, by its mapped name. */
  readonly desired: Desired;
  readonly reading: Reading;
}

export interface LookOptions {
  readonly syncs: SyncSource;
  readonly places: Places;
}

/** Asks for the wish, reads the place and compares. Changes nothing. */
export async function look({ syncs, places }: LookOptions, run: Run, place: Place): Promise<Look> {
  const wish = await wishOf(syncs, run);
  if (wish.kind === 'absent') return { kind: 'stalled', reason: 'Absent', message: 'the sync is gone' };
  if (wish.kind === 'stalled') return wish;
  const { desired, obstacles } = mapNames(run.resolved.rules.names, wish.desired);
  const inventory = inventoryOf(syncs, run);
  const request = {
    desired,
    ours: new Set(Object.keys(inventory.names)),
    lane: run.lane,
    ...(run.reveal === true ? { reveal: true } : {}),
  };
  const found = await places.ask(run.signal, (limit) => place.read(request, limit), place.patienceMs);
  const reading = { ...found, obstacles: [...obstacles, ...found.obstacles] };
  const draft = makeDraft({
    reading,
    inventory,
    fingerprint: (name, value) => syncs.fingerprint(run.name, name, value),
    groupOf: (name) => place.groupOf(name),
    isSync: (name) => syncs.spec(name) !== undefined,
    // What a person was shown and applies is taken over; the loop takes nothing that it was not told to.
    adopt: run.person || run.resolved.rules.adopt,
    deleteMany: run.resolved.rules.deleteMany,
  });
  return { kind: 'drafted', draft, revision: wish.revision, desired, reading };
}

/** Why a sync may not write where it wants to: others do. */
export function rivalsOf(claims: Claims, { name, resolved }: Pick<Run, 'name' | 'resolved'>): Blocked | undefined {
  const rivals = claims.rivals(name, resolved.identity.claims);
  if (rivals.length === 0) return undefined;
  const message = `the place is also written by sync ${rivals.join(', ')}, expected one sync for one place`;
  return { kind: 'rivals', reason: 'SamePlace', message };
}

/** What we wrote to another place is not ours in this one. */
export function inventoryOf(syncs: SyncSource, { name, resolved }: Pick<Run, 'name' | 'resolved'>): InventoryRecord {
  const inventory = syncs.inventory(name);
  return inventory.place === resolved.placeKey ? inventory : { place: resolved.placeKey, names: {} };
}

async function wishOf(syncs: SyncSource, run: Run): Promise<Wish> {
  const { name, spec } = run;
  if (run.withdraw === true) return { kind: 'desired', desired: new Map(), revision: 0 };
  const { heldBack } = inventoryOf(syncs, run);
  if (heldBack !== undefined && !run.person && syncs.wishAt !== undefined) return syncs.wishAt(name, heldBack.to);
  return syncs.wish(name, run.supposed === true ? spec : undefined);
}
