/** Reading a chain again: for `audit verify`, and for who resumes from an old revision. */
import { equalBytes, sha256 } from '#crypto/digest';
import type { Change } from '#domain/change';
import { PlumbError } from '#domain/errors';
import type { ChainHead } from './anchor.ts';
import { decodeBody } from './codec.ts';
import { advance, type ChainPlace, type Cursor, cursorAt, genesis, headOf } from './cursor.ts';
import type { LogOp } from './fold.ts';
import { withOps } from './hydrate.ts';
import type { ChainReport } from './log.ts';

/** `expected`: where the chain must lead, and a place that it must pass. */
export async function verifyChain(
  place: ChainPlace,
  expected: { readonly end: ChainHead; readonly anchored: ChainHead },
): Promise<ChainReport> {
  let cursor = genesis(place);
  const anchored = expected.anchored.seq;
  const report = (problem?: string): ChainReport =>
    problem === undefined
      ? { ok: true, records: cursor.seq, anchored }
      : { ok: false, records: cursor.seq, anchored, problem };
  try {
    for await (const record of place.driver.read(place.stream, 1)) {
      if (cursor.seq === expected.end.seq) break;
      cursor = advance(place, cursor, record);
      await checkValues(place, record.bytes);
      if (departs(cursor, expected.anchored)) return report(`record ${cursor.seq} is not the one that was anchored`);
    }
  } catch (error) {
    if (error instanceof PlumbError && error.code !== 'unavailable') return report(error.message);
    throw error;
  }
  if (cursor.seq < expected.end.seq) return report(`records ${cursor.seq + 1} to ${expected.end.seq} are missing`);
  return departs(cursor, expected.end) ? report(`record ${cursor.seq} is not the one that was written`) : report();
}

/** Durable changes with a revision above `revision` and up to record `end`, without the bytes of values. */
export async function* changesAfter(place: ChainPlace, revision: number, end: number): AsyncIterable<Change<LogOp>> {
  let cursor: Cursor = await cursorAt(place, await lastAtOrBefore(place, revision, end));
  if (cursor.seq === end) return;
  for await (const record of place.driver.read(place.stream, cursor.seq + 1)) {
    cursor = advance(place, cursor, record);
    const body = decodeBody(record.bytes);
    if ('changes' in body) {
      for (const change of await withOps(place.driver, body.changes)) if (change.revision > revision) yield change;
    }
    if (cursor.seq === end) return;
  }
}

/** The last record whose revision is not above `revision`; 0: none. Each record tells its own, so it is found by halving. */
async function lastAtOrBefore(place: ChainPlace, revision: number, end: number): Promise<number> {
  let found = 0;
  let above = end + 1;
  while (above - found > 1) {
    const middle = Math.floor((found + above) / 2);
    const head = await headOf(place, middle);
    if (head !== undefined && head.revision <= revision) found = middle;
    else above = middle;
  }
  return found;
}

/** Bytes that are there must be those that were chained; those that are not may have been destroyed. */
async function checkValues(place: ChainPlace, record: Uint8Array): Promise<void> {
  const body = decodeBody(record);
  if (!('changes' in body)) return;
  const changes = await withOps(place.driver, body.changes);
  const values = changes.flatMap(({ ops }) => ops.flatMap(({ value }) => value ?? []));
  const bytes = values.length === 0 ? [] : await place.driver.getBlobs(values.map(({ id }) => id));
  const altered = values.find(({ digest }, index) => {
    const kept = bytes[index];
    return kept !== undefined && sha256(kept) !== digest;
  });
  if (altered !== undefined) throw new PlumbError('corrupt', `the bytes of value ${altered.id} were altered`);
}

function departs(cursor: Cursor, expected: ChainHead): boolean {
  return cursor.seq === expected.seq && !equalBytes(cursor.mac, expected.mac);
}
