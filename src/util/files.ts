/** What several folders need of the file system, each with what it promises after a crash. */
import { closeSync, constants, fstatSync, fsync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

let temporaries = 0;

/**
 * Replaces the file whole: whoever reads it finds the old bytes or the new ones, also after a power
 * cut. The temporary file stands in the same folder and is removed if anything fails.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string, mode = 0o600): Promise<void> {
  const temporary = `${path}.${process.pid}.${temporaries++}.tmp`;
  const file = await open(temporary, 'wx', mode);
  try {
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes names created, renamed and removed in the folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * The text of a file, at most `maxBytes` of it; `undefined`: there is no such file. `check` may refuse the file that is
 * read, whatever stands under its name by then.
 */
export async function readTextFile(
  path: string,
  maxBytes = 1024 * 1024,
  check?: (file: Stats) => void,
): Promise<string | undefined> {
  const file = await openedIfThere(path);
  if (file === undefined) return undefined;
  try {
    check?.(await file.stat());
    const bytes = await file.readFile();
    if (bytes.length > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } finally {
    await file.close();
  }
}

async function openedIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Makes a folder, 0700, and the missing ones above it. One that is there stays as it is. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** Durable when it resolves; a file that is not there is no error. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  await syncFolder(dirname(path));
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** A small file that is written in place. */
export interface SlotFile {
  /** `length` bytes from `offset`; fewer at the end of the file. */
  read(offset: number, length: number): Uint8Array;
  /** Has been handed to the operating system when it returns: survives the process, not a power cut. */
  write(offset: number, bytes: Uint8Array): void;
  /** Resolves once everything written is durable. */
  sync(): Promise<void>;
  close(): void;
}

/** Opens or creates (0600) a file for writing in place. A symbolic link is not followed. */
export function openSlotFile(path: string): SlotFile {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  const folder = openSync(dirname(path), constants.O_RDONLY);
  fsyncSync(folder); // else a new file may be gone after a power cut, however often it is synced
  closeSync(folder);
  return {
    read(offset, length) {
      const size = Math.max(0, Math.min(length, fstatSync(descriptor).size - offset));
      const bytes = Buffer.alloc(size);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, size, offset));
    },
    write(offset, bytes) {
      const written = writeSync(descriptor, bytes, 0, bytes.length, offset);
      if (written !== bytes.length) throw new Error(`wrote ${written} of ${bytes.length} bytes`);
    },
    sync: () =>
      new Promise((resolve, reject) => fsync(descriptor, (error) => (error === null ? resolve() : reject(error)))),
    close: () => closeSync(descriptor),
  };
}

/** The same in memory, for tests and simulations: everything in it is durable at once. */
export function memorySlotFile(): SlotFile {
  let kept = Buffer.alloc(0);
  return {
    read: (offset, length) => Buffer.from(kept.subarray(offset, offset + length)),
    write(offset, bytes) {
      if (kept.length < offset + bytes.length) kept = Buffer.concat([kept], offset + bytes.length);
      kept.set(bytes, offset);
    },
    sync: () => Promise.resolve(),
    close: () => undefined,
  };
}
