/**
 * Entity tags of what has no version of its own: a digest of what is answered. Neither derives from a value, and a tag
 * names the state of a resource in whatever form it is sent.
 */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { matchesTag, quoteTag } from './codec.ts';
import type { Answer } from './route.ts';
import { PlumbError } from '#domain/errors';

/** Texts of entries, wherever they stand. */
const values: ReadonlySet<string> = new Set(['value', 'expression']);

/** 22 characters over everything but values. */
function markOf(data: unknown, replace: (name: string, member: unknown) => unknown): string {
  return createHash('sha256').update(JSON.stringify(data, replace)).digest('base64url').slice(0, 22);
}

const withoutValues = (name: string, member: unknown): unknown => (values.has(name) ? undefined : member);

/** The order in which names stand does not matter either. */
function sorted(_name: string, member: unknown): unknown {
  if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
  return Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The tag of a list or a view. The revision beside it, which counts the changes of the whole store, is no part of it. */
export function tagOf(body: object): string {
  return quoteTag(markOf({ ...body, revision: undefined }, withoutValues));
}

/** Of a declared record: what it says first, then, if something happens to it by itself, all of it. */
export function recordTag(record: object): string {
  const { stated, moving } = parted(record);
  const moved = Object.values(moving).some((member) => member !== undefined);
  const mark = markOf(stated, sorted);
  return quoteTag(moved ? `${mark}.${markOf(moving, sorted)}` : mark);
}

/** What is declared, and what changes although nobody declares anything. */
function parted(record: object): { readonly stated: object; readonly moving: Readonly<Record<string, unknown>> } {
  const { status, heldBack, credentialVersion, revision, plan, ...stated } = record as Readonly<
    Record<string, unknown>
  >;
  void [revision, plan];
  return { stated, moving: { status, heldBack, credentialVersion } };
}

const recordPattern = /^"([A-Za-z0-9_-]{22})(?:\.[A-Za-z0-9_-]{22})?"$/;

/** What a write of a record expects. */
export interface RecordExpectation {
  readonly expectAbsent?: true;
  /** Whether what is there is what was expected. */
  readonly expect?: (present: object) => boolean;
}

/** From the conditional headers. Throws `invalid` on what this server cannot have made. */
export function expectedRecord(headers: IncomingHttpHeaders): RecordExpectation {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw new PlumbError('invalid', 'a write takes If-Match or If-None-Match, not both');
  }
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() === '*') return { expectAbsent: true };
    throw new PlumbError('invalid', 'on a write, If-None-Match can only be *');
  }
  if (ifMatch === undefined) return {};
  if (ifMatch.trim() === '*') return { expect: () => true };
  const [, mark] = recordPattern.exec(ifMatch.trim()) ?? [];
  if (mark !== undefined) return { expect: (present) => markOf(parted(present).stated, sorted) === mark };
  throw new PlumbError('invalid', 'If-Match takes one entity tag as this server made it, or *', {
    hint: 'pass the ETag of the record, with its double quotes',
  });
}

/** Throws `unsupported` when a write that knows no conditions is sent one: passing it over would write all the same. */
export function refuseConditions(headers: IncomingHttpHeaders): void {
  if (headers['if-match'] === undefined && headers['if-none-match'] === undefined) return;
  throw new PlumbError('unsupported', 'this request knows no conditions, expected neither If-Match nor If-None-Match', {
    hint: 'in a change, each operation has its own: expect',
  });
}

/** The answer with its tag, or 304 when the request names it. */
export function unlessKnown<T>(headers: IncomingHttpHeaders, answer: Answer<T>, etag: string): Answer<T> {
  const known = headers['if-none-match'];
  const named = { ...answer.headers, etag };
  const isKnown = known !== undefined && matchesTag(known, etag);
  return isKnown ? { status: 304, headers: named } : { ...answer, headers: named };
}
