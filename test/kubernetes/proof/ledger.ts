/** What happened in a world, as whoever did it knows: what others keep, and what the source has had. */
import type { Group } from './history.ts';

/** What others keep in one object. */
export interface Foreign {
  readonly data: Map<string, string>;
  readonly labels: Map<string, string>;
  readonly annotations: Map<string, string>;
}
export type ForeignField = keyof Foreign;

/** A name that somebody wrote, or tried to write, while something else was done. */
export interface Intrusion {
  readonly group: Group;
  readonly key: string;
  readonly value: string;
  readonly isContested: boolean;
}

export class Ledger {
  readonly #foreign = new Map<Group, Foreign>();
  /** `<group>/<name>` that are ours beyond doubt: in agreement at the last rest, and wanted ever since. */
  solid = new Set<string>();
  /** `<group>/<name>` → what somebody else has put under a name that was wanted, and not known to be ours. */
  readonly contested = new Map<string, string>();
  /** Since the last rest. What became of them the history tells. */
  readonly intrusions: Intrusion[] = [];
  /** How often names of ours were written by others: `<group>/<name>`. */
  readonly edits = new Map<string, number>();
  /** Path of an entry → values that it has had since the last rest, or may have had. */
  readonly #tried = new Map<string, Set<string>>();
  /** What the base has ever had: it shows when what stands before it goes. */
  readonly #inherited = new Set<string>();
  #values = 0;

  /** A value that was never used; the number in it tells newer from older. */
  fresh(kind: 'S3CRET' | 'plain' | 'hand' | 'foreign'): string {
    this.#values += 1;
    return `${kind}-${this.#values}`;
  }

  foreign(group: Group): Foreign {
    const known = this.#foreign.get(group) ?? { data: new Map(), labels: new Map(), annotations: new Map() };
    this.#foreign.set(group, known);
    return known;
  }

  /** Somebody else has put that there. */
  put({ group, key, value, isContested }: Intrusion): void {
    if (isContested) this.contested.set(`${group}/${key}`, value);
    else this.foreign(group).data.set(key, value);
  }

  get groups(): readonly Group[] {
    return [...this.#foreign.keys()];
  }

  /** The object is gone, or (`<namespace>/`) all of a namespace. What is ours stays ours. */
  lost(prefix: string): void {
    for (const group of this.#foreign.keys()) if (`${group}/`.startsWith(prefix)) this.#foreign.delete(group);
    for (const name of this.contested.keys()) if (name.startsWith(prefix)) this.contested.delete(name);
  }

  /** Names of ours that may not be ours any more. */
  unsure(matches: (name: string) => boolean): void {
    for (const name of this.solid) if (matches(name)) this.solid.delete(name);
  }

  edited(name: string): void {
    this.edits.set(name, (this.edits.get(name) ?? 0) + 1);
  }

  tried(path: string, value: string): void {
    if (path.startsWith('p/base/')) this.#inherited.add(value);
    const values = this.#tried.get(path) ?? new Set();
    this.#tried.set(path, values.add(value));
  }

  /** Whether it was the value of the entry at some time since the last rest. */
  mayBe(path: string, value: string): boolean {
    if (this.#tried.get(path)?.has(value) === true) return true;
    return path.startsWith('p/one/') && this.#inherited.has(value);
  }

  /** From now on only these values count. */
  rested(values: Iterable<readonly [path: string, value: string]>): void {
    this.#tried.clear();
    for (const [path, value] of values) this.tried(path, value);
  }
}
