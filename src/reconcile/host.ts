import type { Look } from './look.ts';
import { Loop } from './loop.ts';
import { Places } from './places.ts';
import type { OscillationLimits } from './oscillation.ts';
import type { SyncSource, SyncName } from './reconciler.ts';
import { SyncReconciler } from './sync.ts';
import type { Target } from './target.ts';
import { PlumbError } from '#domain/errors';
import type { Plan } from '#domain/plan';
import type { SyncSpec, SyncStatus } from '#domain/records';
import type { Clock, Random } from '#util/clock';

export interface HostOptions {
  readonly syncs: SyncSource;
  /** By name; closed with the host. */
  readonly targets: ReadonlyMap<string, Target>;
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds between two looks at a sync that nothing woke, ± 10 %. Default 60,000. */
  readonly resyncMs?: number;
  /** For one call to a target. Default 10,000. */
  readonly callTimeoutMs?: number;
  readonly oscillation?: OscillationLimits;
  /** Called after a status that is news was saved: for the log. */
  readonly saved?: (name: SyncName, status: SyncStatus) => void;
}

/** Syncs, loop and targets put together: what a server (or an agent, an operator) runs. */
export class Host {
  readonly #syncs: SyncSource;
  readonly #targets: ReadonlyMap<string, Target>;
  readonly #places: Places;
  readonly #reconciler: SyncReconciler;
  readonly #loop: Loop;
  readonly #abort = new AbortController();

  constructor(options: HostOptions) {
    this.#syncs = options.syncs;
    this.#targets = options.targets;
    this.#places = new Places({ ...options, changed: (name) => this.#loop.wake(name, 'drift') });
    this.#reconciler = new SyncReconciler({ ...options, places: this.#places });
    this.#loop = new Loop({
      ...options,
      reconciler: this.#reconciler,
      groupOf: (name) => options.syncs.spec(name)?.target ?? '',
    });
  }

  /** Who writes where is known before anybody writes. */
  start(): void {
    for (const name of this.#syncs.names()) {
      this.#reconciler.claim(name);
      this.#loop.add(name);
    }
    this.#loop.start();
  }

  /** Waits for what is running, then releases every place and target. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    this.#abort.abort();
    await this.#places.close();
    for (const target of new Set(this.#targets.values())) await target.close();
  }

  /** Throws `invalid` when the target is unknown, or `at` or the options do not fit. */
  check(spec: Pick<SyncSpec, 'target' | 'at' | 'options'>): void {
    this.#places.resolve(spec);
  }

  /** Something that the sync depends on has changed, its spec included (also: created, deleted). Returns at once. */
  wake(name: SyncName): void {
    for (const other of this.#reconciler.claim(name)) this.#loop.wake(other, 'drift');
    if (this.#syncs.spec(name) === undefined) this.#loop.remove(name);
    else this.#loop.add(name);
    this.#loop.wake(name, 'user');
  }

  /** What applying would do now; changes nothing. With `supposed`: as if the sync were that. */
  async plan(name: SyncName, supposed?: SyncSpec): Promise<Plan> {
    const spec = supposed ?? this.#specOf(name);
    return planOf(name, spec, await this.#reconciler.look(name, supposed, this.#abort.signal));
  }

  /** Carries the plan out now, in turn with the loop's own runs of the same sync, whatever the mode but `paused`. */
  async apply(name: SyncName): Promise<Plan & { readonly status: SyncStatus }> {
    const spec = this.#specOf(name);
    try {
      const plan = planOf(name, spec, await this.#reconciler.apply(name, this.#abort.signal));
      const status = this.#syncs.status(name);
      if (status === undefined) throw new PlumbError('not-found', `the sync ${name} is gone`);
      return { ...plan, status };
    } catch (error) {
      this.#loop.wake(name, 'drift');
      throw error;
    }
  }

  /** Milliseconds since the oldest wake that was not answered yet: alarm when it only grows. */
  oldestUnserved(): number {
    return this.#loop.oldestUnserved();
  }

  /** Syncs that run, wait for their turn or come back after a failure. */
  get busy(): number {
    return this.#loop.busy;
  }

  #specOf(name: SyncName): SyncSpec {
    const spec = this.#syncs.spec(name);
    if (spec === undefined) throw new PlumbError('not-found', `there is no sync ${name}`);
    return spec;
  }
}

function planOf(sync: SyncName, { target, at }: SyncSpec, look: Look): Plan {
  const place = { sync, target, at };
  if (look.kind !== 'drafted') {
    const nothing = { steps: [], foreign: [], remarks: [], inAgreement: false };
    return { ...place, revision: 0, ...nothing, problems: [look.message] };
  }
  const { draft, revision } = look;
  const { steps, foreign, held, inAgreement } = draft;
  return {
    ...place,
    revision,
    steps,
    foreign,
    remarks: [...draft.flaws, ...draft.notes],
    ...(held === undefined ? {} : { held }),
    problems: [...draft.problems, ...draft.conflicts],
    inAgreement,
  };
}
