import type { ChangeEvent, Feed, Subscription } from './feed.ts';
import type { Gate } from './gate.ts';
import { entryAt } from './loaders.ts';
import { factsOf } from './rights.ts';
import type { Rights } from './rights.ts';
import type { Caller, WatchEvent, WatchRequest } from './services.ts';
import type { TruthChange, TruthOp } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { isReserved, nounPaths, parseFolder } from '#domain/path';
import type { Folder, Path } from '#domain/path';
import type { TruthDraft, View } from '#state/view';
import type { Log } from '#store/log';
import type { Clock } from '#util/clock';

/** A consumer hears something at least this often. */
const bookmarkMs = 15_000;

export interface WatchOptions {
  readonly gate: Gate;
  readonly state: View;
  readonly feed: Feed;
  readonly clock: Clock;
}

/** Where the feed finds the token of a caller among its owners. */
export function tokenPath(accessor: string): string {
  return `${nounPaths.tokens}/${accessor}`;
}

/**
 * Changes of stored entries, each authorised when it is delivered: an environment that inherits one
 * hears of it by watching where it is stored. Ends when the token does, or with the signal.
 */
export async function* watchChanges(
  options: WatchOptions,
  caller: Caller,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const { gate, feed, clock } = options;
  const under = parseFolder(request.under ?? '');
  const after = checkAfter(request.after, feed.revision);
  await gate.read(caller, { action: 'list', path: under }, (rights) => requireSight(rights, under));
  if (after !== undefined) await feed.reach(after);
  const { accessor, principal } = caller.identity;
  const subscription = feed.subscribe(under, after ?? feed.revision, [
    tokenPath(accessor),
    nounPaths.principal(principal),
  ]);
  const onAbort = (): void => subscription.wake();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    yield* deliver(new Stream(options, caller, subscription, clock), after ?? feed.revision, signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
    subscription.close();
  }
}

async function* deliver(stream: Stream, from: number, signal: AbortSignal): AsyncGenerator<WatchEvent> {
  const first = stream.next();
  yield first?.type === 'truncated' ? first : { type: 'bookmark', revision: from };
  let waiting = first?.type === 'truncated' ? undefined : first;
  while (!signal.aborted && stream.isAlive) {
    const event = waiting ?? stream.next();
    waiting = undefined;
    if (event === undefined) await stream.wait();
    else yield event;
  }
}

/** One consumer: what it may see of what it is sent. */
class Stream {
  readonly #options: WatchOptions;
  readonly #subscription: Subscription;
  readonly #clock: Clock;
  #caller: Caller;
  #quietSince: number;

  constructor(options: WatchOptions, caller: Caller, subscription: Subscription, clock: Clock) {
    this.#options = options;
    this.#caller = caller;
    this.#subscription = subscription;
    this.#clock = clock;
    this.#quietSince = clock.monotonic();
  }

  /** Whether the right to watch still stands. */
  get isAlive(): boolean {
    const caller = this.#options.gate.recheck(this.#caller);
    if (caller !== undefined) this.#caller = caller;
    return caller !== undefined;
  }

  /** What to deliver now; `undefined`: wait. */
  next(): WatchEvent | undefined {
    const { gate, feed } = this.#options;
    for (let taken = this.#subscription.take(); taken !== undefined; taken = this.#subscription.take()) {
      const event = taken === 'truncated' ? truncated(feed) : this.#visible(taken, gate.rights(this.#caller));
      if (event !== undefined) return this.#deliver(event);
    }
    if (this.#clock.monotonic() - this.#quietSince < bookmarkMs) return undefined;
    return this.#deliver({ type: 'bookmark', revision: feed.revision });
  }

  /** Until something happens, a bookmark is due, or the token ends. */
  async wait(): Promise<void> {
    const { expires } = this.#caller.identity;
    const untilBookmark = this.#quietSince + bookmarkMs - this.#clock.monotonic();
    const untilEnd = expires === undefined ? untilBookmark : expires - this.#clock.now();
    const timer = this.#clock.timer(Math.max(0, Math.min(untilBookmark, untilEnd)), () => this.#subscription.wake());
    try {
      await this.#subscription.wait();
    } finally {
      timer.cancel();
    }
  }

  #deliver(event: WatchEvent): WatchEvent {
    this.#quietSince = this.#clock.monotonic();
    return event;
  }

  #visible(event: ChangeEvent, rights: Rights): ChangeEvent | undefined {
    const entries = event.entries.filter(({ path }) => {
      const head = this.#options.state.head(path as Path);
      return rights.mayKnow(path, head === undefined ? undefined : factsOf(head));
    });
    if (entries.length === 0) return undefined;
    return entries.length === event.entries.length ? event : { ...event, entries };
  }
}

function truncated(feed: Feed): WatchEvent {
  return { type: 'truncated', revision: feed.revision };
}

function requireSight(rights: Rights, under: Folder): { readonly result: undefined } {
  if (!rights.mayBelow('list', under) && !rights.mayBelow('read', under)) throw rights.refuse('list', under);
  return { result: undefined };
}

function checkAfter(after: number | undefined, present: number): number | undefined {
  if (after === undefined) return undefined;
  if (!Number.isSafeInteger(after) || after < 0 || after > present) {
    throw new PlumbError('invalid', `after is a revision, a whole number up to the present one, ${present}`);
  }
  return after;
}

/** The event of a change, for the feed. Records of other nouns are not in it. */
export function eventOf(change: TruthChange, state: View): ChangeEvent {
  const { revision, time, author, reason, ops } = change;
  const [only] = ops;
  // The feed keeps thousands of these, and `flatMap` makes room for 17.
  const entries =
    only !== undefined && ops.length === 1
      ? entryOf(only, revision, state)
      : ops.flatMap((op) => entryOf(op, revision, state));
  return { type: 'change', revision, time, author, reason, entries };
}

/** The events of changes from the log, as they were when the changes were made. */
export async function* eventsAfter(
  log: Pick<Log<TruthOp, TruthDraft>, 'changesAfter'>,
  after: number,
  state: View,
): AsyncGenerator<ChangeEvent> {
  for await (const change of log.changesAfter(after)) yield eventOf(change, state);
}

function entryOf(op: TruthOp, revision: number, state: View): ChangeEvent['entries'] {
  if (op.op !== 'record' && isReserved(op.path)) return [];
  switch (op.op) {
    case 'put':
      return [{ path: op.path, effect: op.version === 1 ? 'create' : 'update', version: op.version }];
    case 'end':
      return [{ path: op.path, effect: op.state === 'unset' ? 'unset' : 'delete', version: op.version }];
    case 'describe':
    case 'destroy':
      return [{ path: op.path, effect: op.op, version: versionAt(op.path, revision, state) }];
    case 'record':
      return [];
  }
}

function versionAt(path: Path, revision: number, state: View): number {
  const head = state.head(path);
  return head === undefined ? 0 : (entryAt(state, head, revision)?.current.version ?? 0);
}
