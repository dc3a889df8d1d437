import type { DriftedName } from './plan.ts';
import type { SyncName } from './reconciler.ts';
import { describeWriter } from './writer.ts';

/** When repairing has become fighting. */
export interface OscillationLimits {
  /** Default 600,000. */
  readonly windowMs: number;
  /** Repairs of one name from the same value within the window: a machine does that, not a person. Default 10. */
  readonly sameValue: number;
  /** Repairs of one name from whatever value within the window. Default 200. */
  readonly anyValue: number;
}

export const defaultOscillation: OscillationLimits = { windowMs: 600_000, sameValue: 10, anyValue: 200 };

interface Repair extends DriftedName {
  readonly at: number;
}

/** Remembers, per sync, what was put right lately. In memory only; the verdict stands in the status. */
export class Repairs {
  readonly #limits: OscillationLimits;
  readonly #repairs = new Map<SyncName, Repair[]>();

  constructor(limits: OscillationLimits) {
    this.#limits = limits;
  }

  /** Asked before a repair: says why it should not be made, or `undefined`. */
  fight(sync: SyncName, drifted: readonly DriftedName[], now: number): string | undefined {
    const recent = this.#recent(sync, now);
    if (recent.length < this.#limits.sameValue) return undefined;
    const minutes = Math.round(this.#limits.windowMs / 60_000);
    for (const { name, found, writer } of drifted) {
      const ofName = recent.filter((repair) => repair.name === name);
      const same = ofName.filter((repair) => repair.found === found).length;
      if (same >= this.#limits.sameValue || ofName.length >= this.#limits.anyValue) {
        const who = writer === undefined ? 'somebody else' : describeWriter(writer);
        return `the sync ${sync} and ${who} fight over ${name}: put right ${ofName.length} times in ${minutes} minutes`;
      }
    }
    return undefined;
  }

  /** Notes repairs that were made. */
  note(sync: SyncName, drifted: readonly DriftedName[], now: number): void {
    if (drifted.length === 0) return;
    const recent = this.#recent(sync, now);
    this.#repairs.set(sync, [...recent, ...drifted.map(({ name, found }) => ({ name, found, at: now }))]);
  }

  forget(sync: SyncName): void {
    this.#repairs.delete(sync);
  }

  #recent(sync: SyncName, now: number): readonly Repair[] {
    const repairs = this.#repairs.get(sync) ?? [];
    return repairs.filter(({ at }) => at > now - this.#limits.windowMs);
  }
}
