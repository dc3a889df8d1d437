/** TOML 1.0: tables in tables, names joined by a full stop. */
import type { Braces } from './braces.ts';
import { editBraces, skipTrivia } from './braces.ts';
import { isOpen, type Splice } from './edit.ts';
import type { Format } from './format.ts';
import { treeFormat } from './tree-format.ts';
import type { TreeLeaf, TreeMember } from './tree.ts';
import type { Branch, TreeEdit } from './tree-edit.ts';
import { editedMaps } from './tree-edit.ts';
import type { TomlTable } from './toml-tree.ts';
import { readTomlTree } from './toml-tree.ts';

const trivia = /[ \t\r\n]+|#[^\n]*/y;
const braces: Braces = { trivia, rest: /[ \t]*/y, inLine };

export const toml: Format = treeFormat({
  brief: 'TOML tables: a.b is b in [a]',
  extension: 'toml',
  what: 'a TOML file',
  rules: { separator: '.' },
  isEmpty: (text) => skipTrivia(text, text.startsWith('\uFEFF') ? 1 : 0, trivia) === text.length,
  read: readTomlTree,
  print: (branch) => printTables(branch, []).join('\n'),
  begin: (branch) => printTables(branch, []).join('\n'),
  edit: editToml,
});

/** Texts of tables, those of a table in front of the ones in it. */
function printTables(branch: Branch, path: readonly string[]): readonly string[] {
  const own = [...branch].flatMap(([key, value]) =>
    typeof value === 'string' ? [`${printKey(key)} = ${printString(value)}\n`] : [],
  );
  const inner = [...branch].flatMap(([key, value]) =>
    typeof value === 'string' ? [] : printTables(value, [...path, key]),
  );
  if (own.length === 0) return inner;
  return [(path.length === 0 ? '' : `[${path.map(printKey).join('.')}]\n`) + own.join(''), ...inner];
}

function printKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : printString(key);
}

/** A basic string on one line, which every reader takes alike. */
function printString(value: string): string {
  return JSON.stringify(value).replaceAll('\x7f', '\\u007F');
}

function inLine(branch: Branch): string {
  return dottedLines(branch, []).join(', ');
}

/** A number stays a number, a boolean a boolean, a literal string a literal string, where the new value is one. */
function printLeaf({ style }: TreeLeaf, value: string): string {
  if (style === 'boolean' && (value === 'true' || value === 'false')) return value;
  if (style === 'number' && /^(?:0|-?[1-9]\d{0,17})$/.test(value)) return value;
  if (style === 'single' && /^[\x20-\x26\x28-\x7e]*$/.test(value)) return `'${value}'`;
  return printString(value);
}

function editToml(text: string, edit: TreeEdit, eol: string): readonly Splice[] {
  const splices: Splice[] = edit.values.map(({ leaf, value }) => ({
    start: leaf.start,
    end: leaf.end,
    text: printLeaf(leaf, value),
  }));
  const tables: string[] = [];
  const held = new Map<TomlTable, InBraces>();
  for (const { map, gone, branch } of editedMaps(edit)) {
    const table = map as TomlTable;
    const { holder } = table;
    if (holder !== undefined) {
      const inside = held.get(holder) ?? new InBraces(holder);
      held.set(holder, inside);
      inside.take(table, gone, branch);
    } else {
      splices.push(...[...gone].map((member) => withoutLine(text, member)));
      const own = new Map([...branch].filter(([, value]) => typeof value === 'string' || table.form === 'dotted'));
      const inner = new Map([...branch].filter(([key]) => !own.has(key)));
      if (table.form === 'implied') tables.unshift(...printTables(branch, table.path));
      else {
        if (own.size > 0) splices.push(intoTable(text, table, { branch: own, eol }));
        tables.unshift(...printTables(inner, table.path));
      }
    }
  }
  for (const [holder, inside] of held) {
    const map = { ...holder, members: [...holder.pieces.values()] };
    splices.push(...editBraces(braces, { text, map, eol, unit: '' }, inside));
  }
  return tables.length === 0 ? splices : [...splices, atEnd(text, tables.join('\n').replaceAll('\n', eol), eol)];
}

/** What happens between two braces: to the table itself, and to those that dotted keys make in it. */
class InBraces {
  readonly gone = new Set<TreeMember>();
  readonly branch: Branch = new Map();
  readonly #holder: TomlTable;

  constructor(holder: TomlTable) {
    this.#holder = holder;
  }

  take({ path }: TomlTable, gone: ReadonlySet<TreeMember>, branch: Branch): void {
    for (const { start } of gone) {
      const piece = this.#holder.pieces.get(start);
      if (piece !== undefined) this.gone.add(piece);
    }
    let below = branch;
    for (const key of path.slice(this.#holder.path.length).toReversed()) below = new Map([[key, below]]);
    if (branch.size > 0) merge(this.branch, below);
  }
}

function merge(into: Branch, branch: Branch): void {
  for (const [key, value] of branch) {
    const present = into.get(key);
    if (typeof value === 'string' || typeof present !== 'object') into.set(key, value);
    else merge(present, value);
  }
}

function withoutLine(text: string, { start, end }: TreeMember): Splice {
  return { start: text.lastIndexOf('\n', start - 1) + 1, end: nextLine(text, end), text: '' };
}

function intoTable(text: string, table: TomlTable, { branch, eol }: { branch: Branch; eol: string }): Splice {
  const lines = dottedLines(branch, table.form === 'dotted' ? table.prefix : []).map((line) => line + eol);
  if (table.last < 0) return intoRoot(text, lines, eol);
  const at = nextLine(text, table.last);
  return { start: at, end: at, text: (text[at - 1] === '\n' ? '' : eol) + lines.join('') };
}

function dottedLines(branch: Branch, prefix: readonly string[]): readonly string[] {
  return [...branch].flatMap(([key, value]) => {
    const path = [...prefix, key];
    return typeof value === 'string'
      ? [`${path.map(printKey).join('.')} = ${printString(value)}`]
      : dottedLines(value, path);
  });
}

/** A root without keys of its own: in front of the first header and the comments right above it. */
function intoRoot(text: string, lines: readonly string[], eol: string): Splice {
  let at = skipTrivia(text, text.startsWith('\uFEFF') ? 1 : 0, trivia);
  if (at === text.length) return atEnd(text, lines.join(''), eol);
  at = text.lastIndexOf('\n', at - 1) + 1;
  for (let above = lineAbove(text, at); above !== undefined; above = lineAbove(text, at)) at = above;
  const start = Math.max(at, text.startsWith('\uFEFF') ? 1 : 0);
  return { start, end: start, text: lines.join('') + eol };
}

/** Where the line above starts, if it is a comment. */
function lineAbove(text: string, at: number): number | undefined {
  if (at === 0) return undefined;
  const start = text.lastIndexOf('\n', at - 2) + 1;
  return /^\uFEFF?[ \t]*#/.test(text.slice(start, at)) ? start : undefined;
}

function atEnd(text: string, lines: string, eol: string): Splice {
  const gap = (isOpen(text) ? eol : '') + (lines.startsWith('[') && text !== '' ? eol : '');
  return { start: text.length, end: text.length, text: gap + lines };
}

function nextLine(text: string, end: number): number {
  const feed = text.indexOf('\n', end);
  return feed < 0 ? text.length : feed + 1;
}
