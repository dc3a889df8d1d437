import type { SyncName } from './reconciler.ts';
import type { PlaceIdentity } from './target.ts';

/** Who writes where, so that two syncs on one place are told before either writes. */
export class Claims {
  readonly #claims = new Map<SyncName, PlaceIdentity>();
  readonly #byPlace = new Map<string, Set<SyncName>>();

  /**
   * Notes that `name` writes to `claim`, in place of what it claimed before; `undefined`: to nothing.
   * Answers the syncs that stand otherwise now: rivals at the new place, and at the one it left.
   */
  set(name: SyncName, claim: PlaceIdentity | undefined): readonly SyncName[] {
    const before = this.#claims.get(name);
    if (before?.place === claim?.place && before?.part === claim?.part) return [];
    const left = before === undefined ? [] : this.rivals(name, before);
    if (before !== undefined) this.#remove(name, before);
    if (claim === undefined) return left;
    this.#claims.set(name, claim);
    const names = this.#byPlace.get(claim.place) ?? new Set();
    this.#byPlace.set(claim.place, names.add(name));
    return [...new Set([...left, ...this.rivals(name, claim)])];
  }

  /** The other syncs whose places overlap `claim`, by name. */
  rivals(name: SyncName, claim: PlaceIdentity): readonly SyncName[] {
    const names = [...(this.#byPlace.get(claim.place) ?? [])];
    return names.filter((other) => other !== name && overlaps(this.#claims.get(other)?.part, claim.part)).sort();
  }

  #remove(name: SyncName, claim: PlaceIdentity): void {
    this.#claims.delete(name);
    const names = this.#byPlace.get(claim.place);
    names?.delete(name);
    if (names?.size === 0) this.#byPlace.delete(claim.place);
  }
}

function overlaps(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}
