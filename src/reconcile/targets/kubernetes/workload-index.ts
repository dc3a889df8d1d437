import { isDeepStrictEqual } from 'node:util';
import type { Progress } from '../../activator.ts';
import type { ApiObject, Cluster, Following } from './cluster.ts';
import { isContentKey } from './content-key.ts';
import { at, textAt } from './fields.ts';
import { referencesOf } from './references.ts';
import type { Reference } from './references.ts';
import { daemonSets, deployments, statefulSets } from './resources.ts';
import { gaveUpAt, rolloutOf } from './rollout.ts';
import type { WorkloadKind } from './rollout.ts';

export const resourceOf = { Deployment: deployments, StatefulSet: statefulSets, DaemonSet: daemonSets } as const;

/** All that is kept of a workload. */
export interface Workload {
  readonly uid: string;
  readonly generation: number;
  readonly references: readonly Reference[];
  /** The annotations of its pod template that are ours: of whichever sync. */
  readonly marks: ReadonlyMap<string, string>;
  readonly progress: Progress;
  /** When it gave up, and when it had given up on the template that carried other marks. */
  readonly gaveUp: string | undefined;
  readonly gaveUpBefore: string | undefined;
}

interface Held {
  readonly workload: Workload;
  /** The server answered it to us; the stream has not told it yet, and may tell what was before. */
  readonly isAhead: boolean;
}

/** The workloads of one kind in one namespace, as a stream tells them. */
export class WorkloadIndex {
  readonly #kind: WorkloadKind;
  readonly #held = new Map<string, Held>();
  readonly #following: Following;
  readonly #moved: (name: string) => void;
  readonly #settled: () => void;
  /** `lost`: what was told since then; whatever was not by the next `ready` is gone. */
  #toldSince: Set<string> | undefined = new Set();
  #isCurrent = false;
  #error: Error | undefined;
  readonly #waiting = new Set<Waiter>();

  constructor(cluster: Cluster, { kind, namespace, moved, settled }: IndexOptions) {
    this.#kind = kind;
    this.#moved = moved;
    this.#settled = settled;
    this.#following = cluster.follow(
      { resource: resourceOf[kind], namespace },
      {
        seen: (object, gone) => this.#see(object, gone),
        ready: () => this.#settle(),
        lost: (error) => this.#lose(error),
      },
    );
  }

  /** What is known here is what is there. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  get(name: string): Workload | undefined {
    return this.#held.get(name)?.workload;
  }

  *all(): Iterable<readonly [name: string, workload: Workload]> {
    for (const [name, { workload }] of this.#held) yield [name, workload];
  }

  /** Resolves when what is known here is what is there. Throws why it cannot be known. */
  async current(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#error !== undefined) throw this.#error;
    if (this.#isCurrent) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { resolve, reject };
    const abort = (): void => reject(signal.reason);
    this.#waiting.add(waiter);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#waiting.delete(waiter);
    }
  }

  /** The server answered one to us, before the stream tells it. */
  learn(object: ApiObject): void {
    const held = this.#held.get(object.metadata.name);
    const generation = object.metadata.generation ?? 0;
    if (held === undefined || held.workload.generation < generation) this.#keep(object, true);
  }

  /** The server said that it is not there. */
  forget(name: string): void {
    if (this.#held.delete(name)) this.#moved(name);
  }

  /** Whoever waits is told why. */
  stop(error: Error): void {
    this.#following.stop();
    this.#lose(error);
  }

  #see(object: ApiObject, gone: boolean): void {
    const { name, uid, generation = 0 } = object.metadata;
    if (gone) {
      this.forget(name);
      return;
    }
    this.#toldSince?.add(name);
    const held = this.#held.get(name);
    const isOld = held?.isAhead === true && held.workload.uid === uid && generation < held.workload.generation;
    if (!isOld) this.#keep(object, false);
  }

  #keep(object: ApiObject, isAhead: boolean): void {
    const { name } = object.metadata;
    const before = this.#held.get(name)?.workload;
    const workload = workloadOf(this.#kind, object, before);
    this.#held.set(name, { workload, isAhead });
    if (before !== undefined && before.progress.state !== workload.progress.state) this.#moved(name);
  }

  #settle(): void {
    const told = this.#toldSince;
    this.#toldSince = undefined;
    this.#isCurrent = true;
    this.#error = undefined;
    if (told !== undefined) for (const name of this.#held.keys()) if (!told.has(name)) this.forget(name);
    for (const { resolve } of this.#waiting) resolve();
    this.#settled();
  }

  #lose(error: Error): void {
    this.#toldSince = new Set();
    this.#isCurrent = false;
    this.#error = error;
    for (const { reject } of this.#waiting) reject(error);
  }
}

/** What a template says is read again only when the object says that it is another one. */
function workloadOf(kind: WorkloadKind, object: ApiObject, before: Workload | undefined): Workload {
  const { uid = '', generation = 0 } = object.metadata;
  const gaveUp = gaveUpAt(object);
  if (before?.uid === uid && before.generation === generation) {
    return { ...before, gaveUp, progress: rolloutOf(kind, object, before.gaveUpBefore) };
  }
  const template = at(object, 'spec', 'template');
  const marks = marksOf(template);
  const isMarkedAnew = before !== undefined && !isDeepStrictEqual(marks, before.marks);
  const gaveUpBefore = isMarkedAnew ? before.gaveUp : before?.gaveUpBefore;
  const progress = rolloutOf(kind, object, gaveUpBefore);
  return { uid, generation, references: referencesOf(template), marks, gaveUp, gaveUpBefore, progress };
}

function marksOf(template: unknown): ReadonlyMap<string, string> {
  const annotations = at(template, 'metadata', 'annotations');
  const names = typeof annotations === 'object' && annotations !== null ? Object.keys(annotations) : [];
  const ours = names.filter((name) => isContentKey(name));
  return new Map(ours.map((name) => [name, textAt(annotations, name) ?? '']));
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface IndexOptions {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  /** Called with the name of one whose progress is of another state, or which is gone. */
  readonly moved: (name: string) => void;
  /** Called when what is known here has become what is there. */
  readonly settled: () => void;
}
