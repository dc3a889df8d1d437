import { inventoryOf } from './look.ts';
import type { Drafted, Run } from './look.ts';
import type { SyncSource } from './reconciler.ts';
import type { Desired } from './target.ts';

/**
 * Without values that were delivered as secrets: what is config now may have been a secret, or made of one, when it was
 * written. What we wrote is shown only if it is what an entry of config was then.
 */
export async function withoutSecretsOfBefore(syncs: SyncSource, run: Run, look: Drafted): Promise<Drafted> {
  const { wanted, observed } = look.reading;
  if (observed?.revealed === undefined || observed.revealed.size === 0) return look;
  const inventory = inventoryOf(syncs, run);
  const before = await desiredBefore(syncs, run);
  const revealed = [...observed.revealed].filter(([name, value]) => {
    const item = wanted.get(name);
    if (item?.value === value) return true;
    const then = before?.get(item?.entry ?? name);
    if (then?.secret === true) return false;
    const kept = Object.hasOwn(inventory.names, name) ? inventory.names[name] : undefined;
    const there = observed.names.get(name)?.fingerprint;
    const isOurs = there !== undefined && there !== null && (there === kept?.confirmed || there === kept?.intent);
    return !isOurs || then?.value === value;
  });
  return { ...look, reading: { ...look.reading, observed: { ...observed, revealed: new Map(revealed) } } };
}

/** What was delivered last, by entry; `undefined`: that cannot be told. */
async function desiredBefore(syncs: SyncSource, run: Run): Promise<Desired | undefined> {
  const revision = inventoryOf(syncs, run).heldBack?.to ?? syncs.status(run.name)?.appliedRevision;
  if (revision === undefined) return undefined;
  const wish = await syncs.wishAt?.(run.name, revision);
  return wish?.kind === 'desired' ? wish.desired : undefined;
}
