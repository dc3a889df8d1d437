import type { ApiObject, FollowListener } from './cluster.ts';
import type { Listed } from './stream-host.ts';

export interface JoiningOptions {
  readonly list: (signal: AbortSignal) => Promise<Listed>;
  /** What is there could not be had: everyone has to be told again. */
  readonly failed: () => void;
}

interface Newcomer {
  /** Told while it waits for what was there before. */
  readonly meanwhile: { readonly object: ApiObject; readonly gone: boolean }[];
  /** A list is on its way that is newer than its coming. */
  isListed: boolean;
  /** It waits for the stream to start. */
  isHeld: boolean;
}

/**
 * Who came to a stream that runs already. What is there they are told from a list of their own, one for all who came
 * before it was asked for; what the stream tells meanwhile they are told after it.
 */
export class Joining {
  readonly #options: JoiningOptions;
  readonly #newcomers = new Map<FollowListener, Newcomer>();
  /** What somebody was told by a list that is ahead of the stream. */
  readonly #ahead = new Map<FollowListener, string>();
  #asking: AbortController | undefined;

  constructor(options: JoiningOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#newcomers.size;
  }

  has(follower: FollowListener): boolean {
    return this.#newcomers.has(follower);
  }

  add(follower: FollowListener): void {
    this.#newcomers.set(follower, { meanwhile: [], isListed: false, isHeld: false });
    // Whoever comes in the same breath is told by the same list.
    queueMicrotask(() => this.#ask());
  }

  /** It came while the stream tells what is there: it is told afterwards. */
  hold(follower: FollowListener): void {
    this.#newcomers.set(follower, { meanwhile: [], isListed: false, isHeld: true });
  }

  /** The stream runs: who was held is told now. */
  release(): void {
    for (const [follower, { isHeld }] of [...this.#newcomers]) if (isHeld) this.add(follower);
  }

  /** Whether what the stream tells is kept for later. */
  takes(follower: FollowListener, object: ApiObject, gone: boolean): boolean {
    const newcomer = this.#newcomers.get(follower);
    if (newcomer === undefined) return this.#isOld(follower, object);
    if (!newcomer.isHeld) newcomer.meanwhile.push({ object, gone });
    return true;
  }

  delete(follower: FollowListener): void {
    this.#newcomers.delete(follower);
    this.#ahead.delete(follower);
  }

  /** The stream starts anew: nobody is new any more. */
  clear(): void {
    this.#newcomers.clear();
    this.#ahead.clear();
    this.#asking?.abort();
    this.#asking = undefined;
  }

  #ask(): void {
    const waiting = [...this.#newcomers.values()].filter(({ isHeld, isListed }) => !isHeld && !isListed);
    if (this.#asking !== undefined || waiting.length === 0) return;
    for (const newcomer of waiting) newcomer.isListed = true;
    void this.#list();
  }

  async #list(): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const listed = await this.#options.list(asking.signal);
      if (asking.signal.aborted) return;
      this.#asking = undefined;
      this.#tell(listed);
      this.#ask();
    } catch {
      if (asking.signal.aborted) return;
      this.#asking = undefined;
      this.#options.failed();
    }
  }

  #tell({ objects, resourceVersion }: Listed): void {
    for (const [follower, { isListed, meanwhile }] of [...this.#newcomers]) {
      if (!isListed) continue;
      this.#newcomers.delete(follower);
      if (resourceVersion !== undefined) this.#ahead.set(follower, resourceVersion);
      for (const object of objects) follower.seen(object, false);
      follower.ready();
      for (const { object, gone } of meanwhile) if (!this.#isOld(follower, object)) follower.seen(object, gone);
    }
  }

  /** The first event that is not lets it forget. */
  #isOld(follower: FollowListener, { metadata }: ApiObject): boolean {
    const ahead = this.#ahead.get(follower);
    if (ahead === undefined) return false;
    if (!isNewer(metadata.resourceVersion, ahead)) return true;
    this.#ahead.delete(follower);
    return false;
  }
}

/** Versions are numbers that grow; where they are not, what was told is told again. */
function isNewer(version: string | undefined, than: string): boolean {
  if (version === undefined || !/^\d+$/.test(version) || !/^\d+$/.test(than)) return true;
  return version.length === than.length ? version > than : version.length > than.length;
}
