/** Writing YAML: whole maps, and the smallest change of one that is there. */
import type { Braces } from './braces.ts';
import { editBraces } from './braces.ts';
import type { Splice } from './edit.ts';
import type { TreeLeaf, TreeMap, TreeMember } from './tree.ts';
import type { Branch, TreeEdit } from './tree-edit.ts';
import { editedMaps } from './tree-edit.ts';
import { doubleQuoted, literalBlock, plainKind, printScalar, singleQuoted } from './yaml-scalar.ts';

const braces: Braces = {
  trivia: /[ \t\r\n]+|#[^\n\r]*/y,
  rest: /[ \t]*(?:(?<=[ \t])#[^\n\r]*)?/y,
  inLine,
};

/** The lines of a map, a line feed behind each. */
export function printYaml(branch: Branch, indent = 0, unit = 2): string {
  const blanks = ' '.repeat(indent);
  return [...branch]
    .map(([key, value]) => {
      const start = `${blanks}${printScalar(key)}:`;
      if (typeof value !== 'string') return `${start}\n${printYaml(value, indent + unit, unit)}`;
      return `${start} ${literalBlock(value, ' '.repeat(indent + unit)) ?? printScalar(value)}\n`;
    })
    .join('');
}

function inLine(branch: Branch): string {
  const members = [...branch].map(([key, value]) => {
    return `${printScalar(key)}: ${typeof value === 'string' ? printScalar(value) : `{${inLine(value)}}`}`;
  });
  return members.join(', ');
}

export function editYaml(text: string, edit: TreeEdit, eol: string): readonly Splice[] {
  return [
    ...edit.values.map(({ leaf, value }) => replaceLeaf(text, leaf, { value, eol })),
    ...editedMaps(edit).flatMap(({ map, gone, branch }) => {
      const place = { text, map, eol, unit: '' };
      if (map.style === 'lines') return editLines(place, gone, branch);
      const empty = /^\{[ \t]*\}$/.test(text.slice(map.start, map.end)) && ownLine(text, map);
      return empty ? [intoBlock(place, branch)] : editBraces(braces, place, { gone, branch });
    }),
  ];
}

/** In the style of the present value where that can carry the new one. */
function replaceLeaf(text: string, leaf: TreeLeaf, { value, eol }: { value: string; eol: string }): Splice {
  const close = leaf.start === leaf.end || leaf.style === 'map';
  const gap = close && /[:,{]/.test(text[leaf.start - 1] ?? '') ? ' ' : '';
  return { start: leaf.start, end: leaf.end, text: gap + inStyle(text, leaf, value).replaceAll('\n', eol) };
}

function inStyle(text: string, leaf: TreeLeaf, value: string): string {
  if ((leaf.style === 'number' || leaf.style === 'boolean') && plainKind(value) === leaf.style) return value;
  if (leaf.style === 'single') return singleQuoted(value) ?? doubleQuoted(value);
  if (leaf.style === 'string') return doubleQuoted(value);
  if (leaf.style !== 'block') return printScalar(value);
  const present = /\n( *)[^ \r\n]/.exec(text.slice(leaf.start, leaf.end))?.[1];
  const block = present === undefined || present === '' ? undefined : literalBlock(value, present);
  const ended = text[leaf.end - 1] === '\n' ? '\n' : '';
  return (block ?? printScalar(value)) + ended;
}

interface Place {
  readonly text: string;
  readonly map: TreeMap;
  readonly eol: string;
}

function editLines({ text, map, eol }: Place, gone: ReadonlySet<TreeMember>, branch: Branch): readonly Splice[] {
  const kept = map.members.filter((member) => !gone.has(member));
  const splices: Splice[] = [...gone].map(({ start, end }) => ({
    start: lineStart(text, start),
    end: nextLine(text, end),
    text: '',
  }));
  if (branch.size > 0) {
    const last = kept.at(-1);
    const [first] = map.members;
    const at =
      last !== undefined
        ? nextLine(text, last.end)
        : first === undefined
          ? placeInEmpty(text, map)
          : lineStart(text, first.start);
    const gap = at > 0 && !/[\n\uFEFF]/.test(text[at - 1] ?? '') ? eol : '';
    splices.push({ start: at, end: at, text: gap + printYaml(branch, map.indent).replaceAll('\n', eol) });
  } else if (kept.length === 0 && map.anchor !== undefined) {
    splices.push({ start: map.anchor, end: map.anchor, text: ' {}' });
  }
  return splices;
}

/** A document without anything: behind its comments. */
function placeInEmpty(text: string, map: TreeMap): number {
  return nextLine(text, map.end);
}

/** Braces with nothing in them become lines. */
function intoBlock({ text, map, eol }: Place, branch: Branch): Splice {
  const root = map.anchor === undefined;
  const lines = printYaml(branch, map.indent).replaceAll('\n', eol);
  const ended = /^\r?\n/.test(text.slice(map.end, map.end + 2)) || map.end === text.length;
  const body = ended && map.end !== text.length ? lines.slice(0, -eol.length) : lines;
  return { start: map.anchor ?? map.start, end: map.end, text: (root ? '' : eol) + body };
}

/** Whether lines can take the place of `{}`: nothing but its key stands in front of it, and nothing behind it. */
function ownLine(text: string, { start, end, anchor, indent }: TreeMap): boolean {
  const before = anchor ?? lineStart(text, start);
  return (
    indent !== undefined &&
    /^[ \t]*$/.test(text.slice(before, start)) &&
    /^[ \t]*(?:\r?\n|$)/.test(text.slice(end, nextLine(text, end)))
  );
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Behind the end of the line on which something ends. */
function nextLine(text: string, end: number): number {
  if (text[end - 1] === '\n') return end;
  const feed = text.indexOf('\n', end);
  return feed < 0 ? text.length : feed + 1;
}
