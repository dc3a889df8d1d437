import type { MemoryTarget } from './target.ts';
import { objectOf } from './memory-place.ts';
import type { Bug } from './life.ts';
import type { InventoryRecord } from '#domain/records';
import type { SyncSource } from '#reconcile/reconciler';

/** A source of syncs that keeps its records badly, if that is the planted bug. */
export function planted(bug: Bug | undefined, syncs: SyncSource, target: MemoryTarget): SyncSource {
  if (bug === 'confirming before writing') {
    return keeping(syncs, { intended: (_, record) => confirmed(record), confirmed: (_, record) => record });
  }
  if (bug === 'noting the restart after the write') {
    return keeping(syncs, {
      intended: (name, { restarts: _, ...record }) => withRestarts(record, syncs.inventory(name).restarts),
      confirmed: (_, record) => record,
    });
  }
  if (bug === 'forgetting what is ours in a blocked object') {
    const forgetting = (name: string, record: InventoryRecord): InventoryRecord => {
      const blocked = target.peek(syncs.spec(name)?.at ?? '')?.blocked;
      const names = Object.entries(record.names).filter(([one]) => blocked?.has(objectOf(one)) !== true);
      return { ...record, names: Object.fromEntries(names) };
    };
    return keeping(syncs, { intended: forgetting, confirmed: forgetting });
  }
  return syncs;
}

type Change = (name: string, record: InventoryRecord) => InventoryRecord;

function keeping(syncs: SyncSource, change: { readonly intended: Change; readonly confirmed: Change }): SyncSource {
  return {
    names: () => syncs.names(),
    spec: (name) => syncs.spec(name),
    wish: (name, spec) => syncs.wish(name, spec),
    wishAt: (name, revision) => syncs.wishAt?.(name, revision) ?? Promise.resolve({ kind: 'absent' }),
    inventory: (name) => syncs.inventory(name),
    saveInventory: (name, record) => syncs.saveInventory(name, change.intended(name, record)),
    status: (name) => syncs.status(name),
    save: (name, inventory, status) => syncs.save(name, change.confirmed(name, inventory), status),
    fingerprint: (sync, name, value) => syncs.fingerprint(sync, name, value),
    recordDelivery: (name, delivery) => syncs.recordDelivery(name, delivery),
  };
}

function withRestarts(record: InventoryRecord, restarts: InventoryRecord['restarts']): InventoryRecord {
  return restarts === undefined ? record : { ...record, restarts };
}

/** What is only meant is written down as done. */
function confirmed({ names, ...rest }: InventoryRecord): InventoryRecord {
  const done = Object.entries(names).flatMap(([name, { confirmed: was, intent }]) => {
    const now = intent === undefined ? was : intent;
    return now === null || now === undefined ? [] : [[name, { confirmed: now }] as const];
  });
  return { ...rest, names: Object.fromEntries(done) };
}
