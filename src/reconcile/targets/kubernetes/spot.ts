import type { ApiObject, Cluster, ObjectRef, RequestContext } from './cluster.ts';
import type { SeenObject } from './sightings.ts';

export interface SpotOptions {
  readonly cluster: Cluster;
  readonly ref: ObjectRef;
  readonly sight: (object: ApiObject) => SeenObject;
  /** What is there is not any more what was last told to the loop. */
  readonly changed: () => void;
}

/** How far a stream vouches for what was seen on it. */
export interface Source {
  readonly current: boolean;
  /** It tells only of objects with our label. */
  readonly labelled: boolean;
}

/** `uid:resourceVersion`; `null`: it does not exist. */
export type Version = string | null;

export function versionOf(seen: SeenObject | null): Version {
  return seen === null ? null : `${seen.uid}:${seen.resourceVersion}`;
}

/** One object of a place, and what is known of it: from a stream, from an answer to us, or from asking. */
export class Spot {
  readonly #options: SpotOptions;
  /** `undefined`: not known. */
  #known: SeenObject | null | undefined;
  /** What the loop knows. */
  #told: Version | undefined;
  /** Resource version before which nothing on the stream is news. */
  #floor = '';
  #writing = false;
  /** Counts what streams told. */
  #news = 0;
  source: Source | undefined;

  constructor(options: SpotOptions) {
    this.#options = options;
  }

  get ref(): ObjectRef {
    return this.#options.ref;
  }

  /** What the loop knows is there; `undefined`: nothing yet. */
  get told(): Version | undefined {
    return this.#told;
  }

  /** What is there as far as it is sure without asking; `undefined`: ask. */
  get sure(): SeenObject | null | undefined {
    if (this.source?.current !== true) return undefined;
    // A stream that selects by the label says nothing of an object without it.
    return this.source.labelled && this.#known?.labelled !== true ? undefined : this.#known;
  }

  /** What is there, asked for if need be; it counts as told. */
  async look(context: RequestContext): Promise<SeenObject | null> {
    const { sure } = this;
    const seen = sure === undefined ? (await this.ask(context)).seen : sure;
    this.#told = versionOf(seen);
    return seen;
  }

  /** As {@link look}, from the server itself; `object` holds values. */
  async ask(context: RequestContext): Promise<{ readonly seen: SeenObject | null; readonly object: ApiObject | null }> {
    const before = this.#news;
    const object = await this.#options.cluster.get(this.ref, context);
    const seen = this.#learn(object, before);
    this.#told = versionOf(seen);
    this.#announce();
    return { seen, object };
  }

  /** A stream tells of the object. */
  seen(object: ApiObject, gone: boolean): void {
    const { resourceVersion = '' } = object.metadata;
    if (isLower(resourceVersion, this.#floor)) return;
    this.#floor = resourceVersion;
    if (gone) return this.#absent(this.source?.labelled === true ? undefined : null);
    this.#news += 1;
    const isKnown = this.#known !== undefined && versionOf(this.#known) === versionOfObject(object);
    if (!isKnown) this.#known = this.#options.sight(object);
    this.#announce();
  }

  /** A stream that told everything has not told of the object. */
  missing(): void {
    const isNew = this.#known === undefined && this.#told === undefined;
    if (isNew && this.source?.labelled !== true) {
      this.#known = null;
      this.#news += 1;
    } else if (this.#known !== null) this.#absent(undefined);
  }

  /**
   * Makes a request that changes the object. Its answer is what is there then, and no news when a stream tells of
   * it, before or after; after a failure what is there is not known.
   */
  async write(send: () => Promise<ApiObject>): Promise<ApiObject> {
    return await this.#request(async () => {
      const before = this.#news;
      const object = await send();
      this.#told = versionOfObject(object);
      this.#learn(object, before);
      return object;
    });
  }

  /** As {@link write}, for a request that removes it. */
  async remove(send: () => Promise<void>): Promise<void> {
    const { uid } = this.#known ?? {};
    await this.#request(async () => {
      await send();
      this.#told = null;
      // Another of the same name may be there already.
      if (this.#known === undefined || this.#known?.uid === uid) this.#known = null;
    });
  }

  async #request<T>(send: () => Promise<T>): Promise<T> {
    this.#writing = true;
    try {
      const answer = await send();
      this.#writing = false;
      this.#announce();
      return answer;
    } catch (error) {
      this.#known = undefined;
      throw error;
    } finally {
      this.#writing = false;
    }
  }

  /** It turned out to be otherwise: the next look asks. */
  doubt(): void {
    this.#known = undefined;
  }

  /** The stream starts anew: it may be another history. */
  restart(): void {
    this.#floor = '';
  }

  #absent(known: null | undefined): void {
    this.#news += 1;
    this.#known = known;
    this.#announce();
  }

  /** Takes an answer for what is there, unless a stream has told of something newer since `before`, or that it is gone. */
  #learn(object: ApiObject | null, before: number): SeenObject | null {
    const known = this.#known;
    const isTold = this.#news !== before;
    if (isTold && known !== undefined && isLower(object?.metadata.resourceVersion ?? '0', this.#floor)) return known;
    const seen = object === null ? null : this.#options.sight(object);
    // A list that has it not: which of the two is newer cannot be told, so the next look asks.
    const isListed = known === undefined || (known === null && this.#floor === '');
    if (isTold && isListed) {
      this.#known = undefined;
      return seen;
    }
    if (seen !== null) this.#floor = seen.resourceVersion;
    this.#known = seen;
    return seen;
  }

  #announce(): void {
    if (this.#writing || this.#told === undefined) return;
    const version = this.#known === undefined ? undefined : versionOf(this.#known);
    if (version !== this.#told) this.#options.changed();
  }
}

function versionOfObject({ metadata }: ApiObject): string {
  return `${metadata.uid ?? ''}:${metadata.resourceVersion ?? ''}`;
}

/** Resource versions of one resource are decimal numbers that grow; of anything else nothing is known. */
function isLower(version: string, floor: string): boolean {
  if (!/^[0-9]+$/.test(version) || !/^[0-9]+$/.test(floor)) return false;
  return version.length === floor.length ? version < floor : version.length < floor.length;
}
