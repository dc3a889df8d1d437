/** What the log asks of the state: the fold of its commits. The state implements it; the log never looks inside. */
import type { SealedValue } from '#domain/entry';
import type { Change } from '#domain/change';
import type { Stream } from './driver.ts';

/** What the log must know of an op: a `value` is kept as a blob, and only its id and digest are chained. */
export interface LogOp {
  readonly op: string;
  readonly value?: SealedValue;
}

/** One durable record of the log: a batch of changes. */
export interface Commit<Op> {
  readonly stream: Stream;
  readonly seq: number;
  readonly changes: readonly Change<Op>[];
}

/**
 * The state as it will be once everything staged is durable. It lives on while its first changes become durable
 * beneath it, which must not show; it is thrown away after some batches, and when another writer's changes come.
 */
export interface Draft<Op> {
  /** The revision of the next change; always 0 on the work stream. */
  readonly nextRevision: number;
  /** Makes the ops of an accepted change visible to later validations. Must not throw. */
  stage(change: Change<Op>): void;
}

/** A piece of the state in its stored form: at most 256 KB of consecutive names. */
export interface FoldPage {
  /** 1–120 characters of `[A-Za-z0-9_.-]`, `/` between parts; the same piece keeps its name. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What changed since the pages were last taken. */
export interface PageChanges {
  readonly changed: readonly FoldPage[];
  /** Names that were taken before and are no more. */
  readonly removed: readonly string[];
}

export interface Fold<Op, D extends Draft<Op>> {
  draft(): D;
  /**
   * Folds a durable commit in; never validates again. Commits come in order; records without changes
   * (checkpoints) do not come at all. Answers the ids of the values that it destroys (usually none): the
   * log erases their bytes and has their pages rewritten. On a replay the bytes of a value that a later
   * commit destroys are empty. Throws `unsupported` for an op it does not know.
   */
  apply(commit: Commit<Op>): readonly string[];
  /** Pages whose contents changed since they were last taken by this or {@link allPages}; counts them as taken. Their bytes are the caller's. */
  dirtyPages(): PageChanges;
  /** Every page; counts them as taken. Their bytes are the caller's. */
  allPages(): readonly FoldPage[];
  /** Replaces the whole state. The bytes are verified; decoding them may wait until they are touched. */
  loadPages(pages: readonly FoldPage[]): void;
  /** After `loadPages`: ids of the values that pages name without holding their bytes; the log fetches them. */
  wantedBlobs(): readonly string[];
  /** The answer to `wantedBlobs`. */
  supplyBlobs(blobs: ReadonlyMap<string, Uint8Array>): void;
  /** Ids of every value that is not destroyed, old versions included; for sweeping orphans. May be slow. */
  liveBlobs(): Iterable<string>;
}
