import { Agenda } from './agenda.ts';
import { Queue } from './queue.ts';
import type { QueueOptions } from './queue.ts';
import type { Lane, Reconciler, SyncName } from './reconciler.ts';
import type { Clock, Random } from '#util/clock';

/** A look may come so much of the interval early, to come with others: waking up costs more than a look at rest does. */
const together = 0.01;

export interface LoopOptions extends Omit<QueueOptions, 'run'> {
  readonly clock: Clock;
  readonly random: Random;
  readonly reconciler: Reconciler;
  /** Milliseconds between two looks at a sync that nothing woke, ± 10 %. Default 60,000. */
  readonly resyncMs?: number;
  /** How long `stop` lets what is running go on before it aborts it. Default 10,000. */
  readonly graceMs?: number;
}

/**
 * Runs the reconciler for every sync that it was given: when it is woken, and every minute. The first
 * looks after a start are spread over a whole interval, but for the very first of each sync, which comes at once.
 */
export class Loop {
  readonly #options: LoopOptions;
  readonly #queue: Queue;
  readonly #agenda: Agenda;
  readonly #names = new Set<SyncName>();
  readonly #abort = new AbortController();
  #started = false;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#agenda = new Agenda(options.clock, together * this.#resyncMs);
    const { reconciler } = options;
    this.#queue = new Queue({
      ...options,
      run: (name, lane) => reconciler.reconcile(name, lane, this.#abort.signal),
    });
  }

  /** Looks at every sync added so far. */
  start(): void {
    this.#started = true;
    for (const name of this.#names) this.#begin(name);
  }

  /** Keeps a sync from now on; adding one again changes nothing. */
  add(name: SyncName): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    if (this.#started) this.#begin(name);
  }

  /** No resync any more. A run that has begun ends as it would. */
  remove(name: SyncName): void {
    this.#names.delete(name);
    this.#agenda.delete(name);
  }

  /** Also for names that were not added or were removed: the reconciler finds out what became of them. Before `start` it does nothing. */
  wake(name: SyncName, lane: Lane): void {
    if (this.#started) this.#queue.wake(name, lane);
  }

  /** Milliseconds since the oldest wake that was not answered yet: alarm when it only grows. */
  oldestUnserved(): number {
    return this.#queue.oldestUnserved();
  }

  /** Names that run, wait for their turn or come back after a failure. */
  get busy(): number {
    return this.#queue.busy;
  }

  /** Names that run. */
  get running(): number {
    return this.#queue.running;
  }

  /** Resolves when what was running has ended; aborts it after the grace. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#agenda.clear();
    const grace = this.#options.clock.timer(this.#options.graceMs ?? 10_000, () => this.#abort.abort());
    await this.#queue.stop();
    grace.cancel();
  }

  #begin(name: SyncName): void {
    this.#queue.wake(name, 'drift');
    this.#resyncIn(name, this.#resyncMs * this.#options.random.next());
  }

  #resyncIn(name: SyncName, ms: number): void {
    this.#agenda.set(name, this.#options.clock.monotonic() + ms, () => {
      this.#queue.wake(name, 'resync');
      this.#resyncIn(name, this.#resyncMs * (0.9 + 0.2 * this.#options.random.next()));
    });
  }

  get #resyncMs(): number {
    return this.#options.resyncMs ?? 60_000;
  }
}
