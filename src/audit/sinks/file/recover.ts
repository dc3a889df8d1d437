/** Opening an audit file after whatever happened to the process or the machine. */
import { closeSync, constants, fdatasyncSync, fsyncSync, ftruncateSync, openSync, renameSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PlumbError } from '#domain/errors';
import { type AuditHead, type AuditMac, auditGenesis, fullName } from './format.ts';
import { findAnchored, fullFiles, openIfPresent, readHeader, scan, type Verified } from './scan.ts';

/** What is synced within a second is found in here. */
const tailLength = 16 * 1024 * 1024;

export interface RecoverOptions {
  readonly path: string;
  readonly mac: AuditMac;
  readonly anchored: AuditHead | undefined;
}

export interface Recovered {
  /** Number of the file to write. */
  readonly file: number;
  readonly head: AuditHead;
  /** Bytes of the file that stand; 0: begin it with a header. */
  readonly size: number;
  /** What has to be noted in the chain. */
  readonly note?: 'torn' | 'lost';
  /** Bytes that were cut off, or records that are missing or altered. */
  readonly count?: number;
}

/**
 * Cuts what was being written when the power went: it was never anchored, nor was any answer held
 * back for it longer than a second. Whatever else is wrong stays as it is, in a file set aside, for
 * `verify` to report; the chain goes on from the anchor in a new file.
 */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { path, anchored } = options;
  const full = (await fullFiles(path)).at(-1) ?? 0;
  const file = await openIfPresent(path);
  if (file === undefined) return follow({ file: full, head: await endOfFull(full, options) }, anchored);
  let end: Verified;
  let size: number;
  try {
    end = await chainEnd(file, full, options);
    ({ size } = await file.stat());
  } finally {
    await file.close();
  }
  if (anchored === undefined ? end.offset === size : end.head.seq >= anchored.seq) {
    const standing = { file: full + 1, head: end.head, size: end.offset };
    if (end.offset === size) return standing;
    cut(path, end.offset);
    return { ...standing, note: 'torn', count: size - end.offset };
  }
  renameSync(path, fullName(path, full + 1));
  return follow({ file: full + 1, head: end.head }, anchored, 'lost');
}

/** Only asked when the file that follows has no header: else its end stands there. `file`: 0 when none is full. */
async function endOfFull(file: number, { path, mac }: RecoverOptions): Promise<AuditHead> {
  if (file === 0) return auditGenesis(mac);
  const handle = await openIfPresent(fullName(path, file));
  if (handle === undefined) throw new PlumbError('unavailable', `audit file ${file} went away while it was opened`);
  try {
    const header = await readHeader(handle);
    let head = header?.from ?? auditGenesis(mac);
    for await (const verified of scan(handle, { offset: 0, head }, mac)) ({ head } = verified);
    return head;
  } finally {
    await handle.close();
  }
}

/** Where the chain of the file ends: read from what was anchored on, or else from its header. */
async function chainEnd(file: FileHandle, full: number, options: RecoverOptions): Promise<Verified> {
  const { mac, anchored } = options;
  const near = anchored && (await findAnchored(file, anchored, tailLength));
  const header = await readHeader(file);
  let end = near ?? { offset: 0, head: header?.from ?? (await endOfFull(full, options)) };
  for await (const verified of scan(file, end, mac)) end = verified;
  return end;
}

interface Before {
  /** 0: no file is full yet. */
  readonly file: number;
  readonly head: AuditHead;
}

function follow({ file, head }: Before, anchored: AuditHead | undefined, note?: 'lost'): Recovered {
  const next = { file: file + 1, size: 0 };
  if (note === undefined && (anchored === undefined || head.seq >= anchored.seq)) return { ...next, head };
  const from = anchored ?? head;
  return { ...next, head: from, note: 'lost', count: from.seq - head.seq };
}

function cut(path: string, size: number): void {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    ftruncateSync(descriptor, size);
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes what was renamed or created in the file's folder durable. */
export function syncFolderOf(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
