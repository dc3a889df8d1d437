import type { IncomingHttpHeaders } from 'node:http';
import { PlumbError } from '#domain/errors';
import { Refusal } from './errors.ts';

/** Characters that stand for themselves in a path (RFC 3986, pchar and the slash). */
const plainPath = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/;

/**
 * What of a request's URL follows `prefix`, percent-decoded segment by segment; without the query and
 * `suffix`. Throws `invalid` on an encoded slash, on what is no UTF-8, and on characters that a URL does not have.
 */
export function decodeTail(url: string, prefix: string, suffix: string): string {
  const query = url.indexOf('?');
  const end = (query === -1 ? url.length : query) - suffix.length;
  // A router that compares decoded text would also match `/api/v1/%65ntries/…`; such a spelling has no meaning here.
  if (!url.startsWith(prefix) || !url.startsWith(suffix, end)) throw new Refusal(404);
  const tail = url.slice(prefix.length, end);
  return plainPath.test(tail) ? tail : tail.split('/').map(decodeSegment).join('/');
}

function decodeSegment(segment: string): string {
  if (!plainPath.test(segment.replaceAll(/%[0-9A-Fa-f]{2}/g, ''))) {
    throw new PlumbError('invalid', 'the path of the URL has a character that must be percent-encoded');
  }
  let decoded: string;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    throw new PlumbError('invalid', 'the path of the URL is not percent-encoded UTF-8');
  }
  if (decoded.includes('/')) {
    throw new PlumbError('invalid', 'the path of the URL has an encoded slash', {
      hint: 'segments are encoded one by one and joined by /',
    });
  }
  return decoded;
}

const entityTag = /^"(\d+)\.(\d+)(?:-[A-Za-z0-9_-]+)?"$/;

/** What a write expects to be at its path. */
export interface Expected {
  readonly version: number;
  /** Absent: any. */
  readonly incarnation?: number;
}

/**
 * The version that a write expects, from its conditional headers; `undefined`: none given. `If-None-Match: *`
 * and version 0 both mean that the path has no version of its own. Throws `invalid` on anything else.
 */
export function expectedVersion(ifMatch: string | undefined, ifNoneMatch: string | undefined): Expected | undefined {
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw new PlumbError('invalid', 'a write takes If-Match or If-None-Match, not both');
  }
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() === '*') return { version: 0 };
    throw new PlumbError('invalid', 'on a write, If-None-Match can only be *');
  }
  if (ifMatch === undefined) return undefined;
  const [, incarnation, version] = entityTag.exec(ifMatch.trim()) ?? [];
  if (version !== undefined) return { version: Number(version), incarnation: Number(incarnation) };
  throw new PlumbError('invalid', 'If-Match takes one entity tag as this server made it', {
    hint: 'pass the ETag of the entry, with its double quotes',
  });
}

/** Whether `If-None-Match` of a read names the present tag (weak comparison, RFC 9110 13.1.2). */
export function matchesTag(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((written) => {
    const tag = written.trim();
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
}

/** The token of an `Authorization` header. Throws `unauthenticated` when there is none. */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined) {
    throw new PlumbError('unauthenticated', 'the request carries no token', {
      hint: 'send Authorization: Bearer <token>; with the CLI, sign in by plumb login',
    });
  }
  if (authorization.startsWith('Bearer ')) return authorization.slice(7);
  if (/^bearer /i.test(authorization)) return authorization.slice(7).trim();
  throw new PlumbError('unauthenticated', 'the Authorization header is not of the scheme Bearer');
}

const charsets = /;\s*charset\s*=\s*"?([^\s";]*)/gi;

/** Throws a refusal when a body is compressed, or is text in another encoding than UTF-8. */
export function checkBodyForm(headers: IncomingHttpHeaders): void {
  const encoding = headers['content-encoding']?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') {
    throw new Refusal(415, {
      message: 'the body has a content encoding, expected it as it is',
      headers: { 'accept-encoding': 'identity' },
    });
  }
  for (const [, charset = ''] of headers['content-type']?.matchAll(charsets) ?? []) {
    if (charset.toLowerCase() !== 'utf-8') throw new Refusal(415, { message: 'the body must be of charset utf-8' });
  }
}

/** The revision to go on from: where the last connection broke, else where the query says. */
export function resumeAfter(lastEventId: string | undefined, after: number | undefined): number | undefined {
  if (lastEventId === undefined || lastEventId === '') return after;
  if (/^\d{1,15}$/.test(lastEventId)) return Number(lastEventId);
  throw new PlumbError('invalid', 'Last-Event-ID must be a revision');
}

/** An entity tag as the header has it. */
export function quoteTag(etag: string): string {
  return `"${etag}"`;
}
