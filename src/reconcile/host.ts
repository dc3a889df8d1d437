import type { Look } from './look.ts';
import { Loop } from './loop.ts';
import { Places } from './places.ts';
import type { TargetSource } from './places.ts';
import type { OscillationLimits } from './oscillation.ts';
import type { SyncSource, SyncName } from './reconciler.ts';
import { planOf } from './shown.ts';
import { SyncReconciler } from './sync.ts';
import { Tally } from './tally.ts';
import type { LookingOptions } from './sync.ts';
import { warnerOf } from './warner.ts';
import { PlumbError } from '#domain/errors';
import type { Plan } from '#domain/plan';
import type { SyncSpec, SyncStatus } from '#domain/records';
import type { Clock, Random } from '#util/clock';

/** Where targets are found by name. */
export interface HostTargets extends TargetSource {
  close(): Promise<void>;
}

export interface HostOptions {
  readonly syncs: SyncSource;
  /** Closed with the host. */
  readonly targets: HostTargets;
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds between two looks at a sync that nothing woke, ± 10 %. Default 60,000. */
  readonly resyncMs?: number;
  /** For one call to a target. Default 10,000. */
  readonly callTimeoutMs?: number;
  readonly oscillation?: OscillationLimits;
  /** Called after a status that is news was saved: for the log. */
  readonly saved?: (name: SyncName, status: SyncStatus) => void;
  /** Called with a fault of ours that kept a sync from its target: for the log, as the status does not say what it is. */
  readonly failed?: (name: SyncName, error: unknown) => void;
}

/** Syncs, loop and targets put together: what a server (or an agent, an operator) runs. */
export class Host {
  readonly #syncs: SyncSource;
  readonly #targets: HostTargets;
  readonly #places: Places;
  readonly #reconciler: SyncReconciler;
  readonly #loop: Loop;
  readonly #tally = new Tally();
  readonly #abort = new AbortController();

  constructor(options: HostOptions) {
    this.#syncs = options.syncs;
    this.#targets = options.targets;
    this.#places = new Places({
      ...options,
      fingerprint: (sync, name, value) => options.syncs.fingerprint(sync, name, value),
      changed: (name) => this.#loop.wake(name, 'drift'),
    });
    this.#reconciler = new SyncReconciler({ ...options, places: this.#places, tally: this.#tally });
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

  /** One run of each sync, all at once, without the loop: for a host that is not started. */
  async once(names: readonly SyncName[]): Promise<void> {
    for (const name of names) this.#reconciler.claim(name);
    await Promise.all(names.map((name) => this.#reconciler.reconcile(name, 'user', this.#abort.signal)));
  }

  /** Waits for what is running, then releases every place and target. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    this.#abort.abort();
    await this.#places.close();
    await this.#targets.close();
  }

  /** Throws `invalid` when the target is unknown, or `at` or the options do not fit. */
  check(spec: Pick<SyncSpec, 'target' | 'at' | 'options'>): void {
    this.#places.resolve(spec);
  }

  /** What its target says of entries that it will not carry; `undefined`: it never says anything. */
  warner(spec: SyncSpec): ReturnType<typeof warnerOf> {
    return warnerOf(this.#places, spec);
  }

  /**
   * Something that the sync depends on has changed, its spec included (also: created, deleted). Returns at once.
   * `wave`: the same change concerns many syncs, so others go first.
   */
  wake(name: SyncName, lane: 'user' | 'wave' = 'user'): void {
    for (const other of this.#reconciler.claim(name)) this.#loop.wake(other, 'drift');
    if (this.#syncs.spec(name) === undefined) this.#loop.remove(name);
    else this.#loop.add(name);
    this.#loop.wake(name, lane);
  }

  /** The target of that name is another one now, or gone: its syncs look again. */
  retarget(target: string): void {
    for (const name of this.#syncs.names()) {
      if (this.#syncs.spec(name)?.target !== target) continue;
      const released = this.#reconciler.release(name).catch(() => undefined);
      void released.then(() => this.wake(name, 'wave'));
    }
  }

  /** What applying would do now; changes nothing. With `supposed`: as if the sync were that. */
  async plan(name: SyncName, options: LookingOptions = {}): Promise<Plan> {
    const spec = options.supposed ?? this.#specOf(name);
    return planOf(name, spec, await this.#reconciler.look(name, options, this.#abort.signal));
  }

  /** Carries the plan out now, in turn with the loop's own runs of the same sync, whatever the mode but `paused`. */
  async apply(name: SyncName): Promise<Plan & { readonly status: SyncStatus }> {
    return this.#byPerson(name, (signal) => this.#reconciler.apply(name, signal));
  }

  /** Removes everything of ours from the target. Throws `unavailable` when it cannot be reached. */
  async withdraw(name: SyncName): Promise<Plan> {
    const { status: _, ...plan } = await this.#byPerson(name, (signal) => this.#reconciler.withdraw(name, signal));
    return plan;
  }

  /** Milliseconds since the oldest wake that was not answered yet: alarm when it only grows. */
  oldestUnserved(): number {
    return this.#loop.oldestUnserved();
  }

  /** What has been counted so far, for metrics. */
  figures() {
    const { repairs, restarts } = this.#tally;
    return { oldestUnservedMs: this.oldestUnserved(), repairs, restarts };
  }

  /** Syncs that run, wait for their turn or come back after a failure. */
  get busy(): number {
    return this.#loop.busy;
  }

  /** Syncs that run. */
  get running(): number {
    return this.#loop.running;
  }

  async #byPerson(
    name: SyncName,
    act: (signal: AbortSignal) => Promise<Look>,
  ): Promise<Plan & { readonly status: SyncStatus }> {
    const spec = this.#specOf(name);
    try {
      const plan = planOf(name, spec, { look: await act(this.#abort.signal), restarts: [] });
      const status = this.#syncs.status(name);
      if (status === undefined) throw new PlumbError('not-found', `the sync ${name} is gone`);
      return { ...plan, status };
    } catch (error) {
      this.#loop.wake(name, 'drift');
      throw error;
    }
  }

  #specOf(name: SyncName): SyncSpec {
    const spec = this.#syncs.spec(name);
    if (spec === undefined) throw new PlumbError('not-found', `there is no sync ${name}`);
    return spec;
  }
}
