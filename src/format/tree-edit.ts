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

  constructor(root: TreeMap, rules: NameRules) {
    this.#root = root;
    this.#rules = rules;
  }

  remove({ parent, member, name }: TreeItem): void {
    if (parent.style === 'list') throw fixedList(name);
    this.removed.set(parent, (this.removed.get(parent) ?? new Set()).add(member));
  }

  /** A map without a single value that has the very name makes room. */
  add(name: string, value: string): void {
    let map = this.#root;
    let rest = partsOf(name, this.#rules.separator);
    for (let child = this.#child(map, rest); child !== undefined; child = this.#child(map, rest)) {
      const { member, rest: below } = child;
      const inner = member.value;
      if (inner.kind === 'leaf' || (below.length === 0 && hasLeaves(inner))) throw excluded(name);
      if (below.length === 0) {
        this.removed.set(map, (this.removed.get(map) ?? new Set()).add(member));
        break;
      }
      map = inner;
      rest = below;
    }
    if (map.style === 'list') throw fixedList(name);
    const branch = this.added.get(map) ?? new Map<string, string | Branch>();
    this.added.set(map, branch);
    if (!graft(branch, rest, value)) throw excluded(name);
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
    const parts = new Map(map.members.map((member) => [this.#rules.part?.(member.key) ?? member.key, member]));
    this.#parts.set(map, parts);
    return parts;
  }
}

function hasLeaves({ members }: TreeMap): boolean {
  return members.some(({ value }) => value.kind === 'leaf' || hasLeaves(value));
}

function fixedList(name: string): PlumbError {
  const message = `${shown(name)} stands in a list: what is there can be changed, nothing can be added or removed`;
  return new PlumbError('invalid', 'not every name can be edited', { diagnostics: [{ message }] });
}

function excluded(name: string): PlumbError {
  const diagnostics = [{ message: `${shown(name)} excludes another name, of which it is a part` }];
  return new PlumbError('invalid', 'not every name can stand beside the others', { diagnostics });
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
