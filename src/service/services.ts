/**
 * The use-cases, by noun: what every protocol calls and what none of them may work around.
 * Each takes the caller first; each passes the gate before it does anything. Results carry no
 * bytes and no dates, so a protocol can encode them as they are. Times are milliseconds since the epoch.
 */
import type { Credential, Identity } from '#auth/method';
import type { Form, Kind, ValueType } from '#domain/entry';
import type { Plan, PlanStep } from '#domain/plan';
import type { PrincipalName } from '#domain/principal';
import type { Environment, Policy, Principal, Project, SyncMode, SyncSpec, SyncStatus } from '#domain/records';

/** Who calls, and in which request. Made by `sessions.authenticate`. */
export interface Caller {
  readonly identity: Identity;
  readonly requestId: string;
  /** IP address, or `unix`. */
  readonly address: string;
}

export interface Services {
  readonly sessions: Sessions;
  readonly entries: Entries;
  readonly changes: Changes;
  readonly projects: Nouns<Project, ProjectInput>;
  readonly environments: Nouns<Environment, EnvironmentInput>;
  readonly policies: Nouns<Policy, PolicyInput>;
  readonly principals: Nouns<Principal, PrincipalInput>;
  readonly tokens: Tokens;
  readonly targets: Targets;
  readonly syncs: Syncs;
  readonly system: System;
}

// --- sessions -----------------------------------------------------------------------------------

export interface Sessions {
  /** Throws `unauthenticated`, with a record in the audit file. Counts one use of a token that has uses. */
  authenticate(credential: Credential, requestId: string): Promise<Caller>;
  /**
   * Spends the one-time bootstrap token: creates `person/<name>` with the policy `admin` and answers
   * a token for it. Throws `unauthenticated` if it is wrong or spent.
   */
  bootstrap(request: { token: string; name: string; address: string; requestId: string }): Promise<IssuedToken>;
  whoami(caller: Caller): Promise<WhoAmI>;
}

export interface WhoAmI {
  readonly principal: PrincipalName;
  readonly policies: readonly string[];
  readonly accessor: string;
  readonly expires?: number;
  readonly uses?: number;
}

// --- entries ------------------------------------------------------------------------------------

export interface Entries {
  /** The evaluated value. Needs `read` on the path and on every origin. `not-found` also where `list` and `read` are denied. */
  get(caller: Caller, request: GetRequest): Promise<EvaluatedEntry>;
  /** Names and metadata, never values; only what the caller may `list`. In path order. */
  list(caller: Caller, request: ListRequest): Promise<ListPage>;
  /** Every direct entry of a folder, own and inherited, evaluated: what `run`, export and syncs use. All or an error that names each failing one. */
  evaluate(caller: Caller, request: { readonly folder: string }): Promise<EvaluatedFolder>;
  /** Versions, newest first, without values. */
  history(
    caller: Caller,
    request: { readonly path: string; readonly limit?: number; readonly before?: number },
  ): Promise<HistoryPage>;
  why(caller: Caller, request: { readonly path: string }): Promise<Why>;
  diff(caller: Caller, request: DiffRequest): Promise<Diff>;
}

export interface GetRequest {
  readonly path: string;
  /** That version as stored, of the path's own; an expression is evaluated against the present. Default: the present one, own or inherited. */
  readonly version?: number;
  /** The stored text of an expression instead of its result. Default false. */
  readonly raw?: boolean;
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
  /**
   * Changes whenever any origin does; derives from versions and incarnations, never from a value.
   * `<incarnation>.<version>` of the path's own (`0.0`: none of its own); unless that is all it comes
   * from, then `-` and 12 characters over all origins. Without the quotes that HTTP puts around it.
   */
  readonly etag: string;
}

export interface EvaluatedFolder {
  readonly folder: string;
  readonly revision: number;
  readonly entries: readonly EvaluatedEntry[];
}

export interface ListRequest {
  /** Default: the root. */
  readonly folder?: string;
  /** Also what is in folders below. Default false: direct entries, and the names of folders below. */
  readonly recursive?: boolean;
  /** 1–1,000; default 100. */
  readonly limit?: number;
  /** From the page before. */
  readonly cursor?: string;
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

// --- changes ------------------------------------------------------------------------------------

export interface Changes {
  /** Everything or nothing, one revision. `mismatch` names the present version of each expectation that failed. */
  apply(caller: Caller, request: ChangeRequest): Promise<ChangeResult>;
  /**
   * Events from `after` (exclusive) on; each is authorised at delivery; ends with the token or `signal`.
   * The first event comes at once: a bookmark at the revision it goes on from, or `truncated`. So a refusal
   * is thrown before any event, and a watcher always has a cursor.
   */
  watch(caller: Caller, request: WatchRequest, signal: AbortSignal): AsyncIterable<WatchEvent>;
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
    /** `<incarnation>.<version>`: what a later write may expect. */
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

// --- plain records ------------------------------------------------------------------------------

/** The same four verbs for every noun that is a plain record. */
export interface Nouns<R, Input> {
  get(caller: Caller, name: string): Promise<Named<R>>;
  /** Only what the caller may list; by name. */
  list(caller: Caller): Promise<readonly Named<R>[]>;
  /** Creates or replaces. With `expectAbsent`, throws `exists` if it is there. */
  put(
    caller: Caller,
    name: string,
    input: Input,
    options: NounPutOptions,
  ): Promise<Named<R> & { readonly revision: number }>;
  delete(caller: Caller, name: string, options: { readonly reason?: string }): Promise<{ readonly revision: number }>;
}
export type Named<R> = { readonly name: string } & R;
export interface NounPutOptions {
  readonly reason?: string;
  readonly expectAbsent?: boolean;
}
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

// --- tokens -------------------------------------------------------------------------------------

export interface Tokens {
  /** For the caller's own principal, or with `admin` on `auth/tokens` for any. Never more than the parent may: its policies, its end. */
  create(caller: Caller, request: TokenRequest): Promise<IssuedToken>;
  list(caller: Caller): Promise<readonly TokenSummary[]>;
  /** Also revokes its children, and theirs. A caller may always revoke its own. */
  revoke(caller: Caller, accessor: string): Promise<{ readonly revoked: number }>;
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

// --- targets and syncs --------------------------------------------------------------------------

export interface Targets {
  list(caller: Caller): Promise<readonly TargetSummary[]>;
  get(caller: Caller, name: string): Promise<TargetSummary>;
}
/** Where a target's roots lie is in the server's configuration and shown to administrators only. */
export interface TargetSummary {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
}

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
  /** Leaves the target as it is. */
  delete(caller: Caller, name: string, options: { readonly reason?: string }): Promise<{ readonly revision: number }>;
  plan(caller: Caller, name: string): Promise<Plan>;
  /** Carries the plan out now, whatever the mode but `paused`. */
  apply(caller: Caller, name: string): Promise<Plan & { readonly status: SyncStatus }>;
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
export type SyncView = Named<SyncSpec> & { readonly status?: SyncStatus };

export type { Plan, PlanStep };

// --- system -------------------------------------------------------------------------------------

export interface System {
  /** Checks the chains of both streams and of the audit file against the anchor. Needs `audit` on `sys/audit`. */
  verify(caller: Caller): Promise<VerifyReport>;
  health(): Health;
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
