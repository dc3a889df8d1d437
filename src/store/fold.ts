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

/** The state as it will be once the accepted changes of the batch are durable. Thrown away after the batch. */
export interface Draft<Op> {
  /** The revision of the next change; always 0 on the work stream. */
  readonly nextRevision: number;
  /** Makes the ops of an accepted change visible to later validations of the batch. Must not throw. */
  stage(change: Change<Op>): void;
}

/** A piece of the state in its stored form: at most 256 KB of consecutive names. */
export interface FoldPage {
  /** 1–120 characters of `[a-z0-9/.-]`; the same piece keeps its name. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Fold<Op, D extends Draft<Op>> {
  /** Of the last commit applied or record passed over; 0 before the first. */
  readonly seq: number;
  draft(): D;
  /**
   * Folds a durable commit in; never validates again. A record without changes (a checkpoint) is
   * applied like any other. On a replay the bytes of a value that a later commit destroys are empty.
   * Throws `corrupt` unless `commit.seq` is the next one, `unsupported` for an op it does not know.
   */
  apply(commit: Commit<Op>): void;
  /** Ids of the values that the commits applied since the last call have destroyed: the log erases their bytes. */
  takeDestroyed(): readonly string[];

  /** Takes over the contents of all pages as of commit `seq`. The bytes are verified; decoding may wait until they are touched. */
  loadPages(pages: readonly FoldPage[], seq: number): void;
  /** What changed since the last `pagesWritten`, and names that are gone, as of `seq`. */
  dirtyPages(): { readonly pages: readonly FoldPage[]; readonly drop: readonly string[] };
  /** The pages of the last `dirtyPages` are durable. Called before the next `apply`, or not at all. */
  pagesWritten(): void;
  /** Estimated bytes of `dirtyPages`, in constant time. */
  readonly dirtyBytes: number;

  /** After `loadPages`: ids of the values that pages name without holding their bytes. The log fetches them. */
  missingValues(): readonly string[];
  /** The answer to `missingValues`; what was asked for and is not in it has been lost. */
  supplyValues(values: ReadonlyMap<string, Uint8Array>): void;
  /** Ids of every value that is not destroyed, old versions included; for sweeping orphans. May be slow. */
  liveValues(): Iterable<string>;
}
