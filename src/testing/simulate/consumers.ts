import type { Weather } from './life.ts';
import { objectOf } from './memory-place.ts';
import type { MemoryTarget } from './target.ts';
import type { Activator, Progress } from '#reconcile/activator';
import type { Clock, Random } from '#util/clock';

/** Something that runs with values of a place, and sees none of their changes by itself. */
export interface Consumer {
  readonly id: string;
  readonly at: string;
  readonly reads: readonly string[];
  /** What it runs with; `undefined`: it never started, since an object that it reads was never there. */
  values: ReadonlyMap<string, string> | undefined;
  /** By sync. */
  readonly marks: Map<string, string>;
  /** What each sync had there when it restarted it last, unless somebody took the mark away. */
  readonly contents: Map<string, string>;
  /** Names that it reads which a sync put there, and the sync. */
  readonly put: Map<string, string>;
  roll: Roll | undefined;
  restarts: number;
  /** Nobody is to start it anew, until somebody has: a sync that wrote what it reads was deleted, or it waited for an object. */
  isExcused: boolean;
}

interface Roll {
  /** `waiting`: for an object; after a while it is said to have failed, and goes on waiting. */
  state: 'rolling' | 'waiting' | 'failed';
  gaveUp: boolean;
}

export interface ConsumersOptions {
  readonly world: {
    readonly clock: Pick<Clock, 'timer'>;
    readonly random: Pick<Random, 'next'> & { below(below: number): number };
    readonly weather: Weather;
  };
  readonly target: MemoryTarget;
  /** Told of each restart that should not have been. */
  readonly accuse: (complaint: string) => void;
}

/** What runs with the places of a {@link MemoryTarget}. */
export class Consumers {
  readonly #options: ConsumersOptions;
  readonly #all: readonly Consumer[];

  constructor(options: ConsumersOptions, all: Readonly<Record<string, { at: string; reads: readonly string[] }>>) {
    this.#options = options;
    this.#all = Object.entries(all).map(([id, { at, reads }]) => ({
      id,
      at,
      reads,
      values: undefined,
      marks: new Map(),
      contents: new Map(),
      put: new Map(),
      roll: undefined,
      restarts: 0,
      isExcused: false,
    }));
  }

  get all(): readonly Consumer[] {
    return this.#all;
  }

  /** Something changed in the place: who waits for its objects starts when they are there. */
  changed(at: string): void {
    const writers = this.#options.target.peek(at)?.writers;
    for (const one of this.#all) {
      if (one.at !== at) continue;
      for (const name of one.reads) {
        const sync = writers?.get(name);
        if (sync !== undefined) one.put.set(name, sync);
      }
      if (one.values !== undefined && one.roll?.state !== 'waiting') {
        this.#excuseIfUnaware(one, one.values);
        continue;
      }
      if (!this.#isReady(one)) continue;
      // It starts with more than its mark tells of.
      one.isExcused ||= one.roll !== undefined;
      this.#start(one);
    }
  }

  /** A sync has taken its names away itself: nobody else did. */
  withdrawn(at: string, names: readonly string[]): void {
    for (const one of this.#all) if (one.at === at) for (const name of names) one.put.delete(name);
  }

  activatorOf(at: string, sync: string): Activator {
    const here = this.#all.filter((one) => one.at === at);
    const find = (id: string): Consumer | undefined => here.find((one) => one.id === id);
    return {
      consumers: async (names) =>
        here.flatMap(({ id, reads }) => {
          const read = reads.filter((name) => names.has(name));
          return read.length === 0 ? [] : [{ id, names: read }];
        }),
      restart: async (id, mark) => {
        const one = find(id);
        return one === undefined || one.marks.get(sync) === mark ? true : this.#restart(one, sync, mark);
      },
      progress: async (id, mark) => {
        const one = find(id);
        return one === undefined ? { state: 'gone' } : progressOf(one, sync, mark);
      },
    };
  }

  /** Somebody puts it back as it was before the restart: the marks are gone, and so is what it was about to run with. */
  undo(one: Consumer): void {
    one.marks.clear();
    one.contents.clear();
    one.roll = undefined;
  }

  /** What waits, or gave up, comes to run after all. */
  heal(one: Consumer): void {
    if (one.roll?.state === 'failed') this.#end(one);
  }

  /** Something of the sync is gone on purpose. */
  excuse(at: string): void {
    for (const one of this.#all) {
      if (one.at !== at) continue;
      one.isExcused = true;
      one.contents.clear();
    }
  }

  #restart(one: Consumer, sync: string, mark: string): boolean {
    const { random, weather } = this.#options.world;
    if (random.next() < 10 * weather.fault) return false;
    const content = this.#contentOf(one, sync);
    if (one.contents.get(sync) === content) this.#options.accuse(`restarted twice for one content: ${one.id}`);
    one.marks.set(sync, mark);
    // It does not know what somebody else took away, and may start it once more when it gives that up.
    if (this.#isRobbed(one, sync)) one.contents.delete(sync);
    else one.contents.set(sync, content);
    one.restarts += 1;
    one.isExcused = false;
    const roll: Roll = { state: 'rolling', gaveUp: false };
    one.roll = roll;
    this.#options.world.clock.timer(random.below(3000), () => {
      if (one.roll !== roll) return;
      if (random.next() < 10 * weather.fault) this.#fail(one, roll);
      else this.#end(one);
    });
    return true;
  }

  #fail(one: Consumer, roll: Roll): void {
    const { random, clock } = this.#options.world;
    roll.state = 'failed';
    if (random.next() < 0.5) return;
    clock.timer(random.below(60_000), () => {
      if (one.roll === roll) this.heal(one);
    });
  }

  #end(one: Consumer): void {
    const { roll } = one;
    if (this.#isReady(one)) this.#start(one);
    else if (roll !== undefined) {
      roll.state = 'waiting';
      this.#options.world.clock.timer(20_000, () => (roll.gaveUp = true));
    }
  }

  #start(one: Consumer): void {
    const names = this.#options.target.peek(one.at)?.names;
    one.values = new Map(one.reads.flatMap((name) => (names?.has(name) ? [[name, names.get(name) as string]] : [])));
    one.roll = undefined;
  }

  /** What is made anew restarts nobody: who ran with nothing of an object goes on so when there is something in it again. */
  #excuseIfUnaware(one: Consumer, values: ReadonlyMap<string, string>): void {
    const names = [...(this.#options.target.peek(one.at)?.names.keys() ?? [])];
    const gone = one.reads.filter((name) => !names.some((other) => kindOf(other) === kindOf(name)));
    if (gone.some((name) => one.reads.every((read) => kindOf(read) !== kindOf(name) || !values.has(read)))) {
      one.isExcused = true;
    }
  }

  /** It does not start before every object that it reads has something of the kind that it reads. */
  #isReady({ at, reads }: Consumer): boolean {
    const names = [...(this.#options.target.peek(at)?.names.keys() ?? [])];
    return reads.every((name) => names.some((other) => kindOf(other) === kindOf(name)));
  }

  #isRobbed({ at, put }: Consumer, sync: string): boolean {
    const names = this.#options.target.peek(at)?.names;
    return [...put].some(([name, by]) => by === sync && names?.has(name) !== true);
  }

  #contentOf({ at, reads }: Consumer, sync: string): string {
    const place = this.#options.target.peek(at);
    const read = reads.filter((name) => place?.writers.get(name) === sync);
    const missing = reads.filter((name) => place?.objects.has(objectOf(name)) !== true);
    return JSON.stringify([missing, read.map((name) => [name, place?.names.get(name)])]);
  }
}

function progressOf({ marks, roll }: Consumer, sync: string, mark: string): Progress {
  if (marks.get(sync) !== mark) return { state: 'undone', message: 'does not carry the mark' };
  if (roll === undefined) return { state: 'done' };
  if (roll.state === 'failed' || roll.gaveUp) return { state: 'failed', message: 'gave up' };
  return { state: 'waiting', message: roll.state === 'waiting' ? 'waits for an object' : '0 of 1 replaced' };
}

/** Object and prefix: what one sync keeps there. */
function kindOf(name: string): string {
  return name.slice(0, name.lastIndexOf('_'));
}
