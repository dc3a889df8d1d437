/**
 * Compression of answers, of those routes alone that say so. No answer that may hold a value is compressed, and no
 * stream: who may write one entry of a folder and sees how long its answers are could otherwise guess the others.
 */
import { promisify } from 'node:util';
import { constants, gzip, zstdCompress } from 'node:zlib';
import type { Encoding } from './negotiate.ts';

/** Bytes below which it does not pay. */
export const compressFrom = 1024;

const zip = promisify<Buffer, { level: number }, Buffer>(gzip);
const zstd = promisify<Buffer, { params: Record<number, number> }, Buffer>(zstdCompress);

/** The fast levels: an answer is sent once. */
export function compress(text: string, encoding: Encoding): Promise<Buffer> {
  const bytes = Buffer.from(text);
  return encoding === 'gzip'
    ? zip(bytes, { level: 5 })
    : zstd(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
}
