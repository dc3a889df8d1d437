import type { Page } from '../../driver.ts';
import type { Request } from './messages.ts';

/*
 * Requests on their way to the thread. Their bytes are copied into one new buffer that can be handed over: the caller
 * keeps its own, and a view of a pooled buffer would drag the whole pool along. In their place stand their lengths: a
 * view, or an object, for each small value costs more to pass than the value.
 *
 * Large pages that have a buffer to themselves are handed over as they are. Twice what a checkpoint writes would make
 * V8 sweep its whole heap.
 */

type Append = Extract<Request, { op: 'append' }>;
type PutBlob = Extract<Request, { op: 'putBlob' }>;

type PackedRequest =
  | Exclude<Request, Append | PutBlob>
  | (Omit<PutBlob, 'bytes'> & { readonly bytes: number })
  | (Omit<Append, 'bytes' | 'blobs' | 'pages'> & {
      readonly bytes: number;
      readonly blobs: { readonly ids: readonly string[]; readonly lengths: readonly number[] };
      readonly pages: readonly (Omit<Page, 'bytes'> & { readonly bytes: Uint8Array | number })[];
    });

/** Bytes of a page from which on it is handed over. */
const large = 16 * 1024;

export interface Packed {
  readonly requests: readonly PackedRequest[];
  /** The bytes of all, in the order in which {@link unpack} takes them. */
  readonly buffer: ArrayBuffer;
}

/** A message, and what is handed over with it. */
export interface Parcel {
  readonly packed: Packed;
  readonly transfer: readonly ArrayBuffer[];
}

export function pack(requests: readonly Request[]): Parcel {
  const parts: Uint8Array[] = [];
  const transfer: ArrayBuffer[] = [];
  const keep = (bytes: Uint8Array): number => {
    parts.push(bytes);
    return bytes.length;
  };
  const give = (bytes: Uint8Array): Uint8Array | number => {
    const { buffer } = bytes;
    if (bytes.length < large || bytes.length < buffer.byteLength || !(buffer instanceof ArrayBuffer))
      return keep(bytes);
    transfer.push(buffer);
    return bytes;
  };
  const packed = requests.map((request) => packOne(request, keep, give));
  const whole = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return { packed: { requests: packed, buffer: whole.buffer }, transfer: [whole.buffer, ...transfer] };
}

function packOne(
  request: Request,
  keep: (bytes: Uint8Array) => number,
  give: (bytes: Uint8Array) => Uint8Array | number,
): PackedRequest {
  if (request.op === 'putBlob') return { ...request, bytes: keep(request.bytes) };
  if (request.op !== 'append') return request;
  const { blobs, pages } = request;
  return {
    ...request,
    bytes: keep(request.bytes),
    blobs: { ids: blobs.map(({ id }) => id), lengths: blobs.map(({ bytes }) => keep(bytes)) },
    pages: pages.map(({ name, seq, bytes }) => ({ name, seq, bytes: give(bytes) })),
  };
}

/** Bytes that were copied are views of the buffer. */
export function unpack({ requests, buffer }: Packed): readonly Request[] {
  let offset = 0;
  const take = (length: number): Uint8Array => {
    offset += length;
    return new Uint8Array(buffer, offset - length, length);
  };
  return requests.map((request): Request => {
    if (request.op === 'putBlob') return { ...request, bytes: take(request.bytes) };
    if (request.op !== 'append') return request;
    const { bytes, blobs, pages } = request;
    return {
      ...request,
      bytes: take(bytes),
      blobs: blobs.ids.map((id, index) => ({ id, bytes: take(blobs.lengths[index] ?? 0) })),
      pages: pages.map((page) => {
        return { ...page, bytes: typeof page.bytes === 'number' ? take(page.bytes) : page.bytes };
      }),
    };
  });
}
