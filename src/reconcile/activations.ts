import { activate } from './activation.ts';
import type { Activated } from './activation.ts';
import type { Deliveries } from './delivery.ts';
import type { Run } from './look.ts';
import type { Places } from './places.ts';
import { dueRestarts } from './restarts.ts';
import type { Outcome, SyncSource } from './reconciler.ts';
import type { Tally } from './tally.ts';
import type { Place } from './target.ts';
import type { HeldBack, InventoryRecord } from '#domain/records';

/** Between two looks at a restart that is on its way, if the target's watch does not tell earlier. */
const againMs = 5_000;
const done: Outcome = { kind: 'done' };

export interface ActivationsOptions {
  readonly syncs: SyncSource;
  readonly places: Places;
  readonly deliveries: Deliveries;
  readonly tally?: Tally;
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
    const due = await dueRestarts({ syncs, places, run, place });
    const found = await activate({ ...due, places, activator, signal });
    const ended = Object.keys(inventory.restarts).length - Object.keys(found.restarts ?? {}).length;
    this.#options.tally?.restarted({ started: found.started, done: ended, failed: found.failed.length });
    const { restarts: _, ...rest } = inventory;
    const heldBack = this.#heldBack(run, found, inventory);
    const next: InventoryRecord = {
      ...rest,
      ...(found.restarts === undefined ? {} : { restarts: found.restarts }),
      ...(heldBack === undefined ? {} : { heldBack }),
    };
    const { activation } = found;
    await deliveries.conclude(name, { generation: spec.generation, conditions: 'as before', activation }, next);
    if (heldBack !== undefined) return { kind: 'again', afterMs: 0 };
    return found.isPending && activator.tellsProgress !== true ? { kind: 'again', afterMs: againMs } : done;
  }

  /** The values before the failed restart go back in place, until a person looks. */
  #heldBack({ resolved }: Run, { failed, activation }: Activated, inventory: InventoryRecord): HeldBack | undefined {
    const [first] = failed;
    if (resolved.rules.onFailedRestart !== 'hold' || inventory.heldBack !== undefined) return undefined;
    if (this.#options.syncs.wishAt === undefined) return undefined;
    if (first?.before === undefined || first.before === first.revision) return undefined;
    return { from: first.revision, to: first.before, because: activation.message };
  }
}
