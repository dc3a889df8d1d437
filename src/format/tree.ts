/**
 * Nested documents of any syntax as one shape: maps of members down to leaves, all with offsets. How their names
 * are flattened, and what an edit means for them, is said here once; how it is written, by each syntax.
 */
import { PlumbError } from '#domain/errors';
import { formatLimits } from './format.ts';
import type { Item, Reading } from './reading.ts';
import { shown } from './reading.ts';

/** Offsets are UTF-16 code units into the text, a byte order mark counted. */
export interface TreeLeaf {
  readonly kind: 'leaf';
  readonly start: number;
  readonly end: number;
  /** What it stands for; `null`: nothing that a value could be, `problem` says what was expected. */
  readonly text: string | null;
  readonly problem?: string;
  /** How it is spelled: an edit keeps that where the new value allows it. */
  readonly style: 'string' | 'single' | 'plain' | 'block' | 'number' | 'boolean' | 'other';
}

export interface TreeMap {
  readonly kind: 'map';
  /** With its braces, if it has some. */
  readonly start: number;
  readonly end: number;
  readonly members: readonly TreeMember[];
  /** `braces`: `{a: b}`; `lines`: a line for each member; `list`: elements by index, of which none comes or goes. */
  readonly style: 'braces' | 'lines' | 'list';
}

export interface TreeMember {
  readonly key: string;
  readonly problem?: string;
  /** Of the key; of the member, from the key to the end of the value. */
  readonly start: number;
  readonly end: number;
  readonly value: TreeMap | TreeLeaf;
}

/** How levels become names, and names levels. */
export interface NameRules {
  readonly separator: string;
  /** A key as part of a name. Default: as it is. */
  readonly part?: (key: string) => string;
  /** Names of which only one may stand in a file have the same. Default: the name. */
  readonly same?: (name: string) => string;
  /** Why an object may not stand here. Default: it may. */
  readonly flat?: (name: string, found: 'an object' | 'an array') => string;
}

/** What a syntax makes of a text. */
export interface ReadTree {
  /** Absent: the text is no map, or an empty document. */
  readonly root?: TreeMap;
  /** It breaks the grammar: what was read may be less than what is there, and nothing is edited. */
  readonly damaged: boolean;
}

/** A leaf under its name. */
export interface TreeItem extends Item {
  readonly leaf: TreeLeaf;
  readonly member: TreeMember;
  readonly parent: TreeMap;
}

/** New members below a map: a value, or a map of more. */
export type Branch = Map<string, string | Branch>;

/** What an edit does to a tree. */
export interface TreeEdit {
  readonly values: readonly { readonly leaf: TreeLeaf; readonly value: string }[];
  /** Members that go, by the map in which they stand; new ones, by the map they come into. */
  readonly removed: ReadonlyMap<TreeMap, ReadonlySet<TreeMember>>;
  readonly added: ReadonlyMap<TreeMap, Branch>;
}

/** Adds the leaves of a tree to a reading, in the order of the text. Deeper levels than the limit are the syntax's to refuse. */
export function readTree(root: TreeMap, rules: NameRules, reading: Reading<TreeItem>): void {
  const same = new Map<string, string>();
  const visit = (parent: TreeMap, prefix: string): void => {
    for (const member of parent.members) {
      const name = prefix + (rules.part?.(member.key) ?? member.key);
      const problem = member.problem ?? (rules.separator === '' ? protoProblem(member.key) : keyProblem(member.key));
      if (problem !== undefined) reading.report(member.start, `the key ${shown(member.key)} ${problem}`);
      if (member.value.kind === 'map' && rules.flat === undefined) visit(member.value, name + rules.separator);
      else add(parent, member, name);
    }
  };
  const add = (parent: TreeMap, member: TreeMember, name: string): void => {
    const leaf = leafOf(member.value, name, rules);
    if (leaf.problem !== undefined) reading.report(leaf.start, leaf.problem);
    const key = rules.same?.(name) ?? name;
    const other = same.get(key);
    if (other !== undefined && other !== name) reading.report(member.start, `${shown(name)} is ${shown(other)} again`);
    same.set(key, name);
    const { start, end } = leaf;
    const own = { leaf, member, parent, lineStart: member.start, lineEnd: member.end };
    reading.add({ name, value: leaf.text, start, end, nameAt: member.start, ...own });
  };
  visit(root, '');
}

/** Where only one level may be, an object is a leaf that says so. */
function leafOf(value: TreeMap | TreeLeaf, name: string, { flat }: NameRules): TreeLeaf {
  if (value.kind === 'leaf') return value.problem === undefined ? value : { ...value, problem: value.problem };
  const { start, end } = value;
  const problem = flat?.(name, value.style === 'list' ? 'an array' : 'an object') ?? '';
  return { kind: 'leaf', start, end, text: null, problem, style: 'other' };
}

function keyProblem(key: string): string | undefined {
  return key === '' ? 'is empty' : protoProblem(key);
}

function protoProblem(key: string): string | undefined {
  return key === '__proto__' ? 'cannot be a name' : undefined;
}

/** Why a name cannot stand in such a file, or `undefined`. */
export function nameProblem(name: string, { separator }: NameRules): string | undefined {
  if (!name.isWellFormed()) return 'is not valid Unicode';
  const parts = partsOf(name, separator);
  if (parts.length > formatLimits.depth) return `has more than ${formatLimits.depth} levels`;
  if (separator !== '' && parts.includes('')) return `has an empty part beside ${separator}`;
  return parts.includes('__proto__') ? 'cannot be a name' : undefined;
}

export function partsOf(name: string, separator: string): readonly string[] {
  return separator === '' ? [name] : name.split(separator);
}

/** Names and values as nested maps, in the order given. Throws `invalid` with every name that another one excludes. */
export function branchOf(
  entries: Iterable<{ readonly name: string; readonly value: string }>,
  rules: NameRules,
): Branch {
  const root: Branch = new Map();
  const wrong: string[] = [];
  const seen = new Map<string, string>();
  for (const { name, value } of entries) {
    const key = rules.same?.(name) ?? name;
    const other = seen.get(key);
    seen.set(key, name);
    if (other !== undefined || !graft(root, partsOf(name, rules.separator), value)) wrong.push(name);
  }
  if (wrong.length === 0) return root;
  const diagnostics = wrong.map((name) => ({
    message: `${shown(name)} excludes another name, which is a part of it or differs in case only`,
  }));
  throw new PlumbError('invalid', 'not every name can stand beside the others', { diagnostics });
}

function graft(root: Branch, parts: readonly string[], value: string): boolean {
  let at = root;
  for (const part of parts.slice(0, -1)) {
    const next = at.get(part) ?? new Map<string, string | Branch>();
    if (typeof next === 'string') return false;
    at.set(part, next);
    at = next;
  }
  const last = parts.at(-1) ?? '';
  if (at.has(last)) return false;
  at.set(last, value);
  return true;
}

/** What the edits mean for a tree that was read. Throws `invalid` for what cannot be carried, or not there. */
export function planEdits(
  { root, items }: { readonly root: TreeMap; readonly items: readonly TreeItem[] },
  wanted: ReadonlyMap<string, string | null>,
  rules: NameRules,
): TreeEdit {
  const values: { leaf: TreeLeaf; value: string }[] = [];
  const removed = new Map<TreeMap, Set<TreeMember>>();
  const added = new Map<TreeMap, Branch>();
  const byName = Map.groupBy(items, ({ name }) => name);
  const remove = ({ parent, member, name }: TreeItem): void => {
    if (parent.style === 'list') throw fixedList(name);
    removed.set(parent, (removed.get(parent) ?? new Set()).add(member));
  };
  for (const [name, value] of wanted) {
    const [first, ...others] = byName.get(name) ?? [];
    for (const other of others) remove(other);
    if (first === undefined) {
      if (value === null) continue;
      const { map, rest } = placeFor(root, name, rules);
      const branch = added.get(map) ?? new Map<string, string | Branch>();
      added.set(map, branch);
      if (!graft(branch, rest, value)) throw excluded(name);
    } else if (value === null) remove(first);
    else if (first.value !== value) values.push({ leaf: first.leaf, value });
  }
  return { values, removed, added };
}

/** The deepest map that is there on the way to a new name, and what of the name is left below it. */
function placeFor(root: TreeMap, name: string, rules: NameRules): { map: TreeMap; rest: readonly string[] } {
  let map = root;
  let rest = partsOf(name, rules.separator);
  for (;;) {
    const inner = rules.flat === undefined ? childOf(map, rest, rules) : undefined;
    if (inner === undefined) break;
    if (inner.map.kind === 'leaf' || inner.rest.length === 0) throw excluded(name);
    map = inner.map;
    rest = inner.rest;
  }
  if (map.style === 'list') throw fixedList(name);
  return { map, rest };
}

/** What a new name begins with here. A key may hold separators itself: the longest one that fits leads on. */
function childOf(
  map: TreeMap,
  parts: readonly string[],
  rules: NameRules,
): { map: TreeMap | TreeLeaf; rest: readonly string[] } | undefined {
  const keys = new Map(map.members.map(({ key, value }) => [rules.part?.(key) ?? key, value]));
  for (let count = parts.length; count > 0; count -= 1) {
    const value = keys.get(parts.slice(0, count).join(rules.separator));
    if (value !== undefined) return { map: value, rest: parts.slice(count) };
  }
  return undefined;
}

function fixedList(name: string): PlumbError {
  const message = `${shown(name)} stands in a list: what is there can be changed, nothing can be added or removed`;
  return new PlumbError('invalid', 'not every name can be edited', { diagnostics: [{ message }] });
}

function excluded(name: string): PlumbError {
  const diagnostics = [{ message: `${shown(name)} excludes another name, of which it is a part` }];
  return new PlumbError('invalid', 'not every name can stand beside the others', { diagnostics });
}
