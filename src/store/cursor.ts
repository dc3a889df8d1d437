/** Walking a chain: each record is checked against the one before it. */
import type { ChainMac } from '#crypto/chain';
import { equalBytes } from '#crypto/digest';
import { PlumbError } from '#domain/errors';
import type { ChainHead } from './anchor.ts';
import { decodeHead, macOf, payloadOf, type RecordHead } from './codec.ts';
import type { Driver, LogRecord, Stream } from './driver.ts';

/** A verified place in a chain. */
export interface Cursor extends ChainHead {
  readonly checkpoint: number;
  readonly revision: number;
}

/** Where one chain is read, and with which keys. */
export interface ChainPlace {
  readonly driver: Driver;
  readonly stream: Stream;
  readonly mac: ChainMac;
  readonly storeId: string;
}

const nothing = new Uint8Array(0);

/** Before the first record: what binds the chain to its store. */
export function genesis({ stream, mac, storeId }: ChainPlace): Cursor {
  const text = Buffer.from(`plumb log|${storeId}|${stream}`);
  return { seq: 0, mac: mac.mac(nothing, text, 1), checkpoint: 0, revision: 0 };
}

/** The cursor behind `record`. Throws `corrupt` unless it is the very record that follows. */
export function advance(place: ChainPlace, cursor: Cursor, record: LogRecord): Cursor {
  const head = decodeHead(record.bytes);
  const seq = cursor.seq + 1;
  if (head.stream !== place.stream || head.seq !== seq || record.seq !== seq) throw broken(place.stream, seq);
  const expected = place.mac.mac(cursor.mac, payloadOf(record.bytes), head.macGeneration);
  if (!equalBytes(expected, macOf(record.bytes))) throw broken(place.stream, seq);
  return { seq, mac: macOf(record.bytes), checkpoint: head.checkpoint, revision: head.revision };
}

/**
 * The cursor at record `seq`, taken from the store as it is. It proves nothing by itself: what follows
 * it does, since the next record's MAC covers this one's.
 */
export async function cursorAt(place: ChainPlace, seq: number): Promise<Cursor> {
  if (seq === 0) return genesis(place);
  const record = await readRecord(place.driver, place.stream, seq);
  if (record === undefined) throw broken(place.stream, seq);
  const head = decodeHead(record.bytes);
  return { seq, mac: macOf(record.bytes), checkpoint: head.checkpoint, revision: head.revision };
}

export async function headOf(place: ChainPlace, seq: number): Promise<RecordHead | undefined> {
  const record = await readRecord(place.driver, place.stream, seq);
  return record === undefined ? undefined : decodeHead(record.bytes);
}

/** One record; `undefined` if there is none. */
export async function readRecord(driver: Driver, stream: Stream, seq: number): Promise<LogRecord | undefined> {
  for await (const record of driver.read(stream, seq)) return record.seq === seq ? record : undefined;
  return undefined;
}

function broken(stream: Stream, seq: number): PlumbError {
  return new PlumbError('corrupt', `the chain of ${stream} is broken at record ${seq}`, {
    hint: 'the store was altered or damaged; restore it from a backup',
    details: { stream, seq },
  });
}
