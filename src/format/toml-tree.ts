/** TOML 1.0 as a tree with places: tables, dotted keys and inline tables are all maps. https://toml.io/en/v1.0.0 */
import type { AST } from 'toml-eslint-parser';
import { ParseError, parseTOML } from 'toml-eslint-parser';
import { formatLimits } from './format.ts';
import type { Reading } from './reading.ts';
import type { Shortened } from './toml-strings.ts';
import { excessIn, shorten } from './toml-strings.ts';
import type { ReadTree, TreeItem, TreeLeaf, TreeMap, TreeMember } from './tree.ts';

/** A table, however it is written. */
export interface TomlTable extends TreeMap {
  readonly members: TreeMember[];
  /** From the root. */
  readonly path: readonly string[];
  /**
   * `header`: `[a.b]`, and the root; `dotted`: `b.c = …` in another; `braces`: `{c = …}`; `implied`: nothing but a part of the
   * path of others.
   */
  form: 'header' | 'dotted' | 'braces' | 'implied';
  /** Of `dotted`: what stands in front of the key, from the table with the header. */
  prefix: readonly string[];
  /** Behind the last line that belongs to it directly, or behind its header; of `dotted` behind its last key. */
  last: number;
  /** Between whose braces it stands, itself or by dotted keys; absent: on lines. */
  holder?: TomlTable;
  /** Of `braces`: what stands between its commas, dotted keys whole, by where it starts. */
  readonly pieces: Map<number, TreeMember>;
}

export function readTomlTree(text: string, reading: Reading<TreeItem>): ReadTree {
  const alone = /\r(?!\n)/.exec(text);
  if (alone !== null) {
    reading.report(alone.index, 'a carriage return without a line feed is not allowed');
    return { damaged: true };
  }
  const tooMuch = excessIn(text);
  if (tooMuch !== undefined) {
    reading.report(tooMuch.at, tooMuch.message);
    return { damaged: true };
  }
  const short = shorten(text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text);
  try {
    return new TomlReader(short, reading).read(parseTOML(short.text, { tomlVersion: '1.0' }).body[0]);
  } catch (error) {
    if (error instanceof ParseError) reading.report(Math.min(error.index, text.length), messageOf(error));
    else if (error instanceof RangeError) reading.report(0, `more than ${formatLimits.depth} levels`);
    else throw error;
    return { damaged: true };
  }
}

/** The parser's own words without pieces of the text. */
function messageOf({ message }: ParseError): string {
  const text = /^(?:Invalid code point|Unexpected token)/.exec(message)?.[0] ?? message;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

class TomlReader {
  readonly #text: string;
  readonly #strings: Shortened['strings'];
  readonly #reading: Reading<TreeItem>;
  #tooDeep = false;
  /** The tables in a table by their keys. */
  readonly #tables = new Map<TomlTable, Map<string, TomlTable>>();
  readonly #lists = new Set<string>();

  constructor({ text, strings }: Shortened, reading: Reading<TreeItem>) {
    this.#text = text;
    this.#strings = strings;
    this.#reading = reading;
  }

  read(top: AST.TOMLTopLevelTable): ReadTree {
    const root = this.#table([], 'header', 0, this.#text.length);
    for (const node of top.body) {
      if (node.type === 'TOMLKeyValue') this.#keyValue(root, node);
      else if (node.kind === 'standard' && node.resolvedKey.every((part) => typeof part === 'string')) {
        const table = this.#descend(root, node.resolvedKey, node);
        table.form = 'header';
        table.last = headerEnd(this.#text, node);
        for (const inner of node.body) this.#keyValue(table, inner);
      } else this.#foreign(root, node);
    }
    return { root, damaged: this.#tooDeep };
  }

  #table(path: readonly string[], form: TomlTable['form'], start: number, end: number): TomlTable {
    return {
      kind: 'map',
      start,
      end,
      members: [],
      style: form === 'braces' ? 'braces' : 'lines',
      path,
      form,
      prefix: [],
      last: -1,
      pieces: new Map(),
    };
  }

  /** The table of this path, made where it is not there yet. */
  #descend(
    from: TomlTable,
    keys: readonly string[],
    { range: [start, end] }: AST.TOMLTable | AST.TOMLKeyValue,
  ): TomlTable {
    let table = from;
    for (const key of keys) {
      const found = this.#inner(table, key);
      if (found !== undefined) table = found;
      else {
        const inner = this.#table([...table.path, key], 'implied', start, end);
        if (from.holder !== undefined) inner.holder = from.holder;
        this.#add(table, { label: key, start, end, value: inner });
        table = inner;
      }
      if (table.path.length > formatLimits.depth) this.#refuseDepth(start);
    }
    return table;
  }

  #keyValue(table: TomlTable, node: AST.TOMLKeyValue): void {
    const keys = keysOf(node.key);
    const last = keys.at(-1) ?? '';
    const [start] = node.range;
    const [, end] = this.#rangeOf(node.value);
    const before = keys.slice(0, -1);
    const into = before.length === 0 ? table : this.#descend(table, before, node);
    this.#dotted(table, before, end);
    table.last = Math.max(table.last, end);
    const path = [...into.path, last];
    if (path.length > formatLimits.depth) this.#refuseDepth(start);
    const member = { label: last, start, end, value: this.#value(node.value, path) };
    this.#add(into, member);
    table.holder?.pieces.set(start, member);
  }

  #inner(table: TomlTable, key: string): TomlTable | undefined {
    return this.#tables.get(table)?.get(key);
  }

  #add(table: TomlTable, member: TreeMember): void {
    table.members.push(member);
    if (member.value.kind === 'leaf') return;
    const inner = this.#tables.get(table) ?? new Map<string, TomlTable>();
    this.#tables.set(table, inner.set(member.label, member.value as TomlTable));
  }

  /** Tables on the way of a dotted key stand where the key stands. */
  #dotted(table: TomlTable, keys: readonly string[], end: number): void {
    let at = table;
    for (const [index, key] of keys.entries()) {
      const inner = this.#inner(at, key);
      if (inner === undefined) return;
      at = inner;
      if (at.form === 'implied') at.form = 'dotted';
      at.prefix = table.form === 'dotted' ? [...table.prefix, ...keys.slice(0, index + 1)] : keys.slice(0, index + 1);
      at.last = end;
    }
  }

  #value(node: AST.TOMLContentNode, path: readonly string[]): TreeMap | TreeLeaf {
    const [start, end] = this.#rangeOf(node);
    if (node.type === 'TOMLInlineTable') {
      const table = this.#table(path, 'braces', start, end);
      table.holder = table;
      for (const inner of node.body) this.#keyValue(table, inner);
      return table;
    }
    const place = { kind: 'leaf', start, end } as const;
    if (node.type === 'TOMLArray') {
      return {
        ...place,
        text: null,
        problem: 'expected a string, a number, true, false or a table, found a list',
        style: 'other',
      };
    }
    const string = this.#strings.get(start);
    if (string === undefined) return { ...place, ...scalarOf(node, this.#text) };
    const long = string.decode();
    return {
      ...place,
      text: long ?? null,
      style: 'string',
      ...(long === undefined ? { problem: 'not a string of TOML' } : {}),
    };
  }

  /** Of a long string, where it stands in the text itself. */
  #rangeOf({ range: [start, end] }: AST.TOMLContentNode): readonly [start: number, end: number] {
    return [start, this.#strings.get(start)?.end ?? end];
  }

  /** `[[a]]` and what stands below it: a list of tables. */
  #foreign(root: TomlTable, node: AST.TOMLTable): void {
    const [start, end] = node.key.range;
    const index = node.resolvedKey.findIndex((part) => typeof part === 'number');
    const key = node.resolvedKey.slice(0, Math.max(index, 0)).join('.');
    if (node.kind === 'standard' || this.#lists.has(key)) return;
    this.#lists.add(key);
    const problem = 'a list of tables is not read';
    root.members.push({
      label: key,
      start,
      end,
      value: { kind: 'leaf', start, end, text: null, problem, style: 'section' },
    });
  }

  #refuseDepth(at: number): void {
    if (!this.#tooDeep) this.#reading.report(at, `more than ${formatLimits.depth} levels`);
    this.#tooDeep = true;
  }
}

function keysOf(key: AST.TOMLKey): readonly string[] {
  return key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value));
}

function scalarOf(node: AST.TOMLValue, text: string): Pick<TreeLeaf, 'text' | 'style'> {
  if (node.kind === 'string') {
    return { text: node.value, style: node.multiline ? 'block' : node.style === 'literal' ? 'single' : 'string' };
  }
  const source = text.slice(...node.range);
  if (node.kind === 'boolean') return { text: source, style: 'boolean' };
  if (node.kind === 'integer') return { text: String(node.bigint), style: 'number' };
  return { text: node.kind === 'float' ? source.replaceAll(/^\+|_/g, '') : source, style: 'plain' };
}

/** Behind the closing bracket of a header. */
function headerEnd(text: string, { key }: AST.TOMLTable): number {
  return text.indexOf(']', key.range[1]) + 1;
}
