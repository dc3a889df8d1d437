import { PlumbError } from '#domain/errors';

/** How one row is written into a leaf: a JSON-safe shape, with texts that repeat and bytes kept apart. */
export interface RowCodec<Row> {
  encode(key: string, row: Row, sink: RowSink): unknown;
  /** The reverse. `shape` was checked as part of the page; a shape that does not fit may throw anything. */
  decode(key: string, shape: unknown, source: RowSource): Row;
  /** About how many bytes `encode` makes, without the key. */
  size(row: Row): number;
}

/** Where a codec puts what does not belong into the JSON. */
export interface RowSink {
  /** A number that stands for the text; equal texts of one leaf are written once. */
  text(text: string): number;
  /** Appended to the leaf; decoding has to take them in the same order. Returns the length. */
  bytes(bytes: Uint8Array): number;
}
export interface RowSource {
  text(index: number): string;
  bytes(length: number): Uint8Array;
}

/** For records: the row itself is JSON. */
export function jsonCodec<Row>(): RowCodec<Row> {
  return {
    encode: (_key, row) => row,
    decode: (_key, shape) => shape as Row,
    size: (row) => JSON.stringify(row).length,
  };
}

export interface LeafRows<Row> {
  readonly keys: string[];
  readonly rows: Row[];
}

/*
 * A leaf: format (1 byte) · length of the first key (2) · first key · length of the JSON (4) ·
 * JSON {texts, keys, rows} · bytes of the values one after the other. Lengths are big-endian. The first
 * key is a lower bound of the keys; it is apart so that a leaf can be placed without decoding it.
 */
const leafFormat = 1;

interface LeafJson {
  readonly texts: readonly string[];
  readonly keys: string[];
  readonly rows: readonly unknown[];
}

export function encodeLeaf<Row>(first: string, leaf: LeafRows<Row>, codec: RowCodec<Row>): Uint8Array {
  const indexes = new Map<string, number>();
  const values: Uint8Array[] = [];
  let valueBytes = 0;
  const sink: RowSink = {
    text(text) {
      const known = indexes.get(text);
      if (known !== undefined) return known;
      indexes.set(text, indexes.size);
      return indexes.size - 1;
    },
    bytes(bytes) {
      values.push(bytes);
      valueBytes += bytes.length;
      return bytes.length;
    },
  };
  const rows = leaf.rows.map((row, index) => codec.encode(leaf.keys[index] ?? '', row, sink));
  const json: LeafJson = { texts: [...indexes.keys()], keys: leaf.keys, rows };
  const text = JSON.stringify(json);
  const firstLength = Buffer.byteLength(first);
  const textLength = Buffer.byteLength(text);
  const jsonAt = 3 + firstLength + 4;
  const page = Buffer.allocUnsafeSlow(jsonAt + textLength + valueBytes);
  page.writeUInt8(leafFormat, 0);
  page.writeUInt16BE(firstLength, 1);
  page.write(first, 3);
  page.writeUInt32BE(textLength, jsonAt - 4);
  page.write(text, jsonAt);
  let at = jsonAt + textLength;
  for (const value of values) {
    page.set(value, at);
    at += value.length;
  }
  return page;
}

/** The lower bound of the keys, without decoding the rest. Throws `unsupported` or `corrupt`. */
export function firstKeyOf(bytes: Uint8Array): string {
  const buffer = asBuffer(bytes);
  if (buffer.length < 7) throw corrupt();
  if (buffer.readUInt8(0) !== leafFormat) {
    throw new PlumbError('unsupported', 'the store was written by a newer version of plumb', {
      hint: 'start the version that wrote it, or a newer one',
    });
  }
  return buffer.toString('utf8', 3, 3 + buffer.readUInt16BE(1));
}

/** Bytes of values are views of `bytes`, not copies. */
export function decodeLeaf<Row>(bytes: Uint8Array, codec: RowCodec<Row>): LeafRows<Row> {
  const buffer = asBuffer(bytes);
  try {
    const jsonAt = 3 + buffer.readUInt16BE(1) + 4;
    let valuesAt = jsonAt + buffer.readUInt32BE(jsonAt - 4);
    const json = JSON.parse(buffer.toString('utf8', jsonAt, valuesAt)) as LeafJson;
    const source: RowSource = {
      text: (index) => json.texts[index] ?? '',
      bytes(length) {
        valuesAt += length;
        if (valuesAt > bytes.length) throw corrupt();
        return new Uint8Array(bytes.buffer, bytes.byteOffset + valuesAt - length, length);
      },
    };
    const rows = json.keys.map((key, index) => codec.decode(key, json.rows[index], source));
    return { keys: json.keys, rows };
  } catch (cause) {
    throw corrupt(cause);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function corrupt(cause?: unknown): PlumbError {
  return new PlumbError('corrupt', 'a page of the state cannot be decoded', { cause });
}
