/** The log of one stream: the one writer in this process. Types only; `committer.ts` implements it, `fold.ts` says what it asks of the state. */
import type { PrincipalName } from '#domain/principal';
import type { Change } from '#domain/change';
import type { Clock } from '#util/clock';
import type { ChainMac } from '#crypto/chain';
import type { Anchor } from './anchor.ts';
import type { Driver, Stream } from './driver.ts';
import type { Commit, Draft, Fold, LogOp } from './fold.ts';

export type { Commit, Draft, Fold, FoldPage, LogOp, PageChanges } from './fold.ts';

export interface LogOptions<Op extends LogOp, D extends Draft<Op>> {
  readonly driver: Driver;
  readonly stream: Stream;
  readonly fold: Fold<Op, D>;
  /** The chain's MAC: `keyring.chain(stream)`. */
  readonly mac: ChainMac;
  /** Binds the first record to the store. */
  readonly storeId: string;
  readonly anchor: Anchor;
  readonly clock: Clock;
  /** Called once when the log has stopped for good (a commit whose outcome is unknown): the process must end. */
  readonly onFatal: (error: Error) => void;
  /** An administrator's word that commits which the anchor knows and the log lacks are given up. Default false. */
  readonly acceptLoss?: boolean;
  /** Bytes of log after which changed pages are written; later if there is much more to write than that. Default 16 MiB. */
  readonly checkpointBytes?: number;
  /**
   * Resolves in a later turn of the event loop. Where the batch before had several changes, the next one waits for it:
   * those who were just answered ask again, and go along. Default: nothing waits.
   */
  readonly turn?: () => Promise<void>;
  /** Called with what an operator should know of, a text for people without a value. Default: nothing is done. */
  readonly onNotice?: (notice: string) => void;
}

/** One change asked for. */
export interface CommitRequest<Op, D> {
  readonly author: PrincipalName;
  readonly reason: string;
  readonly requestId: string;
  /** Accessor of the token that was used; empty for the server itself. */
  readonly accessor: string;
  /**
   * Validates against the pending state and answers the ops, or throws (then nothing of this request
   * is written and the others of the batch go on). Synchronous; may run again if the append loses.
   */
  readonly prepare: (draft: D) => readonly Op[];
}

/** What `verify` found. */
export interface ChainReport {
  readonly ok: boolean;
  readonly records: number;
  /** The seq that the anchor vouches for. */
  readonly anchored: number;
  readonly problem?: string;
}

/** The public surface of the log; `openLog` of `committer.ts` makes one. */
export interface Log<Op extends LogOp, D extends Draft<Op>> {
  /** The last durable and applied record. */
  readonly seq: number;
  /** Present if `acceptLoss` was needed: what was given up, for the audit record. */
  readonly acceptedLoss: string | undefined;
  /**
   * Resolves with the change once it is durable, anchored and applied. Rejects with what `prepare`
   * threw; with `unknown` when the store failed while it was being written, `unavailable` once the log has stopped.
   */
  commit(request: CommitRequest<Op, D>): Promise<Change<Op>>;
  /** Called after each commit is durable and applied, synchronously, in order. Must not throw. Returns the way to stop. */
  onCommit(listener: (commit: Commit<Op>) => void): () => void;
  /** Durable changes with a revision above `revision`, in order, without the bytes of values. Throws `not-found` when they have been truncated. */
  changesAfter(revision: number): AsyncIterable<Change<Op>>;
  /** Applies what another writer of the same store has appended. */
  catchUp(): Promise<void>;
  /** Reads the whole chain again and compares it with the anchor. */
  verify(): Promise<ChainReport>;
  /** Writes changed pages now. */
  checkpoint(): Promise<void>;
  /** Erases blobs that no commit names. Only while no other writer can be staging. Answers how many. */
  sweep(): Promise<number>;
  /** Waits for what is in flight, and writes changed pages if the next start would have much to read. Does not close driver or anchor. */
  close(): Promise<void>;
}
