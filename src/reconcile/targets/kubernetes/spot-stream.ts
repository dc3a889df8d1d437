import type { Cluster, Following, Selection } from './cluster.ts';
import type { Source, Spot } from './spot.ts';
import { PlumbError } from '#domain/errors';

export interface SpotStreamOptions {
  readonly cluster: Cluster;
  readonly selection: Selection;
  /** By the names of their objects. */
  readonly spots: ReadonlyMap<string, Spot>;
  /** It works again, after it did not. */
  readonly recovered: () => void;
}

/** What one watch stream tells, handed to the objects it is about. */
export class SpotStream implements Source {
  readonly labelled: boolean;
  readonly #following: Following;
  readonly #spots: ReadonlyMap<string, Spot>;
  readonly #settled = Promise.withResolvers<void>();
  /** Names told since the last time that everything was told. */
  #round = new Set<string>();
  #lost = false;
  #refusal: string | undefined;

  constructor({ cluster, selection, spots, recovered }: SpotStreamOptions) {
    this.labelled = selection.labels !== undefined;
    this.#spots = spots;
    for (const spot of spots.values()) spot.source = this;
    this.#following = cluster.follow(selection, {
      seen: (object, gone) => {
        const spot = spots.get(object.metadata.name);
        if (spot === undefined) return;
        if (gone) this.#round.delete(object.metadata.name);
        else this.#round.add(object.metadata.name);
        spot.seen(object, gone);
      },
      ready: () => {
        this.#ready();
        if (this.#lost) recovered();
        this.#lost = false;
        this.#refusal = undefined;
        this.#settled.resolve();
      },
      lost: (error) => {
        this.#lost = true;
        this.#refusal = error instanceof PlumbError && error.code === 'forbidden' ? error.message : undefined;
        this.#round = new Set();
        for (const spot of spots.values()) spot.restart();
        this.#settled.resolve();
      },
    });
  }

  get current(): boolean {
    return this.#following.current;
  }

  /** Why it may not be, naming the right that is missing; `undefined`: it may. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** When it has told everything for the first time, or turned out not to. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  stop(): void {
    this.#following.stop();
    for (const spot of this.#spots.values()) if (spot.source === this) spot.source = undefined;
  }

  #ready(): void {
    for (const [name, spot] of this.#spots) if (!this.#round.has(name)) spot.missing();
    this.#round = new Set();
  }
}
