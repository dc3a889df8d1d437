import type { ApiObject, FollowListener, ObjectMetadata, Selection } from './cluster.ts';
import { Joining } from './joining.ts';
import type { StreamHost } from './stream-host.ts';
import { Ended, judge } from './endings.ts';
import type { WatchEvent } from './watches.ts';
import { PlumbError } from '#domain/errors';
import type { Timer } from '#util/clock';

const renewal = { firstMs: 300_000, spreadMs: 300_000 } as const;
const backoff = { firstMs: 250, mostMs: 30_000, deniedMs: 5000 } as const;
/** A break that is shorter than this is not worth a word. */
const momentMs = 2000;
/** A stream that ended earlier was not ended as planned. */
const soonMs = 1000;

/** One watch, for everyone who follows its selection; goes on until it is stopped. */
export class Stream {
  readonly #selection: Selection;
  readonly #host: StreamHost;
  readonly #followers = new Set<FollowListener>();
  readonly #joining: Joining;
  /** Ends the present watch. */
  #ending = new AbortController();
  /** What was told and is not gone: name → version. No values. */
  readonly #known = new Map<string, ObjectMetadata>();
  /** Of those, what was told again since the present start. */
  #told: Set<string> | undefined;
  /** Where to take up; absent: from the start. */
  #version: string | undefined;
  #isCurrent = false;
  #isRenewal = false;
  #isStopped = false;
  #failures = 0;
  #lostTimer: Timer | undefined;
  #lostError: Error | undefined;
  #isLost = false;
  /** Ends a wait. */
  #wake: (() => void) | undefined;

  constructor(selection: Selection, host: StreamHost) {
    this.#selection = selection;
    this.#host = host;
    this.#joining = new Joining({
      list: (signal) => host.get(selection, signal),
      failed: () => this.#startOver(),
    });
    void this.#run();
  }

  get size(): number {
    return this.#followers.size;
  }

  isCurrentFor(follower: FollowListener): boolean {
    return this.#isCurrent && !this.#joining.has(follower);
  }

  add(follower: FollowListener): void {
    this.#followers.add(follower);
    if (this.#isCurrent) this.#joining.add(follower);
    else this.#joining.hold(follower);
    if (this.#isLost && this.#lostError !== undefined) follower.lost(this.#lostError);
  }

  remove(follower: FollowListener): void {
    this.#followers.delete(follower);
    this.#joining.delete(follower);
  }

  stop(): void {
    this.#isStopped = true;
    this.#isCurrent = false;
    this.#followers.clear();
    this.#joining.clear();
    this.#lostTimer?.cancel();
    this.#wake?.();
    this.#ending.abort(new PlumbError('unavailable', 'the stream is not followed any more'));
  }

  #startOver(): void {
    this.#version = undefined;
    this.#ending.abort(new PlumbError('unavailable', 'the stream starts anew'));
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const startedAt = this.#host.clock.monotonic();
      this.#ending = new AbortController();
      try {
        await this.#once(this.#ending.signal);
        const ms = this.#host.clock.monotonic() - startedAt;
        if (ms < soonMs) throw new PlumbError('unavailable', 'the server ended the watch at once');
        this.#isRenewal = true;
      } catch (error) {
        if (!this.#isStopped) await this.#broke(error);
      }
    }
  }

  /** One watch from its opening to its end. */
  async #once(signal: AbortSignal): Promise<void> {
    const isRenewal = this.#isRenewal && this.#version !== undefined;
    this.#isRenewal = false;
    if (this.#version === undefined) this.#isCurrent = false;
    if (this.#version === undefined && !this.#host.startsWithAll) await this.#tellListed(signal);
    const version = this.#version;
    const seconds = Math.round((renewal.firstMs + renewal.spreadMs * this.#host.random.next()) / 1000);
    await this.#host.watch({
      selection: this.#selection,
      query: {
        watch: '1',
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(seconds),
        ...(version === undefined
          ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
          : { resourceVersion: version }),
      },
      isRenewal,
      signal,
      opened: () => (version === undefined ? this.#begin() : this.#resumed()),
      event: (event) => this.#event(event),
    });
  }

  /** From here on everything is told, to everyone who is there by now. */
  #begin(): void {
    this.#told = new Set();
    this.#joining.clear();
  }

  async #tellListed(signal: AbortSignal): Promise<void> {
    const { objects, resourceVersion } = await this.#host.list(this.#selection, signal);
    this.#begin();
    for (const object of objects) this.#tell(object, false);
    this.#ready(resourceVersion);
  }

  /** It goes on where it was. If that took so long that followers were told of a gap, it is too late for that. */
  #resumed(): void {
    if (this.#isLost) return this.#startOver();
    this.#isCurrent = true;
    this.#recover();
    this.#joining.release();
  }

  #event(event: WatchEvent): void {
    if (event.type === 'ERROR') throw new Ended(event.object.code ?? 0);
    const { metadata } = event.object;
    if (event.type !== 'BOOKMARK') this.#tell(event.object, event.type === 'DELETED');
    else if (metadata.annotations?.['k8s.io/initial-events-end'] === 'true') this.#ready(metadata.resourceVersion);
    if (this.#told === undefined && metadata.resourceVersion !== undefined) this.#version = metadata.resourceVersion;
  }

  #tell(object: ApiObject, gone: boolean): void {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const key = `${namespace ?? ''}/${name}`;
    if (gone) this.#known.delete(key);
    else {
      this.#known.set(key, {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      });
      this.#told?.add(key);
    }
    for (const follower of [...this.#followers]) {
      if (this.#joining.takes(follower, object, gone)) continue;
      follower.seen(object, gone);
    }
  }

  /** All that is there was told: what was there before and was not told is gone. */
  #ready(version?: string): void {
    const told = this.#told ?? new Set<string>();
    for (const [key, metadata] of [...this.#known]) if (!told.has(key)) this.#tell({ metadata }, true);
    this.#told = undefined;
    this.#version = version;
    this.#isCurrent = true;
    this.#isLost = false;
    this.#recover();
    for (const follower of [...this.#followers]) if (!this.#joining.has(follower)) follower.ready();
    this.#joining.release();
  }

  #recover(): void {
    this.#failures = 0;
    this.#lostTimer?.cancel();
    this.#lostTimer = undefined;
    this.#lostError = undefined;
  }

  async #broke(error: unknown): Promise<void> {
    const { cause, isDenied, fromStart, atOnce } = judge(error, this.#host);
    this.#isCurrent = false;
    // An interrupted start is none, and whoever joined meanwhile has missed something.
    if (fromStart || this.#told !== undefined || this.#joining.size > 0 || this.#isLost) this.#version = undefined;
    this.#joining.clear();
    this.#told = undefined;
    if (this.#ending.signal.aborted && !isDenied) return;
    if (atOnce && this.#failures === 0) {
      this.#failures += 1;
      return;
    }
    this.#lostError = cause;
    if (isDenied) this.#lose();
    else this.#lostTimer ??= this.#host.clock.timer(momentMs, () => this.#lose());
    await this.#wait(isDenied ? backoff.deniedMs : backoff.firstMs);
  }

  #lose(): void {
    const error = this.#lostError;
    if (error === undefined || this.#isLost) return;
    this.#isLost = true;
    // What changes meanwhile is not told one by one.
    this.#version = undefined;
    for (const follower of [...this.#followers]) follower.lost(error);
  }

  /** Longer from time to time; less when the server comes back. */
  async #wait(firstMs: number): Promise<void> {
    const { clock, random } = this.#host;
    const ms = Math.min(backoff.mostMs, firstMs * 2 ** Math.min(this.#failures, 10)) * (0.5 + random.next());
    this.#failures += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    let timer = clock.timer(ms, resolve);
    const forget = this.#host.onRecovered(() => {
      timer.cancel();
      timer = clock.timer(random.next() * 250, resolve);
    });
    await promise;
    this.#wake = undefined;
    timer.cancel();
    forget();
  }
}
