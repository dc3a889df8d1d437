import type { Cache, Cached } from './sealed-cache.ts';
import type { Client } from './client.ts';
import { PlumbApiError } from './errors.ts';
import { mayFallBack } from './fallback.ts';
import type { EvaluatedEntry, EvaluatedFolder } from './types.ts';

/** What is told when something that is kept stands in for an answer. */
export interface Fallback {
  /** The folder or path that was asked for. */
  readonly asked: string;
  /** When the server answered it, in milliseconds since the epoch. */
  readonly savedAt: number;
  /** Why the server's answer is missing; absent where it was not asked. */
  readonly error?: PlumbApiError;
}

export interface CacheUse {
  /**
   * `fallback`, the default: the server is asked first. `keep`: answers are kept, and never stand in. `only`: the
   * server is not asked.
   */
  readonly use?: 'fallback' | 'keep' | 'only';
  /** Told before the answer is given, so that nobody takes it for a fresh one. */
  readonly onFallback?: (fallback: Fallback) => void;
  /** What was wrong with the cache itself: not written, or altered. No call fails by it as long as the server answers. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * The same client, whose `entries.evaluate` and `entries.get` keep what the server answers, and answer what is kept
 * while the server is away. A refusal is never answered from the cache, and ends what is kept: all of it when the
 * token is not known, that folder or entry when it may not be read or is no longer there.
 */
export function withCache(client: Client, cache: Cache, options: CacheUse = {}): Client {
  const reads = new CachedReads(client, cache, options);
  return {
    ...client,
    entries: {
      ...client.entries,
      evaluate: (request) => reads.evaluate(request.folder),
      get: (request) => {
        // Kept is what is present and evaluated.
        if (request.raw !== true && request.version === undefined) return reads.get(request.path);
        if (options.use !== 'only') return client.entries.get(request);
        const message = 'only present, evaluated values are kept, and the server is not asked';
        return Promise.reject(new PlumbApiError(message, { code: 'unsupported', status: 0 }));
      },
    },
    with: (call) => withCache(client.with(call), cache, options),
  };
}

/** A single entry is kept like a folder whose name no folder has. */
const nameOfEntry = (path: string): string => `/${path}`;
const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

class CachedReads {
  readonly #client: Client;
  readonly #cache: Cache;
  readonly #options: CacheUse;

  constructor(client: Client, cache: Cache, options: CacheUse) {
    this.#client = client;
    this.#cache = cache;
    this.#options = options;
  }

  evaluate(folder: string): Promise<EvaluatedFolder> {
    return this.#answer(folder, {
      ask: () => this.#client.entries.evaluate({ folder }),
      keep: (found) => this.#cache.save(found),
      forget: () => this.#cache.forget(folder),
      recall: () => this.#cache.load(folder),
    });
  }

  get(path: string): Promise<EvaluatedEntry> {
    const alone = nameOfEntry(path);
    return this.#answer(path, {
      ask: () => this.#client.entries.get({ path }),
      keep: (entry) => this.#cache.save({ folder: alone, revision: entry.revision, entries: [entry] }),
      forget: async () => {
        await this.#cache.forget(alone);
        await this.#cache.forget(folderOf(path), path);
      },
      recall: () => this.#recallEntry(path),
    });
  }

  /** By itself or in its folder: whichever is newer. `undefined` where the newer does not have it. */
  async #recallEntry(path: string): Promise<Cached<EvaluatedEntry> | undefined> {
    const alone = await this.#cache.load(nameOfEntry(path));
    const within = await this.#cache.load(folderOf(path));
    const newer = (alone?.savedAt ?? -Infinity) > (within?.savedAt ?? -Infinity) ? alone : within;
    const entry = newer?.value.entries.find((each) => each.path === path);
    return newer === undefined || entry === undefined ? undefined : { value: entry, savedAt: newer.savedAt };
  }

  async #answer<T>(asked: string, read: Read<T>): Promise<T> {
    if (this.#options.use === 'only') {
      return this.#standIn(asked, await read.recall()) ?? missing(asked);
    }
    let found: T;
    try {
      found = await read.ask();
    } catch (error) {
      await this.#guarded(() => this.#afterRefusal(error, read));
      if (this.#options.use === 'keep' || !mayFallBack(error)) throw error;
      const kept = await this.#guarded(read.recall);
      return this.#standIn(asked, kept, error as PlumbApiError) ?? rethrown(error);
    }
    await this.#guarded(() => read.keep(found));
    return found;
  }

  async #afterRefusal(error: unknown, { forget }: Pick<Read<unknown>, 'forget'>): Promise<void> {
    const code = error instanceof PlumbApiError ? error.code : undefined;
    if (code === 'unauthenticated') await this.#cache.clear();
    if (code === 'forbidden' || code === 'not-found') await forget();
  }

  #standIn<T>(asked: string, kept: Cached<T> | undefined, error?: PlumbApiError): T | undefined {
    if (kept === undefined) return undefined;
    this.#options.onFallback?.({ asked, savedAt: kept.savedAt, ...(error === undefined ? {} : { error }) });
    return kept.value;
  }

  async #guarded<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      this.#options.onFault?.(error);
      return undefined;
    }
  }
}

interface Read<T> {
  readonly ask: () => Promise<T>;
  readonly keep: (found: T) => Promise<void>;
  readonly forget: () => Promise<void>;
  readonly recall: () => Promise<Cached<T> | undefined>;
}

function rethrown(error: unknown): never {
  throw error;
}

function missing(asked: string): never {
  throw new PlumbApiError(`nothing is kept of ${asked}, or it is too old`, {
    code: 'unavailable',
    status: 0,
    hint: 'it is kept when the server answers it',
  });
}
