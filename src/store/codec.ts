/**
 * Records ↔ bytes. A record is a JSON text ‖ 32 bytes of MAC over the record before and the text:
 *
 *     {"v":1,"stream":"truth","seq":12,"mk":1,"cp":3,"rev":40,"changes":[…]}
 *     {"v":1,"stream":"truth","seq":13,"mk":1,"cp":13,"rev":40,"pages":[["heads/0",13,"<digest>"],…]}
 *
 * `mk`: MAC-key generation; `cp`: the last checkpoint at or before this record; `rev`: the revision
 * after it. The head of the text is fixed, so that a chain is walked without parsing what is in it.
 * A value is only `{id, digest}`. What would pass a megabyte is a blob, and here its `{id, digest}`.
 */
import { macLength } from '#crypto/chain';
import { sha256 } from '#crypto/digest';
import type { Change } from '#domain/change';
import type { SealedValue } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import type { Blob, Stream } from './driver.ts';
import type { LogOp } from './fold.ts';

/** Bytes of one record's text, above which a change or a list of pages is staged as a blob. */
export const recordLimit = 1024 * 1024;

const version = 1;
const headPattern =
  /^\{"v":1,"stream":"(truth|work)","seq":(\d{1,16}),"mk":(\d{1,10}),"cp":(\d{1,16}),"rev":(\d{1,16}),/;
/** More than the longest head. */
const headLength = 128;

export interface RecordHead {
  readonly stream: Stream;
  readonly seq: number;
  readonly macGeneration: number;
  readonly checkpoint: number;
  readonly revision: number;
}

/** What stands in a record for bytes kept beside it. */
export interface BlobReference {
  readonly id: string;
  readonly digest: string;
}

/** A page as a checkpoint names it: the same name is stored again under the seq of the checkpoint that wrote it. */
export interface PageReference {
  readonly name: string;
  readonly seq: number;
  readonly digest: string;
}

/** A change as it stands in a record: its ops, or where they are. */
export type StoredChange = Omit<Change<LogOp>, 'ops'> & { readonly ops: readonly LogOp[] | BlobReference };
export type RecordBody =
  | { readonly changes: readonly StoredChange[] }
  | { readonly pages: readonly PageReference[] | BlobReference };

/** One change in its stored form. */
export interface EncodedChange {
  readonly text: string;
  /** The values, and the ops themselves if they are too many for a record. */
  readonly blobs: readonly Blob[];
  /** Of the text and the blobs. */
  readonly bytes: number;
}

export function encodeChange<Op extends LogOp>(stream: Stream, change: Change<Op>): EncodedChange {
  const blobs: Blob[] = [];
  const ops = change.ops.map((op) => {
    if (op.value === undefined) return op;
    const { id, bytes, digest } = op.value;
    blobs.push({ id, bytes });
    return { ...op, value: { id, digest } };
  });
  const { revision, author, reason, requestId, accessor, time } = change;
  const fields = { revision, author, reason, requestId, accessor, time };
  let text = JSON.stringify({ ...fields, ops });
  if (text.length > recordLimit / 4 && Buffer.byteLength(text) > recordLimit) {
    const { reference, blob } = spill(stream, ops);
    blobs.push(blob);
    text = JSON.stringify({ ...fields, ops: reference });
  }
  return { text, blobs, bytes: blobs.reduce((sum, { bytes }) => sum + bytes.length, text.length) };
}

/** The text of a record, in bytes, with room for its MAC behind it. */
export function encodeRecord(head: RecordHead, key: 'changes' | 'pages', body: string): Buffer {
  const { stream, seq, macGeneration, checkpoint, revision } = head;
  const text = `{"v":${version},"stream":"${stream}","seq":${seq},"mk":${macGeneration},"cp":${checkpoint},"rev":${revision},"${key}":${body}}`;
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(text) + macLength);
  bytes.write(text, 'utf8');
  return bytes;
}

export function encodePages(stream: Stream, pages: readonly PageReference[]): { text: string; blobs: readonly Blob[] } {
  const list = pages.map(({ name, seq, digest }) => [name, seq, digest]);
  const text = JSON.stringify(list);
  if (text.length <= recordLimit) return { text, blobs: [] };
  const { reference, blob } = spill(stream, list);
  return { text: JSON.stringify(reference), blobs: [blob] };
}

/** The name tells whose it is, so that an orphan is known. */
export function spilledPrefix(stream: Stream): string {
  return `o-${stream}-`;
}

function spill(stream: Stream, content: unknown): { reference: BlobReference; blob: Blob } {
  const bytes = Buffer.from(JSON.stringify(content));
  const digest = sha256(bytes);
  const id = spilledPrefix(stream) + digest;
  return { reference: { id, digest }, blob: { id, bytes } };
}

/** Throws `unsupported` for a newer format and `corrupt` for anything else that is not a head. */
export function decodeHead(record: Uint8Array): RecordHead {
  const start = Buffer.from(record.buffer, record.byteOffset, Math.min(record.length, headLength)).toString('latin1');
  const match = headPattern.exec(start);
  if (match === null || record.length < macLength) throw unreadable(start);
  const [, stream, seq, macGeneration, checkpoint, revision] = match;
  return {
    stream: stream as Stream,
    seq: Number(seq),
    macGeneration: Number(macGeneration),
    checkpoint: Number(checkpoint),
    revision: Number(revision),
  };
}

function unreadable(start: string): PlumbError {
  const written = /^\{"v":(\d{1,9}),/.exec(start)?.[1];
  if (written === undefined || written === String(version)) {
    return new PlumbError('corrupt', 'a record of the log is not one that we wrote');
  }
  return new PlumbError('unsupported', `the log is in a newer format, ${written}, and ${version} is the newest known`, {
    hint: 'use the version of plumb that wrote this store, or a later one',
  });
}

/** The text without the MAC. */
export function payloadOf(record: Uint8Array): Uint8Array {
  return record.subarray(0, record.length - macLength);
}
export function macOf(record: Uint8Array): Uint8Array {
  return record.subarray(record.length - macLength);
}

/** Only for a record whose MAC has been verified. Throws `unsupported` for fields that are not known. */
export function decodeBody(record: Uint8Array): RecordBody {
  const { changes, pages, ...rest } = parse(payloadOf(record)) as Record<string, unknown>;
  expectKeys(rest, headKeys);
  if (changes === undefined) return { pages: decodePages(pages) };
  if (pages !== undefined || !Array.isArray(changes)) throw unknownFields();
  return { changes: changes.map(decodeChange) };
}

export function decodePages(pages: unknown): readonly PageReference[] | BlobReference {
  if (!Array.isArray(pages)) return decodeReference(pages);
  return pages.map((page: unknown) => {
    const [name, seq, digest] = Array.isArray(page) && page.length === 3 ? (page as unknown[]) : [];
    if (typeof name !== 'string' || typeof seq !== 'number' || typeof digest !== 'string') throw unknownFields();
    return { name, seq, digest };
  });
}

/** Ops as they stand in a record or in a blob. Values have no bytes yet. */
export function decodeOps(ops: unknown): readonly LogOp[] {
  if (!Array.isArray(ops)) throw unknownFields();
  return ops.map((op: Partial<LogOp> | null) => {
    if (typeof op?.op !== 'string') throw unknownFields();
    return op.value === undefined ? (op as LogOp) : ({ ...op, value: withoutBytes(op.value) } as LogOp);
  });
}

const headKeys = ['v', 'stream', 'seq', 'mk', 'cp', 'rev'];
const changeKeys = ['revision', 'author', 'reason', 'requestId', 'accessor', 'time', 'ops'];

function decodeChange(change: unknown): StoredChange {
  const fields = Object(change) as Partial<Record<string, unknown>>;
  expectKeys(fields, changeKeys);
  const { ops, revision, time, author, reason, requestId, accessor } = fields;
  const numbers = [revision, time].every((field) => Number.isSafeInteger(field));
  const texts = [author, reason, requestId, accessor].every((field) => typeof field === 'string');
  if (!numbers || !texts) throw unknownFields();
  return { ...fields, ops: Array.isArray(ops) ? decodeOps(ops) : decodeReference(ops) } as StoredChange;
}

function decodeReference(reference: unknown): BlobReference {
  const { id, digest, ...rest } = Object(reference) as Partial<Record<string, unknown>>;
  if (typeof id !== 'string' || typeof digest !== 'string' || Object.keys(rest).length > 0) throw unknownFields();
  return { id, digest };
}

const noBytes = new Uint8Array(0);

function withoutBytes(value: SealedValue): SealedValue {
  const { id, digest } = decodeReference(value);
  return { id, digest, bytes: noBytes };
}

function expectKeys(fields: object, keys: readonly string[]): void {
  const present = Object.keys(fields);
  if (present.length !== keys.length || !present.every((key) => keys.includes(key))) throw unknownFields();
}

export function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')) as unknown;
  } catch (cause) {
    throw new PlumbError('corrupt', 'a record of the log is not the JSON it should be', { cause });
  }
}

function unknownFields(): PlumbError {
  return new PlumbError('unsupported', 'a record of the log has fields that this version does not know', {
    hint: 'use the version of plumb that wrote this store, or a later one',
  });
}
