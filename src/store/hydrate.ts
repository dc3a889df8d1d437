/** Records name blobs; here their bytes are fetched and checked. */
import { sha256 } from '#crypto/digest';
import type { Change } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { type BlobReference, decodeOps, decodePages, type PageReference, parse, type StoredChange } from './codec.ts';
import type { Driver } from './driver.ts';
import type { LogOp } from './fold.ts';

/** Changes with their ops, still without the bytes of values. */
export async function withOps(driver: Driver, changes: readonly StoredChange[]): Promise<readonly Change<LogOp>[]> {
  const filled: Change<LogOp>[] = [];
  for (const change of changes) {
    const { ops } = change;
    filled.push({ ...change, ops: isReference(ops) ? decodeOps(await readSpilled(driver, ops)) : ops });
  }
  return filled;
}

export async function withPages(
  driver: Driver,
  pages: readonly PageReference[] | BlobReference,
): Promise<readonly PageReference[]> {
  const list = isReference(pages) ? decodePages(await readSpilled(driver, pages)) : pages;
  if (isReference(list)) throw new PlumbError('corrupt', 'the list of pages names another list');
  return list;
}

export interface Values {
  readonly found: ReadonlyMap<string, Uint8Array>;
  /** Ids that the store has no bytes for. */
  readonly missing: readonly string[];
}

/** The bytes of all values of the changes. Throws `corrupt` if any are not the ones that were chained. */
export async function readValues(driver: Driver, changes: readonly Change<LogOp>[]): Promise<Values> {
  const values = changes.flatMap(({ ops }) => ops.flatMap(({ value }) => value ?? []));
  const bytes = values.length === 0 ? [] : await driver.getBlobs(values.map(({ id }) => id));
  const found = new Map<string, Uint8Array>();
  const missing: string[] = [];
  values.forEach(({ id, digest }, index) => {
    const kept = bytes[index];
    if (kept === undefined) missing.push(id);
    else if (sha256(kept) !== digest) throw altered(id);
    else found.set(id, kept);
  });
  return { found, missing };
}

/** The changes with what was found put in; a value that was not found keeps its empty bytes. */
export function withValues(changes: readonly Change<LogOp>[], found: Values['found']): readonly Change<LogOp>[] {
  return changes.map((change) => ({
    ...change,
    ops: change.ops.map((op) => {
      const bytes = op.value && found.get(op.value.id);
      return op.value === undefined || bytes === undefined ? op : { ...op, value: { ...op.value, bytes } };
    }),
  }));
}

async function readSpilled(driver: Driver, { id, digest }: BlobReference): Promise<unknown> {
  const [bytes] = await driver.getBlobs([id]);
  if (bytes === undefined) throw new PlumbError('corrupt', 'a blob that the log names is gone', { details: { id } });
  if (sha256(bytes) !== digest) throw altered(id);
  return parse(bytes);
}

function isReference(value: readonly unknown[] | BlobReference): value is BlobReference {
  return !Array.isArray(value);
}

function altered(id: string): PlumbError {
  return new PlumbError('corrupt', 'stored bytes are not the ones that the log names', {
    hint: 'the store was altered or damaged; restore it from a backup',
    details: { blob: id },
  });
}
