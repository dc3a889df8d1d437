import type { Desired } from './target.ts';
import type { Fingerprint, InventoryRecord, SyncSpec, SyncStatus } from '#domain/records';

/** What the loop is told: only which one. */
export type SyncName = string;

/** Done; done and look again after so many milliseconds; failed, retried with back-off unless `terminal`. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'error'; readonly error: unknown; readonly terminal: boolean };

export interface Reconciler {
  reconcile(name: SyncName, signal: AbortSignal): Promise<Outcome>;
}

/** What a sync should deliver now, as its `runAs` may see it. */
export type Wish =
  | { readonly kind: 'desired'; readonly desired: Desired; readonly revision: number }
  /** The spec is gone. */
  | { readonly kind: 'absent' }
  /** `runAs` is disabled or lost a right, or evaluation fails: the target is left as it is. */
  | { readonly kind: 'stalled'; readonly reason: string; readonly message: string };

/** The source side of the loop: what the host (server, agent, operator) lends to the reconciler. */
export interface Source {
  spec(name: SyncName): SyncSpec | undefined;
  /**
   * Evaluates with the rights of `runAs` at this moment, and remembers the paths touched. With `spec`:
   * as if the sync were that, remembering nothing.
   */
  wish(name: SyncName, spec?: SyncSpec): Promise<Wish>;
  inventory(name: SyncName): InventoryRecord;
  /** Durable when it resolves. */
  saveInventory(name: SyncName, record: InventoryRecord): Promise<void>;
  status(name: SyncName): SyncStatus | undefined;
  /** Durable when it resolves; may be saved together with the inventory in one record. */
  save(name: SyncName, inventory: InventoryRecord, status: SyncStatus): Promise<void>;
  /** HMAC under a key of the keyring: equal values of one sync and name have equal fingerprints. */
  fingerprint(sync: SyncName, name: string, value: string): Fingerprint;
  /** Audits a delivery: names, never values. Must be recorded before the write. */
  recordDelivery(
    name: SyncName,
    created: readonly string[],
    updated: readonly string[],
    deleted: readonly string[],
    revision: number,
  ): Promise<void>;
}
