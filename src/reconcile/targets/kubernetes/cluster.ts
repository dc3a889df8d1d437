/** One API server, as the rest of this target sees it. Types only; made by `connect.ts`. */
import type { Lane } from '../../lane.ts';

/** A kind of object, by its place in the API. */
export interface Resource {
  /** `''`: the core group. */
  readonly group: '' | 'apps' | 'authentication.k8s.io' | 'authorization.k8s.io';
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly time?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}
export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly ManagedFields[];
}
/** As the server sent it. Never kept: it may hold values. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

export interface ObjectRef {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name: string;
}

/** What one watch stream covers. The narrower, the fewer rights it takes. */
export interface Selection {
  readonly resource: Resource;
  /** Absent: all of the cluster. */
  readonly namespace?: string;
  /** One object: with `resourceNames` in a Role. */
  readonly name?: string;
  /** As the API writes a label selector. */
  readonly labels?: string;
}

export interface RequestContext {
  readonly lane: Lane;
  readonly signal: AbortSignal;
}

export interface ApplyOptions extends RequestContext {
  readonly fieldManager: string;
  /** Takes fields over from other managers. */
  readonly force: boolean;
}

/**
 * Errors are `PlumbError`s that say verb, resource, name and namespace, never a value:
 * `forbidden` (401, 403), `mismatch` (409: written by somebody else, or a field of another manager), `invalid` (400, 422),
 * `too-large` (413), `unavailable` (429, 5xx, time-outs, broken connections, TLS that does not hold; after `Retry-After`, if it was said).
 * Every request but the renewal of a watch pays from one budget, the most urgent lane first.
 */
export interface Cluster {
  /** The address of the server: what a place in it is known by. */
  readonly id: string;
  /** `null`: there is no such object. */
  get(ref: ObjectRef, context: RequestContext): Promise<ApiObject | null>;
  /** All pages. For selections that are narrow. */
  list(selection: Selection, context: RequestContext): Promise<readonly ApiObject[]>;
  /** Server-side apply; makes the object if it is not there. Answers it as it is then. */
  apply(ref: ObjectRef, body: unknown, options: ApplyOptions): Promise<ApiObject>;
  /** Merge patch (RFC 7396) by the same manager; with `metadata.resourceVersion` in it, only against that. */
  patch(ref: ObjectRef, body: unknown, options: Omit<ApplyOptions, 'force'>): Promise<ApiObject>;
  create(ref: ObjectRef, body: unknown, options: Omit<ApplyOptions, 'force'>): Promise<ApiObject>;
  delete(
    ref: ObjectRef,
    options: RequestContext & { readonly uid?: string; readonly resourceVersion?: string },
  ): Promise<void>;
  /** Of the server's program, e.g. `v1.37.2`. Throws `forbidden` when the credential is not accepted. */
  version(context: RequestContext): Promise<string>;
  /** Whether a right is held, as the server itself says it. */
  may(right: Right, context: RequestContext): Promise<boolean>;
  /**
   * Follows what a selection covers, on a stream shared with everyone who follows the same. `seen` is called with
   * each object that is there, then `ready`, then with every change; again from the start after a gap.
   */
  follow(selection: Selection, listener: FollowListener): Following;
  /**
   * Calls `listener` whenever the server answers again, after calls to it have failed at once. Streams may have outlived
   * that and tell nothing of it. Returns a stop function.
   */
  onRecovered(listener: () => void): () => void;
  /** Of requests sent so far, by `<verb> <resource>`: for metrics. Renewals of watches count as `watch`. */
  readonly requests: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

export interface Right {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name?: string;
}

export interface FollowListener {
  /** `gone`: it was deleted, or does not match the selection any more; `object` is then as it last was. */
  seen(object: ApiObject, gone: boolean): void;
  /** All that is there was told: what was not is not there. Called after every (re-)list. */
  ready(): void;
  /** The stream is broken, or was never opened, for longer than a moment: what was seen may be outdated. `ready` follows when it works again. */
  lost(error: Error): void;
}

export interface Following {
  /** What was told is what is there, as far as the stream goes. */
  readonly current: boolean;
  stop(): void;
}

/** How to reach and convince an API server. Secret; kept in memory only. */
export interface ClusterAccess {
  /** `https://host:port[/path]`. */
  readonly server: string;
  /** PEM. Absent: the roots that the process trusts. */
  readonly ca?: string;
  /** The name that the server's certificate is to carry, if not that of `server`. */
  readonly serverName?: string;
  /** Asked again when it may have ended: files, exec plug-ins. */
  readonly credential: () => Promise<Credential>;
}
export type Credential =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'certificate'; readonly certificate: string; readonly key: string }
  | { readonly type: 'none' };
