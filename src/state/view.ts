import type { Change, TruthOp, WorkOp } from '#domain/change';
import type { Head, PastVersion } from '#domain/entry';
import type { Folder, Path } from '#domain/path';
import type { TruthNoun, TruthNouns, WorkNoun, WorkNouns } from '#domain/records';

/**
 * What validation, evaluation and use-cases read. The durable state and a draft over it answer alike;
 * in a draft one sees what has been staged. Everything in byte order of paths and names.
 */
export interface View {
  /** Of the last change seen; 0 before the first. */
  readonly revision: number;

  /** What is stored at exactly this path, whatever its state; `undefined`: there never was an entry. */
  head(path: Path): Head | undefined;
  /** Heads that stand in the folder itself, whatever their state, after `from` if given. */
  children(folder: Folder, from?: Path): Iterable<Head>;
  /** Heads in the folder and below, whatever their state, after `from` if given. */
  heads(folder: Folder, from?: Path): Iterable<Head>;
  /** Names of folders directly in this one that hold, at any depth, an entry that is present; in the order of the paths below them. */
  folders(folder: Folder): Iterable<string>;

  /** Versions of the path's own, newest first, of every incarnation; those before `before` if given. */
  versions(path: Path, before?: number): Iterable<PastVersion>;
  version(path: Path, version: number): PastVersion | undefined;
  /** The version that was the newest when `revision` was the store's; `undefined`: none yet. */
  headAt(path: Path, revision: number): PastVersion | undefined;

  record<N extends TruthNoun>(noun: N, name: string): TruthNouns[N] | undefined;
  /** All records of a noun by name; those whose name starts with `prefix` if given. */
  records<N extends TruthNoun>(noun: N, prefix?: string): Iterable<readonly [name: string, record: TruthNouns[N]]>;

  /**
   * Environments that `environment` (`<project>/<environment>`) looks through, nearest first, itself
   * first; only itself when it is not declared.
   */
  chain(environment: string): readonly string[];
  /** Environments of the project that inherit from this one, directly or not; not itself. */
  heirs(environment: string): readonly string[];
  /** Who refers to this path, or to one that inherits what is stored here (or would be); each once, by path. */
  referrers(path: Path): readonly Referrer[];
}

/** One entry as it is read in one environment. */
export interface Referrer {
  /** In the environment that is read. */
  readonly path: Path;
  /** Where it is stored; equal to `path` unless inherited. */
  readonly stored: Path;
}

/** What use-cases of the work stream read. */
export interface WorkView {
  record<N extends WorkNoun>(noun: N, name: string): WorkNouns[N] | undefined;
  records<N extends WorkNoun>(noun: N): Iterable<readonly [name: string, record: WorkNouns[N]]>;
  /** Accessor of the token with this hash. */
  tokenByHash(hash: string): string | undefined;
  /** Accessors of the tokens that this one made. */
  tokensMadeBy(accessor: string): readonly string[];
}

/** A view to which accepted changes are added, for validating the next one; thrown away after the batch. */
export interface Draft<Op> {
  /** The revision that the next change will have; always 0 on the work stream. */
  readonly nextRevision: number;
  /** Makes the ops visible here. The state beneath stays as it is. Does not throw. */
  stage(change: Change<Op>): void;
}
export type TruthDraft = Draft<TruthOp> & View;
export type WorkDraft = Draft<WorkOp> & WorkView;
