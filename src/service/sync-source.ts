import type { Gate } from './gate.ts';
import type { SyncWishes } from './sync-wishes.ts';
import type { Keyring } from '#crypto/keyring';
import type { WorkOp } from '#domain/change';
import { nounPaths } from '#domain/path';
import { serverPrincipal } from '#domain/principal';
import type { Fingerprint, InventoryRecord, SyncSpec, SyncStatus } from '#domain/records';
import type { Delivery, SyncName, SyncSource, Wish } from '#reconcile/reconciler';
import type { View, WorkDraft, WorkView } from '#state/view';
import type { Log } from '#store/log';

export interface SyncSourceOptions {
  readonly gate: Gate;
  readonly state: View;
  readonly workState: WorkView;
  readonly work: Log<WorkOp, WorkDraft>;
  readonly keyring: Keyring;
  readonly wishes: SyncWishes;
}

const noNames: InventoryRecord = { names: {} };
const byServer = { author: serverPrincipal, reason: '', requestId: '', accessor: '' } as const;

/** What the server lends to the loop. */
export class ServerSyncSource implements SyncSource {
  readonly #options: SyncSourceOptions;

  constructor(options: SyncSourceOptions) {
    this.#options = options;
  }

  *names(): Iterable<SyncName> {
    for (const [name] of this.#options.state.records('sync')) yield name;
  }

  spec(name: SyncName): SyncSpec | undefined {
    return this.#options.state.record('sync', name);
  }

  async wish(name: SyncName, supposed?: SyncSpec): Promise<Wish> {
    const { wishes } = this.#options;
    const spec = supposed ?? this.spec(name);
    if (spec !== undefined) return wishes.of(spec, supposed === undefined ? name : undefined);
    wishes.forget(name);
    return { kind: 'absent' };
  }

  async wishAt(name: SyncName, revision: number): Promise<Wish> {
    const spec = this.spec(name);
    return spec === undefined ? { kind: 'absent' } : this.#options.wishes.at(spec, revision);
  }

  wishMark(name: SyncName): number | undefined {
    return this.#options.wishes.mark(name);
  }

  inventory(name: SyncName): InventoryRecord {
    return this.#options.workState.record('inventory', name) ?? noNames;
  }

  saveInventory(name: SyncName, record: InventoryRecord): Promise<void> {
    return this.#commit(name, [{ op: 'record', noun: 'inventory', name, record }]);
  }

  status(name: SyncName): SyncStatus | undefined {
    return this.#options.workState.record('sync-status', name);
  }

  save(name: SyncName, inventory: InventoryRecord, status: SyncStatus): Promise<void> {
    return this.#commit(name, [
      { op: 'record', noun: 'inventory', name, record: inventory },
      { op: 'record', noun: 'sync-status', name, record: status },
    ]);
  }

  /** Forgets what was written for a sync of the name that is gone. */
  async forget(name: SyncName): Promise<void> {
    const { workState, work, wishes } = this.#options;
    wishes.forget(name);
    if (workState.record('inventory', name) === undefined && this.status(name) === undefined) return;
    await work.commit({
      ...byServer,
      prepare: () => [
        { op: 'record', noun: 'inventory', name, record: null },
        { op: 'record', noun: 'sync-status', name, record: null },
      ],
    });
  }

  fingerprint(sync: SyncName, name: string, value: string): Fingerprint {
    return this.#options.keyring.fingerprint(`${sync}\0${name}`, value);
  }

  async recordDelivery(name: SyncName, delivery: Delivery): Promise<void> {
    const spec = this.spec(name);
    const path = nounPaths.sync(name);
    const paths = [path, ...delivery.entries.map((entry) => `${spec?.from ?? ''}/${entry}`)];
    const { revision } = delivery;
    await this.#options.gate.recordOwn({ action: 'sync', path, revision }, spec?.runAs ?? serverPrincipal, paths);
  }

  /** A sync that is gone meanwhile keeps nothing. */
  async #commit(name: SyncName, ops: readonly WorkOp[]): Promise<void> {
    const { state, work } = this.#options;
    if (state.record('sync', name) === undefined) return;
    await work.commit({ ...byServer, prepare: () => ops });
  }
}
