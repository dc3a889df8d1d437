import { Agenda } from './agenda.ts';
import { lanes } from './lane.ts';
import { Turns } from './turns.ts';
import type { Turn } from './turns.ts';
import type { Lane, Outcome, SyncName } from './reconciler.ts';
import type { Clock, Random } from '#util/clock';

const waveLane = lanes.indexOf('wave');
const driftLane = lanes.indexOf('drift');
const resyncLane = lanes.indexOf('resync');
/** Milliseconds between the runs of one name under a stream of wakes: from, doubling, to. */
const coalescing = { first: 5, most: 100 } as const;
/**
 * Milliseconds after a run before one starts for nothing but `drift` that came during it: most often the target's watch
 * telling us of our own write, and a change of the source must not find the name busy with that.
 */
const echoMs = 20;
const never = Number.POSITIVE_INFINITY;

export interface QueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** A throw counts as an error that is retried. */
  readonly run: (name: SyncName, lane: Lane) => Promise<Outcome>;
  /** Runs at the same time. Default 32. */
  readonly concurrency?: number;
  /** Names of one group share a smaller bound, so that a slow target delays only itself. Default: one group. */
  readonly groupOf?: (name: SyncName) => string;
  /** Runs of one group at the same time. Default 8. */
  readonly groupConcurrency?: number;
  /** So many more of one group in the lane `user`: others may wait for requests, of which it is served first. Default 4. */
  readonly userExtra?: number;
  /** After the first failure in a row wait `firstMs`, doubling up to `mostMs`, each ± 20 %. Default 500 and 60,000. */
  readonly backoff?: { readonly firstMs: number; readonly mostMs: number };
}

interface Item {
  readonly name: SyncName;
  /** The most urgent lane of the wakes that wait for the next run; `null`: none does. */
  lane: number | null;
  /** Of how many wakes the next run is the answer, by lane. */
  wakes: [user: number, wave: number, drift: number, resync: number];
  /** When the oldest wake came that no successful run has answered; `null`: all are. */
  since: number | null;
  /** The same of the wakes that the present run answers. */
  answering: number | null;
  running: boolean;
  /** The oldest of the wakes that wait came during a run. */
  isEcho: boolean;
  ticket: number;
  failures: number;
  /** When to come back without a wake, and in which lane. */
  returnAt: number;
  returnLane: number;
  endedAt: number;
  /** Coalescing: how long after `endedAt` the next run starts at the earliest. */
  delay: number;
}

/**
 * Whose turn is it? A name waits at most once however often it is woken; a wake during its run makes it run
 * once more; a run that answered several wakes spaces the next ones out; a failed run comes back with
 * back-off. A wake of the lanes `user` and `wave` does not wait for the back-off, one of `drift` waits only its first step.
 * Waking and ending are O(log n) at most; names at rest cost nothing.
 */
export class Queue {
  readonly #options: QueueOptions;
  readonly #clock: Clock;
  readonly #agenda: Agenda;
  readonly #items = new Map<SyncName, Item>();
  readonly #turns: Turns<Item>;
  #running = 0;
  #stopped = false;
  #whenIdle: (() => void)[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#agenda = new Agenda(options.clock);
    this.#turns = new Turns({
      lanes: lanes.length,
      groupOf: options.groupOf ?? (() => ''),
      groupLimit: options.groupConcurrency ?? 8,
      urgentExtra: options.userExtra ?? 4,
    });
  }

  /** Returns at once; the run starts in a later microtask at the earliest. After `stop` it does nothing. */
  wake(name: SyncName, lane: Lane): void {
    if (this.#stopped) return;
    const item = this.#itemOf(name);
    const urgency = lanes.indexOf(lane);
    item.wakes[urgency] = (item.wakes[urgency] ?? 0) + 1;
    item.since ??= this.#clock.monotonic();
    if (item.lane !== null && item.lane <= urgency) return;
    item.isEcho ||= item.lane === null && item.running;
    item.lane = urgency;
    if (!item.running) this.#schedule(item);
  }

  /** Milliseconds since the oldest wake that no successful run has answered; 0 when all are. O(n): for metrics. */
  oldestUnserved(): number {
    const now = this.#clock.monotonic();
    let age = 0;
    for (const { since, answering } of this.#items.values()) age = Math.max(age, now - (answering ?? since ?? now));
    return age;
  }

  /** Names that run, wait for their turn or come back. O(n): for metrics and tests. */
  get busy(): number {
    let count = 0;
    for (const item of this.#items.values()) if (item.running || dueAt(item, this.#backoff) < never) count += 1;
    return count;
  }

  /** Names that run. */
  get running(): number {
    return this.#running;
  }

  /** Starts nothing more; resolves when what was running has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#agenda.clear();
    if (this.#running > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  #itemOf(name: SyncName): Item {
    const known = this.#items.get(name);
    if (known !== undefined) return known;
    const item: Item = {
      name,
      lane: null,
      wakes: [0, 0, 0, 0],
      since: null,
      answering: null,
      running: false,
      isEcho: false,
      ticket: 0,
      failures: 0,
      returnAt: never,
      returnLane: resyncLane,
      endedAt: -never,
      delay: 0,
    };
    this.#items.set(name, item);
    return item;
  }

  #schedule(item: Item): void {
    const due = dueAt(item, this.#backoff);
    if (due > this.#clock.monotonic()) {
      this.#agenda.set(item.name, due, () => this.#enqueue(item));
      return;
    }
    this.#agenda.delete(item.name);
    this.#enqueue(item);
  }

  #enqueue(item: Item): void {
    item.lane ??= item.returnLane;
    item.ticket += 1;
    this.#turns.add(item);
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    const most = this.#options.concurrency ?? 32;
    while (!this.#stopped && this.#running < most) {
      const turn = this.#turns.take();
      if (turn === undefined) return;
      void this.#run(turn);
    }
  }

  async #run(turn: Turn<Item>): Promise<void> {
    const { item } = turn;
    const run = { lane: item.lane ?? resyncLane, wakes: item.wakes };
    item.answering = item.since;
    item.lane = null;
    item.wakes = [0, 0, 0, 0];
    item.since = null;
    item.returnAt = never;
    item.ticket += 1;
    item.running = true;
    item.isEcho = false;
    this.#running += 1;
    const outcome = await this.#attempt(item.name, run.lane);
    item.running = false;
    this.#running -= 1;
    item.endedAt = this.#clock.monotonic();
    item.delay = crowded(run.wakes) ? Math.min(coalescing.most, Math.max(coalescing.first, 2 * item.delay)) : 0;
    this.#turns.end(turn);
    this.#note(item, outcome, run.lane);
    item.answering = null;
    this.#goOn(item);
  }

  async #attempt(name: SyncName, lane: number): Promise<Outcome> {
    try {
      return await this.#options.run(name, lanes[lane] ?? 'resync');
    } catch (error) {
      return { kind: 'error', error, terminal: false };
    }
  }

  #note(item: Item, outcome: Outcome, lane: number): void {
    if (outcome.kind === 'error' && !outcome.terminal) {
      item.failures += 1;
      item.returnAt = item.endedAt + this.#backoffOf(item.failures);
      item.returnLane = lane;
      item.since = item.answering ?? item.since;
      return;
    }
    item.failures = 0;
    item.returnLane = resyncLane;
    if (outcome.kind === 'again') item.returnAt = item.endedAt + outcome.afterMs;
  }

  #goOn(item: Item): void {
    if (this.#stopped) {
      if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
      return;
    }
    if (item.lane !== null || item.returnAt < never) this.#schedule(item);
    else if (item.delay === 0) this.#items.delete(item.name);
    else this.#agenda.set(item.name, item.endedAt + item.delay, () => this.#items.delete(item.name));
    this.#pump();
  }

  get #backoff(): { readonly firstMs: number; readonly mostMs: number } {
    return this.#options.backoff ?? { firstMs: 500, mostMs: 60_000 };
  }

  #backoffOf(failures: number): number {
    const { firstMs, mostMs } = this.#backoff;
    return Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30)) * (0.8 + 0.4 * this.#options.random.next());
  }
}

/** A write of ours is seen by the target's watch, in more than one event: that is no crowd yet. */
function crowded([user, wave, drift]: Item['wakes']): boolean {
  return user + wave > 1 || drift > 8;
}

/** When the next run of `item` may start; `never` when nothing waits for it. */
function dueAt(item: Item, backoff: { readonly firstMs: number }): number {
  const { lane, failures, returnAt } = item;
  if (lane === null) return returnAt;
  const spaced = item.endedAt + Math.max(item.delay, item.isEcho && lane === driftLane ? echoMs : 0);
  if (failures === 0 || lane <= waveLane) return spaced;
  return Math.max(spaced, lane === driftLane ? Math.min(returnAt, item.endedAt + backoff.firstMs) : returnAt);
}
