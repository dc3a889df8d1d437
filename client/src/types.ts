/**
 * The words of the API, generated from proto/openapi.json by tools/generate-api.ts. Times are milliseconds since the
 * epoch.
 */

export interface Activation {
  readonly state: 'done' | 'pending' | 'failed';
  /** Of which consumers. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface AppliedPlan {
  readonly sync: string;
  readonly revision: number;
  readonly target: string;
  readonly at: string;
  readonly steps: readonly PlanStep[];
  /** Names in the place that are not ours and stay as they are. */
  readonly foreign: readonly string[];
  /** What applying also puts right in the place itself, and what is odd there. */
  readonly remarks: readonly string[];
  /** Why the loop waits for a person, who may go on by apply. */
  readonly held?: string;
  /** What keeps it from being applied. */
  readonly problems: readonly string[];
  /** Names that problems speak of as not ours. */
  readonly conflicts?: readonly PlanConflict[];
  readonly inAgreement: boolean;
  /** What applying starts anew, and the changed names that it reads. */
  readonly restarts?: readonly PlanRestart[];
  readonly status: SyncStatus;
}

export interface BootstrapRequest {
  readonly token: string;
  /** Of the first administrator. */
  readonly name: string;
}

export interface ChangeRequest {
  /** Why; 1 to 1,000 characters; default empty. */
  readonly reason?: string;
  /** Says what would happen and writes nothing; default false. */
  readonly dryRun?: boolean;
  /** Go on although a reference of another entry would break; default false. */
  readonly force?: boolean;
  /** 1 to 10,000; a path at most once. */
  readonly ops: readonly ChangeRequestOp[];
}

export type ChangeRequestOp = PutRequest | EndRequest | DescribeRequest | DestroyRequest;

export interface ChangeResult {
  /** 0 for a dry run. */
  readonly revision: number;
  readonly dryRun: boolean;
  readonly entries: readonly {
    readonly path: string;
    readonly effect: 'create' | 'update' | 'delete' | 'unset' | 'describe' | 'destroy';
    readonly version: number;
    readonly etag: string;
  }[];
  readonly warnings: readonly string[];
  /** What targets will not carry; the change was made all the same. */
  readonly syncWarnings?: readonly SyncWarning[];
}

export interface Condition {
  readonly type: ConditionType;
  readonly status: 'true' | 'false' | 'unknown';
  /** One CamelCase word for programs. */
  readonly reason: string;
  /** For people; never a value. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export type ConditionType = 'InSync' | 'Drifted' | 'Conflict' | 'Paused' | 'Stalled' | 'Held' | 'Error';

export interface DescribeRequest {
  readonly op: 'describe';
  readonly path: string;
  /** Null removes; absent leaves as it is. */
  readonly owner?: string | null;
  readonly description?: string | null;
  readonly tags?: readonly string[] | null;
  /** Milliseconds since the epoch; only informs. */
  readonly expires?: number | null;
}

export interface DestroyRequest {
  readonly op: 'destroy';
  readonly path: string;
  readonly versions: readonly number[];
}

export interface Diagnostic {
  readonly message: string;
  readonly subject?: string;
  readonly line?: number;
  readonly column?: number;
}

export interface Diff {
  readonly left: Side;
  readonly right: Side;
  readonly rows: readonly DiffRow[];
  readonly counts: {
    readonly same: number;
    readonly differs: number;
    readonly onlyLeft: number;
    readonly onlyRight: number;
    readonly unknown: number;
  };
}

export interface DiffRequest {
  readonly left: Side;
  readonly right: Side;
}

export interface DiffRow {
  readonly name: string;
  readonly status: 'same' | 'differs' | 'only-left' | 'only-right' | 'unknown';
  readonly secret: boolean;
  /** Only of plain configuration that the caller may read. */
  readonly left?: string;
  /** Only of plain configuration that the caller may read. */
  readonly right?: string;
  /** Why `unknown`. */
  readonly problem?: string;
}

export interface EndRequest {
  readonly op: 'delete' | 'unset';
  readonly path: string;
  /** Expected version of the path itself; 0: none. */
  readonly expect?: number;
}

export interface EntryInput {
  /** Text; base64 for bytes; at most 1 MiB. */
  readonly value: string;
  /** Default: that of the present entry, else of the environment, else secret. */
  readonly kind?: Kind;
  readonly type?: ValueType;
  /** Default literal; an expression is asked for by name. */
  readonly form?: Form;
  /** Null removes; absent leaves as it is. */
  readonly owner?: string | null;
  readonly description?: string | null;
  readonly tags?: readonly string[] | null;
  /** Milliseconds since the epoch; only informs. */
  readonly expires?: number | null;
  /** Why; 1 to 1,000 characters; default empty. */
  readonly reason?: string;
  /** Go on although a reference of another entry would break; default false. */
  readonly force?: boolean;
}

export interface EntrySummary {
  readonly path: string;
  /** Where it is stored, if inherited. */
  readonly inheritedFrom?: string;
  readonly kind: Kind;
  readonly type: ValueType;
  readonly form: Form;
  readonly version: number;
  readonly incarnation: number;
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly author: string;
  readonly reason: string;
  readonly owner?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Milliseconds since the epoch; only informs. */
  readonly expires?: number;
}

export interface EnvironmentInput {
  /** Another environment of the same project, by its segment. */
  readonly extends?: string;
  /** Of entries that say none. */
  readonly defaultKind?: Kind;
  readonly description?: string;
  /** Not offered yet: true is refused. */
  readonly protected?: boolean;
  /** Why; kept with the change. */
  readonly reason?: string;
}

export type ErrorCode =
  | 'invalid'
  | 'not-found'
  | 'exists'
  | 'mismatch'
  | 'conflict'
  | 'unevaluable'
  | 'unauthenticated'
  | 'forbidden'
  | 'too-large'
  | 'rate-limited'
  | 'sealed'
  | 'unavailable'
  | 'unknown'
  | 'corrupt'
  | 'unsupported'
  | 'internal';

export interface EvaluatedEntry {
  readonly path: string;
  /** Where it is stored, if inherited. */
  readonly inheritedFrom?: string;
  readonly kind: Kind;
  readonly type: ValueType;
  readonly form: Form;
  readonly version: number;
  readonly incarnation: number;
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly author: string;
  readonly reason: string;
  readonly owner?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Milliseconds since the epoch; only informs. */
  readonly expires?: number;
  /** Text; base64 for bytes. */
  readonly value: string;
  /** True if any part of it is secret. */
  readonly secret: boolean;
  /** What it was computed from, in order; itself first. */
  readonly origin: readonly Origin[];
  /** Changes whenever any origin does; derives from versions, never from a value. */
  readonly etag: string;
}

export interface EvaluatedFolder {
  readonly folder: string;
  readonly revision: number;
  readonly entries: readonly EvaluatedEntry[];
}

export type Form = 'literal' | 'expression';

export interface Health {
  readonly live: boolean;
  readonly ready: boolean;
  readonly sealed: boolean;
  readonly version: string;
  readonly revision: number;
}

export interface HeldBack {
  /** The revision whose restart failed. */
  readonly from: number;
  /** The revision whose values were put back. */
  readonly to: number;
  /** What failed. */
  readonly because: string;
}

export interface HistoryPage {
  readonly path: string;
  /** Newest first. */
  readonly versions: readonly VersionSummary[];
  /** Pass as `before` for the next page. */
  readonly next?: number;
}

export interface IssuedToken {
  /** Names the token; safe to show. */
  readonly accessor: string;
  readonly principal: string;
  readonly policies?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Milliseconds since the epoch. */
  readonly expires?: number;
  /** Uses left. */
  readonly uses?: number;
  /** Accessor of the token that made it. */
  readonly parent?: string;
  readonly description?: string;
  /** The only time the token itself is seen. */
  readonly token: string;
}

export type Kind = 'secret' | 'config';

export interface ListPage {
  readonly entries: readonly EntrySummary[];
  /** Direct sub-folders; on the first page of a list that is not recursive. */
  readonly folders: readonly string[];
  /** Absent on the last page. */
  readonly cursor?: string;
  readonly revision: number;
}

export interface NamedEnvironment {
  readonly name: string;
  /** Another environment of the same project, by its segment. */
  readonly extends?: string;
  /** Of entries that say none. */
  readonly defaultKind: Kind;
  readonly description?: string;
}

export interface NamedPolicy {
  readonly name: string;
  readonly grammar: 'plumb';
  readonly text: string;
}

export interface NamedPrincipal {
  readonly name: string;
  readonly policies: readonly string[];
  readonly disabled: boolean;
  readonly description?: string;
}

export interface NamedProject {
  readonly name: string;
  readonly owner?: string;
  readonly description?: string;
}

export interface Origin {
  readonly path: string;
  readonly version: number;
  readonly revision: number;
}

export interface PathProblem {
  /** As a request for this path alone would be answered. */
  readonly status: number;
  readonly code: ErrorCode;
  /** What was wrong, what was expected. */
  readonly detail: string;
  /** What to do about it. */
  readonly hint?: string;
  /** For programs. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Plan {
  readonly sync: string;
  readonly revision: number;
  readonly target: string;
  readonly at: string;
  readonly steps: readonly PlanStep[];
  /** Names in the place that are not ours and stay as they are. */
  readonly foreign: readonly string[];
  /** What applying also puts right in the place itself, and what is odd there. */
  readonly remarks: readonly string[];
  /** Why the loop waits for a person, who may go on by apply. */
  readonly held?: string;
  /** What keeps it from being applied. */
  readonly problems: readonly string[];
  /** Names that problems speak of as not ours. */
  readonly conflicts?: readonly PlanConflict[];
  readonly inAgreement: boolean;
  /** What applying starts anew, and the changed names that it reads. */
  readonly restarts?: readonly PlanRestart[];
}

export interface PlanConflict {
  /** In the target. */
  readonly name: string;
  /** Its name in the source. */
  readonly entry?: string;
  /** The object that it belongs to, where a place has several. */
  readonly group?: string;
  readonly secret: boolean;
  /** Who wrote what is there, if it was not us. */
  readonly writer?: string;
  /** Of config, when asked to reveal: what should be there. */
  readonly wanted?: string;
  /** Of config, when asked to reveal: what is there. */
  readonly found?: string;
  readonly because: string;
}

export interface PlanRestart {
  readonly consumer: string;
  readonly names: readonly string[];
}

export interface PlanStep {
  /** In the target. */
  readonly name: string;
  /** Its name in the source. */
  readonly entry?: string;
  /** The object that it belongs to, where a place has several. */
  readonly group?: string;
  readonly secret: boolean;
  /** Who wrote what is there, if it was not us. */
  readonly writer?: string;
  /** Of config, when asked to reveal: what should be there. */
  readonly wanted?: string;
  /** Of config, when asked to reveal: what is there. */
  readonly found?: string;
  readonly do: 'create' | 'update' | 'delete' | 'adopt' | 'keep';
  readonly because?: string;
}

export interface PolicyInput {
  readonly grammar?: 'plumb';
  /** One rule a line. */
  readonly text: string;
  /** Why; kept with the change. */
  readonly reason?: string;
}

export interface PrincipalInput {
  readonly policies?: readonly string[];
  readonly disabled?: boolean;
  readonly description?: string;
  /** Why; kept with the change. */
  readonly reason?: string;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What was wrong, what was expected. */
  readonly detail: string;
  readonly code: ErrorCode;
  /** What to do about it. */
  readonly hint?: string;
  readonly requestId: string;
  readonly diagnostics?: readonly Diagnostic[];
  /** For programs. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface ProjectInput {
  readonly owner?: string;
  readonly description?: string;
  /** Why; kept with the change. */
  readonly reason?: string;
}

export interface PutRequest {
  readonly op: 'put';
  readonly path: string;
  /** Text; base64 for bytes; at most 1 MiB. */
  readonly value: string;
  /** Default: that of the present entry, else of the environment, else secret. */
  readonly kind?: Kind;
  readonly type?: ValueType;
  /** Default literal; an expression is asked for by name. */
  readonly form?: Form;
  /** Null removes; absent leaves as it is. */
  readonly owner?: string | null;
  readonly description?: string | null;
  readonly tags?: readonly string[] | null;
  /** Milliseconds since the epoch; only informs. */
  readonly expires?: number | null;
  /** Expected version of the path itself; 0: none. */
  readonly expect?: number;
}

export interface ReadItem {
  readonly path: string;
  readonly entry?: EvaluatedEntry;
  readonly problem?: PathProblem;
}

export interface ReadRequest {
  /** 1 to 1,000, each once. */
  readonly paths: readonly string[];
}

export interface ReadResult {
  /** In the order asked for, each with its entry or why there is none. */
  readonly items: readonly ReadItem[];
}

export interface Revision {
  readonly revision: number;
}

export interface Side {
  readonly folder: string;
  /** As of this revision; default the present. */
  readonly revision?: number;
}

export interface SyncInput {
  readonly from: string;
  /** `<target>:<at>` or `<target>/<at>`. */
  readonly to: string;
  readonly runAs: string;
  /** What happens on drift; default repair. */
  readonly mode?: SyncMode;
  /** What only this type of target understands. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Why; kept with the change. */
  readonly reason?: string;
}

export type SyncMode = 'repair' | 'report' | 'once' | 'paused';

export interface SyncPause {
  /** When it ends by itself, in milliseconds since the epoch. */
  readonly until?: number;
  readonly reason: string;
  readonly by: string;
}

export interface SyncPauseRequest {
  /** How long, such as 90s, 15m, 2h or 3d; default until it is resumed. */
  readonly for?: string;
  /** Instead of for: a time to come, in milliseconds since the epoch. */
  readonly until?: number;
  /** Why. */
  readonly reason: string;
}

export interface SyncPutResult {
  readonly name: string;
  /** The folder whose evaluated direct entries are delivered. */
  readonly from: string;
  readonly target: string;
  /** Where in the target, in its own terms. */
  readonly at: string;
  readonly runAs: string;
  /** What happens on drift; default repair. */
  readonly mode: SyncMode;
  /** What only this type of target understands. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Counts the changes of the spec. */
  readonly generation: number;
  readonly pause?: SyncPause;
  readonly status?: SyncStatus;
  readonly heldBack?: HeldBack;
  readonly plan?: Plan;
  readonly revision: number;
}

export interface SyncStatus {
  readonly generation: number;
  readonly conditions: readonly Condition[];
  /** The target was last in agreement with. */
  readonly appliedRevision?: number;
  /** Milliseconds since the epoch. */
  readonly appliedAt?: number;
  /** Of the spec that it was last in agreement with. */
  readonly appliedGeneration?: number;
  readonly agree: number;
  readonly total: number;
  /** What was last done to the target. */
  readonly note?: string;
  readonly activation?: Activation;
}

export interface SyncView {
  readonly name: string;
  /** The folder whose evaluated direct entries are delivered. */
  readonly from: string;
  readonly target: string;
  /** Where in the target, in its own terms. */
  readonly at: string;
  readonly runAs: string;
  /** What happens on drift; default repair. */
  readonly mode: SyncMode;
  /** What only this type of target understands. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Counts the changes of the spec. */
  readonly generation: number;
  readonly pause?: SyncPause;
  readonly status?: SyncStatus;
  readonly heldBack?: HeldBack;
}

export interface SyncWarning {
  readonly sync: string;
  /** For people; never a value. */
  readonly message: string;
}

export interface TargetCheckRequest {
  /** Default those of the target. */
  readonly namespaces?: readonly string[];
  /** What is to be kept there, which may narrow the rights that are needed; default any. */
  readonly objects?: readonly {
    readonly kind: 'Secret' | 'ConfigMap';
    readonly name: string;
  }[];
  /** Also what it takes to restart workloads; default true. */
  readonly restart?: boolean;
}

export interface TargetInput {
  /** Kubernetes. */
  readonly type: string;
  /** With everything that is needed in it; kept as a secret. */
  readonly kubeconfig: string;
  /** Of the kubeconfig; default the current one. */
  readonly context?: string;
  /** Where its rights are looked at; default that of the context. */
  readonly namespaces?: readonly string[];
  /** What it follows there: single names, or namespaces; default names. */
  readonly watch?: TargetWatch;
  readonly description?: string;
  /** Why; kept with the change. */
  readonly reason?: string;
}

export interface TargetReport {
  /** Of the program on the other side. */
  readonly version: string;
  /** As whom it knows us. */
  readonly identity: string;
  readonly namespaces: readonly {
    readonly namespace: string;
    /** Rights that are held. */
    readonly may: readonly string[];
    /** Rights that are missing. */
    readonly lacks: readonly string[];
  }[];
}

export interface TargetSummary {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  /** Where it is declared. */
  readonly declared: 'configuration' | 'api';
  readonly server?: string;
  /** PEM of the authorities that the server may be certified by. */
  readonly ca?: string;
  /** That the certificate is to carry, if another one. */
  readonly serverName?: string;
  /** Of the kubeconfig; default the current one. */
  readonly context?: string;
  /** Where its rights are looked at; default that of the context. */
  readonly namespaces?: readonly string[];
  /** What it follows there: single names, or namespaces; default names. */
  readonly watch?: TargetWatch;
  /** Counts the changes of the target and its credential. */
  readonly generation?: number;
  /** Of the secret that it signs in with, which is never shown. */
  readonly credentialVersion?: number;
}

export type TargetWatch = 'names' | 'namespaces';

export interface TokenRequest {
  /** Default: that of the caller. */
  readonly principal?: string;
  /** Seconds; default 2,592,000 (30 days). */
  readonly ttl?: number;
  /** Default unlimited. */
  readonly uses?: number;
  /** Only these policies of the principal. */
  readonly policies?: readonly string[];
  readonly description?: string;
}

export interface TokenSummary {
  /** Names the token; safe to show. */
  readonly accessor: string;
  readonly principal: string;
  readonly policies?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Milliseconds since the epoch. */
  readonly expires?: number;
  /** Uses left. */
  readonly uses?: number;
  /** Accessor of the token that made it. */
  readonly parent?: string;
  readonly description?: string;
}

export type ValueType = 'string' | 'integer' | 'number' | 'boolean' | 'url' | 'json' | 'pem' | 'bytes';

export interface VerifyReport {
  readonly ok: boolean;
  readonly chains: readonly {
    readonly name: 'truth' | 'work' | 'audit';
    readonly ok: boolean;
    readonly records: number;
    readonly anchored: number;
    readonly problem?: string;
  }[];
}

export interface VersionSummary {
  readonly version: number;
  readonly incarnation: number;
  readonly state: 'present' | 'deleted' | 'unset';
  readonly kind: Kind;
  readonly type: ValueType;
  readonly form: Form;
  readonly reason: string;
  readonly author: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly revision: number;
  readonly destroyed: boolean;
}

export type WatchEvent =
  | {
      readonly type: 'change';
      readonly revision: number;
      /** Milliseconds since the epoch. */
      readonly time: number;
      readonly author: string;
      readonly reason: string;
      readonly entries: readonly {
        readonly path: string;
        readonly effect: string;
        readonly version: number;
      }[];
    }
  | {
      readonly type: 'truncated';
      readonly revision: number;
    }
  | {
      readonly type: 'bookmark';
      readonly revision: number;
    };

export interface WhoAmI {
  readonly principal: string;
  readonly policies: readonly string[];
  /** Names the token; safe to show. */
  readonly accessor: string;
  /** Milliseconds since the epoch. */
  readonly expires?: number;
  /** Uses left. */
  readonly uses?: number;
}

export interface Why {
  readonly entry: EntrySummary;
  /** Absent when the caller may not read it or it cannot be evaluated. */
  readonly value?: string;
  readonly secret: boolean;
  /** Why there is no value. */
  readonly problem?: string;
  /** The stored text, for who may read it. */
  readonly expression?: string;
  /** Environments looked through, nearest first. */
  readonly lookup: readonly {
    readonly path: string;
    readonly found: boolean;
    readonly hidden: boolean;
  }[];
  readonly origin: readonly {
    readonly path: string;
    readonly version: number;
    readonly revision: number;
    readonly secret: boolean;
    readonly owner?: string;
    readonly reason: string;
    readonly author: string;
    /** Milliseconds since the epoch. */
    readonly time: number;
  }[];
  /** Entries that refer to it; only those the caller may list. */
  readonly referrers: readonly string[];
  /** Environments that inherit it. */
  readonly inheritedBy: readonly string[];
  readonly deliveries: readonly {
    readonly sync: string;
    readonly target: string;
    readonly at: string;
    readonly inSync: boolean;
    readonly appliedRevision?: number;
    /** Milliseconds since the epoch. */
    readonly appliedAt?: number;
  }[];
}
