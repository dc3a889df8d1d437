import type { SyncName } from './reconciler.ts';
import type { Claim } from './target.ts';

/** Who writes where, so that two syncs on one place are told before either writes. */
export class Claims {
  readonly #claims = new Map<SyncName, readonly Claim[]>();
  readonly #byPlace = new Map<string, Set<SyncName>>();

  /**
   * Notes that `name` writes to `claims`, in place of what it claimed before. Answers the syncs that stand
   * otherwise now: rivals at the new places, and at those it left.
   */
  set(name: SyncName, claims: readonly Claim[]): readonly SyncName[] {
    const before = this.#claims.get(name) ?? [];
    if (isSame(before, claims)) return [];
    const left = this.rivals(name, before);
    this.#remove(name, before);
    if (claims.length > 0) this.#claims.set(name, claims);
    for (const { place } of claims) this.#byPlace.set(place, (this.#byPlace.get(place) ?? new Set()).add(name));
    return [...new Set([...left, ...this.rivals(name, claims)])];
  }

  /** The other syncs whose places overlap `claims`, by name. */
  rivals(name: SyncName, claims: readonly Claim[]): readonly SyncName[] {
    const rivals = claims.flatMap((claim) =>
      [...(this.#byPlace.get(claim.place) ?? [])].filter((other) => other !== name && this.#overlaps(other, claim)),
    );
    return [...new Set(rivals)].sort();
  }

  #overlaps(other: SyncName, { place, part }: Claim): boolean {
    return (this.#claims.get(other) ?? []).some((claim) => claim.place === place && overlaps(claim.part, part));
  }

  #remove(name: SyncName, claims: readonly Claim[]): void {
    this.#claims.delete(name);
    for (const { place } of claims) {
      const names = this.#byPlace.get(place);
      names?.delete(name);
      if (names?.size === 0) this.#byPlace.delete(place);
    }
  }
}

function isSame(a: readonly Claim[], b: readonly Claim[]): boolean {
  return (
    a.length === b.length && a.every(({ place, part }, index) => place === b[index]?.place && part === b[index].part)
  );
}

function overlaps(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}
