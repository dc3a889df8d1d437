/**
 * A target is a place that can be kept equal to what Plumb says. Conformance: `target.conformance.ts`.
 */

/** One evaluated name to be delivered. */
export interface DesiredItem {
  readonly value: string;
  readonly secret: boolean;
}

/** Name → what should be there. */
export type Desired = ReadonlyMap<string, DesiredItem>;

/** What is there now. `null`: the place itself (the file, the object) does not exist. */
export interface Observed {
  /** Every name in the place that could be read, ours or not, with its present value. */
  readonly names: ReadonlyMap<string, string>;
  /** The target's own mark for the place (inode and change time, resource version): equal marks mean nothing changed. */
  readonly mark: string;
}

/** What to do to one name. */
export type Step =
  | { readonly do: 'create' | 'update'; readonly name: string; readonly item: DesiredItem }
  | { readonly do: 'delete'; readonly name: string };

/** Static facts that the planner needs; a name or set that breaks one is refused in the plan. */
export interface TargetTraits {
  /** Says what is wrong with a name, or `undefined` if it can be carried. */
  readonly checkName: (name: string) => string | undefined;
  /** Says what is wrong with a value, or `undefined`. Never quotes it. */
  readonly checkValue: (value: string) => string | undefined;
  /** Bytes of the whole place. */
  readonly maxBytes: number;
  readonly maxNames: number;
  readonly readable: boolean;
  /** Whether others may keep names of their own in the same place. */
  readonly shared: boolean;
}

/** One place of one sync, opened by the target for as long as the sync exists. */
export interface Place {
  readonly traits: TargetTraits;
  /** Throws `unavailable` when the target cannot be asked; never answers "nothing" for "could not read". */
  read(signal: AbortSignal): Promise<Observed | null>;
  /**
   * Carries steps out, all or nothing, provided the place still has the mark it was planned against
   * (`null`: does not exist). Throws `mismatch` when somebody else wrote meanwhile: plan again.
   * Returns the new mark.
   */
  write(steps: readonly Step[], plannedAgainst: string | null, signal: AbortSignal): Promise<string>;
  /** Calls `changed` whenever the place may have changed; no call for our own writes is promised. Returns a stop function. */
  watch?(changed: () => void): () => void;
  close(): Promise<void>;
}

export interface Target {
  /** e.g. `file`. */
  readonly type: string;
  /** Throws `invalid` with diagnostics when `at` or `options` do not fit; touches nothing outside. */
  check(at: string, options: Readonly<Record<string, unknown>>): void;
  /** Names the place, so that two syncs on one place can be told: equal strings, same place. */
  identity(at: string, options: Readonly<Record<string, unknown>>): string;
  open(at: string, options: Readonly<Record<string, unknown>>): Promise<Place>;
}
