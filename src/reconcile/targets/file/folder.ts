/**
 * Folders held open. On Linux everything below a folder is reached through its descriptor
 * (`/proc/self/fd/N/name`), component by component and without following a symbolic link, so nobody can lead
 * us out of the root by exchanging a folder meanwhile. Elsewhere there is no such path: there the folder's real path
 * is looked up and compared with what was opened, which leaves a moment in between.
 */
import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { codeOf, symbolicLink } from './faults.ts';
import { PlumbError } from '#domain/errors';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
const byDescriptor = process.platform === 'linux';

/** One open folder. */
export class Folder {
  readonly #handle: FileHandle;
  readonly #path: string;
  /** Which folder it is: device and inode. */
  readonly id: string;

  private constructor(handle: FileHandle, path: string, id: string) {
    this.#handle = handle;
    this.#path = path;
    this.id = id;
  }

  /** `flags` beyond those that a folder takes anyway. Throws what the file system does. */
  static async open(path: string, flags = 0): Promise<Folder> {
    const handle = await open(path, O_RDONLY | O_DIRECTORY | flags);
    try {
      const id = idOf(await handle.stat({ bigint: true }));
      if (byDescriptor) return new Folder(handle, `/proc/self/fd/${handle.fd}`, id);
      const real = await realpath(path);
      if (idOf(await stat(real, { bigint: true })) !== id) throw symbolicLink('a folder on the way');
      return new Folder(handle, real, id);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** By which its files are reached as long as it is open. */
  path(name: string): string {
    return `${this.#path}/${name}`;
  }

  /** For watching it. */
  get self(): string {
    return this.#path;
  }

  /** Makes what happened to its names durable. */
  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** An open root folder and how many are using it. */
interface Held {
  readonly folder: Folder;
  users: number;
  /** Another one has taken its place: the last user closes it. */
  retired: boolean;
}

/** The one folder under which a target may read and write. A symbolic link in its own path is followed: that path is the configuration's. */
export class Root {
  readonly #path: string;
  #held: Promise<Held> | undefined;

  /** `path`: absolute. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Opens the folder in which the file of `segments` stands, lends it to `use` and closes it. Answers `undefined`
   * without a call when a folder on the way does not exist and `create` does not say to make it (0700).
   * Throws `unavailable` when the root itself is not there: that is not "no file".
   */
  async within<T>(
    segments: readonly string[],
    create: boolean,
    use: (folder: Folder) => Promise<T>,
  ): Promise<T | undefined> {
    const root = await this.#hold();
    let folder: Folder | undefined = root.folder;
    try {
      for (const segment of segments.slice(0, -1)) {
        const above: Folder = folder;
        folder = await descend(above, segment, create);
        if (above !== root.folder) await above.close();
        if (folder === undefined) return undefined;
      }
      return await use(folder);
    } finally {
      if (folder !== root.folder) await folder?.close();
      await letGo(root);
    }
  }

  async close(): Promise<void> {
    const held = await this.#held?.catch(() => undefined);
    this.#held = undefined;
    if (held !== undefined) await retire(held);
  }

  /** Held open from the first use on; opened anew when another folder stands at the path now. */
  async #hold(): Promise<Held> {
    try {
      const id = idOf(await stat(this.#path, { bigint: true }));
      const known = await this.#held?.catch(() => undefined);
      if (known?.folder.id === id && !known.retired) {
        known.users += 1;
        return known;
      }
      const opening = Folder.open(this.#path).then((folder) => ({ folder, users: 0, retired: false }));
      this.#held = opening;
      const held = await opening;
      held.users += 1;
      if (known !== undefined) await retire(known);
      return held;
    } catch (cause) {
      throw new PlumbError('unavailable', 'the root of the target cannot be opened', { cause });
    }
  }
}

async function retire(held: Held): Promise<void> {
  const first = !held.retired;
  held.retired = true;
  if (first && held.users === 0) await held.folder.close();
}

async function letGo(held: Held): Promise<void> {
  held.users -= 1;
  if (held.retired && held.users === 0) await held.folder.close();
}

function idOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

async function descend(folder: Folder, segment: string, create: boolean): Promise<Folder | undefined> {
  const path = folder.path(segment);
  if (create) await make(folder, path);
  try {
    return await Folder.open(path, O_NOFOLLOW);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR' || code === 'ELOOP') {
      const found = await lstat(path).catch(() => undefined);
      if (found?.isSymbolicLink() === true) throw symbolicLink(segment);
    }
    throw error;
  }
}

async function make(folder: Folder, path: string): Promise<void> {
  try {
    await mkdir(path, 0o700);
    await folder.sync();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
