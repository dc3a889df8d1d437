/** Writing JSON: whole objects, and the smallest change of one that is there. Commas and comments stay where they are. */
import type { Braces } from './braces.ts';
import { editBraces } from './braces.ts';
import type { Splice } from './edit.ts';
import type { TreeLeaf } from './tree.ts';
import type { Branch, TreeEdit } from './tree-edit.ts';
import { editedMaps } from './tree-edit.ts';

const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Blanks and comments, one of them at a time. */
export const jsonTrivia = /[ \t\r\n]+|\/\/[^\n\r]*|\/\*[^]*?\*\//y;

const braces: Braces = {
  trivia: jsonTrivia,
  rest: /[ \t]*(?:\/\/[^\n\r]*|\/\*[^\n\r]*?\*\/[ \t]*(?=[\r\n]|$))?/y,
  inLine,
  lines: (branch, indent, unit) => printMembers(branch, indent, unit).join(',\n'),
};

/** An object, its closing brace at `indent`, without a line end behind it. */
export function printJson(branch: Branch, indent = '', unit = '  '): string {
  if (branch.size === 0) return '{}';
  return `{\n${printMembers(branch, indent + unit, unit).join(',\n')}\n${indent}}`;
}

export function editJson(text: string, edit: TreeEdit, eol: string): readonly Splice[] {
  const unit = /\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
  return [
    ...edit.values.map(({ leaf, value }) => ({ start: leaf.start, end: leaf.end, text: printLeaf(leaf, value) })),
    ...editedMaps(edit).flatMap(({ map, ...change }) => editBraces(braces, { text, map, eol, unit }, change)),
  ];
}

function printMembers(branch: Branch, indent: string, unit: string): readonly string[] {
  return [...branch].map(([key, value]) => {
    const text = typeof value === 'string' ? JSON.stringify(value) : printJson(value, indent, unit);
    return `${indent}${JSON.stringify(key)}: ${text}`;
  });
}

function inLine(branch: Branch): string {
  const members = [...branch].map(([key, value]) => {
    const text = typeof value === 'string' ? JSON.stringify(value) : `{ ${inLine(value)} }`;
    return `${JSON.stringify(key)}: ${text}`;
  });
  return members.join(', ');
}

/** A number stays a number and a boolean a boolean where the new value is one. */
function printLeaf({ style }: TreeLeaf, value: string): string {
  if (style === 'number' && numberPattern.test(value)) return value;
  if (style === 'boolean' && (value === 'true' || value === 'false')) return value;
  return JSON.stringify(value);
}
