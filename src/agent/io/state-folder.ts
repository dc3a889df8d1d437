/** The folder of what the agent remembers. */
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { PlumbError } from '#domain/errors';
import { makeFolder, readTextFile, removeFile, writeFileAtomic } from '#util/files';

const keyBytes = 32;

const foldersOf = (path: string): readonly string[] => [path, join(path, 'syncs'), join(path, 'cache')];

/** Makes it, or takes it as it is if it is closed to others. */
export async function openStateFolder(path: string): Promise<void> {
  for (const folder of foldersOf(path)) {
    await guarded(folder, () => makeFolder(folder));
    const { mode } = await guarded(folder, () => stat(folder));
    if ((mode & 0o077) !== 0) {
      throw new PlumbError('forbidden', `${folder} is open to others`, { hint: `chmod 700 ${folder}` });
    }
  }
}

/** Removes what an earlier process left half-written. */
export async function sweepStateFolder(path: string): Promise<void> {
  for (const folder of foldersOf(path)) {
    for (const name of await readdir(folder)) {
      if (/\.\d+\.\d+\.tmp$/.test(name)) await removeFile(join(folder, name));
    }
  }
}

/** The 32 bytes of a key file, which is made if it is missing. Throws `corrupt` for another size, `forbidden` for one that is open to others. */
export async function readKey(path: string): Promise<Uint8Array> {
  const known = await guarded(path, () => readPrivate(path));
  if (known !== undefined) {
    if (known.length === keyBytes) return known;
    throw new PlumbError('corrupt', `${path} is no key of ${keyBytes} bytes`, {
      hint: 'without its key what the agent remembers is lost: move the state folder away and start anew',
    });
  }
  const key = randomBytes(keyBytes);
  await guarded(path, () => writeFileAtomic(path, key));
  return key;
}

/** `undefined`: no such file. */
async function readPrivate(path: string): Promise<Uint8Array | undefined> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw new PlumbError('forbidden', `${path} is open to others`, { hint: `chmod 600 ${path}` });
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Files by name in one folder, replaced as a whole. */
export interface Drawer {
  names(): Promise<readonly string[]>;
  readText(name: string): Promise<string | undefined>;
  read(name: string): Promise<Uint8Array | null>;
  /** Durable when it resolves. Throws `unavailable` when it cannot be written, naming the file and why. */
  write(name: string, content: string | Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
}

export function drawerOf(folder: string): Drawer {
  const at = (name: string): string => join(folder, name);
  return {
    names: () => guarded(folder, () => readdir(folder)),
    readText: (name) => guarded(at(name), () => readTextFile(at(name), 64 * 1024 * 1024)),
    read: async (name) => (await guarded(at(name), () => readPrivate(at(name)))) ?? null,
    write: (name, content) => guarded(at(name), () => writeFileAtomic(at(name), content)),
    remove: (name) => guarded(at(name), () => removeFile(at(name))),
  };
}

async function guarded<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof PlumbError) throw cause;
    const code = codeOf(cause) ?? 'unknown fault';
    const known = code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'forbidden' : 'unavailable';
    throw new PlumbError(known, `${path} cannot be used (${code})`, { cause });
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
