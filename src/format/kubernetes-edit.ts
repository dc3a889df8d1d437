/** What an edit of names means for the objects of a text of manifests. */
import type { FormatEntry } from './format.ts';
import type { ManifestItem, ManifestObject, Spelling } from './kubernetes-read.ts';
import { memberOf, sections } from './kubernetes-read.ts';
import type { TreeLeaf, TreeMap, TreeMember } from './tree.ts';
import type { Branch, TreeEdit } from './tree-edit.ts';

export interface ManifestPlan {
  readonly edit: TreeEdit;
  /** What there is no object for yet. */
  readonly missing: readonly FormatEntry[];
}

interface Manifests {
  readonly entries: readonly ManifestItem[];
  readonly objects: readonly ManifestObject[];
}

export function planManifestEdit(
  { entries, objects }: Manifests,
  wanted: ReadonlyMap<string, string | null>,
  secrets: ReadonlyMap<string, boolean | undefined>,
): ManifestPlan {
  const planner = new ManifestPlanner(objects);
  const byName = Map.groupBy(entries, ({ name }) => name);
  for (const [name, value] of wanted) {
    const secret = secrets.get(name);
    const [first, ...others] = byName.get(name) ?? [];
    for (const other of others) planner.remove(other);
    if (first !== undefined && (value === null || (secret === true && !first.secret))) planner.remove(first);
    else if (first !== undefined && value !== null) planner.change(first, value);
    if (value !== null && (first === undefined || (secret === true && !first.secret))) planner.add(name, value, secret);
  }
  return { edit: planner, missing: planner.missing };
}

class ManifestPlanner implements TreeEdit {
  readonly values: { leaf: TreeLeaf; value: string }[] = [];
  readonly removed = new Map<TreeMap, Set<TreeMember>>();
  readonly added = new Map<TreeMap, Branch>();
  readonly missing: FormatEntry[] = [];
  readonly #objects: readonly ManifestObject[];
  /** Sections with nothing behind their colon, as maps. */
  readonly #empty = new Map<TreeMember, TreeMap>();

  constructor(objects: readonly ManifestObject[]) {
    this.#objects = objects;
  }

  remove({ parent, member }: ManifestItem): void {
    this.removed.set(parent, (this.removed.get(parent) ?? new Set()).add(member));
  }

  change({ leaf, value: present, spelling }: ManifestItem, value: string): void {
    if (present !== value) this.values.push({ leaf, value: spell(value, spelling) });
  }

  /** Into the first object of its kind; where it is not said what it is, into the only one that is there. */
  add(name: string, value: string, secret: boolean | undefined): void {
    const [only, second] = this.#objects;
    const kind =
      secret === undefined && only !== undefined && second === undefined
        ? only.kind
        : secret === true
          ? 'Secret'
          : 'ConfigMap';
    const object = this.#objects.find((one) => one.kind === kind);
    if (object === undefined) this.missing.push({ name, value, secret: kind === 'Secret' });
    else this.#into(object, name, value);
  }

  #into({ kind, root }: ManifestObject, name: string, value: string): void {
    const strings =
      kind === 'Secret' && memberOf(root, 'data') === undefined && memberOf(root, 'stringData') !== undefined;
    const section = strings ? 'stringData' : 'data';
    const text = spell(value, sections[kind][section] ?? 'text');
    const present = memberOf(root, section);
    if (present?.value.kind === 'map') {
      this.#branch(present.value).set(name, text);
      return;
    }
    if (present !== undefined && root.indent !== undefined && present.value.start === present.value.end) {
      this.#branch(this.#emptyMap(present, root.indent + 2)).set(name, text);
      return;
    }
    // A section with `null` in it makes room for one that has something.
    if (present !== undefined) this.removed.set(root, (this.removed.get(root) ?? new Set()).add(present));
    const branch = this.#branch(root);
    const inner = branch.get(section) ?? new Map<string, string | Branch>();
    if (typeof inner !== 'string') branch.set(section, inner.set(name, text));
  }

  #emptyMap(section: TreeMember, indent: number): TreeMap {
    const { start, end } = section.value;
    const empty: TreeMap = this.#empty.get(section) ?? { kind: 'map', start, end, members: [], style: 'lines', indent };
    this.#empty.set(section, empty);
    return empty;
  }

  #branch(map: TreeMap): Branch {
    const branch = this.added.get(map) ?? new Map<string, string | Branch>();
    this.added.set(map, branch);
    return branch;
  }
}

function spell(value: string, spelling: Spelling): string {
  return spelling === 'text' ? value : Buffer.from(value).toString('base64');
}
