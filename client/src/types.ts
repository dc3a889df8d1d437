/** The words of the API, as `proto/openapi.json` has them. Times are milliseconds since the epoch. */

/** `secret` is the default everywhere. */
export type Kind = 'secret' | 'config';
export type ValueType = 'string' | 'integer' | 'number' | 'boolean' | 'url' | 'json' | 'pem' | 'bytes';
export type Form = 'literal' | 'expression';
export type SyncMode = 'repair' | 'report' | 'once' | 'paused';
export type ConditionType = 'InSync' | 'Drifted' | 'Conflict' | 'Paused' | 'Stalled' | 'Held' | 'Error';
/** The closed list of error codes. */
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

/** A mistake in something that was sent, with its place. */
export interface Diagnostic {
  readonly message: string;
  readonly subject?: string;
  readonly line?: number;
  readonly column?: number;
}
/** RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What was wrong, what was expected. */
  readonly detail: string;
  readonly code: ErrorCode;
  readonly hint?: string;
  readonly requestId: string;
  readonly diagnostics?: readonly Diagnostic[];
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Project {
  readonly owner?: string;
  readonly description?: string;
}

export interface Environment {
  /** Another environment of the same project, by its segment. */
  readonly extends?: string;
  readonly defaultKind: Kind;
  readonly description?: string;
}

export interface Policy {
  readonly grammar: 'plumb';
  readonly text: string;
}

export interface Principal {
  readonly policies: readonly string[];
  readonly disabled: boolean;
  readonly description?: string;
}

export interface SyncSpec {
  /** The folder whose evaluated direct entries (own and inherited) are delivered. */
  readonly from: string;
  /** Name of a target. */
  readonly target: string;
  /** Where in the target, in the target's own terms; a relative file name for the file target. */
  readonly at: string;
  readonly runAs: string;
  readonly mode: SyncMode;
  /** What only the target's type understands (for a file: `block`, `fileMode`). JSON-safe. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Counts the changes of the spec; status says which one it is about. */
  readonly generation: number;
}

export interface Condition {
  readonly type: ConditionType;
  readonly status: 'true' | 'false' | 'unknown';
  /** One CamelCase word for programs. */
  readonly reason: string;
  /** For people; never a value. */
  readonly message: string;
  /** When `status` last changed. */
  readonly since: number;
}

export interface SyncStatus {
  readonly generation: number;
  readonly conditions: readonly Condition[];
  /** The revision the target was last in agreement with. */
  readonly appliedRevision?: number;
  readonly appliedAt?: number;
  /** Names that agree, and names that should. */
  readonly agree: number;
  readonly total: number;
  /** What was last done to the target, e.g. `repaired 1 name changed in the file`. */
  readonly note?: string;
}

export interface WhoAmI {
  readonly principal: string;
  readonly policies: readonly string[];
  readonly accessor: string;
  readonly expires?: number;
  readonly uses?: number;
}

export interface Origin {
  readonly path: string;
  readonly version: number;
  readonly revision: number;
}

/** Everything about an entry but its value. */
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
  readonly time: number;
  readonly author: string;
  readonly reason: string;
  readonly owner?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly expires?: number;
}

export interface EvaluatedEntry extends EntrySummary {
  /** Text; base64 for `bytes`. */
  readonly value: string;
  /** True if any part of it is secret. */
  readonly secret: boolean;
  /** What it was computed from, in order; itself first. */
  readonly origin: readonly Origin[];
  /** Changes whenever any origin does; derives from versions and incarnations, never from a value. */
  readonly etag: string;
}

export interface EvaluatedFolder {
  readonly folder: string;
  readonly revision: number;
  readonly entries: readonly EvaluatedEntry[];
}

export interface ListPage {
  readonly entries: readonly EntrySummary[];
  /** Names of direct sub-folders; on the first page of a list that is not recursive. */
  readonly folders: readonly string[];
  readonly cursor?: string;
  readonly revision: number;
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
  readonly time: number;
  readonly revision: number;
  readonly destroyed: boolean;
}
export interface HistoryPage {
  readonly path: string;
  readonly versions: readonly VersionSummary[];
  /** Pass as `before` for the next page. */
  readonly next?: number;
}

/** What is this, who owns it, why is it this value here, who changed it and when, what needs it, where has it been delivered. */
export interface Why {
  readonly entry: EntrySummary;
  /** Masked by clients unless asked for; absent when the caller may not read it or it cannot be evaluated. */
  readonly value?: string;
  readonly secret: boolean;
  /** Why there is no value. */
  readonly problem?: string;
  /** The stored text, for who may read it: shows the references of an expression. */
  readonly expression?: string;
  /** Environments looked through, nearest first, with what was found in each. */
  readonly lookup: readonly { readonly path: string; readonly found: boolean; readonly hidden: boolean }[];
  readonly origin: readonly (Origin & {
    readonly secret: boolean;
    readonly owner?: string;
    readonly reason: string;
    readonly author: string;
    readonly time: number;
  })[];
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
    readonly appliedAt?: number;
  }[];
}

export interface Side {
  readonly folder: string;
  /** As of this revision; default the present. Declarations of environments are those of the present. */
  readonly revision?: number;
}
export interface DiffRequest {
  readonly left: Side;
  readonly right: Side;
}
/** What a caller with only `compare` sees: names and `differs`. Values of secrets are never in a diff. */
export interface DiffRow {
  readonly name: string;
  readonly status: 'same' | 'differs' | 'only-left' | 'only-right' | 'unknown';
  readonly secret: boolean;
  /** Only of plain configuration that the caller may read. */
  readonly left?: string;
  readonly right?: string;
  /** Why `unknown`: cannot be evaluated on one side, or may not be compared. */
  readonly problem?: string;
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

export interface ChangeRequest {
  /** Why; 1–1,000 characters. Required where an environment or `declassify` asks for it. Default empty. */
  readonly reason?: string;
  /** Says what would happen, authorised and validated alike, and writes nothing. Default false. */
  readonly dryRun?: boolean;
  /** Go on although a reference of another entry would break. Default false. */
  readonly force?: boolean;
  /** 1–10,000; a path at most once. */
  readonly ops: readonly ChangeRequestOp[];
}
export type ChangeRequestOp = PutRequest | EndRequest | DescribeRequest | DestroyRequest;

export interface MetadataInput {
  /** `null` removes; absent leaves as it is. */
  readonly owner?: string | null;
  readonly description?: string | null;
  readonly tags?: readonly string[] | null;
  readonly expires?: number | null;
}
export interface PutRequest extends MetadataInput {
  readonly op: 'put';
  readonly path: string;
  /** Text; base64 for `bytes`. At most 1 MiB. */
  readonly value: string;
  /** Default: that of the present entry, else the environment's, else `secret`. */
  readonly kind?: Kind;
  /** Default: that of the present entry, else `string`. */
  readonly type?: ValueType;
  /** Default `literal`; an expression is asked for by name. */
  readonly form?: Form;
  /** Expected version of the path's own; 0: none. */
  readonly expect?: number;
}
export interface EndRequest {
  readonly op: 'delete' | 'unset';
  readonly path: string;
  readonly expect?: number;
}
export interface DescribeRequest extends MetadataInput {
  readonly op: 'describe';
  readonly path: string;
}
export interface DestroyRequest {
  readonly op: 'destroy';
  readonly path: string;
  readonly versions: readonly number[];
}
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
}

export interface WatchRequest {
  /** Folder or path; default everything the caller may list. */
  readonly under?: string;
  /** Revision to go on from; default: the present. */
  readonly after?: number;
}
export type WatchEvent =
  | {
      readonly type: 'change';
      readonly revision: number;
      readonly time: number;
      readonly author: string;
      readonly reason: string;
      readonly entries: readonly { readonly path: string; readonly effect: string; readonly version: number }[];
    }
  /** `after` is older than what is kept: read again, then watch from `revision`. */
  | { readonly type: 'truncated'; readonly revision: number }
  /** Nothing happened; the cursor moves on. Sent first, and every 15 s. */
  | { readonly type: 'bookmark'; readonly revision: number };

export interface ProjectInput {
  readonly owner?: string;
  readonly description?: string;
}
export interface EnvironmentInput {
  readonly extends?: string;
  /** Default `secret`. */
  readonly defaultKind?: Kind;
  readonly description?: string;
  /** Refused with `unsupported` when true, as long as there are no proposals. */
  readonly protected?: boolean;
}
export interface PolicyInput {
  /** Default `plumb`. */
  readonly grammar?: 'plumb';
  readonly text: string;
}
export interface PrincipalInput {
  readonly policies?: readonly string[];
  readonly disabled?: boolean;
  readonly description?: string;
}

export interface TokenRequest {
  /** Default: the caller's. */
  readonly principal?: string;
  /** Seconds; 1 to 31,536,000. Default 2,592,000 (30 days). */
  readonly ttl?: number;
  /** 1 to 1,000,000; default unlimited. */
  readonly uses?: number;
  /** Only these of the principal's policies. */
  readonly policies?: readonly string[];
  readonly description?: string;
}
export interface TokenSummary {
  readonly accessor: string;
  readonly principal: string;
  readonly policies?: readonly string[];
  readonly created: number;
  readonly expires?: number;
  readonly uses?: number;
  readonly parent?: string;
  readonly description?: string;
}
/** The only time the token itself is seen. */
export interface IssuedToken extends TokenSummary {
  readonly token: string;
}

/** Where a target's roots lie is in the server's configuration and shown to administrators only. */
export interface TargetSummary {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
}

export interface SyncInput {
  readonly from: string;
  /** `<target>:<at>`, e.g. `local:staging.env`. */
  readonly to: string;
  readonly runAs: string;
  /** Default `repair`. */
  readonly mode?: SyncMode;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface PlanStep {
  readonly name: string;
  readonly do: 'create' | 'update' | 'delete' | 'adopt' | 'keep';
  readonly secret: boolean;
  /** e.g. `changed in the target since`. */
  readonly because?: string;
}
export interface Plan {
  readonly sync: string;
  readonly revision: number;
  readonly target: string;
  readonly at: string;
  readonly steps: readonly PlanStep[];
  /** Names in the place that are not ours and stay as they are. */
  readonly foreign: readonly string[];
  /** Problems that keep it from being applied. */
  readonly problems: readonly string[];
  readonly inAgreement: boolean;
}

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
export interface Health {
  readonly live: boolean;
  /** The store is open and the state folded. */
  readonly ready: boolean;
  readonly sealed: boolean;
  readonly version: string;
  readonly revision: number;
}

export type NamedProject = Project & { readonly name: string };
export type NamedEnvironment = Environment & { readonly name: string };
export type NamedPolicy = Policy & { readonly name: string };
export type NamedPrincipal = Principal & { readonly name: string };
export type SyncView = SyncSpec & { readonly name: string; readonly status?: SyncStatus };
export type SyncPutResult = SyncView & { readonly plan?: Plan; readonly revision: number };
export type AppliedPlan = Plan & { readonly status: SyncStatus };
