/** Reading an audit file batch by batch, and checking each against the one before. */
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type AuditHead, type AuditMac, closingStart, decodeClosing, decodeHeader, type FileHeader } from './format.ts';

const chunkLength = 1024 * 1024;
const closingMark = Buffer.from(`\n${closingStart}`);
const newline = 10;

/** Where a scan stands: everything before `offset` has been verified, and leads to `head`. */
export interface Verified {
  readonly offset: number;
  readonly head: AuditHead;
}

/**
 * Yields after each batch that verifies, from `start` on. Ends at the first one that does not, or is
 * not whole: what it last yielded is where the chain ends.
 */
export async function* scan(file: FileHandle, start: Verified, mac: AuditMac): AsyncGenerator<Verified> {
  let { offset, head } = start;
  let pending = Buffer.alloc(0);
  let position = offset;
  for (;;) {
    const batch = nextBatch(pending);
    if (batch === undefined) {
      const chunk = await readAt(file, position, chunkLength);
      if (chunk.length === 0) return;
      position += chunk.length;
      pending = Buffer.concat([pending, chunk]);
      continue;
    }
    const next = check(batch, head, mac);
    if (next === undefined) return;
    head = next;
    offset += batch.length;
    pending = pending.subarray(batch.length);
    yield { offset, head };
  }
}

/** The bytes of the first whole batch. */
function nextBatch(pending: Buffer): Buffer | undefined {
  const before = pending.indexOf(closingMark);
  const end = before < 0 ? -1 : pending.indexOf(newline, before + 1);
  return end < 0 ? undefined : pending.subarray(0, end + 1);
}

function check(batch: Buffer, head: AuditHead, mac: AuditMac): AuditHead | undefined {
  const closingAt = batch.lastIndexOf(newline, batch.length - 2) + 1;
  const closing = decodeClosing(batch.toString('latin1', closingAt, batch.length - 1));
  if (closing === undefined || closing.generation < 1 || closing.generation > mac.generation) return undefined;
  if (closing.seq !== head.seq + countRecords(batch.subarray(0, closingAt))) return undefined;
  const covered = batch.subarray(0, batch.indexOf(',"mac"', closingAt));
  const expected = mac.mac(head.mac, covered, closing.generation);
  return Buffer.compare(expected, closing.mac) === 0 ? { seq: closing.seq, mac: closing.mac } : undefined;
}

function countRecords(lines: Buffer): number {
  let count = headerOf(lines) === undefined ? 0 : -1;
  for (let at = lines.indexOf(newline); at >= 0; at = lines.indexOf(newline, at + 1)) count += 1;
  return count;
}

function headerOf(lines: Buffer): FileHeader | undefined {
  const end = lines.indexOf(newline);
  return end < 0 || end > 400 ? undefined : decodeHeader(lines.toString('latin1', 0, end));
}

/** The first line of a file; `undefined` if it is not whole. */
export async function readHeader(file: FileHandle): Promise<FileHeader | undefined> {
  return headerOf(await readAt(file, 0, 400));
}

/** Where the batch that was anchored ends, if it is in the last `length` bytes. */
export async function findAnchored(
  file: FileHandle,
  anchored: AuditHead,
  length: number,
): Promise<Verified | undefined> {
  const { size } = await file.stat();
  const from = Math.max(0, size - length);
  const bytes = await readAt(file, from, size - from);
  const at = bytes.lastIndexOf(`\n${closingStart}${anchored.seq},"mk":`);
  const end = at < 0 ? -1 : bytes.indexOf(newline, at + 1);
  const closing = end < 0 ? undefined : decodeClosing(bytes.toString('latin1', at + 1, end));
  if (closing === undefined || Buffer.compare(closing.mac, anchored.mac) !== 0) return undefined;
  return { offset: from + end + 1, head: anchored };
}

/** Numbers of the files that are full, in order. */
export async function fullFiles(path: string): Promise<readonly number[]> {
  const prefix = `${basename(path)}.`;
  const names = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix));
  const numbers = names.map((name) => name.slice(prefix.length)).filter((suffix) => /^\d{6,9}$/.test(suffix));
  return numbers.map(Number).toSorted((one, other) => one - other);
}

/** `undefined`: there is no such file. */
export async function openIfPresent(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
