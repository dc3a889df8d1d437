import type { Why } from './services.ts';
import type { SyncWishes } from './sync-wishes.ts';
import type { Deliveries } from './why.ts';
import type { SyncName, SyncSource } from '#reconcile/reconciler';

/** Where values have been delivered to, as the statuses of the syncs say it. */
export class SyncDeliveries implements Deliveries {
  readonly #syncs: Pick<SyncSource, 'spec' | 'status'>;
  readonly #wishes: Pick<SyncWishes, 'touching'>;

  constructor(syncs: Pick<SyncSource, 'spec' | 'status'>, wishes: Pick<SyncWishes, 'touching'>) {
    this.#syncs = syncs;
    this.#wishes = wishes;
  }

  touching(path: string): Iterable<SyncName> {
    return this.#wishes.touching(path);
  }

  delivery(name: SyncName): Why['deliveries'][number] | undefined {
    const spec = this.#syncs.spec(name);
    if (spec === undefined) return undefined;
    const status = this.#syncs.status(name);
    const inSync = status?.conditions.some(({ type, status: is }) => type === 'InSync' && is === 'true') ?? false;
    return {
      sync: name,
      target: spec.target,
      at: spec.at,
      inSync,
      ...(status?.appliedRevision === undefined ? {} : { appliedRevision: status.appliedRevision }),
      ...(status?.appliedAt === undefined ? {} : { appliedAt: status.appliedAt }),
    };
  }
}
