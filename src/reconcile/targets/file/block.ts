import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';

/** Where a block stands in a file, in bytes; `begin` is `null` when the file has no such block yet. */
export interface Block {
  readonly begin: number | null;
  readonly end: number;
  /** Number of the first line inside. */
  readonly firstLine: number;
}

/** A line that starts or ends a block, of whatever name. */
const marker = /^# plumb: (begin|end) (\S+)[ \t]*\r?$/;
const markerInside = /^# plumb: (?:begin|end) /m;
const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=/;

interface Marker {
  readonly kind: string;
  readonly name: string;
  readonly line: number;
  /** First byte of the line, and of the next one. */
  readonly start: number;
  readonly next: number;
}

export function beginMarker(block: string): string {
  return `# plumb: begin ${block}`;
}

export function endMarker(block: string): string {
  return `# plumb: end ${block}`;
}

/** Whether a value would read as a marker when it stands in a block. */
export function looksLikeMarker(value: string): boolean {
  return markerInside.test(value);
}

/**
 * Finds the one block of that name. Throws `corrupt` with the place of every marker that does not fit: a begin
 * without its end, an end without its begin, two of a name, another block's marker inside.
 */
export function findBlock(bytes: Buffer, block: string, subject: string): Block {
  const diagnostics: Diagnostic[] = [];
  let open: Marker | undefined;
  let found: Block | undefined;
  const refuse = (line: number, message: string): void => void diagnostics.push({ message, subject, line });
  for (const one of markersOf(bytes)) {
    if (one.kind === 'begin') {
      if (open !== undefined) refuse(one.line, `block ${open.name} is not ended before this line`);
      if (one.name === block && found !== undefined) refuse(one.line, `block ${block} is there twice`);
      open = one;
    } else if (open?.name !== one.name) {
      refuse(one.line, `the end of block ${one.name} without its begin`);
      open = undefined;
    } else {
      if (one.name === block) found = { begin: open.next, end: one.start, firstLine: open.line + 1 };
      open = undefined;
    }
  }
  if (open !== undefined) refuse(open.line, `block ${open.name} is not ended`);
  if (diagnostics.length > 0) {
    throw new PlumbError('corrupt', `the block markers in ${subject} are damaged`, {
      diagnostics,
      hint: 'put the markers right by hand, or remove them with what is between them; nothing was written',
    });
  }
  return found ?? { begin: null, end: bytes.length, firstLine: 1 };
}

/** Names defined around the block, and where: whoever reads the whole file would take one or the other. */
export function outsideNames(bytes: Buffer, { begin, end }: Block): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { text, start, line } of linesOf(bytes)) {
    const inside = begin !== null && start >= begin && start < end;
    const name = inside ? undefined : assignment.exec(text)?.[1];
    if (name !== undefined && !names.has(name)) names.set(name, `line ${line}`);
  }
  return names;
}

function* markersOf(bytes: Buffer): Iterable<Marker> {
  for (const { text, start, next, line } of linesOf(bytes)) {
    const [, kind, name] = marker.exec(text) ?? [];
    if (kind !== undefined && name !== undefined) yield { kind, name, line, start, next };
  }
}

/** Lines as latin1, so that an offset is a byte whatever the encoding of what others wrote. A byte order mark is none of the first. */
function* linesOf(bytes: Buffer): Iterable<{ text: string; start: number; next: number; line: number }> {
  const all = bytes.toString('latin1');
  let start = all.startsWith('\xef\xbb\xbf') ? 3 : 0;
  for (let line = 1; start < all.length; line += 1) {
    const feed = all.indexOf('\n', start);
    const end = feed < 0 ? all.length : feed;
    const next = feed < 0 ? all.length : feed + 1;
    yield { text: all.slice(start, end), start, next, line };
    start = next;
  }
}
