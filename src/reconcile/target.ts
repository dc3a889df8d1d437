/**
 * A target is a place that can be kept equal to what Plumb says. Conformance: `target.conformance.ts`.
 *
 * A place is what one sync fills: one file, or objects of a cluster. Its names are flat; where a place has several
 * objects, a name is qualified by its object (`Secret/app-secrets/DB_HOST`), and the objects stand or fall each by itself.
 * Values stay with the target: what it found it tells by fingerprints.
 */
import type { Activator } from './activator.ts';
import type { Lane } from './lane.ts';
import type { Fingerprint } from '#domain/records';

/** One evaluated entry, by its name in the source (or what the sync's mapping made of it). */
export interface DesiredItem {
  readonly value: string;
  readonly secret: boolean;
  /** `value` is base64 of bytes that need not be text. */
  readonly binary?: true;
  /** Name of the entry in the source; absent: as here. */
  readonly entry?: string;
  /** Of a secret that no entry of its own makes one: the paths it is made from, down to a secret. */
  readonly taint?: readonly string[];
}

/** Name → what should be there. */
export type Desired = ReadonlyMap<string, DesiredItem>;

/** One name of the place as it should be. */
export interface Wanted {
  /** In the target's own spelling: equal texts are equal values. */
  readonly value: string;
  readonly secret: boolean;
  /** Name of the entry in the source. */
  readonly entry: string;
}

/** Who wrote a name last, as the target knows it. */
export interface Writer {
  /** e.g. a field manager. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly at?: number;
  /** It is another sync of this name, of ours or of another server. */
  readonly sync?: string;
}

/** What stands under one name. */
export interface Sighting {
  /** `null`: it is there, damaged. */
  readonly fingerprint: Fingerprint | null;
  /** Of its value. */
  readonly bytes: number;
  /** Of the value that is there, if it is not known to be us. */
  readonly writer?: Writer;
}

/** What is there now. */
export interface Observed {
  /** Every name that we could change here, ours or not. */
  readonly names: ReadonlyMap<string, Sighting>;
  /** Names that others define in the same place where we may not write, and where (`line 3`). None of ours may be one of them. */
  readonly outside: ReadonlyMap<string, string>;
  /** What is wrong with the place itself; every write puts it right, e.g. `mode is 0644, expected 0600`. */
  readonly flaws: readonly Flaw[];
  /** What a person should know about the place, and stays as it is, e.g. `has 2 hard links`. */
  readonly notes: readonly string[];
  /** The target's own mark for the place (inode and change time, resource versions): equal marks mean nothing changed. */
  readonly mark: string;
  /** If asked to reveal: the values under wanted names that are no secrets, as people read them. */
  readonly revealed?: ReadonlyMap<string, string>;
}

/** What keeps a part of the place from being written. */
export interface Obstacle {
  /** The object; `''`: all of the place. */
  readonly group: string;
  /** Names, limits, places: never a value. */
  readonly message: string;
}

/** What is wrong with the place itself, and where. */
export type Flaw = Obstacle;

export interface ReadRequest {
  readonly desired: Desired;
  /** Names that the inventory calls ours: an object that has one is read also if nothing is wanted there any more. */
  readonly ours: ReadonlySet<string>;
  /** Why it is asked: the more urgent goes first where requests are counted. */
  readonly lane: Lane;
  /** Asks for the values that stand under wanted names of config too, read from the target itself. */
  readonly reveal?: boolean;
}

/** What should be there beside what is. */
export interface Reading {
  /** What is desired, spread over the names of this place. */
  readonly wanted: ReadonlyMap<string, Wanted>;
  /** What of it cannot be carried, all at once. Names in it are not in `wanted`. */
  readonly obstacles: readonly Obstacle[];
  /** `null`: the place itself (the file, every object) does not exist. */
  readonly observed: Observed | null;
  /** What keeps the target from telling of changes at once, e.g. a right to watch. Nothing waits for it. */
  readonly degraded?: readonly string[];
}

/** What to do to one name. */
export type Step =
  | { readonly do: 'create' | 'update'; readonly name: string; readonly item: Wanted }
  | { readonly do: 'delete'; readonly name: string };

export interface WriteRequest {
  /** None: only the flaws are put right. */
  readonly steps: readonly Step[];
  /** Everything of ours that is to stand there afterwards, in the objects that a step or a flaw concerns. */
  readonly wanted: ReadonlyMap<string, Wanted>;
  /** Names that are ours now, as far as is known. */
  readonly ours: ReadonlySet<string>;
  /** What was read: the place is written only if its mark is still that one. `null`: it did not exist. */
  readonly observed: Observed | null;
  /** The objects that an obstacle or a conflict concerns: they stay as they are. */
  readonly blocked: ReadonlySet<string>;
  readonly lane: Lane;
}

/** One place of one sync, opened by the target for as long as the sync is as it is. Calls of one place are made one after the other. */
export interface Place {
  /** The object that a name belongs to; `''` where the place is one. */
  groupOf(name: string): string;
  /**
   * Throws `unavailable`, `corrupt` or `forbidden` when the place cannot be read or understood; never answers
   * "nothing" for "could not read".
   */
  read(request: ReadRequest, signal: AbortSignal): Promise<Reading>;
  /** The mark that `read` would answer, had cheaply; `null`: the place does not exist. Throws as `read` does. */
  mark(signal: AbortSignal): Promise<string | null>;
  /**
   * Carries steps out, all or nothing per object, provided what was read still stands. Everything else in the
   * place stays as it is. Throws `mismatch` when somebody else wrote meanwhile: plan again. Any other throw:
   * whether it was written is unknown, reading tells. Returns the new mark.
   */
  write(request: WriteRequest, signal: AbortSignal): Promise<string>;
  /** Calls `changed` whenever the place may have changed; also for our own writes. Returns a stop function. */
  watch?(changed: () => void): () => void;
  /** Where something runs with what stands here, and can be started anew. */
  readonly activator?: Activator;
  /** Milliseconds after which a call is given up, where it is made of many requests. Default: as the host says, 10,000. */
  readonly patienceMs?: number;
  close(): Promise<void>;
}

/** Where a sync writes. Two overlap if `place` is equal and `part` is equal or absent in either. */
export interface Claim {
  readonly place: string;
  /** A part of the place that can be kept independently of its other parts. */
  readonly part?: string;
}

export interface PlaceIdentity {
  /** What was written to a place of another id is not ours in this one. */
  readonly id: string;
  /** So that two syncs on one place can be told before either writes; none where the target itself tells. */
  readonly claims: readonly Claim[];
}

export type TargetOptions = Readonly<Record<string, unknown>>;

export interface OpenRequest {
  /** Who it is for. */
  readonly sync: string;
  readonly at: string;
  readonly options: TargetOptions;
  /** Keyed: equal values of one name of this sync have equal fingerprints, in the target's own spelling of values. */
  readonly fingerprint: (name: string, value: string) => Fingerprint;
}

export interface Target {
  /** e.g. `file`. */
  readonly type: string;
  /** Throws `invalid` with diagnostics when `at` or `options` do not fit, unknown options included; touches nothing outside. */
  check(at: string, options: TargetOptions): void;
  /** Names the place. For an `at` and `options` that `check` accepts. */
  identity(at: string, options: TargetOptions): PlaceIdentity;
  /**
   * Why this target will not carry an entry of this name and size, however it is mapped: a warning when it is
   * written, since no target may veto a write. Cheap.
   */
  warn?(
    at: string,
    options: TargetOptions,
    entry: { readonly name: string; readonly bytes: number },
  ): string | undefined;
  open(request: OpenRequest): Promise<Place>;
  /** Of requests sent so far, by `<verb> <resource>`, where the target sends any: for metrics. */
  readonly requests?: ReadonlyMap<string, number>;
  /** Releases what the target holds for all its places. */
  close(): Promise<void>;
}
