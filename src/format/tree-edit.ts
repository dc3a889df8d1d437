/** What is written into a tree: new members as branches, and the plan of an edit. */
import { PlumbError } from '#domain/errors';
import { shown } from './reading.ts';
import type { NameRules, TreeItem, TreeLeaf, TreeMap, TreeMember } from './tree.ts';
import { partsOf } from './tree.ts';

/** New members below a map: a value, or a map of more. */
export type Branch = Map<string, string | Branch>;

/** What an edit does to a tree. */
export interface TreeEdit {
  readonly values: readonly { readonly leaf: TreeLeaf; readonly value: string }[];
  /** Members that go, by the map in which they stand; new ones, by the map they come into. */
  readonly removed: ReadonlyMap<TreeMap, ReadonlySet<TreeMember>>;
  readonly added: ReadonlyMap<TreeMap, Branch>;
}

/** Names and values as nested maps, in the order given. Throws `invalid` with every name that another one excludes. */
export function branchOf(
  entries: Iterable<{ readonly name: string; readonly value: string }>,
  rules: NameRules,
): Branch {
  const root: Branch = new Map();
  const wrong: { name: string; other: string }[] = [];
  const seen = new Map<string, string>();
  for (const { name, value } of entries) {
    const key = rules.same?.(name) ?? name;
    const other = seen.get(key) ?? graft(root, { name, value }, rules.separator);
    seen.set(key, name);
    if (other !== undefined) wrong.push({ name, other });
  }
  if (wrong.length > 0) throw excluded(wrong);
  return root;
}

/** Answers the name that is in the way, if one is. */
function graft(root: Branch, given: { name: string; value: string }, separator: string): string | undefined {
  const parts = partsOf(given.name, separator);
  let at = root;
  for (const [index, part] of parts.slice(0, -1).entries()) {
    const next = at.get(part) ?? new Map<string, string | Branch>();
    if (typeof next === 'string') return parts.slice(0, index + 1).join(separator);
    at.set(part, next);
    at = next;
  }
  const last = parts.at(-1) ?? '';
  const present = at.get(last);
  if (present === undefined) at.set(last, given.value);
  return present === undefined
    ? undefined
    : typeof present === 'string'
      ? given.name
      : firstName(present, given.name, separator);
}

function firstName(branch: Branch, prefix: string, separator: string): string {
  const [[key, value] = ['', '']] = branch;
  const name = prefix + separator + key;
  return typeof value === 'string' ? name : firstName(value, name, separator);
}

function excluded(wrong: readonly { readonly name: string; readonly other: string }[]): PlumbError {
  const diagnostics = wrong.map(({ name, other }) => ({
    message: `${shown(name)} cannot stand beside ${shown(other)}`,
  }));
  return new PlumbError('invalid', 'not every name can stand beside the others', { diagnostics });
}

function notTakenOut(name: string): PlumbError {
  const diagnostics = [{ message: `${shown(name)} is no value, and what stands below it would go elsewhere` }];
  return new PlumbError('invalid', `${shown(name)} cannot be taken out`, { diagnostics, hint: 'take it out by hand' });
}

/** What the edits mean for a tree that was read. Throws `invalid` for what cannot be carried there. */
export function planEdits(
  { root, items }: { readonly root: TreeMap; readonly items: readonly TreeItem[] },
  wanted: ReadonlyMap<string, string | null>,
  rules: NameRules,
): TreeEdit {
  const planner = new Planner(root, rules);
  const byName = Map.groupBy(items, ({ name }) => name);
  for (const [name, value] of wanted) {
    const [first, ...others] = byName.get(name) ?? [];
    if (value === null && first?.leaf.style === 'section') throw notTakenOut(name);
    for (const other of others) planner.remove(other);
    if (first === undefined) {
      if (value !== null) planner.add(name, value);
    } else if (value === null) planner.remove(first);
    else if (first.value !== value) planner.values.push({ leaf: first.leaf, value });
  }
  return planner;
}

/** What a new name begins with in a map, and what of the name is left below it. */
interface Child {
  readonly member: TreeMember;
  readonly rest: readonly string[];
}

class Planner implements TreeEdit {
  readonly values: { leaf: TreeLeaf; value: string }[] = [];
  readonly removed = new Map<TreeMap, Set<TreeMember>>();
  readonly added = new Map<TreeMap, Branch>();
  readonly #root: TreeMap;
  readonly #rules: NameRules;
  /** The members of a map by the parts of names that their keys are. */
  readonly #parts = new Map<TreeMap, ReadonlyMap<string, TreeMember>>();
  /** The names that are new, and what they begin with → one of them. */
  readonly #new = new Set<string>();
  readonly #begun = new Map<string, string>();

  constructor(root: TreeMap, rules: NameRules) {
    this.#root = root;
    this.#rules = rules;
  }

  remove({ parent, member, name }: TreeItem): void {
    if (parent.style === 'list') throw fixedList(name);
    this.removed.set(parent, (this.removed.get(parent) ?? new Set()).add(member));
  }

  /** A map without a single value that has the very name makes room: in its place, where a value can stand there. */
  add(name: string, value: string): void {
    const { separator } = this.#rules;
    this.#exclude(name, separator);
    let map = this.#root;
    let rest = partsOf(name, separator);
    for (let child = this.#child(map, rest); child !== undefined; child = this.#child(map, rest)) {
      const { member, rest: below } = child;
      const inner = member.value;
      if (inner.kind === 'leaf')
        throw excluded([{ name, other: name.slice(0, name.length - below.join(separator).length - separator.length) }]);
      if (below.length === 0) {
        const leaf = leafIn(inner);
        if (leaf !== undefined) throw excluded([{ name, other: [name, ...leaf].join(separator) }]);
        if (inner.style !== 'lines' || inner.anchor !== undefined) {
          const place = { start: inner.anchor ?? inner.start, end: inner.end };
          this.values.push({ leaf: { kind: 'leaf', ...place, text: null, style: 'map' }, value });
          return;
        }
        this.removed.set(map, (this.removed.get(map) ?? new Set()).add(member));
        break;
      }
      map = inner;
      rest = below;
    }
    if (map.style === 'list') throw fixedList(name);
    const branch = this.added.get(map) ?? new Map<string, string | Branch>();
    this.added.set(map, branch);
    const other = graft(branch, { name: rest.join(separator), value }, separator);
    if (other !== undefined)
      throw excluded([{ name, other: name.slice(0, name.length - rest.join(separator).length) + other }]);
  }

  /** Two new names may exclude each other: `a` and `a.b`. */
  #exclude(name: string, separator: string): void {
    const parts = partsOf(name, separator);
    const starts = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join(separator));
    const other = this.#begun.get(name) ?? starts.find((start) => this.#new.has(start));
    if (other !== undefined) throw excluded([{ name, other }]);
    this.#new.add(name);
    for (const start of starts) this.#begun.set(start, name);
  }

  /** A key may hold separators itself: the longest one that fits leads on. */
  #child(map: TreeMap, parts: readonly string[]): Child | undefined {
    if (this.#rules.flat !== undefined) return undefined;
    const known = this.#parts.get(map) ?? this.#partsOf(map);
    for (let count = parts.length; count > 0; count -= 1) {
      const member = known.get(parts.slice(0, count).join(this.#rules.separator));
      if (member !== undefined) return { member, rest: parts.slice(count) };
    }
    return undefined;
  }

  #partsOf(map: TreeMap): ReadonlyMap<string, TreeMember> {
    const parts = new Map(map.members.map((member) => [this.#rules.part?.(member.label) ?? member.label, member]));
    this.#parts.set(map, parts);
    return parts;
  }
}

/** The keys down to some value in a map. */
function leafIn({ members }: TreeMap): readonly string[] | undefined {
  for (const { label, value } of members) {
    const below = value.kind === 'leaf' ? [] : leafIn(value);
    if (below !== undefined) return [label, ...below];
  }
  return undefined;
}

function fixedList(name: string): PlumbError {
  const message = `${shown(name)} stands in a list: what is there can be changed, nothing can be added or removed`;
  return new PlumbError('invalid', 'not every name can be edited', { diagnostics: [{ message }] });
}

/** The maps that members leave or come into, inner ones before those that hold them: they may end at one place. */
export function editedMaps({ removed, added }: TreeEdit): readonly {
  readonly map: TreeMap;
  readonly gone: ReadonlySet<TreeMember>;
  readonly branch: Branch;
}[] {
  const maps = [...new Set([...removed.keys(), ...added.keys()])].toSorted((a, b) => b.start - a.start);
  return maps.map((map) => ({
    map,
    gone: removed.get(map) ?? new Set<TreeMember>(),
    branch: added.get(map) ?? new Map<string, string | Branch>(),
  }));
}
