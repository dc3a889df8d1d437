import type { FakeClock, SeededRandom } from '../clock.ts';
import type { Clock } from '#util/clock';

/** How often what goes wrong, per call; 0 while the world is at rest. */
export interface Weather {
  /** A call throws before it did anything, or after it did it. */
  fault: number;
  /** The process dies at this point. */
  death: number;
  /** Milliseconds that a call takes at most. */
  delay: number;
}

/** Breaks a promise of ours on purpose, to prove that the simulation finds it. */
export type Bug =
  | 'answering before durable'
  | 'confirming before writing'
  | 'losing one wake-up'
  | 'losing one of a wave'
  | 'noting the restart after the write'
  | 'dropping a restart that failed'
  | 'writing a blocked object'
  | 'forgetting what is ours in a blocked object';
export const bugs: readonly Bug[] = [
  'answering before durable',
  'confirming before writing',
  'losing one wake-up',
  'losing one of a wave',
  'noting the restart after the write',
  'dropping a restart that failed',
  'writing a blocked object',
  'forgetting what is ours in a blocked object',
];

/** What all parts of one simulation share. */
export interface World {
  readonly clock: FakeClock;
  readonly random: SeededRandom;
  readonly weather: Weather;
  readonly bug: Bug | undefined;
  /** Wakes of syncs so far; the one of this number is lost, if that is the planted bug. */
  wakes: number;
  /** Of those in a wave, if that is the planted bug. */
  readonly lostWake: number | undefined;
}

/** The life of one process: once it is over, nothing it waits for ever comes, and none of its timers fires. */
export class Life {
  readonly world: World;
  readonly clock: Clock;
  readonly #onDeath: () => void;
  #over = false;

  constructor(world: World, onDeath: () => void) {
    this.world = world;
    this.#onDeath = onDeath;
    this.clock = {
      now: () => world.clock.now(),
      monotonic: () => world.clock.monotonic(),
      timer: (ms, fire) =>
        world.clock.timer(ms, () => {
          if (!this.#over) fire();
        }),
    };
  }

  get over(): boolean {
    return this.#over;
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#onDeath();
  }

  /** A call to the world outside: it takes a while, may fail before or after it was done, and may be the last one. */
  async outside<T>(call: () => Promise<T>): Promise<T> {
    await this.pass();
    this.#fault('before it was done');
    const result = await call();
    await this.pass();
    this.#fault('after it was done');
    return result;
  }

  /** A call that fails more often than others, before or after it was done. */
  async unreliable<T>(call: () => Promise<T>): Promise<T> {
    this.#fault('before it was done', 10);
    const result = await call();
    this.#fault('after it was done', 10);
    return result;
  }

  /** Lets a moment pass, in which the process may die. */
  async pass(): Promise<void> {
    const { clock, random, weather } = this.world;
    const ms = Math.round(random.next() ** 3 * weather.delay);
    if (ms > 0) await new Promise<void>((resolve) => void clock.timer(ms, resolve));
    if (!this.#over && random.next() < weather.death) this.end();
    if (this.#over) await new Promise<never>(() => undefined);
  }

  #fault(when: string, factor = 1): void {
    const { random, weather } = this.world;
    if (random.next() < factor * weather.fault) throw new Error(`simulated fault, ${when}`);
  }
}
