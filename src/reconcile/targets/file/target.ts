import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Folder } from './folder.ts';
import { Root } from './folder.ts';
import { parseAt, parseOptions } from './options.ts';
import { FilePlace } from './place.ts';
import { sweep } from './replace.ts';
import { FolderWatches } from './watch.ts';
import type { OpenRequest, Place, PlaceIdentity, Target, TargetOptions } from '../../target.ts';

export interface FileTargetOptions {
  /** The folder under which everything stays; from the server's configuration only. It must exist. */
  readonly root: string;
}

/** Keeps .env files, or blocks in them, below one folder. `at` is relative to it; options: {@link FileOptions}. */
export class FileTarget implements Target {
  readonly type = 'file';
  readonly #path: string;
  readonly #root: Root;
  readonly #watches = new FolderWatches();
  /** Of the root, once it is known. */
  #realPath: string | undefined;
  /** Folders in which nothing half-written of an earlier process is left. */
  readonly #swept = new Map<string, Promise<void>>();

  constructor({ root }: FileTargetOptions) {
    this.#path = resolve(root);
    this.#root = new Root(this.#path);
  }

  check(at: string, options: TargetOptions): void {
    parseAt(at);
    parseOptions(options);
  }

  identity(at: string, options: TargetOptions): PlaceIdentity {
    const { block } = parseOptions(options);
    const place = join(this.#real(), at);
    const claim = { place, ...(block === undefined ? {} : { part: block }) };
    return { id: JSON.stringify([place, block ?? null]), claims: [claim] };
  }

  open({ at, options, fingerprint }: OpenRequest): Promise<Place> {
    const parts = { root: this.#root, watches: this.#watches, sweep: (folder: Folder) => this.#sweep(folder) };
    return Promise.resolve(new FilePlace({ ...parseOptions(options), ...parts, fingerprint, segments: parseAt(at) }));
  }

  async close(): Promise<void> {
    this.#watches.close();
    await this.#root.close();
  }

  /** A root that is not there yet has no real path: then the one that was written. */
  #real(): string {
    try {
      return (this.#realPath ??= realpathSync(this.#path));
    } catch {
      return this.#path;
    }
  }

  #sweep(folder: Folder): Promise<void> {
    const known = this.#swept.get(folder.id);
    if (known !== undefined) return known;
    const sweeping = sweep(folder).catch((error: unknown) => {
      this.#swept.delete(folder.id);
      throw error;
    });
    this.#swept.set(folder.id, sweeping);
    return sweeping;
  }
}
