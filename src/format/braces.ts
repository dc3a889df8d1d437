/** Editing what stands between braces, with commas between: JSON objects, YAML's flow maps, TOML's inline tables. */
import { blanksBefore, type Splice, startOfLine } from './edit.ts';
import type { TreeMap, TreeMember } from './tree.ts';
import type { Branch } from './tree-edit.ts';

/** How a syntax writes members between braces. */
export interface Braces {
  /** Blanks and comments, one of them at a time; sticky. */
  readonly trivia: RegExp;
  /** What may stand behind a member on its line and goes with it; sticky. */
  readonly rest: RegExp;
  /** Members in one line, without the braces. */
  readonly inLine: (branch: Branch) => string;
  /** Members on lines of their own, without the last line's end; absent: all of it stays in one line. */
  readonly lines?: (branch: Branch, indent: string, unit: string) => string;
}

export interface BracesPlace {
  readonly text: string;
  readonly map: TreeMap;
  readonly eol: string;
  readonly unit: string;
}

/** The members of `gone` taken out, those of `branch` put in behind the last one. */
export function editBraces(
  braces: Braces,
  place: BracesPlace,
  { gone, branch }: { readonly gone: ReadonlySet<TreeMember>; readonly branch: Branch },
): readonly Splice[] {
  const { text, map } = place;
  const kept = map.members.filter((member) => !gone.has(member));
  const last = kept.at(-1);
  const final = map.members.at(-1);
  const comma = (at: number): number | undefined => commaBehind(text, at, braces.trivia);
  const splices = [...gone].map((member) => without(braces, place, member));
  if (last === undefined) return branch.size === 0 ? splices : [...splices, intoEmpty(braces, place, branch)];
  const separator = comma(last.end);
  const trailing = final !== undefined && comma(final.end) !== undefined;
  if (branch.size > 0) {
    if (separator === undefined) splices.push({ start: last.end, end: last.end, text: ',' });
    const from = separator === undefined ? last.end : separator + 1;
    splices.push(behind(braces, place, { last, from, branch }));
  } else if (separator !== undefined && !trailing) splices.push({ start: separator, end: separator + 1, text: '' });
  return splices;
}

/** A member goes with its comma, and with its lines where nothing else stands on them. */
function without(braces: Braces, { text, map }: BracesPlace, { start, end }: TreeMember): Splice {
  const comma = commaBehind(text, end, braces.trivia);
  const stop = comma === undefined ? end : comma + 1;
  const lineStart = startOfLine(text, start) ?? 0;
  const behindIt = stop + lengthAt(braces.rest, text, stop);
  const ownLines = lineStart > map.start && /^\r?\n/.test(text.slice(behindIt, behindIt + 2));
  if (ownLines) return { start: lineStart, end: text.indexOf('\n', behindIt) + 1, text: '' };
  if (comma !== undefined) return { start, end: stop + lengthAt(blanks, text, stop), text: '' };
  const isFirst = map.members[0]?.start === start;
  return { start: isFirst ? start : blanksBefore(text, start), end: stop, text: '' };
}

const blanks = /[ \t]*/y;

interface Behind {
  readonly last: TreeMember;
  readonly from: number;
  readonly branch: Branch;
}

/** Behind the last member that stays: on lines of their own where the object has lines. */
function behind(braces: Braces, { text, map, eol, unit }: BracesPlace, { last, from, branch }: Behind): Splice {
  const lined = braces.lines !== undefined && text.slice(last.end, map.end).includes('\n');
  if (!lined || braces.lines === undefined) return { start: from, end: from, text: ` ${braces.inLine(branch)}` };
  const at = from + lengthAt(braces.rest, text, from);
  const indent = indentOf(text, last.start) ?? `${indentOf(text, map.end - 1) ?? ''}${unit}`;
  const lines = braces.lines(branch, indent, unit).replaceAll('\n', eol);
  const ends = /^[ \t]*\r?\n/.test(text.slice(at, text.indexOf('\n', at) + 1));
  return { start: ends ? at : from, end: ends ? at : from, text: eol + lines };
}

/** Where no member stays: behind what else stands between the braces, or right behind the opening one. */
function intoEmpty(braces: Braces, { text, map, eol, unit }: BracesPlace, branch: Branch): Splice {
  const first = map.start + 1;
  if (braces.lines === undefined) return { start: first, end: first, text: braces.inLine(branch) };
  const outer = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', map.start - 1) + 1, map.start))?.[0] ?? '';
  const lines = braces.lines(branch, outer + unit, unit).replaceAll('\n', eol);
  const lined = text.slice(map.start, map.end).includes('\n');
  const closing = lined ? text.lastIndexOf('\n', map.end - 1) + 1 : map.end - 1;
  if (lined && /^[ \t]*$/.test(text.slice(closing, map.end - 1))) {
    return { start: closing, end: closing, text: lines + eol };
  }
  return { start: first, end: first, text: `${eol}${lines}${eol}${outer}` };
}

/** The blanks in front of something that is first on its line. */
function indentOf(text: string, at: number): string | undefined {
  const start = startOfLine(text, at);
  return start === undefined ? undefined : text.slice(start, at);
}

/** The comma that belongs to what ends here, past blanks and comments. */
function commaBehind(text: string, end: number, trivia: RegExp): number | undefined {
  const at = skipTrivia(text, end, trivia);
  return text[at] === ',' ? at : undefined;
}

/** The offset of the next character that is neither blank nor comment; the text's length where there is none. */
export function skipTrivia(text: string, from: number, trivia: RegExp): number {
  for (let at = from; ; ) {
    const length = lengthAt(trivia, text, at);
    if (length === 0) return at;
    at += length;
  }
}

function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}
