import type { Cluster } from './cluster.ts';
import { workloadKinds } from './rollout.ts';
import type { WorkloadKind } from './rollout.ts';
import { WorkloadIndex } from './workload-index.ts';
import { idOf } from './workload-names.ts';
import { PlumbError } from '#domain/errors';
import type { Timer } from '#util/clock';

/** The workloads of one namespace. */
export class WorkloadNamespace {
  readonly name: string;
  readonly kinds: ReadonlyMap<WorkloadKind, WorkloadIndex>;
  askedAt = 0;
  timer: Timer | undefined;
  /** Who wants to know that one is not on its way any more, by its consumer id. */
  readonly #awaited = new Map<string, Set<() => void>>();
  /** Who asked in vain, and wants to know when it is worth asking again. */
  readonly #missed = new Set<() => void>();

  constructor(cluster: Cluster, name: string) {
    this.name = name;
    this.kinds = new Map(
      workloadKinds.map((kind) => {
        const moved = (workload: string): void => this.#moved(idOf(name, kind, workload));
        const settled = (): void => this.#settled();
        return [kind, new WorkloadIndex(cluster, { kind, namespace: name, moved, settled })];
      }),
    );
  }

  tell(id: string, changed: () => void): void {
    const waiting = this.#awaited.get(id) ?? new Set();
    this.#awaited.set(id, waiting.add(changed));
  }

  /** Calls `changed` once, when all of them are known again. */
  tellKnown(changed: () => void): void {
    this.#missed.add(changed);
  }

  stop(): void {
    this.#awaited.clear();
    this.#missed.clear();
    const error = new PlumbError('unavailable', `the workloads of namespace ${this.name} are not followed any more`);
    for (const index of this.kinds.values()) index.stop(error);
  }

  #settled(): void {
    if (![...this.kinds.values()].every(({ isCurrent }) => isCurrent)) return;
    const missed = [...this.#missed];
    this.#missed.clear();
    for (const changed of missed) changed();
  }

  #moved(id: string): void {
    const waiting = this.#awaited.get(id);
    this.#awaited.delete(id);
    for (const changed of waiting ?? []) changed();
  }
}
