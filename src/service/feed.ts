import type { FeedOptions } from './parts.ts';
import type { WatchEvent } from './services.ts';
import { PlumbError } from '#domain/errors';
import { isBelow } from '#domain/path';
import { Interests } from '#state/interest';

/** What happened in one revision, for whoever may see it. */
export type ChangeEvent = Extract<WatchEvent, { readonly type: 'change' }>;

/** What a consumer finds next: an event, or that it has missed some. */
export type Taken = ChangeEvent | 'truncated' | undefined;

/** Reads again what happened after a revision, in order. Throws `not-found` when that is gone. */
export type Recall = (after: number) => AsyncIterable<ChangeEvent>;

/**
 * Recent changes, and who waits for which paths. Publishing costs what the change's paths cost (their
 * folders are looked up), never what subscribes elsewhere.
 */
export class Feed {
  readonly #limits: Required<FeedOptions>;
  /** By revision, oldest first; an old one leaves from the front. */
  readonly #events = new Map<number, ChangeEvent>();
  #entries = 0;
  /** Every change after this revision is kept. */
  #since: number;
  #revision: number;
  readonly #recall: Recall;
  /** What is being recalled. */
  #recalling: Promise<void> | undefined;
  /** After this revision or an older one too much has happened to be kept, or it is gone. */
  #beyond = -1;
  readonly #waiting = new Interests<Subscription>();

  /** `revision`: the present one; what is before it is recalled when somebody asks. */
  constructor(revision: number, recall: Recall, options: FeedOptions = {}) {
    const { events = 10_000, entries = 200_000, waiting = 1000 } = options;
    this.#since = revision;
    this.#revision = revision;
    this.#recall = recall;
    this.#limits = { events, entries, waiting };
  }

  /** Of the last event published. */
  get revision(): number {
    return this.#revision;
  }

  publish(event: ChangeEvent): void {
    this.#revision = event.revision;
    this.#events.set(event.revision, event);
    this.#entries += event.entries.length;
    while (this.#events.size > this.#limits.events || this.#entries > this.#limits.entries) {
      this.#since += 1;
      this.#entries -= this.#events.get(this.#since)?.entries.length ?? 0;
      this.#events.delete(this.#since);
    }
    const matching = new Set<Subscription>();
    for (const { path } of event.entries) for (const found of this.#waiting.match(path)) matching.add(found);
    for (const subscription of matching) subscription.push(event);
  }

  /**
   * Keeps what happened after a revision from before this feed began, so that one can subscribe from there: read once,
   * for all who ask. Does nothing when it is kept already, and when it is more than the limits allow.
   */
  async reach(after: number): Promise<void> {
    while (after < this.#since && after > this.#beyond) {
      if (this.#recalling === undefined) {
        this.#recalling = this.#extend(after).finally(() => (this.#recalling = undefined));
        await this.#recalling;
      } else await this.#recalling.catch(() => undefined);
    }
  }

  /**
   * What happens at or below `under` ('': anywhere) after a revision. If that is older than what is
   * kept, the first thing taken is `truncated`. `owners`: paths of other nouns (the token's, the
   * principal's) whose changes {@link wake} the subscription.
   */
  subscribe(under: string, after: number, owners: readonly string[]): Subscription {
    const subscription = new Subscription(this.#limits.waiting, () => this.#waiting.delete(subscription));
    this.#waiting.set(subscription, { under: [under], paths: owners });
    if (after < this.#since) subscription.miss();
    else this.#replay(subscription, under, after);
    return subscription;
  }

  /** Lets the subscriptions that named this path as an owner look again whether they may go on. */
  wake(owner: string): void {
    for (const subscription of this.#waiting.match(owner)) subscription.wake();
  }

  /** Either everything after `after` is kept from then on, or that is {@link #beyond} reach. */
  async #extend(after: number): Promise<void> {
    const until = this.#since;
    const found = await this.#recalled(after, until);
    // What was kept may have begun to leave meanwhile.
    if (found?.length !== until - after || this.#since !== until) {
      this.#beyond = Math.max(this.#beyond, after);
      return;
    }
    for (const event of found) {
      this.#events.set(event.revision, event);
      this.#entries += event.entries.length;
    }
    this.#since = after;
  }

  /** `undefined`: too much, or gone. */
  async #recalled(after: number, until: number): Promise<readonly ChangeEvent[] | undefined> {
    const found: ChangeEvent[] = [];
    if (until - after > this.#limits.events - this.#events.size) return undefined;
    let room = this.#limits.entries - this.#entries;
    try {
      for await (const event of this.#recall(after)) {
        if (event.revision > until) break;
        room -= event.entries.length;
        if (room < 0) return undefined;
        found.push(event);
      }
    } catch (error) {
      if (error instanceof PlumbError && error.code === 'not-found') return undefined;
      throw error;
    }
    return found;
  }

  /** Revisions have no gaps, but a change need not have an event. */
  #replay(subscription: Subscription, under: string, after: number): void {
    const events: ChangeEvent[] = [];
    for (let revision = after + 1; revision <= this.#revision; revision += 1) {
      const event = this.#events.get(revision);
      if (event?.entries.some(({ path }) => path === under || isBelow(path, under)) === true) events.push(event);
    }
    subscription.fill(events);
  }
}

/** One consumer's bounded queue. */
export class Subscription {
  readonly #release: () => void;
  #limit: number;
  #events: ChangeEvent[] = [];
  #next = 0;
  #hasMissed = false;
  #isWoken = false;
  #wake: (() => void) | undefined;

  constructor(limit: number, release: () => void) {
    this.#limit = limit;
    this.#release = release;
  }

  /** What was kept from before; it does not count against the limit. */
  fill(events: ChangeEvent[]): void {
    this.#events = events;
    this.#limit += events.length;
  }

  push(event: ChangeEvent): void {
    if (this.#events.length - this.#next >= this.#limit) this.miss();
    else if (!this.#hasMissed) this.#events.push(event);
    this.wake();
  }

  /** From here on nothing is kept until the consumer has been told. */
  miss(): void {
    this.#hasMissed = true;
    this.#clear();
  }

  take(): Taken {
    if (this.#hasMissed) {
      this.#hasMissed = false;
      return 'truncated';
    }
    const event = this.#events[this.#next];
    this.#next += 1;
    if (event === undefined || this.#next === this.#events.length) this.#clear();
    return event;
  }

  /** Ends a {@link wait}, the present one or the next. */
  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Resolves when something may have changed; at once if it has since the last time. */
  async wait(): Promise<void> {
    if (!this.#isWoken) {
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      await woken.promise;
    }
    this.#wake = undefined;
    this.#isWoken = false;
  }

  close(): void {
    this.#release();
    this.wake();
  }

  #clear(): void {
    this.#events = [];
    this.#next = 0;
  }
}
