import type { Plan } from './services.ts';
import type { SyncName } from '#reconcile/reconciler';
import type { SyncSpec, SyncStatus } from '#domain/records';

/** What the loop lends to the use-cases. The loop's own code makes the plan and applies it. */
export interface Reconciling {
  /**
   * Throws `invalid` with diagnostics when the target is unknown, or `at` or `options` do not fit. Options that
   * every target has: `adopt` (take over names that are there with other values) and `deleteMany` (do not wait
   * for a person when many names vanish), both boolean.
   */
  check(spec: Pick<SyncSpec, 'target' | 'at' | 'options'>): void;
  /**
   * What applying would do now; changes nothing, neither here nor there. With `supposed`, as if the sync
   * were that (`SyncSource.wish` and `SyncSource.spec` are not asked for the stored one). With `reveal`, steps
   * that concern config carry values.
   * Problems that keep it from being applied stand in the plan, they do not throw; throws
   * `unavailable` when the target cannot be asked.
   */
  plan(name: SyncName, options?: { readonly supposed?: SyncSpec; readonly reveal?: boolean }): Promise<Plan>;
  /** Carries the plan out now, in turn with the loop's own runs of the same sync, whatever the mode but `paused`. */
  apply(name: SyncName): Promise<Plan & { readonly status: SyncStatus }>;
  /**
   * Removes everything from the target that is ours, in turn with the loop's own runs: nothing is written there again
   * until the sync is woken. Answers what was done, with the problems that kept a part of it; throws `unavailable` when
   * the target cannot be reached.
   */
  withdraw(name: SyncName): Promise<Plan>;
  /**
   * What the target of a sync says of entries that it will not carry; `undefined`: it carries everything, or is not
   * known. Asked for once for each spec. A loop that cannot tell has none.
   */
  warner?(spec: SyncSpec): Warner | undefined;
  /** For metrics. A loop that counts nothing has none. */
  figures?(): Figures;
  /** The target of this name is another one now, or gone: its syncs look anew, and leave what they have open of it. */
  retarget(target: string): void;
  /**
   * Something that the sync depends on has changed, its spec included (also: created, deleted). Returns at once.
   * `wave`: the same change concerns many syncs, so others go first. Default `user`.
   */
  wake(name: SyncName, lane?: 'user' | 'wave'): void;
}

/** Why an entry of this name and size will not be carried; `undefined`: nothing speaks against it. Cheap. */
export type Warner = (entry: { readonly name: string; readonly bytes: number }) => string | undefined;

/** What the loop has counted since it was made. */
export interface Figures {
  /** Milliseconds since the oldest wake that was not answered yet. */
  readonly oldestUnservedMs: number;
  /** Names that somebody else had changed and that were put right. */
  readonly repairs: number;
  /** Restarts of what reads changed names, by outcome. */
  readonly restarts: Readonly<Record<'started' | 'done' | 'failed', number>>;
}
