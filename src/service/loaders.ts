import { factsOf } from './rights.ts';
import type { Facts, Rights } from './rights.ts';
import { sha256 } from '#crypto/digest';
import type { Keyring } from '#crypto/keyring';
import type { EntryMetadata, Head, PastVersion, SealedValue, ValueAddress } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import type { Folder, Path } from '#domain/path';
import { decodeValue } from '#domain/value';
import type { Loaders } from '#eval/evaluate';
import type { Stored } from '#eval/lookup';
import type { View } from '#state/view';
import type { Driver } from '#store/driver';

/** An entry as it was or is; its bytes may have to be fetched. */
export interface StoredEntry extends Stored {
  readonly metadata: EntryMetadata;
}

/** By what right values are used: that of a reader, or that of who may only be told whether two are the same. */
export type ReadingRights = Pick<Rights, 'may' | 'mayKnow'>;

/** `compare` is enough where else `read` is needed. What is evaluated so must not be released. */
export function comparing(rights: Rights): ReadingRights {
  return {
    may: (action, path, facts) =>
      rights.may(action, path, facts) || (action === 'read' && rights.may('compare', path, facts)),
    mayKnow: (path, facts) => rights.mayKnow(path, facts) || rights.may('compare', path, facts),
  };
}

/** Reading takes the right on the path asked for and on the path it is stored at. */
function mayRead(rights: ReadingRights, path: Path, stored: StoredEntry | undefined): boolean {
  const facts: Facts | undefined = stored === undefined ? undefined : factsOf(stored);
  if (!rights.may('read', path, facts)) return false;
  return stored === undefined || stored.path === path || rights.may('read', stored.path, facts);
}

/** Knowing of an inherited entry takes what knowing of both places takes. */
export function mayList(rights: ReadingRights, path: Path, stored: StoredEntry | undefined): boolean {
  const facts: Facts | undefined = stored === undefined ? undefined : factsOf(stored);
  if (!rights.mayKnow(path, facts)) return false;
  return stored === undefined || stored.path === path || rights.mayKnow(stored.path, facts);
}

function textOf(keyring: Keyring, version: PastVersion, value: SealedValue): string {
  return decodeValue(version.type, keyring.decrypt(value, version.kind));
}

function noValue(version: PastVersion): PlumbError {
  return new PlumbError('unevaluable', `the value of version ${version.version} has been destroyed`);
}

/** The present, as one reader sees it. Everything is in memory. */
export class PresentLoaders implements Loaders<Head> {
  readonly #view: View;
  readonly #rights: ReadingRights;
  readonly #keyring: Keyring;

  constructor(view: View, rights: ReadingRights, keyring: Keyring) {
    this.#view = view;
    this.#rights = rights;
    this.#keyring = keyring;
  }

  head(path: Path): Head | undefined {
    return this.#view.head(path);
  }

  children(folder: Folder): Iterable<Head> {
    return this.#view.children(folder);
  }

  chain(environment: string): readonly string[] {
    return this.#view.chain(environment);
  }

  mayRead(path: Path, stored: Head | undefined): boolean {
    return mayRead(this.#rights, path, stored);
  }

  mayList(path: Path, stored: Head | undefined): boolean {
    return mayList(this.#rights, path, stored);
  }

  text(stored: Head): string {
    const { value } = stored.current;
    if (value === undefined) throw noValue(stored.current);
    return textOf(this.#keyring, stored.current, value);
  }
}

/** What of the world is not the present. */
export interface Past {
  /** Everything as of this revision. Declarations and metadata are those of the present. */
  readonly revision?: number;
  /** This version instead of the present one of its path. */
  readonly instead?: StoredEntry;
}

export interface PastOptions {
  readonly view: View;
  readonly rights: ReadingRights;
  readonly keyring: Keyring;
  readonly blobs: Pick<Driver, 'getBlobs'>;
  readonly past: Past;
}

/**
 * The world as it was. Bytes of old versions are not in memory: what an evaluation misses is noted,
 * fetched, and the evaluation is made again ({@link settled}).
 */
export class PastLoaders implements Loaders<StoredEntry> {
  readonly #options: PastOptions;
  readonly #bytes = new Map<string, Uint8Array | undefined>();
  readonly #missing = new Set<string>();

  constructor(options: PastOptions) {
    this.#options = options;
  }

  /** Makes `evaluation` again until nothing it needs is missing: at most once for each step of its longest chain of references. */
  async settled<T>(evaluation: () => T): Promise<T> {
    for (;;) {
      const result = evaluation();
      if (this.#missing.size === 0) return result;
      const ids = [...this.#missing];
      this.#missing.clear();
      const found = await this.#options.blobs.getBlobs(ids);
      for (const [i, id] of ids.entries()) this.#bytes.set(id, found[i]);
    }
  }

  head(path: Path): StoredEntry | undefined {
    const { view, past } = this.#options;
    if (past.instead?.path === path) return past.instead;
    const present = view.head(path);
    return present === undefined ? undefined : this.#asOf(present);
  }

  *children(folder: Folder): Iterable<StoredEntry> {
    for (const present of this.#options.view.children(folder)) {
      const stored = this.#asOf(present);
      if (stored !== undefined) yield stored;
    }
  }

  chain(environment: string): readonly string[] {
    return this.#options.view.chain(environment);
  }

  mayRead(path: Path, stored: StoredEntry | undefined): boolean {
    return mayRead(this.#options.rights, path, stored);
  }

  mayList(path: Path, stored: StoredEntry | undefined): boolean {
    return mayList(this.#options.rights, path, stored);
  }

  /** While bytes are missing: an empty text, and the evaluation will be made again. */
  text(stored: StoredEntry): string {
    const { value } = stored.current;
    if (value === undefined) throw noValue(stored.current);
    const bytes = isSealed(value) ? value.bytes : this.#bytes.get(value.id);
    if (bytes !== undefined) return this.#open(stored.current, value, bytes);
    if (this.#bytes.has(value.id)) throw new PlumbError('corrupt', 'the bytes of a stored value are missing');
    this.#missing.add(value.id);
    return '';
  }

  #open(version: PastVersion, value: ValueAddress, bytes: Uint8Array): string {
    if (!isSealed(value) && sha256(bytes) !== value.digest) {
      throw new PlumbError('corrupt', 'the bytes of a stored value are not those that were committed');
    }
    return textOf(this.#options.keyring, version, { ...value, bytes });
  }

  #asOf(present: Head): StoredEntry | undefined {
    const { view, past } = this.#options;
    return entryAt(view, present, past.revision);
  }
}

/** What `present` was at a revision, or is; `undefined`: it was not yet. */
export function entryAt(view: View, present: Head, revision: number | undefined): StoredEntry | undefined {
  if (revision === undefined || present.current.revision <= revision) return present;
  const current = view.headAt(present.path, revision);
  return current === undefined ? undefined : { path: present.path, current, metadata: present.metadata };
}

function isSealed(value: ValueAddress): value is SealedValue {
  return 'bytes' in value;
}
