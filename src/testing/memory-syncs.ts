import { createHmac } from 'node:crypto';
import type { Delivery, SyncSource, Wish } from '#reconcile/reconciler';
import type { DesiredItem } from '#reconcile/target';
import { serverPrincipal } from '#domain/principal';
import type { InventoryRecord, SyncSpec, SyncStatus } from '#domain/records';

/** A source in memory: what a server lends to the reconciler, with every call on record. */
export class MemorySyncs implements SyncSource {
  readonly specs = new Map<string, SyncSpec>();
  readonly wishes = new Map<string, Wish>();
  readonly inventories = new Map<string, InventoryRecord>();
  readonly #wished = new Map<string, Wish>();
  readonly statuses = new Map<string, SyncStatus>();
  readonly deliveries: Delivery[] = [];
  /** What was made durable, and asked, in order: `wish a`, `inventory a`, `delivery a`, `status a`. */
  readonly calls: string[] = [];
  /** Called before each of `calls`; may throw or wait. */
  before: (call: string) => Promise<void> | void = () => undefined;

  /** Declares a sync, or changes it (which makes a new generation). */
  declare(name: string, spec: Partial<SyncSpec> = {}): void {
    const known = this.specs.get(name);
    const fresh = {
      from: 'p/e',
      target: 'memory',
      at: name,
      runAs: serverPrincipal,
      mode: 'repair',
      options: {},
    } as const;
    this.specs.set(name, { ...fresh, ...known, ...spec, generation: (known?.generation ?? 0) + 1 });
  }

  /** Says what the sync should deliver; values of config unless the name starts with `SECRET`. */
  want(name: string, values: Readonly<Record<string, string>>, revision = 1): void {
    const items = Object.entries(values).map(([key, value]): [string, DesiredItem] => [
      key,
      { value, secret: key.startsWith('SECRET') },
    ]);
    const wish: Wish = { kind: 'desired', desired: new Map(items), revision };
    this.wishes.set(name, wish);
    this.#wished.set(`${name} ${revision}`, wish);
  }

  names(): Iterable<string> {
    return [...this.specs.keys()];
  }

  spec(name: string): SyncSpec | undefined {
    return this.specs.get(name);
  }

  async wish(name: string): Promise<Wish> {
    await this.#call(`wish ${name}`);
    return this.wishes.get(name) ?? { kind: 'absent' };
  }

  /** What was wished at a revision. */
  async wishAt(name: string, revision: number): Promise<Wish> {
    await this.#call(`wish ${name} at ${revision}`);
    return this.#wished.get(`${name} ${revision}`) ?? { kind: 'absent' };
  }

  inventory(name: string): InventoryRecord {
    return this.inventories.get(name) ?? { names: {} };
  }

  async saveInventory(name: string, record: InventoryRecord): Promise<void> {
    await this.#call(`inventory ${name}`);
    this.inventories.set(name, record);
  }

  status(name: string): SyncStatus | undefined {
    return this.statuses.get(name);
  }

  async save(name: string, inventory: InventoryRecord, status: SyncStatus): Promise<void> {
    await this.#call(`status ${name}`);
    this.inventories.set(name, inventory);
    this.statuses.set(name, status);
  }

  fingerprint(sync: string, name: string, value: string): string {
    return createHmac('sha256', 'test')
      .update(JSON.stringify([sync, name, value]))
      .digest('base64url');
  }

  async recordDelivery(name: string, delivery: Delivery): Promise<void> {
    await this.#call(`delivery ${name}`);
    this.deliveries.push(delivery);
  }

  async #call(call: string): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }
}
