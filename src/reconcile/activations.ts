import { activate } from './activation.ts';
import type { Deliveries } from './delivery.ts';
import type { Run } from './look.ts';
import type { Places } from './places.ts';
import type { Outcome, SyncSource } from './reconciler.ts';
import type { Place } from './target.ts';
import { unseen } from './verdict.ts';
import type { InventoryRecord, RestartItem } from '#domain/records';

/** Between two looks at a restart that is on its way, if the target's watch does not tell earlier. */
const againMs = 5_000;
const done: Outcome = { kind: 'done' };

export interface ActivationsOptions {
  readonly syncs: SyncSource;
  readonly places: Places;
  readonly deliveries: Deliveries;
}

/** Brings on the way what the inventory says is to be started anew, and holds back what failed, if the spec says so. */
export class Activations {
  readonly #options: ActivationsOptions;

  constructor(options: ActivationsOptions) {
    this.#options = options;
  }

  /** After a run. What throws leaves everything pending, and comes back with the loop's back-off. */
  async advance(run: Run, place: Place): Promise<Outcome> {
    const { syncs, places, deliveries } = this.#options;
    const { name, spec, signal } = run;
    const { activator } = place;
    const inventory = syncs.inventory(name);
    if (activator === undefined || inventory.restarts === undefined) return done;
    if (inventory.place !== run.resolved.placeKey) return done;
    const { restarts, activation, isPending, failed } = await activate({ name, syncs, places, activator, signal });
    const { restarts: _, ...rest } = inventory;
    const next: InventoryRecord = {
      ...rest,
      ...(restarts === undefined ? {} : { restarts }),
      ...this.#heldBack(run, failed, inventory),
    };
    const status = syncs.status(name);
    const conditions = Object.fromEntries(status?.conditions.map((one) => [one.type, one]) ?? []);
    const holding = next.heldBack !== undefined && inventory.heldBack === undefined;
    const held = holding ? unseen('Held', 'RestartFailed', heldMessage(next, activation.message)) : {};
    await deliveries.conclude(
      name,
      { generation: spec.generation, conditions: { ...conditions, ...held }, activation },
      next,
    );
    if (holding) return { kind: 'again', afterMs: 0 };
    return isPending ? { kind: 'again', afterMs: againMs } : done;
  }

  /** The values before the failed restart go back in place, until a person looks. */
  #heldBack(
    { resolved }: Run,
    failed: readonly RestartItem[],
    inventory: InventoryRecord,
  ): Pick<InventoryRecord, 'heldBack'> {
    const [first] = failed;
    if (first?.before === undefined || resolved.rules.onFailedRestart !== 'hold' || inventory.heldBack !== undefined)
      return {};
    if (this.#options.syncs.wishAt === undefined || first.before === first.revision) return {};
    return { heldBack: { from: first.revision, to: first.before } };
  }
}

function heldMessage({ heldBack }: InventoryRecord, failure: string): string {
  return `${failure}; the values of revision ${heldBack?.to} are put back; apply delivers the newest again`;
}
