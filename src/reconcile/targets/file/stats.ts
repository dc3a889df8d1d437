/** Facts of files: what tells one state of a file from another, and reading bytes that belong to them. */
import { constants } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { codeOf, symbolicLink } from './faults.ts';
import type { Folder } from './folder.ts';
import { PlumbError } from '#domain/errors';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/** A tick of a file system's clock, generously: two changes within one have the same time. */
const tickNs = 12_000_000n;

/** What was found at a name. */
export interface Found {
  readonly bytes: Buffer;
  readonly stats: BigIntStats;
}

/** Device, inode, change time and size. */
export function markOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.ctimeNs}:${stats.size}`;
}

/** Whether a later change may still have the same mark. */
export function isFresh({ ctimeNs }: BigIntStats): boolean {
  return BigInt(Date.now()) * 1_000_000n - ctimeNs < tickNs;
}

export function modeOf(stats: BigIntStats): number {
  return Number(stats.mode & 0o777n);
}

export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** What a file's mode should be: as told, else narrowed for a secret. `stats`: of the file that is there. */
export function rightMode(stats: BigIntStats | undefined, secret: boolean, told: number | undefined): number {
  if (told !== undefined) return told;
  if (stats === undefined) return secret ? 0o600 : 0o644;
  return secret ? modeOf(stats) & 0o600 : modeOf(stats);
}

export function linkNotes({ nlink }: BigIntStats): readonly string[] {
  return nlink > 1n ? [`has ${nlink} hard links; replacing it leaves the others with the old contents`] : [];
}

/** A file as errors call it, and how large it may be. */
export interface FileLimit {
  readonly name: string;
  readonly at: string;
  readonly maxBytes: number;
}

/** The file of that name, without following a link; `null`: no such file. */
export async function findFile(folder: Folder, file: FileLimit): Promise<Found | null> {
  let handle: FileHandle;
  try {
    handle = await open(folder.path(file.name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return null;
    throw code === 'ELOOP' ? symbolicLink(file.at) : error;
  }
  try {
    return await readAll(handle, file);
  } finally {
    await handle.close();
  }
}

/** Bytes and facts that belong together: somebody may be writing in place. */
async function readAll(handle: FileHandle, { at, maxBytes }: FileLimit): Promise<Found> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) throw new PlumbError('forbidden', `${at}: it is no regular file`);
    if (before.size > maxBytes) throw new PlumbError('too-large', `${at}: larger than ${maxBytes} bytes`);
    const bytes = Buffer.alloc(Number(before.size) + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    const stats = await handle.stat({ bigint: true });
    if (markOf(stats) === markOf(before) && BigInt(bytesRead) === stats.size) {
      return { bytes: bytes.subarray(0, bytesRead), stats };
    }
  }
  throw new PlumbError('unavailable', `${at}: somebody keeps writing to it`);
}

/** Without following a link; `undefined`: no such file. */
export async function statFile(folder: Folder, name: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(folder.path(name), { bigint: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
