import { constants } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { link, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { codeOf } from './faults.ts';
import type { Folder } from './folder.ts';
import { temporaryPattern } from './options.ts';
import { PlumbError } from '#domain/errors';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** What stands in a file, and how it stands there. */
export interface Replacement {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** Temporary files of this process that are being written. */
const alive = new Set<string>();
let counter = 0;

/**
 * Replaces a file whole: owner and mode first, then the contents, made durable, then the name. Until then, and if
 * anything throws before, the file is as it was. `unchanged` is asked last and throws when the file is no longer
 * what the contents were made from; what somebody else writes between that and the rename is lost. The owner stays
 * that of the file that was there `before`; one that was not there is linked instead, is whoever's the server is, and
 * one that appeared meanwhile makes it throw `mismatch`.
 */
export async function replaceFile(
  folder: Folder,
  file: Replacement,
  options: { readonly before: BigIntStats | undefined; readonly unchanged: () => Promise<void> },
): Promise<BigIntStats> {
  const { temporary, handle } = await create(folder);
  const path = folder.path(temporary);
  try {
    await prepare(handle, file, options.before);
    await options.unchanged();
    if (options.before === undefined) await appear(path, folder.path(file.name));
    else await rename(path, folder.path(file.name));
    const [stats] = await Promise.all([handle.stat({ bigint: true }), folder.sync()]);
    return stats;
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  } finally {
    alive.delete(temporary);
    await handle.close();
  }
}

/** Removes what an earlier process left half-written. Call it before writing anything to the folder. */
export async function sweep(folder: Folder): Promise<void> {
  const names = await readdir(folder.self);
  for (const name of names) {
    if (temporaryPattern.test(name) && !alive.has(name)) await unlink(folder.path(name)).catch(() => undefined);
  }
}

async function create(folder: Folder): Promise<{ temporary: string; handle: FileHandle }> {
  for (;;) {
    const temporary = `.plumb-${process.pid}-${counter++}.tmp`;
    alive.add(temporary);
    try {
      return { temporary, handle: await open(folder.path(temporary), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600) };
    } catch (error) {
      alive.delete(temporary);
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

async function prepare(
  handle: FileHandle,
  { bytes, mode }: Replacement,
  before: BigIntStats | undefined,
): Promise<void> {
  const own = await handle.stat();
  const { uid, gid } = before === undefined ? own : { uid: Number(before.uid), gid: Number(before.gid) };
  if (own.uid !== uid || own.gid !== gid) {
    await handle.chown(uid, gid).catch((cause: unknown) => {
      throw new PlumbError('forbidden', 'the owner of the file cannot be kept; it stays as it is', {
        hint: "let the server run as the file's owner, or give the file to the server",
        cause,
      });
    });
  }
  if ((own.mode & 0o7777) !== mode) await handle.chmod(mode);
  await handle.writeFile(bytes);
  await handle.sync();
}

/** Gives a name to a file that has only a temporary one, unless the name is taken. */
async function appear(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') throw changedMeanwhile();
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
    await appearByRename(temporary, path);
    return;
  }
  await unlink(temporary);
}

/** Where the file system has no links. */
async function appearByRename(temporary: string, path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined) throw changedMeanwhile();
  await rename(temporary, path);
}

export function changedMeanwhile(): PlumbError {
  return new PlumbError('mismatch', 'the file was changed by somebody else meanwhile');
}
