/**
 * The use-cases, by noun: what every protocol calls and what none of them may work around.
 * Each takes the caller first; each passes the gate before it does anything. Results carry no
 * bytes and no dates, so a protocol can encode them as they are. Times are milliseconds since the epoch.
 */
import type { Caller } from './caller.ts';
import type { Changes, Entries } from './entry-services.ts';
import type { Nouns } from './noun-services.ts';
import type { Syncs, Targets } from './sync-services.ts';
import type { Credential } from '#auth/method';
import type { Kind } from '#domain/entry';
import type { PrincipalName } from '#domain/principal';
import type { Environment, Policy, Principal, Project } from '#domain/records';

export type {
  ChangeRequest,
  ChangeRequestOp,
  ChangeResult,
  Changes,
  DescribeRequest,
  DestroyRequest,
  Diff,
  DiffRequest,
  DiffRow,
  EndRequest,
  Entries,
  EntrySummary,
  EvaluatedEntry,
  EvaluatedFolder,
  GetRequest,
  HistoryPage,
  ListPage,
  ListRequest,
  MetadataInput,
  Origin,
  PutRequest,
  Side,
  SyncWarning,
  VersionSummary,
  WatchEvent,
  WatchRequest,
  Why,
} from './entry-services.ts';

export type {
  Plan,
  PlanStep,
  SyncDeleteOptions,
  SyncInput,
  SyncPauseRequest,
  SyncPlanOptions,
  Syncs,
  SyncView,
  TargetCheckRequest,
  TargetPutInput,
  TargetReport,
  Targets,
  TargetSummary,
} from './sync-services.ts';
export type { Named, NounDeleteOptions, NounPutOptions, Nouns } from './noun-services.ts';
export type { Caller } from './caller.ts';

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
  /**
   * Throws `unauthenticated`, with a record in the audit file. Counts one use of a token that has uses.
   * `onRefusal` is called before a refusal is recorded; what it throws is thrown instead, and nothing is recorded.
   */
  authenticate(credential: Credential, requestId: string, onRefusal?: () => void): Caller | Promise<Caller>;
  /**
   * Spends the one-time bootstrap token: creates `person/<name>` with the policy `admin` and answers
   * a token for it. Throws `unauthenticated` if it is wrong or spent; `onRefusal` as in `authenticate`.
   */
  bootstrap(request: BootstrapRequest): Promise<IssuedToken>;
  whoami(caller: Caller): Promise<WhoAmI>;
}

export interface BootstrapRequest {
  readonly token: string;
  readonly name: string;
  readonly address: string;
  readonly requestId: string;
  readonly onRefusal?: () => void;
}

export interface WhoAmI {
  readonly principal: PrincipalName;
  readonly policies: readonly string[];
  readonly accessor: string;
  readonly expires?: number;
  readonly uses?: number;
}

// --- plain records ------------------------------------------------------------------------------

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
  /** Oldest first; those of one millisecond by their accessors. */
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

// --- system -------------------------------------------------------------------------------------

export interface System {
  /** Checks the chains of both streams and of the audit file against the anchor. Needs `audit` on `sys/audit`. */
  verify(caller: Caller): Promise<VerifyReport>;
  /** In the text format of Prometheus. Needs `audit` or `admin` on `sys/metrics`. */
  metrics(caller: Caller): Promise<string>;
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
