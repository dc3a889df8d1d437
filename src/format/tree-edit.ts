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

/** Where a new name goes: the deepest map that is there on its way, and what of the name is left below it. */
interface Place {
  readonly map: TreeMap | TreeLeaf;
  readonly rest: readonly string[];
}

class Planner implements TreeEdit {
  readonly values: { leaf: TreeLeaf; value: string }[] = [];
  readonly removed = new Map<TreeMap, Set<TreeMember>>();
  readonly added = new Map<TreeMap, Branch>();
  readonly #root: TreeMap;
  readonly #rules: NameRules;
  /** The values of a map by the parts that their keys are. */
  readonly #parts = new Map<TreeMap, ReadonlyMap<string, TreeMap | TreeLeaf>>();

  constructor(root: TreeMap, rules: NameRules) {
    this.#root = root;
    this.#rules = rules;
  }

  remove({ parent, member, name }: TreeItem): void {
    if (parent.style === 'list') throw fixedList(name);
    this.removed.set(parent, (this.removed.get(parent) ?? new Set()).add(member));
  }

  add(name: string, value: string): void {
    const { map, rest } = this.#placeFor(name);
    if (map.kind === 'leaf') {
      this.values.push({ leaf: map, value });
      return;
    }
    const branch = this.added.get(map) ?? new Map<string, string | Branch>();
    this.added.set(map, branch);
    if (!graft(branch, rest, value)) throw excluded(name);
  }

  /** A map without a single value that has the very name is a leaf to be written. */
  #placeFor(name: string): Place {
    let map = this.#root;
    let rest = partsOf(name, this.#rules.separator);
    for (;;) {
      const inner = this.#rules.flat === undefined ? this.#child(map, rest) : undefined;
      if (inner === undefined) break;
      if (inner.map.kind === 'leaf' || (inner.rest.length === 0 && hasLeaves(inner.map))) throw excluded(name);
      if (inner.rest.length === 0) {
        const { start, end } = inner.map;
        return { map: { kind: 'leaf', start, end, text: null, style: 'string' }, rest: [] };
      }
      map = inner.map;
      rest = inner.rest;
    }
    if (map.style === 'list') throw fixedList(name);
    return { map, rest };
  }

  /** What a new name begins with here. A key may hold separators itself: the longest one that fits leads on. */
  #child(map: TreeMap, parts: readonly string[]): Place | undefined {
    const known = this.#parts.get(map) ?? this.#partsOf(map);
    for (let count = parts.length; count > 0; count -= 1) {
      const value = known.get(parts.slice(0, count).join(this.#rules.separator));
      if (value !== undefined) return { map: value, rest: parts.slice(count) };
    }
    return undefined;
  }

  #partsOf(map: TreeMap): ReadonlyMap<string, TreeMap | TreeLeaf> {
    const parts = new Map(map.members.map(({ key, value }) => [this.#rules.part?.(key) ?? key, value]));
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
