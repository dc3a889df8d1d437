/**
 * What was last known to be good, sealed: for a program that must go on while the server is away. Where it is kept and
 * the key are handed in. Whoever may write to the storage, and has no key, can take a blob away or put an older one of
 * the same folder back, which the time limit bounds; nothing else.
 */
import { PlumbApiError } from './errors.ts';
import { createSealer, now } from './seal.ts';
import { randomName } from './transport.ts';
import type { EvaluatedFolder } from './types.ts';

/** Where the sealed bytes are kept. One blob for each name; a name is `[a-z0-9-]{1,80}`. */
export interface CacheStorage {
  /** `null`: there is none. */
  read(name: string): Promise<Uint8Array | null>;
  /** Replaces as one step. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Nothing happens where there is none. */
  remove(name: string): Promise<void>;
}

export interface CacheOptions {
  readonly storage: CacheStorage;
  /** 32 random bytes, kept apart from the storage. */
  readonly key: Uint8Array;
  /**
   * Whose cache it is: the server's address, and the principal or the token's accessor. Bound to every blob: one of
   * another scope is not found, and refused as `corrupt` where it was put into the place of one of ours.
   */
  readonly scope: string;
  /** Milliseconds; what is older is never answered. Default 24 h. */
  readonly maxAgeMs?: number;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
}

/** Something that was kept. */
export interface Cached<T> {
  readonly value: T;
  /** Milliseconds since the epoch. */
  readonly savedAt: number;
}

/** Folders by their names, each as it was evaluated for the owner of this cache. */
export interface Cache {
  /** Keeps it under `folder.folder`, in the place of what was kept there. */
  save(folder: EvaluatedFolder): Promise<void>;
  /** `undefined`: none, too old, or from the future. Throws `corrupt` for what was altered or is of another scope. */
  load(folder: string): Promise<Cached<EvaluatedFolder> | undefined>;
  /** Ends what is kept of one folder, or of the entry at `path` in it: its reader may no longer have it. */
  forget(folder: string, path?: string): Promise<void>;
  /** Ends what is kept of every folder of this scope. */
  clear(): Promise<void>;
}

/** Clocks may differ by so much. */
const maxSkewMs = 5 * 60 * 1000;
const defaultMaxAgeMs = 24 * 60 * 60 * 1000;

/** Throws `invalid` for a key that is not 32 bytes. Nothing is read or written before the first call. */
export function openCache(options: CacheOptions): Cache {
  if (options.key.length !== 32) {
    throw new PlumbApiError('the key of a cache must be 32 bytes', { code: 'invalid', status: 0 });
  }
  return new SealedCache(options);
}

interface Kept {
  /** That of the index when it was kept. */
  readonly generation: string;
  readonly savedAt: number;
  readonly value: EvaluatedFolder;
}

/**
 * What is kept counts as long as its generation is that of the index, and `clear` ends the index: so it also ends what
 * the list does not name, because two processes wrote it at the same time or somebody took it away.
 */
interface Index {
  readonly generation: string;
  readonly folders: readonly string[];
}

class SealedCache implements Cache {
  readonly #options: CacheOptions;
  readonly #sealer: ReturnType<typeof createSealer>;
  readonly #now: () => number;
  /** Writes of this process go one by one. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#sealer = createSealer(options.key);
    this.#now = options.now ?? now;
  }

  save(value: EvaluatedFolder): Promise<void> {
    return this.#alone(async () => {
      const { generation, folders } = (await this.#knownIndex()) ?? { generation: randomName(), folders: [] };
      // The index first: the files of what it does not name would outlive a clear.
      if (!folders.includes(value.folder))
        await this.#put(indexOf, { generation, folders: [...folders, value.folder] });
      const kept: Kept = { generation, savedAt: this.#now(), value };
      await this.#put(folderOf(value.folder), kept);
    });
  }

  async load(folder: string): Promise<Cached<EvaluatedFolder> | undefined> {
    const kept = (await this.#get(folderOf(folder))) as Kept | undefined;
    if (kept === undefined || kept.generation !== (await this.#readIndex())?.generation) return undefined;
    const age = this.#now() - kept.savedAt;
    if (age < -maxSkewMs || age > (this.#options.maxAgeMs ?? defaultMaxAgeMs)) return undefined;
    return { value: kept.value, savedAt: kept.savedAt };
  }

  forget(folder: string, path?: string): Promise<void> {
    return this.#alone(async () => {
      const kept = path === undefined ? undefined : await this.#unlessAltered<Kept>(folderOf(folder));
      const entries = kept?.value.entries.filter((entry) => entry.path !== path) ?? [];
      if (kept === undefined || entries.length === 0) {
        await this.#options.storage.remove(await this.#nameOf(folderOf(folder)));
      } else if (entries.length < kept.value.entries.length) {
        await this.#put(folderOf(folder), { ...kept, value: { ...kept.value, entries } });
      }
    });
  }

  clear(): Promise<void> {
    return this.#alone(async () => {
      for (const folder of (await this.#knownIndex())?.folders ?? []) {
        await this.#options.storage.remove(await this.#nameOf(folderOf(folder)));
      }
      await this.#options.storage.remove(await this.#nameOf(indexOf));
    });
  }

  async #readIndex(): Promise<Index | undefined> {
    return (await this.#get(indexOf)) as Index | undefined;
  }

  /** Folders that were ever kept in this scope; an altered index is begun anew. */
  #knownIndex(): Promise<Index | undefined> {
    return this.#unlessAltered<Index>(indexOf);
  }

  async #unlessAltered<T>(subject: Subject): Promise<T | undefined> {
    try {
      return (await this.#get(subject)) as T | undefined;
    } catch (error) {
      if (error instanceof PlumbApiError && error.code === 'corrupt') return undefined;
      throw error;
    }
  }

  async #get(subject: Subject): Promise<unknown> {
    const blob = await this.#options.storage.read(await this.#nameOf(subject));
    if (blob === null) return undefined;
    const text = await this.#sealer.open(blob, this.#context(subject));
    if (text !== undefined) return JSON.parse(text) as unknown;
    throw new PlumbApiError('what is kept was altered, or is of another server or token', {
      code: 'corrupt',
      status: 0,
      hint: 'it is not used; what the server answers next takes its place',
    });
  }

  async #put(subject: Subject, content: unknown): Promise<void> {
    const blob = await this.#sealer.seal(JSON.stringify(content), this.#context(subject));
    await this.#options.storage.write(await this.#nameOf(subject), blob);
  }

  /** Lists in JSON: no two scopes and subjects have the same. */
  #context(subject: Subject): string {
    return JSON.stringify([this.#options.scope, ...subject]);
  }

  #nameOf(subject: Subject): Promise<string> {
    return this.#sealer.nameOf(this.#context(subject));
  }

  #alone<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

type Subject = readonly [what: 'index'] | readonly [what: 'folder', name: string];
const indexOf: Subject = ['index'];
const folderOf = (name: string): Subject => ['folder', name];
