import type { Page } from '../../driver.ts';
import type { Request } from './messages.ts';

/*
 * Requests on their way to the thread. All their bytes are moved into one new buffer that can be handed over: the
 * caller keeps its own, and a view of a pooled buffer would drag the whole pool along. In their place stand their
 * lengths: a view, or an object, for each small value costs more to pass than the value.
 */

type Append = Extract<Request, { op: 'append' }>;
type PutBlob = Extract<Request, { op: 'putBlob' }>;

type PackedRequest =
  | Exclude<Request, Append | PutBlob>
  | (Omit<PutBlob, 'bytes'> & { readonly bytes: number })
  | (Omit<Append, 'bytes' | 'blobs' | 'pages'> & {
      readonly bytes: number;
      readonly blobs: { readonly ids: readonly string[]; readonly lengths: readonly number[] };
      readonly pages: readonly (Omit<Page, 'bytes'> & { readonly bytes: number })[];
    });

export interface Packed {
  readonly requests: readonly PackedRequest[];
  /** The bytes of all, in the order in which {@link unpack} takes them. */
  readonly buffer: ArrayBuffer;
}

export function pack(requests: readonly Request[]): Packed {
  const parts: Uint8Array[] = [];
  const keep = (bytes: Uint8Array): number => {
    parts.push(bytes);
    return bytes.length;
  };
  const packed = requests.map((request) => packOne(request, keep));
  const whole = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return { requests: packed, buffer: whole.buffer };
}

function packOne(request: Request, keep: (bytes: Uint8Array) => number): PackedRequest {
  if (request.op === 'putBlob') return { ...request, bytes: keep(request.bytes) };
  if (request.op !== 'append') return request;
  const { blobs, pages } = request;
  return {
    ...request,
    bytes: keep(request.bytes),
    blobs: { ids: blobs.map(({ id }) => id), lengths: blobs.map(({ bytes }) => keep(bytes)) },
    pages: pages.map((page) => ({ ...page, bytes: keep(page.bytes) })),
  };
}

/** The bytes are views of the buffer. */
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
      pages: pages.map((page) => ({ ...page, bytes: take(page.bytes) })),
    };
  });
}
