/** A watch of the bench's own on the API server that ours writes to: it is told when a value can be read there. */
import type { KubeClient, KubeObject } from '#testing/kubernetes';

type Wanted = (object: KubeObject) => boolean;

interface Wait {
  readonly wanted: Wanted;
  readonly resolve: (time: number) => void;
}

export class Lookout {
  /** By namespace and name. */
  readonly #waits = new Map<string, Wait>();
  readonly #latest = new Map<string, KubeObject>();
  #isStopped = false;

  /** Follows everything below a collection's path. */
  constructor(kube: KubeClient, path: string) {
    void this.#watch(kube, path);
  }

  /** Resolves with the time at which this object was first told to be as wanted. One wait for one object. */
  when(namespace: string, name: string, wanted: Wanted): Promise<number> {
    const key = `${namespace}/${name}`;
    const latest = this.#latest.get(key);
    if (latest !== undefined && wanted(latest)) return Promise.resolve(performance.now());
    return new Promise((resolve) => this.#waits.set(key, { wanted, resolve }));
  }

  /** Before the API server goes. */
  stop(): void {
    this.#isStopped = true;
  }

  async #watch(kube: KubeClient, path: string): Promise<void> {
    try {
      for await (const { type, object } of kube.watch(path)) {
        const time = performance.now();
        if (type !== 'ADDED' && type !== 'MODIFIED') continue;
        const { namespace = '', name = '' } = object.metadata;
        const key = `${namespace}/${name}`;
        this.#latest.set(key, object);
        const wait = this.#waits.get(key);
        if (wait?.wanted(object) !== true) continue;
        this.#waits.delete(key);
        wait.resolve(time);
      }
    } catch (error) {
      if (!this.#isStopped) throw error;
    }
    if (!this.#isStopped) throw new Error(`the watch of ${path} ended`);
  }
}
