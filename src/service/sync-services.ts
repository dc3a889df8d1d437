/** The use-cases of targets, and of the syncs that are kept in them. Part of `services.ts`, where the rules for all stand. */
import type { Caller } from './caller.ts';
import type { Named, NounDeleteOptions, NounPutOptions } from './noun-services.ts';
import type { Plan, PlanStep } from '#domain/plan';
import type { HeldBack, StoredTarget, SyncMode, SyncPause, SyncSpec, SyncStatus } from '#domain/records';
import type { ExamineRequest, TargetInput, TargetReport } from '#reconcile/target-kind';

export interface Targets {
  list(caller: Caller): Promise<readonly TargetSummary[]>;
  get(caller: Caller, name: string): Promise<TargetSummary>;
  /** Takes `admin` on it. Throws `conflict` for the name of one that the server's configuration declares. */
  put(
    caller: Caller,
    name: string,
    input: TargetPutInput,
    options: NounPutOptions,
  ): Promise<TargetSummary & { readonly revision: number }>;
  /** Throws `conflict` as long as syncs write there. Ends its credential too. */
  delete(caller: Caller, name: string, options: NounDeleteOptions): Promise<{ readonly revision: number }>;
  /** Asks the other side who it takes us for and what we may do there. Takes `use` or `admin`. */
  check(caller: Caller, name: string, request: TargetCheckRequest): Promise<TargetReport>;
}
/**
 * Never a credential. Where a target of the configuration lies is shown to nobody; of one that was added, everything
 * that was sent but the credential.
 */
export interface TargetSummary extends Partial<Omit<StoredTarget, 'type' | 'description' | 'credential'>> {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  /** Where. */
  readonly declared: 'configuration' | 'api';
  /** Version of the secret; absent also after it was destroyed. */
  readonly credentialVersion?: number;
}
export interface TargetPutInput extends TargetInput {
  readonly description?: string;
}
export type TargetCheckRequest = Partial<ExamineRequest>;
export type { TargetReport };

type Expecting = Pick<NounDeleteOptions, 'expect'>;

export interface Syncs {
  /** Takes `sync` on it, `read` on every origin, `use` on the target, `assume` on `runAs`. */
  put(
    caller: Caller,
    name: string,
    input: SyncInput,
    options: NounPutOptions & { readonly dryRun?: boolean },
  ): Promise<SyncView & { readonly plan?: Plan; readonly revision: number }>;
  get(caller: Caller, name: string): Promise<SyncView>;
  list(caller: Caller): Promise<readonly SyncView[]>;
  /** Leaves the target as it is, unless what was written there is to be deleted first. */
  delete(caller: Caller, name: string, options: SyncDeleteOptions): Promise<{ readonly revision: number }>;
  /** Nothing is looked at or written until it is resumed, or until a time. Replaces an earlier pause. */
  pause(
    caller: Caller,
    name: string,
    request: SyncPauseRequest & Expecting,
  ): Promise<SyncView & { readonly revision: number }>;
  /** Throws `conflict` when it is not paused. */
  resume(caller: Caller, name: string, options: NounDeleteOptions): Promise<SyncView & { readonly revision: number }>;
  /** Of entries that the caller may list; with `reveal`, values of config that the caller may read, which is recorded. */
  plan(caller: Caller, name: string, options?: SyncPlanOptions): Promise<Plan>;
  /** Carries the plan out now, whatever the mode but `paused`. */
  apply(caller: Caller, name: string, options?: Expecting): Promise<Plan & { readonly status: SyncStatus }>;
}
export interface SyncInput {
  readonly from: string;
  /** `<target>:<at>` or `<target>/<at>`, e.g. `local:staging.env`, `prod-eu/changelog`. */
  readonly to: string;
  readonly runAs: string;
  /** Default `repair`. */
  readonly mode?: SyncMode;
  readonly options?: Readonly<Record<string, unknown>>;
}
export interface SyncDeleteOptions extends NounDeleteOptions {
  /** Throws `unavailable` when the target cannot be reached; the sync stays then. */
  readonly deleteOwned?: boolean;
}
export interface SyncPauseRequest extends Pick<SyncPause, 'until' | 'reason'> {
  /** Instead of `until`: from now on, e.g. `2h`. */
  readonly for?: string;
}
export interface SyncPlanOptions {
  /** Default false. */
  readonly reveal?: boolean;
}
export type SyncView = Named<SyncSpec> & {
  readonly status?: SyncStatus;
  /** A restart failed and older values were put back, until somebody applies. */
  readonly heldBack?: HeldBack;
};

export type { Plan, PlanStep };
