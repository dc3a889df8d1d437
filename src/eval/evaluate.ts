import type { PastVersion } from '#domain/entry';
import type { ErrorCode } from '#domain/errors';
import type { Folder, Path } from '#domain/path';

/** What evaluation needs to know of a stored entry; a `Head` is one. */
export interface Stored {
  readonly path: Path;
  readonly current: PastVersion;
}

/** The world as one reader sees it, lent for one evaluation. All synchronous; none may change meanwhile. */
export interface Loaders<H extends Stored> {
  /** What is stored at exactly this path, whatever its state. */
  head(path: Path): H | undefined;
  /** What is stored directly in a folder, whatever its state. Only `evaluateFolder` asks. */
  children(folder: Folder): Iterable<H>;
  /** Environments that this one looks through, nearest first, itself first. */
  chain(environment: string): readonly string[];
  /** Whether values at `path` may be used. `stored` is what was found for it, if anything. */
  mayRead(path: Path, stored: H | undefined): boolean;
  /** Whether the reader may know of `path`. Only errors ask. */
  mayList(path: Path, stored: H | undefined): boolean;
  /** The value as text (base64 for `bytes`). A `PlumbError` thrown here becomes the problem of that entry. */
  text(stored: H): string;
}

export interface Evaluated<H extends Stored> {
  readonly path: Path;
  /** Where it is stored: another path than `path` if inherited. */
  readonly stored: H;
  readonly text: string;
  /** True if any part of it is secret. */
  readonly secret: boolean;
  /** What it was computed from, in the order of use, each once; itself first. */
  readonly origins: readonly H[];
}

/** Why there is no value. */
export interface Problem {
  readonly path: Path;
  /** `not-found`: the path asked for itself; `forbidden`: it may be listed, not read; everything else says why. */
  readonly code: ErrorCode;
  /** Names the whole chain; shows nothing of what may not be listed. */
  readonly message: string;
  /** From the path asked for to the place of the fault. `undefined` stands for one that may not be listed. */
  readonly chain: readonly (Path | undefined)[];
  /** What a loader threw. */
  readonly cause?: unknown;
}

export type Evaluation<H extends Stored> =
  | { readonly ok: true; readonly value: Evaluated<H> }
  | { readonly ok: false; readonly problem: Problem };

export interface FolderEvaluation<H extends Stored> {
  /** In byte order. */
  readonly values: readonly Evaluated<H>[];
  readonly problems: readonly Problem[];
  /** Entries left out because the reader may neither read nor list them. */
  readonly withheld: number;
  readonly touched: Touched;
}

/** What an evaluation depended on, absent ones included: a change to anything else cannot alter it. */
export interface Touched {
  /** Entries looked up, found or not, and environments whose declaration was followed. */
  readonly paths: ReadonlySet<Path>;
  /** Folders whose direct entries were looked through. */
  readonly folders: ReadonlySet<Folder>;
}

export const evaluationLimits = { references: 1000, bytes: 1024 * 1024 } as const;

/** The value at `path` as it is read in its environment: inheritance first, then references. Never throws for what a user wrote. */
export function evaluate<H extends Stored>(path: Path, loaders: Loaders<H>): Evaluation<H> {
  throw new Error(`to be written: ${path} ${String(loaders)}`);
}

/** Every direct entry of a folder, own and inherited; what they share is computed once. */
export function evaluateFolder<H extends Stored>(folder: Folder, loaders: Loaders<H>): FolderEvaluation<H> {
  throw new Error(`to be written: ${folder} ${String(loaders)}`);
}

/** What a path stands for, before its references: the nearest entry that is present, unless one before it is unset. */
export function lookUp<H extends Stored>(path: Path, loaders: Pick<Loaders<H>, 'head' | 'chain'>): Lookup<H> {
  throw new Error(`to be written: ${path} ${String(loaders)}`);
}

export interface Lookup<H extends Stored> {
  readonly found: H | undefined;
  /** Nearest first; ends with the one found or hidden, else with the last of the chain. */
  readonly steps: readonly { readonly path: Path; readonly stored: H | undefined }[];
}
