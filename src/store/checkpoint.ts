/**
 * Pages and the record that vouches for them. A page is stored under `<stream>/<name>/<seq>`, where
 * `seq` is the checkpoint that wrote it: so one that was staged and never named harms nothing, and
 * those of the checkpoint before stay whole until the next one is durable.
 */
import { sha256 } from '#crypto/digest';
import { PlumbError } from '#domain/errors';
import { decodeBody, encodePages, encodeRecord, type PageReference, type RecordHead } from './codec.ts';
import { advance, type ChainPlace, type Cursor, cursorAt, readRecord } from './cursor.ts';
import type { Attachments, Page } from './driver.ts';
import type { FoldPage, PageChanges } from './fold.ts';
import { withPages } from './hydrate.ts';

/** Which stored pages make up the state. */
export interface Book {
  readonly pages: ReadonlyMap<string, PageReference>;
  /** Stored pages that no checkpoint names: dropped with the next one. */
  readonly strays: readonly string[];
  /** Bytes of the pages that the last checkpoint wrote. */
  readonly written: number;
}

export const emptyBook: Book = { pages: new Map(), strays: [], written: 0 };

export interface LoadedCheckpoint {
  readonly cursor: Cursor;
  readonly book: Book;
  readonly pages: readonly FoldPage[];
}

/**
 * Reads checkpoint `seq` and its pages. `undefined`: the pages are not the ones that it names, and the
 * log has to be read from its start. Throws `corrupt` when the record itself fails its check.
 */
export async function loadCheckpoint(place: ChainPlace, seq: number): Promise<LoadedCheckpoint | undefined> {
  const record = await readRecord(place.driver, place.stream, seq);
  if (record === undefined) throw new PlumbError('corrupt', `the checkpoint at record ${seq} is gone`);
  const cursor = advance(place, await cursorAt(place, seq - 1), record);
  const body = decodeBody(record.bytes);
  if (!('pages' in body)) throw new PlumbError('corrupt', `record ${seq} is named as a checkpoint and is none`);
  const references = await withPages(place.driver, body.pages);
  const stored = await storedPages(place);
  const pages = references.map(({ name, seq: written, digest }) => {
    const bytes = stored.get(storedName(place, name, written));
    stored.delete(storedName(place, name, written));
    return bytes !== undefined && sha256(bytes) === digest ? { name, bytes } : undefined;
  });
  const whole = pages.filter((page) => page !== undefined);
  if (whole.length < references.length) return undefined;
  const book = { ...bookOf(references), strays: [...stored.keys()] };
  return { cursor, book, pages: whole };
}

/** What another writer's checkpoint names. */
export function bookOf(pages: readonly PageReference[]): Book {
  return { ...emptyBook, pages: new Map(pages.map((page) => [page.name, page])) };
}

/** The book of a store whose pages are not used: all of them are strays. */
export async function bookOfStrays(place: ChainPlace): Promise<Book> {
  return { ...emptyBook, strays: [...(await storedPages(place)).keys()] };
}

/** A checkpoint ready to be appended, and the book once it is durable. */
export interface DraftedCheckpoint {
  readonly record: Buffer;
  readonly attachments: Attachments;
  readonly book: Book;
}

/** `head.seq` is the checkpoint's own; the record still wants its MAC. */
export function draftCheckpoint(head: RecordHead, before: Book, dirty: PageChanges): DraftedCheckpoint {
  const pages = new Map(before.pages);
  const dropPages = [...before.strays];
  for (const name of new Set([...dirty.removed, ...dirty.changed.map((page) => page.name)])) {
    const replaced = pages.get(name);
    if (replaced !== undefined) dropPages.push(storedName(head, name, replaced.seq));
    pages.delete(name);
  }
  const written: Page[] = dirty.changed.map(({ name, bytes }) => {
    pages.set(name, { name, seq: head.seq, digest: sha256(bytes) });
    return { name: storedName(head, name, head.seq), seq: head.seq, bytes };
  });
  const { text, blobs } = encodePages(head.stream, [...pages.values()]);
  return {
    record: encodeRecord(head, 'pages', text),
    attachments: { pages: written, dropPages, blobs },
    book: { pages, strays: [], written: written.reduce((sum, { bytes }) => sum + bytes.length, 0) },
  };
}

function storedName({ stream }: Pick<ChainPlace, 'stream'>, name: string, seq: number): string {
  return `${stream}/${name}/${seq}`;
}

async function storedPages({ driver, stream }: ChainPlace): Promise<Map<string, Uint8Array>> {
  const pages = new Map<string, Uint8Array>();
  for await (const page of driver.pages(`${stream}/`)) pages.set(page.name, page.bytes);
  return pages;
}
