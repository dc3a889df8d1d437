import type { Reconciling } from './reconciling.ts';
import type { TokenKeeper } from './token-keeper.ts';
import type { AuditSink } from '#audit/sink';
import type { AuthMethod } from '#auth/method';
import type { Keyring } from '#crypto/keyring';
import type { TruthOp, WorkOp } from '#domain/change';
import type { TargetRecord } from '#domain/records';
import type { SyncSource } from '#reconcile/reconciler';
import type { Target } from '#reconcile/target';
import type { TargetKind } from '#reconcile/target-kind';
import type { TruthDraft, View, WorkDraft, WorkView } from '#state/view';
import type { Driver } from '#store/driver';
import type { ChainReport, Log } from '#store/log';
import type { Clock, Random } from '#util/clock';

/** What the use-cases stand on: opened by who composes, and closed by it. */
export interface ServiceParts {
  readonly clock: Clock;
  readonly random: Random;
  /** The durable state of each stream, which its log folds into. */
  readonly truthState: DurableTruth;
  readonly workState: DurableWork;
  readonly truth: Log<TruthOp, TruthDraft>;
  readonly work: Log<WorkOp, WorkDraft>;
  /** For values of old versions, which the state does not hold. */
  readonly blobs: Pick<Driver, 'getBlobs'>;
  readonly keyring: Keyring;
  readonly audit: AuditSink;
  /** Reads the chain of the audit file again. */
  readonly verifyAudit: () => Promise<ChainReport>;
  /** By name; from the server's configuration. */
  readonly targets: ReadonlyMap<string, TargetRecord>;
  /** The same, opened; closed by {@link OpenTargets}. Default none. */
  readonly openTargets?: ReadonlyMap<string, Target>;
  /** What may be added over the API. Default nothing. */
  readonly targetKinds?: readonly TargetKind[];
  /** The ways to sign in, over the tokens that are kept: `(keeper) => [new TokenMethod(…)]`. */
  readonly methods: (keeper: TokenKeeper) => readonly AuthMethod[];
  /** Makes the loop over the source that the use-cases lend to it. Called once, at the end of `createServices`. */
  readonly reconciling: (source: SyncSource, targets: OpenTargets) => Reconciling;
  /** Of the program, for `health`. */
  readonly version: string;
  /** Of the process, for metrics. Default nothing. */
  readonly usage?: () => ProcessUsage;
  /** Of the requests answered so far, for metrics. Default nothing. */
  readonly http?: () => readonly HttpSeries[];
  /** How much the change stream keeps. */
  readonly feed?: FeedOptions;
}

/** Every target there is at this moment. */
export interface OpenTargets {
  get(name: string): Target | undefined;
  /** Those that have been opened, by name. */
  opened(): Iterable<readonly [string, Target]>;
  /** For who composes, once nothing uses them any more. */
  close(): Promise<void>;
}

/** Durations of the answers of one class to one route. */
export interface HttpSeries {
  /** A pattern such as `/api/v1/entries/{path}`, or `other`. */
  readonly route: string;
  readonly method: string;
  /** `2xx` and so on. */
  readonly status: string;
  /** For each of the buckets that metrics have how many took that long and longer than the one before; and at the end how many took longer than all. */
  readonly counts: readonly number[];
  /** Seconds. */
  readonly sum: number;
}

export interface ProcessUsage {
  /** Seconds since the epoch. */
  readonly startedAt: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
}

/** What the use-cases need of `TruthState`. */
export interface DurableTruth {
  readonly view: View;
  draft(): TruthDraft;
}

/** What the use-cases need of `WorkState`. */
export interface DurableWork {
  readonly view: WorkView;
}

/** Limits of the change stream. */
export interface FeedOptions {
  /** Events kept for who resumes. Default 10,000. */
  readonly events?: number;
  /** Entries of all kept events together, so that large changes do not fill the memory. Default 200,000. */
  readonly entries?: number;
  /** Events that may wait for one slow consumer before it is told `truncated`. Default 1,000. */
  readonly waiting?: number;
}
