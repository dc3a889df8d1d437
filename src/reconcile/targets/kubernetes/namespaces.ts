import type { ApiObject, Cluster, Following, RequestContext, Selection } from './cluster.ts';
import { at } from './fields.ts';
import type { KubernetesOptions } from './options.ts';
import { namespaces as resource } from './resources.ts';
import { PlumbError } from '#domain/errors';

/** `unknown`: it may not be asked about, and is taken to be there. */
export type NamespaceState = 'active' | 'terminating' | 'absent' | 'unknown';

/** The namespaces of a place. */
export interface Namespaces {
  /** By name, those that go included. Never answers none for "could not read". */
  now(context: RequestContext): Promise<ReadonlyMap<string, NamespaceState>>;
  /** How it is with one of them, asked for now: before anything is made there. */
  examine(name: string, context: RequestContext): Promise<NamespaceState>;
  /** Calls `changed` when some come or go. Returns a stop function. */
  follow(changed: () => void): () => void;
  /** If {@link follow} was called: when the first word has come. */
  readonly settled: Promise<void>;
}

export function namespacesOf(cluster: Cluster, { at: name, selector }: KubernetesOptions): Namespaces {
  return selector === undefined ? new OneNamespace(cluster, name) : new SelectedNamespaces(cluster, selector);
}

/** Whether a request failed since there is no such namespace. */
export function isNoNamespace(error: unknown): boolean {
  return error instanceof PlumbError && error.details['reason'] === 'NoNamespace';
}

/** One that is there already is as good. */
export async function makeNamespace(
  cluster: Cluster,
  name: string,
  options: RequestContext & { readonly fieldManager: string },
): Promise<void> {
  try {
    await cluster.create({ resource, name }, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, options);
  } catch (error) {
    if (!(error instanceof PlumbError) || error.code !== 'mismatch') throw error;
  }
}

/** Whether it is there is asked only when something is to be made in it, since that takes a right of its own. */
class OneNamespace implements Namespaces {
  readonly #cluster: Cluster;
  readonly #now: ReadonlyMap<string, NamespaceState>;
  readonly settled = Promise.resolve();

  constructor(cluster: Cluster, name: string) {
    this.#cluster = cluster;
    this.#now = new Map([[name, 'unknown']]);
  }

  now(): Promise<ReadonlyMap<string, NamespaceState>> {
    return Promise.resolve(this.#now);
  }

  async examine(name: string, context: RequestContext): Promise<NamespaceState> {
    try {
      const object = await this.#cluster.get({ resource, name }, context);
      return object === null ? 'absent' : stateOf(object);
    } catch (error) {
      if (error instanceof PlumbError && error.code === 'forbidden') return 'unknown';
      throw error;
    }
  }

  follow(): () => void {
    return () => undefined;
  }
}

/** Those that a label selector names, as they come and go. */
class SelectedNamespaces implements Namespaces {
  readonly #cluster: Cluster;
  readonly #selection: Selection;
  readonly #known = new Map<string, NamespaceState>();
  #settled: PromiseWithResolvers<void> = Promise.withResolvers();
  #following: Following | undefined;

  constructor(cluster: Cluster, labels: string) {
    this.#cluster = cluster;
    this.#selection = { resource, labels };
  }

  async now(context: RequestContext): Promise<ReadonlyMap<string, NamespaceState>> {
    if (this.#following?.current === true) return sorted(this.#known);
    const objects = await this.#cluster.list(this.#selection, context);
    return sorted(new Map(objects.map((object) => [object.metadata.name, stateOf(object)])));
  }

  async examine(name: string, context: RequestContext): Promise<NamespaceState> {
    return (await this.now(context)).get(name) ?? 'absent';
  }

  get settled(): Promise<void> {
    return this.#following === undefined ? Promise.resolve() : this.#settled.promise;
  }

  follow(changed: () => void): () => void {
    const settled = Promise.withResolvers<void>();
    this.#settled = settled;
    let round = new Set<string>();
    let isReady = false;
    let wasLost = false;
    const following = this.#cluster.follow(this.#selection, {
      seen: (object, gone) => {
        const { name } = object.metadata;
        if (gone) round.delete(name);
        else round.add(name);
        if (this.#note(name, gone ? undefined : stateOf(object)) && isReady) changed();
      },
      ready: () => {
        const left = isReady ? [] : [...this.#known.keys()].filter((name) => !round.has(name));
        for (const name of left) this.#known.delete(name);
        round = new Set();
        if (wasLost) changed();
        isReady = true;
        wasLost = false;
        settled.resolve();
      },
      lost: () => {
        round = new Set();
        isReady = false;
        wasLost = true;
        settled.resolve();
      },
    });
    this.#following = following;
    return () => {
      following.stop();
      this.#following = undefined;
      this.#known.clear();
    };
  }

  /** Whether it is news. */
  #note(name: string, state: NamespaceState | undefined): boolean {
    if (this.#known.get(name) === state) return false;
    if (state === undefined) this.#known.delete(name);
    else this.#known.set(name, state);
    return true;
  }
}

function sorted(namespaces: ReadonlyMap<string, NamespaceState>): ReadonlyMap<string, NamespaceState> {
  return new Map([...namespaces].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function stateOf(namespace: ApiObject): NamespaceState {
  const isGoing =
    namespace.metadata.deletionTimestamp !== undefined || at(namespace, 'status', 'phase') === 'Terminating';
  return isGoing ? 'terminating' : 'active';
}
