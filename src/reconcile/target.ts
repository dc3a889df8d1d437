/**
 * A target is a place that can be kept equal to what Plumb says. Conformance: `target.conformance.ts`.
 *
 * A place is what one sync fills: one file, or one or more objects of a cluster. Names are flat; a target
 * whose places hold several objects qualifies them (`object/name`) and puts the marks of all into one.
 */

/** One evaluated name to be delivered. */
export interface DesiredItem {
  readonly value: string;
  readonly secret: boolean;
}

/** Name → what should be there. */
export type Desired = ReadonlyMap<string, DesiredItem>;

/** What is there now. */
export interface Observed {
  /** Every name that we could change here, ours or not, with its present value; `null`: it is there, damaged. */
  readonly names: ReadonlyMap<string, string | null>;
  /** Names that others define in the same place where we may not write, and where (`line 3`). None of ours may be one of them. */
  readonly outside: ReadonlyMap<string, string>;
  /** What is wrong with the place itself; every write puts it right, e.g. `mode is 0644, expected 0600`. */
  readonly flaws: readonly string[];
  /** What a person should know about the place, and stays as it is, e.g. `has 2 hard links`. */
  readonly notes: readonly string[];
  /** The target's own mark for the place (inode and change time, resource version): equal marks mean nothing changed. */
  readonly mark: string;
}

/** What to do to one name. */
export type Step =
  | { readonly do: 'create' | 'update'; readonly name: string; readonly item: DesiredItem }
  | { readonly do: 'delete'; readonly name: string };

export interface ReadRequest {
  /** Whether a secret is to stand in the place: decides what counts as a flaw. */
  readonly secret: boolean;
}

export interface WriteRequest extends ReadRequest {
  /** None: only the flaws are put right. */
  readonly steps: readonly Step[];
  /** The mark of what was read; `null`: the place did not exist. */
  readonly plannedAgainst: string | null;
  /** What was read, if the plan was made in the same breath: a target that still has the contents need not read them again. */
  readonly observed?: Observed;
}

/** Static facts that the planner needs; a name or set that breaks one is refused in the plan. */
export interface TargetTraits {
  /** Says why a name or its value cannot be carried (`is not a name of …`), or `undefined`. Never quotes the value. */
  readonly problem: (name: string, value: string) => string | undefined;
  /** Bytes of the whole place, names and values. */
  readonly maxBytes: number;
  readonly maxNames: number;
}

/** One place of one sync, opened by the target for as long as the sync is as it is. Calls of one place are made one after the other. */
export interface Place {
  readonly traits: TargetTraits;
  /**
   * `null`: the place itself (the file, the object) does not exist. Throws `unavailable`, `corrupt` or `forbidden`
   * when the place cannot be read or understood; never answers "nothing" for "could not read".
   */
  read(request: ReadRequest, signal: AbortSignal): Promise<Observed | null>;
  /** The mark that `read` would answer, had cheaply; `null`: the place does not exist. Throws as `read` does. */
  mark(signal: AbortSignal): Promise<string | null>;
  /**
   * Carries steps out, all or nothing (where a place has several objects: per object), provided the place
   * still has the mark it was planned against. Everything else in the place stays as it is, to the byte.
   * Throws `mismatch` when somebody else wrote meanwhile: plan again. Any other throw: whether it was
   * written is unknown, reading tells. Returns the new mark.
   */
  write(request: WriteRequest, signal: AbortSignal): Promise<string>;
  /** Calls `changed` whenever the place may have changed; also for our own writes. Returns a stop function. */
  watch?(changed: () => void): () => void;
  close(): Promise<void>;
}

/** Where a sync writes. Two overlap if `place` is equal and `part` is equal or absent in either. */
export interface PlaceIdentity {
  readonly place: string;
  /** A part of the place that can be kept independently of its other parts. */
  readonly part?: string;
}

export type TargetOptions = Readonly<Record<string, unknown>>;

export interface Target {
  /** e.g. `file`. */
  readonly type: string;
  /** Throws `invalid` with diagnostics when `at` or `options` do not fit, unknown options included; touches nothing outside. */
  check(at: string, options: TargetOptions): void;
  /** Names the place, so that two syncs on one place can be told. For an `at` and `options` that `check` accepts. */
  identity(at: string, options: TargetOptions): PlaceIdentity;
  open(at: string, options: TargetOptions): Promise<Place>;
  /** Releases what the target holds for all its places. */
  close(): Promise<void>;
}
