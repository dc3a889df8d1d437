/** Writing JSON: whole objects, and the smallest change of one that is there. Commas and comments stay where they are. */
import type { Splice } from './edit.ts';
import type { Branch, TreeEdit, TreeLeaf, TreeMap, TreeMember } from './tree.ts';

const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** An object, its closing brace at `indent`, without a line end behind it. */
export function printJson(branch: Branch, indent = '', unit = '  '): string {
  if (branch.size === 0) return '{}';
  return `{\n${printMembers(branch, indent + unit, unit).join(',\n')}\n${indent}}`;
}

function printMembers(branch: Branch, indent: string, unit: string): readonly string[] {
  return [...branch].map(([key, value]) => {
    const text = typeof value === 'string' ? JSON.stringify(value) : printJson(value, indent, unit);
    return `${indent}${JSON.stringify(key)}: ${text}`;
  });
}

/** A number stays a number and a boolean a boolean where the new value is one. */
function printLeaf({ style }: TreeLeaf, value: string): string {
  if (style === 'number' && numberPattern.test(value)) return value;
  if (style === 'boolean' && (value === 'true' || value === 'false')) return value;
  return JSON.stringify(value);
}

const trivia = /[ \t\r\n]+|\/\/[^\n\r]*|\/\*[^]*?\*\//y;

export function editJson(text: string, { values, removed, added }: TreeEdit, eol: string): readonly Splice[] {
  const unit = /\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
  const maps = new Set([...removed.keys(), ...added.keys()]);
  return [
    ...values.map(({ leaf, value }) => ({ start: leaf.start, end: leaf.end, text: printLeaf(leaf, value) })),
    ...[...maps].flatMap((map) => {
      const gone = removed.get(map) ?? new Set<TreeMember>();
      return editMap({ text, map, eol, unit }, gone, added.get(map) ?? new Map<string, Branch>());
    }),
  ];
}

interface Place {
  readonly text: string;
  readonly map: TreeMap;
  readonly eol: string;
  readonly unit: string;
}

function editMap(place: Place, gone: ReadonlySet<TreeMember>, branch: Branch): readonly Splice[] {
  const { text, map } = place;
  const kept = map.members.filter((member) => !gone.has(member));
  const last = kept.at(-1);
  const final = map.members.at(-1);
  const splices = [...gone].map((member) => without(text, map, member));
  if (last === undefined) return branch.size === 0 ? splices : [...splices, intoEmpty(place, branch)];
  const comma = commaBehind(text, last.end);
  const trailing = final !== undefined && commaBehind(text, final.end) !== undefined;
  if (branch.size > 0) {
    if (comma === undefined) splices.push({ start: last.end, end: last.end, text: ',' });
    splices.push(behind(place, { last, from: comma === undefined ? last.end : comma + 1 }, branch));
  } else if (comma !== undefined && !trailing) splices.push({ start: comma, end: comma + 1, text: '' });
  return splices;
}

/** A member goes with its comma, and with its lines where nothing else stands on them. */
function without(text: string, map: TreeMap, { start, end }: TreeMember): Splice {
  const comma = commaBehind(text, end);
  const stop = comma === undefined ? end : comma + 1;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const rest = /[ \t]*(?:\/\/[^\n\r]*|\/\*[^\n\r]*?\*\/[ \t]*(?=[\r\n]|$))?/y;
  rest.lastIndex = stop;
  const behindIt = stop + (rest.exec(text)?.[0].length ?? 0);
  const ownLines = /^[ \t]*$/.test(text.slice(lineStart, start)) && /^\r?\n/.test(text.slice(behindIt, behindIt + 2));
  if (ownLines && lineStart > map.start) return { start: lineStart, end: text.indexOf('\n', behindIt) + 1, text: '' };
  const blanks = /[ \t]*/y;
  blanks.lastIndex = stop;
  if (comma !== undefined) return { start, end: stop + (blanks.exec(text)?.[0].length ?? 0), text: '' };
  const before = text.slice(Math.max(map.start + 1, lineStart), start);
  const first = map.members[0]?.start === start;
  return { start: first ? start : start - (before.length - before.trimEnd().length), end: stop, text: '' };
}

/** Behind the last member that stays: on lines of their own where the object has lines. */
function behind(place: Place, { last, from }: { last: TreeMember; from: number }, branch: Branch): Splice {
  const { text, map, eol, unit } = place;
  const lined = text.slice(last.end, map.end).includes('\n');
  if (!lined) {
    const members = [...branch].map(([key, value]) => `${JSON.stringify(key)}: ${inLine(value)}`);
    return { start: from, end: from, text: ` ${members.join(', ')}` };
  }
  const rest = /[ \t]*(?:\/\/[^\n\r]*|\/\*[^\n\r]*?\*\/[ \t]*(?=[\r\n]))?/y;
  rest.lastIndex = from;
  const at = from + (rest.exec(text)?.[0].length ?? 0);
  const indent = indentOf(text, last.start) ?? `${indentOf(text, map.end - 1) ?? ''}${unit}`;
  const lines = printMembers(branch, indent, unit).join(',\n').replaceAll('\n', eol);
  const ends = /^[ \t]*\r?\n/.test(text.slice(at));
  return { start: ends ? at : from, end: ends ? at : from, text: eol + lines };
}

function inLine(value: string | Branch): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return `{ ${[...value].map(([key, inner]) => `${JSON.stringify(key)}: ${inLine(inner)}`).join(', ')} }`;
}

/** Where no member stays: behind what else stands between the braces, or right behind the opening one. */
function intoEmpty({ text, map, eol, unit }: Place, branch: Branch): Splice {
  const outer = lineIndent(text, map.start);
  const lines = printMembers(branch, outer + unit, unit)
    .join(',\n')
    .replaceAll('\n', eol);
  const lined = text.slice(map.start, map.end).includes('\n');
  const closing = lined ? text.lastIndexOf('\n', map.end - 1) + 1 : map.end - 1;
  if (lined && /^[ \t]*$/.test(text.slice(closing, map.end - 1))) {
    return { start: closing, end: closing, text: lines + eol };
  }
  return { start: map.start + 1, end: map.start + 1, text: `${eol}${lines}${eol}${outer}` };
}

/** The blanks in front of something that is first on its line. */
function indentOf(text: string, at: number): string | undefined {
  const before = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  return /^[ \t]*$/.test(before) ? before : undefined;
}

function lineIndent(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))?.[0] ?? '';
}

/** The comma that belongs to what ends here, past blanks and comments. */
function commaBehind(text: string, end: number): number | undefined {
  const at = skipTrivia(text, end);
  return text[at] === ',' ? at : undefined;
}

/** The offset of the next character that is neither blank nor comment; the text's length where there is none. */
export function skipTrivia(text: string, from: number): number {
  for (let at = from; ; ) {
    trivia.lastIndex = at;
    const length = trivia.exec(text)?.[0].length ?? 0;
    if (length === 0) return at;
    at += length;
  }
}
