import { faultOf } from './faults.ts';
import type { Folder, Root } from './folder.ts';
import { Queue } from './queue.ts';
import type { FolderWatches } from './watch.ts';
import type { OpenRequest } from '../../target.ts';

/** What every place below a root is given. */
export interface PlaceOptions {
  /** Permission bits that every file of it is to have exactly. */
  readonly mode?: number;
  readonly root: Root;
  readonly watches: FolderWatches;
  /** Of the file, or of the folder that is kept as a whole. */
  readonly segments: readonly string[];
  readonly fingerprint: OpenRequest['fingerprint'];
  /** Called once per folder before anything is written there. */
  readonly sweep: (folder: Folder) => Promise<void>;
}

/** Which files of a folder are those of a place. */
export interface Kept {
  readonly folder: readonly string[];
  /** The empty text: all of them. */
  readonly file: string;
}

/** The folder that the files of a place stand in: used by one call after the other, and watched. */
export class PlaceFolder {
  /** As errors call the place. */
  readonly at: string;
  readonly #options: Pick<PlaceOptions, 'root' | 'watches'>;
  readonly #kept: Kept;
  readonly #key: string;
  readonly #queue = new Queue();

  constructor(options: PlaceOptions, kept: Kept) {
    this.at = options.segments.join('/');
    this.#options = options;
    this.#kept = kept;
    this.#key = kept.folder.join('/');
  }

  /** `undefined`: there is no such folder, and it was not to be created. */
  async within<T>(create: boolean, use: (folder: Folder) => Promise<T>): Promise<T | undefined> {
    const { root, watches } = this.#options;
    const { folder: segments, file } = this.#kept;
    try {
      return await this.#queue.run(() =>
        root.within([...segments, file], create, async (folder) => {
          watches.seen(this.#key, folder);
          return await use(folder);
        }),
      );
    } catch (error) {
      throw faultOf(error, this.at);
    }
  }

  watch(changed: () => void): () => void {
    return this.#options.watches.listen(this.#key, this.#kept.file, changed);
  }

  async idle(): Promise<void> {
    await this.#queue.idle();
  }
}
