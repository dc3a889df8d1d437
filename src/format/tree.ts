/**
 * Nested documents of any syntax as one shape: maps of members down to leaves, all with offsets. How their names
 * are flattened, and what an edit means for them, is said here once; how it is written, by each syntax.
 */
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
  /**
   * How it is spelled: an edit keeps that where the new value allows it. `map`: as one that makes room for a value.
   * `section`: lines that are no value's begin with it, so that it is not taken out.
   */
  readonly style: 'string' | 'single' | 'plain' | 'block' | 'number' | 'boolean' | 'map' | 'section' | 'other';
}

export interface TreeMap {
  readonly kind: 'map';
  /** With its braces, if it has some. */
  readonly start: number;
  readonly end: number;
  readonly members: readonly TreeMember[];
  /** `braces`: `{a: b}`; `lines`: a line for each member; `list`: elements by index, of which none comes or goes. */
  readonly style: 'braces' | 'lines' | 'list';
  /** Where the column of a member on a line of its own is, from 0; absent: it cannot have one. Only told by YAML. */
  readonly indent?: number;
  /** Behind the colon of the member whose value this is. Only told by YAML. */
  readonly anchor?: number;
}

export interface TreeMember {
  /** Its name in its map. */
  readonly label: string;
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

/** Adds the leaves of a tree to a reading, in the order of the text. Deeper levels than the limit are the syntax's to refuse. */
export function readTree(root: TreeMap, rules: NameRules, reading: Reading<TreeItem>): void {
  const same = new Map<string, string>();
  const visit = (parent: TreeMap, prefix: string): void => {
    for (const member of parent.members) {
      const name = prefix + (rules.part?.(member.label) ?? member.label);
      const problem =
        member.problem ?? (rules.separator === '' ? protoProblem(member.label) : keyProblem(member.label));
      if (problem !== undefined) reading.report(member.start, `the key ${shown(member.label)} ${problem}`);
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
