/** The use-cases of entries: reading them, and changing them. Part of `services.ts`, where the rules for all stand. */
import type { Caller } from './caller.ts';
import type { Form, Kind, ValueType } from '#domain/entry';

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
  /**
   * Everything or nothing, one revision. `mismatch` names the present version of each expectation that failed.
   * `incarnation` goes with every `expect` of the request; 0 with version 0. Default: any.
   */
  apply(caller: Caller, request: ChangeRequest, incarnation?: number): Promise<ChangeResult>;
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
  /** What targets will not carry; absent: nothing. The change was made all the same. */
  readonly syncWarnings?: readonly SyncWarning[];
}
export interface SyncWarning {
  readonly sync: string;
  /** For people; never a value. */
  readonly message: string;
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
