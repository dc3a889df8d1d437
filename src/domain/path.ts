import { PlumbError } from './errors.ts';

declare const checked: unique symbol;
/** A checked path: 1–1,024 bytes of UTF-8 in NFC, up to 32 segments, no leading slash. Order with {@link comparePaths}. */
export type Path = string & { readonly [checked]: true };

/** What a path's last segment stands in; the empty text is the root. */
export type Folder = Path | '';

export const pathLimits = { bytes: 1024, segments: 32 } as const;

/** First segments that hold no entries of users: policies, tokens, syncs and the like have their paths there. */
export const reservedSegments: readonly string[] = ['sys', 'auth', 'identity', 'cubbyhole'];

/** Throws `invalid` or `too-large` saying which rule is broken. Nothing is ever corrected: the same bytes come back. */
export function parsePath(text: string): Path {
  checkPath(text);
  const slash = text.indexOf('/');
  const first = slash === -1 ? text : text.slice(0, slash);
  if (reservedSegments.includes(first)) {
    throw new PlumbError('invalid', `the first segment ${first} is reserved and holds no entries`, {
      hint: `reserved are ${reservedSegments.join(', ')}`,
    });
  }
  return text as Path;
}

/** Whether the path has a reserved first segment. */
export function isReserved(path: string): boolean {
  const slash = path.indexOf('/');
  return reservedSegments.includes(slash === -1 ? path : path.slice(0, slash));
}

const credentialPath = /^sys\/targets\/[a-z0-9][a-z0-9-]{0,62}\/credential$/;

/** As {@link parsePath}, also for the credential of a target: its versions may be listed and destroyed, never read. */
export function parseKeptPath(text: string): Path {
  return credentialPath.test(text) ? (text as Path) : parsePath(text);
}

/** As {@link parsePath}; the empty text is the root. */
export function parseFolder(text: string): Folder {
  return text === '' ? '' : parsePath(text);
}

/** As {@link parsePath}, for what policies name: reserved first segments are allowed. */
export function parseAnyPath(text: string): Path {
  checkPath(text);
  return text as Path;
}

const slashCode = 0x2f;
const dotCode = 0x2e;

/** One pass for plain ASCII, which is what nearly every path is; the rest goes to {@link checkUnicode}. */
function checkPath(text: string): void {
  const length = text.length;
  if (length === 0) throw new PlumbError('invalid', 'a path must not be empty');
  if (length > pathLimits.bytes) throw tooLong();
  let segments = 1;
  let start = 0;
  let ascii = true;
  for (let at = 0; at <= length; at += 1) {
    const code = at === length ? slashCode : text.charCodeAt(at);
    if (code === slashCode) {
      checkSegment(text, start, at);
      if (at < length) segments += 1;
      start = at + 1;
    } else if (code < 0x20 || code === 0x7f) {
      throw hidden(code);
    } else if (code > 0x7f) {
      ascii = false;
    }
  }
  if (!ascii) checkUnicode(text);
  if (segments > pathLimits.segments) {
    throw new PlumbError('too-large', `a path has at most ${pathLimits.segments} segments, this one has ${segments}`);
  }
}

function checkSegment(text: string, start: number, end: number): void {
  const length = end - start;
  if (length === 0) {
    throw new PlumbError('invalid', 'a path has no empty segment', {
      hint: 'leave out leading, trailing and double slashes',
    });
  }
  if (length > 2 || text.charCodeAt(start) !== dotCode) return;
  if (length === 1 || text.charCodeAt(start + 1) === dotCode) {
    throw new PlumbError('invalid', 'a segment must not be . or ..', { hint: 'write the path out in full' });
  }
}

/** Controls, bidirectional marks, joiners, fillers, lone surrogates, and every space but the plain one. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

function checkUnicode(text: string): void {
  if (utf8Length(text) > pathLimits.bytes) throw tooLong();
  const found = unseen.exec(text);
  if (found !== null) throw hidden(found[0].codePointAt(0) ?? 0);
  if (text.normalize('NFC') !== text) {
    throw new PlumbError('invalid', 'a path must be in Unicode normal form C', {
      hint: 'write its accented characters in composed form (NFC); Plumb does not change a name by itself',
    });
  }
}

function tooLong(): PlumbError {
  return new PlumbError('too-large', `a path has at most ${pathLimits.bytes} bytes`);
}

function hidden(code: number): PlumbError {
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return new PlumbError(
    'invalid',
    `a path must not contain control, bidirectional or invisible characters, found ${name}`,
  );
}

/** Bytes of `text` in UTF-8; a lone surrogate counts as three. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    if (code < 0x800) {
      bytes += 1;
    } else {
      bytes += 2;
      if (code >= 0xd800 && code < 0xdc00 && isTrailing(text.charCodeAt(at + 1))) at += 1;
    }
  }
  return bytes;
}

function isTrailing(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}

/**
 * Order of the UTF-8 bytes: negative, zero, positive. JavaScript's own order differs, because it puts
 * surrogates (characters beyond U+FFFF) before U+E000…U+FFFF.
 */
export function comparePaths(left: string, right: string): number {
  return compareAt(left, right, sharedLength(left, right, 0));
}

/** How many UTF-16 code units are equal from the start, given that the first `from` are. */
export function sharedLength(left: string, right: string, from: number): number {
  const length = Math.min(left.length, right.length);
  let at = from;
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  return at;
}

/** As {@link comparePaths}, given their {@link sharedLength}. */
export function compareAt(left: string, right: string, shared: number): number {
  if (shared === left.length || shared === right.length) return left.length - right.length;
  const a = left.charCodeAt(shared);
  const b = right.charCodeAt(shared);
  return a >= 0xd800 && b >= 0xd800 ? rank(a) - rank(b) : a - b;
}

/** Moves surrogates behind the rest of the basic plane. */
function rank(code: number): number {
  return code < 0xe000 ? code + 0x2000 : code - 0x800;
}

/** The folder that the path stands in. */
export function folderOf(path: string): Folder {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : (path.slice(0, slash) as Path);
}

/** The last segment. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Throws as {@link parsePath}; `relative` may have several segments. */
export function joinPath(folder: Folder, relative: string): Path {
  return parsePath(folder === '' ? relative : `${folder}/${relative}`);
}

export function segmentsOf(path: string): readonly string[] {
  return path === '' ? [] : path.split('/');
}

/** Whether `path` stands in `folder` or in a folder below it. Everything stands in the root. */
export function isBelow(path: string, folder: string): boolean {
  return (
    folder === '' ||
    (path.length > folder.length && path.charCodeAt(folder.length) === slashCode && path.startsWith(folder))
  );
}

/** A path or folder seen from its environment, which is its second-level folder, declared or not. */
export interface Place {
  /** The first segment. */
  readonly project: string;
  /** `<project>/<environment>`. */
  readonly environment: string;
  /** Without a leading slash; empty for the environment's own folder. */
  readonly relative: string;
}

/** `undefined` for what is not inside a second-level folder: fewer than two segments, or three for an entry. */
export function placeOf(path: string): Place | undefined {
  const first = path.indexOf('/');
  if (first === -1) return undefined;
  const second = path.indexOf('/', first + 1);
  if (second === -1) return { project: path.slice(0, first), environment: path, relative: '' };
  return { project: path.slice(0, first), environment: path.slice(0, second), relative: path.slice(second + 1) };
}

const declaredName = /^[a-z0-9-]{1,63}$/;

/** Name of a project, or of an environment without its project: 1–63 of `[a-z0-9-]`. Throws `invalid`. */
export function parseDeclaredName(text: string): string {
  if (!declaredName.test(text) || reservedSegments.includes(text)) {
    throw new PlumbError('invalid', 'a project or environment is named by 1 to 63 of a-z 0-9 -', {
      hint: `not by one of ${reservedSegments.join(', ')}`,
    });
  }
  return text;
}

/** `<project>/<environment>`. Throws `invalid`. */
export function parseEnvironmentName(text: string): string {
  const parts = text.split('/');
  if (parts.length !== 2) throw new PlumbError('invalid', 'an environment is named <project>/<environment>');
  for (const part of parts) parseDeclaredName(part);
  return text;
}

/** Where policies find what is not an entry. */
export const nounPaths = {
  project: (name: string) => name,
  environment: (name: string) => name,
  policy: (name: string) => `sys/policies/${name}`,
  sync: (name: string) => `sys/syncs/${name}`,
  target: (name: string) => `sys/targets/${name}`,
  /** An entry of kind secret that is only ever written together with its target. */
  targetCredential: (name: string) => `sys/targets/${name}/credential` as Path,
  principal: (name: string) => `identity/${name}`,
  tokens: 'auth/tokens',
  audit: 'sys/audit',
  metrics: 'sys/metrics',
} as const;
