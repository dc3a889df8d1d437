import type { FeedOptions } from './parts.ts';
import type { WatchEvent } from './services.ts';

/** What happened in one revision, for whoever may see it. */
export type ChangeEvent = Extract<WatchEvent, { readonly type: 'change' }>;

/** What a consumer finds next: an event, or that it has missed some. */
export type Taken = ChangeEvent | 'truncated' | undefined;

/**
 * Recent changes in a ring, and who waits for which paths. Publishing costs what the change's paths
 * cost (their folders are looked up), never what subscribes elsewhere.
 */
export class Feed {
  readonly #limits: Required<FeedOptions>;
  /** In order of revision, without gaps in what the state applied. */
  readonly #events: ChangeEvent[] = [];
  #entries = 0;
  /** Every change after this revision is in the ring. */
  #since: number;
  #revision: number;
  readonly #byFolder = new Map<string, Set<Subscription>>();
  readonly #byOwner = new Map<string, Set<Subscription>>();

  /** `revision`: the present one; nothing before it is kept. */
  constructor(revision: number, options: FeedOptions = {}) {
    this.#since = revision;
    this.#revision = revision;
    this.#limits = { events: options.events ?? 10_000, entries: options.entries ?? 200_000, waiting: options.waiting ?? 1000 };
  }

  get revision(): number {
    return this.#revision;
  }

  publish(event: ChangeEvent): void {
    this.#revision = event.revision;
    this.#events.push(event);
    this.#entries += event.entries.length;
    while (this.#events.length > this.#limits.events || this.#entries > this.#limits.entries) {
      const oldest = this.#events.shift();
      if (oldest === undefined) break;
      this.#entries -= oldest.entries.length;
      this.#since = oldest.revision;
    }
    for (const subscription of this.#matching(event)) subscription.push(event);
  }

  /**
   * Whoever has `owners` (an accessor, a principal) can be woken by {@link wake}. `under`: '' for
   * everything. `after`: a revision; older than what is kept, the first thing taken is `truncated`.
   */
  subscribe(under: string, after: number, owners: readonly string[]): Subscription {
    const places = [
      { index: this.#byFolder, name: under },
      ...owners.map((name) => ({ index: this.#byOwner, name })),
    ];
    const subscription = new Subscription(this.#limits.waiting, () => {
      for (const { index, name } of places) remove(index, name, subscription);
    });
    for (const { index, name } of places) add(index, name, subscription);
    if (after < this.#since) subscription.miss();
    else this.#replay(subscription, under, after);
    return subscription;
  }

  /** Wakes the subscriptions of an accessor or principal, so that they look again whether they may go on. */
  wake(owner: string): void {
    for (const subscription of this.#byOwner.get(owner) ?? []) subscription.wake();
  }

  #replay(subscription: Subscription, under: string, after: number): void {
    for (let i = this.#events.length - 1; i >= 0; i--) {
      const event = this.#events[i];
      if (event === undefined || event.revision <= after) break;
      if (event.entries.some((entry) => isUnder(entry.path, under))) subscription.unshift(event);
    }
  }

  #matching(event: ChangeEvent): Set<Subscription> {
    const found = new Set<Subscription>(this.#byFolder.get(''));
    if (this.#byFolder.size === 0) return found;
    for (const { path } of event.entries) {
      for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
        for (const subscription of this.#byFolder.get(path.slice(0, end)) ?? []) found.add(subscription);
      }
      for (const subscription of this.#byFolder.get(path) ?? []) found.add(subscription);
    }
    return found;
  }
}

/** Whether `path` is `under` itself or in it; everything is under ''. */
export function isUnder(path: string, under: string): boolean {
  return under === '' || path === under || (path.startsWith(under) && path.charCodeAt(under.length) === 47);
}

function add(index: Map<string, Set<Subscription>>, name: string, subscription: Subscription): void {
  const present = index.get(name);
  if (present === undefined) index.set(name, new Set([subscription]));
  else present.add(subscription);
}

function remove(index: Map<string, Set<Subscription>>, name: string, subscription: Subscription): void {
  const present = index.get(name);
  present?.delete(subscription);
  if (present?.size === 0) index.delete(name);
}

/** One consumer's bounded queue. */
export class Subscription {
  readonly #limit: number;
  readonly #release: () => void;
  #waiting: ChangeEvent[] = [];
  #missed = false;
  #wake: (() => void) | undefined;
  #woken = false;

  constructor(limit: number, release: () => void) {
    this.#limit = limit;
    this.#release = release;
  }

  push(event: ChangeEvent): void {
    if (this.#waiting.length >= this.#limit) this.miss();
    else if (!this.#missed) this.#waiting.push(event);
    this.wake();
  }

  /** While it is filled from the ring, newest first. */
  unshift(event: ChangeEvent): void {
    if (this.#waiting.length >= this.#limit) this.miss();
    else if (!this.#missed) this.#waiting.unshift(event);
  }

  /** From here on nothing is kept until the consumer has been told. */
  miss(): void {
    this.#missed = true;
    this.#waiting = [];
  }

  take(): Taken {
    if (!this.#missed) return this.#waiting.shift();
    this.#missed = false;
    return 'truncated';
  }

  /** Ends a {@link wait}, now or the next one. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Resolves when something may have changed; at once if it has since the last time. */
  async wait(): Promise<void> {
    if (!this.#woken) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    this.#woken = false;
  }

  close(): void {
    this.#release();
    this.wake();
  }
}
