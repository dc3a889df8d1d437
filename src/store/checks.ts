import { PlumbError } from '#domain/errors';
import type { Attachments, Stream } from './driver.ts';

const blobId = /^[A-Za-z0-9_-]{1,64}$/;
const pageName = /^[A-Za-z0-9_./-]{1,200}$/;
const pagePrefix = /^[A-Za-z0-9_./-]{0,200}$/;

/** Throws `invalid` unless every name in `attachments` keeps to the grammar of `driver.ts` and none is there twice. */
export function checkAttachments(attachments: Attachments): void {
  for (const blob of attachments.blobs ?? []) checkBlobId(blob.id);
  for (const page of attachments.pages ?? []) checkPageName(page.name);
  for (const name of attachments.dropPages ?? []) checkPageName(name);
  checkOnce((attachments.blobs ?? []).map((blob) => blob.id));
  checkOnce([...(attachments.pages ?? []).map((page) => page.name), ...(attachments.dropPages ?? [])]);
}

export function checkBlobId(id: string): void {
  if (!blobId.test(id)) throw new PlumbError('invalid', 'a blob id is 1–64 characters of [A-Za-z0-9_-]');
}

export function checkPageName(name: string): void {
  if (!pageName.test(name)) throw new PlumbError('invalid', 'a page name is 1–200 characters of [A-Za-z0-9_./-]');
}

/** As a page name, or empty for all pages. */
export function checkPagePrefix(prefix: string): void {
  if (!pagePrefix.test(prefix)) {
    throw new PlumbError('invalid', 'a prefix of page names is at most 200 characters of [A-Za-z0-9_./-]');
  }
}

/** `least` is 0 where "before the first record" has a meaning, else 1. */
export function checkSeq(seq: number, least: 0 | 1): void {
  if (!Number.isSafeInteger(seq) || seq < least) {
    throw new PlumbError('invalid', `a seq is a whole number from ${least}`);
  }
}

/** What `read` throws, and what `follow` tells its caller as `truncated`. */
export function truncatedError(stream: Stream, firstSeq: number): PlumbError {
  return new PlumbError('not-found', `records of ${stream} before ${firstSeq} have been truncated`, {
    hint: 'start again from the pages of the last checkpoint',
    details: { firstSeq },
  });
}

/** `expectedSeq` above the head: the record would stand behind a gap. */
export function gapError(expectedSeq: number, head: number): PlumbError {
  return new PlumbError('invalid', 'an append may not leave a gap', { details: { expectedSeq, head } });
}

/** A blob id is used once; the present bytes stay. */
export function blobExistsError(id: string): PlumbError {
  return new PlumbError('exists', 'a blob of this id holds other bytes', { details: { id } });
}

/** `truncate` may not take the head: the checkpoint that allows it is itself a record. */
export function headStaysError(upTo: number, head: number): PlumbError {
  return new PlumbError('invalid', 'the head of a stream cannot be truncated', { details: { upTo, head } });
}

/** What every method throws after `close`. */
export function closedError(): PlumbError {
  return new PlumbError('unavailable', 'the store is closed');
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function checkOnce(names: readonly string[]): void {
  // Most come in order, so that none can stand twice.
  if (names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name)) return;
  if (new Set(names).size < names.length) throw new PlumbError('invalid', 'a name may stand once in an append');
}
