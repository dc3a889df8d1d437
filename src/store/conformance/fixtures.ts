import { createHash } from 'node:crypto';
import type { Blob, Driver, Followed, LogRecord, Page } from '../driver.ts';

/** What the groups of tests below work on: a fresh, empty store for each test. */
export interface Subject {
  readonly driver: Driver;
  reopen(): Promise<Driver>;
}

export async function fill(driver: Driver, upTo: number): Promise<void> {
  for (const seq of range(1, upTo)) await driver.append('truth', seq - 1, text(`${seq}`));
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items);
}

export async function takeRecords(followed: AsyncIterable<Followed>, count: number): Promise<LogRecord[]> {
  const taken: LogRecord[] = [];
  for await (const each of followed) {
    if (each.kind === 'record') taken.push(each.record);
    if (taken.length >= count) return taken;
  }
  return taken;
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function record(seq: number, value: string): LogRecord {
  return { seq, bytes: text(value) };
}

export function blob(id: string, value: string): Blob {
  return { id, bytes: text(value) };
}

export function page(name: string, seq: number, value: string): Page {
  return { name, seq, bytes: text(value) };
}

/** Bytes that differ with `seed` and nowhere repeat with a short period. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) bytes[index] = index * 31 + (index >>> 8) * seed + seed;
  return bytes;
}

/** Comparing megabytes byte by byte in an assertion takes seconds. */
export function digest(bytes: Uint8Array | undefined): string {
  return createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');
}

export function plain(bytes: Uint8Array | undefined): readonly number[] | undefined {
  return bytes === undefined ? undefined : [...bytes];
}
