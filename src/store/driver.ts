/**
 * A store driver keeps bytes and knows nothing of what they mean. One atomic operation carries every
 * engine: create record `expectedSeq + 1` if it is absent. Conformance: `conformance.ts`, run by every driver.
 *
 * Bytes handed in must not be changed until the call has settled; bytes handed out are the caller's.
 * After `close`, or after the engine failed a write, every method throws a `PlumbError` with code `unavailable`.
 */

/** `truth`: changes, with revisions. `work`: tokens, inventories, sync status; no revisions, no history. */
export type Stream = 'truth' | 'work';

export interface LogRecord {
  /** 1 for the first record of a stream, without gaps. */
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** Immutable bytes beside the log, so that they can be erased without breaking the chain. */
export interface Blob {
  /** 1–64 characters of `[A-Za-z0-9_-]`; never used twice. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** A piece of a checkpoint. A page is replaced whole by a later put of the same name. */
export interface Page {
  /** 1–200 characters of `[A-Za-z0-9_./-]`. */
  readonly name: string;
  /** The record of `stream` that the page's contents are as of. */
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** What travels with an append in the same transaction where the engine has one, else is staged before it. */
export interface Attachments {
  readonly blobs?: readonly Blob[];
  /** Given away: a driver may move their bytes elsewhere, and the caller has them no more. */
  readonly pages?: readonly Page[];
  /** Names of pages that the ones here replace. */
  readonly dropPages?: readonly string[];
}

export type Appended = { readonly outcome: 'appended' } | { readonly outcome: 'conflict' };

/** `truncated`: `fromSeq` is below what the store still has; start again from pages. */
export type Followed =
  | { readonly kind: 'record'; readonly record: LogRecord }
  | { readonly kind: 'truncated'; readonly firstSeq: number };

export interface Driver {
  /** For logs and errors, e.g. `sqlite`. */
  readonly name: string;

  /**
   * Creates record `expectedSeq + 1` of `stream` if it is absent. Resolves once it is durable, with
   * its attachments. `conflict`: another writer has made that record; nothing of this call was kept.
   * Throws when the outcome is unknown: the caller reads record `expectedSeq + 1` and compares.
   * Two mistakes of the caller have a known outcome, nothing kept: `invalid`, when `expectedSeq` is above the
   * head (a gap) or a name is malformed; `exists`, when a blob of that id holds other bytes.
   */
  append(stream: Stream, expectedSeq: number, bytes: Uint8Array, attachments?: Attachments): Promise<Appended>;

  /**
   * Records of `stream` from `fromSeq` (inclusive) to the head when the iteration starts, in order and
   * without gaps. Throws a `PlumbError` with code `not-found` and `details.firstSeq` when `fromSeq` has been truncated.
   */
  read(stream: Stream, fromSeq: number): AsyncIterable<LogRecord>;

  /** The seq of the last record; 0 when there is none. */
  head(stream: Stream): Promise<number>;

  /**
   * As `read`, then goes on with each record as it becomes durable, until `signal` aborts or the driver is
   * closed (both end it without an error). `truncated` is the last thing it yields.
   */
  follow(stream: Stream, fromSeq: number, signal: AbortSignal): AsyncIterable<Followed>;

  /** Stores a blob; durable when it resolves. Putting equal bytes under the same id again is allowed, others are `exists`. */
  putBlob(blob: Blob): Promise<void>;
  /** In the order asked for; `undefined` where there is none or it was erased. */
  getBlobs(ids: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** All ids, in no particular order: for sweeping orphans and for backup. */
  blobIds(): AsyncIterable<string>;
  /** Erases; durable when it resolves. Ids that do not exist are passed over. When the bytes leave the medium is the engine's to document. */
  erase(ids: readonly string[]): Promise<void>;

  /** All pages whose name starts with `prefix`, by name in byte order. */
  pages(prefix: string): AsyncIterable<Page>;

  /** Forgets the records of `stream` with seq ≤ `upTo`. Only ever called below a durable checkpoint: the head stays, else `invalid`. */
  truncate(stream: Stream, upTo: number): Promise<void>;

  /** Counters since opening, for benchmarks and metrics. */
  readonly stats: DriverStats;

  /** Waits for what is in flight, then releases everything. Idempotent. */
  close(): Promise<void>;
}

export interface DriverStats {
  /** Calls of `append` that reached the engine. */
  readonly appends: number;
  /** Times the engine was asked to make bytes durable. */
  readonly syncs: number;
  /** Calls of every method. */
  readonly calls: number;
}
