import type { Lane } from './lane.ts';
import type { Desired } from './target.ts';
import type { Fingerprint, InventoryRecord, SyncSpec, SyncStatus } from '#domain/records';

/** What the loop is told: only which one. */
export type SyncName = string;
export type { Lane };

/** Done; done and look again after so many milliseconds; failed, retried with back-off unless `terminal`. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'error'; readonly error: unknown; readonly terminal: boolean };

export interface Reconciler {
  /**
   * Reads the world and acts. `lane` may only save work (an unchanged mark is enough for `drift` and `resync`),
   * never decide what is right. A throw counts as an error that is retried.
   */
  reconcile(name: SyncName, lane: Lane, signal: AbortSignal): Promise<Outcome>;
}

/** What a sync should deliver now, as its `runAs` may see it. */
export type Wish =
  | {
      readonly kind: 'desired';
      readonly desired: Desired;
      /**
       * The newest revision that what was evaluated depends on, as far as it is known; not that of unrelated
       * changes, since a status that says it would then be saved at every check.
       */
      readonly revision: number;
    }
  /** The spec is gone. */
  | { readonly kind: 'absent' }
  /** `runAs` is disabled or lost a right, or evaluation fails: the target is left as it is. */
  | { readonly kind: 'stalled'; readonly reason: string; readonly message: string };

/** What is about to be written, for the audit trail: names in the target, never values. */
export interface Delivery {
  /** The entries of the source that the names come from, as far as is known. */
  readonly entries: readonly string[];
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
  readonly revision: number;
}

/** The source side of the loop: what the host (server, agent, operator) lends to the reconciler. */
export interface SyncSource {
  /** Every sync there is. */
  names(): Iterable<SyncName>;
  spec(name: SyncName): SyncSpec | undefined;
  /**
   * Evaluates with the rights of `runAs` at this moment, and remembers the paths touched. With `spec`:
   * as if the sync were that, remembering nothing.
   */
  wish(name: SyncName, spec?: SyncSpec): Promise<Wish>;
  /** What the sync would have delivered as of a revision: to put it back. A source that cannot tell has none. */
  wishAt?(name: SyncName, revision: number): Promise<Wish>;
  /**
   * A mark that is another one as soon as `wish` might answer otherwise than before: cheap, no evaluation. Asked for
   * before the `wish` whose answer it vouches for. `undefined`: that may happen by itself (at a time of day, say).
   * A source without it is believed to wake whenever there is a reason to.
   */
  wishMark?(name: SyncName): number | undefined;
  inventory(name: SyncName): InventoryRecord;
  /** Durable when it resolves. */
  saveInventory(name: SyncName, record: InventoryRecord): Promise<void>;
  status(name: SyncName): SyncStatus | undefined;
  /** Inventory and status in one record; durable when it resolves. */
  save(name: SyncName, inventory: InventoryRecord, status: SyncStatus): Promise<void>;
  /** HMAC under a key of the keyring: equal values of one sync and name have equal fingerprints. */
  fingerprint(sync: SyncName, name: string, value: string): Fingerprint;
  /** Audits a delivery. Must be recorded before the write. */
  recordDelivery(name: SyncName, delivery: Delivery): Promise<void>;
}
