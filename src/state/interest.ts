/** What somebody wants to be woken for. */
export interface Interest {
  /** Exactly these paths. */
  readonly paths?: Iterable<string>;
  /** Whatever stands directly in these folders; the empty text is the root. */
  readonly folders?: Iterable<string>;
  /** These paths and whatever is below them; the empty text is everything. */
  readonly under?: Iterable<string>;
}

type Scope = keyof Interest;
const scopes: readonly Scope[] = ['paths', 'folders', 'under'];

/**
 * Who is interested in which paths. Paths here are those of entries and of all other nouns alike (see
 * `nounPaths`). The cost of `match` is that of the path's depth and of what matches, whoever else waits.
 */
export class Interests<Subscriber> {
  /** Per scope: subscribers by path or folder. */
  readonly #waiting: Readonly<Record<Scope, Map<string, Set<Subscriber>>>> = {
    paths: new Map(),
    folders: new Map(),
    under: new Map(),
  };
  readonly #interests = new Map<Subscriber, Readonly<Record<Scope, readonly string[]>>>();

  /** Replaces what the subscriber was interested in. */
  set(subscriber: Subscriber, interest: Interest): void {
    this.delete(subscriber);
    const kept = {
      paths: [...(interest.paths ?? [])],
      folders: [...(interest.folders ?? [])],
      under: [...(interest.under ?? [])],
    };
    this.#interests.set(subscriber, kept);
    for (const scope of scopes) {
      for (const path of kept[scope]) {
        const waiting = this.#waiting[scope].get(path);
        if (waiting === undefined) this.#waiting[scope].set(path, new Set([subscriber]));
        else waiting.add(subscriber);
      }
    }
  }

  delete(subscriber: Subscriber): void {
    const kept = this.#interests.get(subscriber);
    if (kept === undefined) return;
    this.#interests.delete(subscriber);
    for (const scope of scopes) {
      for (const path of kept[scope]) {
        const waiting = this.#waiting[scope].get(path);
        waiting?.delete(subscriber);
        if (waiting?.size === 0) this.#waiting[scope].delete(path);
      }
    }
  }

  /** Each subscriber once. */
  match(path: string): ReadonlySet<Subscriber> {
    if (this.#interests.size === 0) return nobody;
    const { paths, folders, under } = this.#waiting;
    const slash = path.lastIndexOf('/');
    const found = new Set<Subscriber>(paths.get(path));
    addAll(found, folders.get(slash === -1 ? '' : path.slice(0, slash)));
    addAll(found, under.get(''));
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1))
      addAll(found, under.get(path.slice(0, at)));
    addAll(found, under.get(path));
    return found;
  }
}

const nobody: ReadonlySet<never> = new Set<never>();

function addAll<T>(found: Set<T>, more: ReadonlySet<T> | undefined): void {
  if (more === undefined) return;
  for (const one of more) found.add(one);
}
