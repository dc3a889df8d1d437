import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { dotenvContents, formatContents } from './contents.ts';
import { FilesPlace } from './files.ts';
import type { Folder } from './folder.ts';
import { Root } from './folder.ts';
import { parseAt, parseOptions } from './options.ts';
import { FilePlace } from './place.ts';
import { sweep } from './replace.ts';
import { FolderWatches } from './watch.ts';
import { loadFormat } from '#format/formats';
import type { OpenRequest, Place, PlaceIdentity, Target, TargetOptions } from '../../target.ts';

export interface FileTargetOptions {
  /** The folder under which everything stays; from the server's configuration only. It must exist. */
  readonly root: string;
}

/**
 * Keeps files of every format, blocks in `.env` files, and folders of one file for each name, below one folder. `at` is
 * relative to it; options: {@link FileOptions}.
 */
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
    parseOptions(at, options);
  }

  /** A file is claimed by its own name, and as a part of its folder, which may be kept as a whole. */
  identity(at: string, options: TargetOptions): PlaceIdentity {
    const { block, format } = parseOptions(at, options);
    const place = join(this.#real(), at);
    if (format === 'files') return { id: JSON.stringify([place, null, format]), claims: [{ place: `${place}/` }] };
    const own = { place, ...(block === undefined ? {} : { part: block }) };
    const among = { place: `${dirname(place)}/`, part: JSON.stringify([basename(place), block ?? null]) };
    return { id: JSON.stringify([place, block ?? null]), claims: [own, among] };
  }

  async open({ at, options, fingerprint }: OpenRequest): Promise<Place> {
    const { block, format, ...mode } = parseOptions(at, options);
    const segments = parseAt(at);
    const parts = { root: this.#root, watches: this.#watches, sweep: (folder: Folder) => this.#sweep(folder) };
    const common = { ...mode, ...parts, segments, fingerprint };
    if (format === 'files') return new FilesPlace(common);
    const contents =
      format === 'dotenv'
        ? dotenvContents({ at, ...(block === undefined ? {} : { block }) })
        : formatContents(await loadFormat(format), at);
    return new FilePlace({ ...common, contents });
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
