import { afterEach, beforeEach } from 'vitest';
import { FakeClock, SeededRandom } from './clock.ts';
import { MemorySyncs } from './memory-syncs.ts';
import { MemoryTarget } from './simulate/target.ts';
import type { Condition, SyncMode, SyncStatus } from '#domain/records';
import { Host } from '#reconcile/host';
import type { HostOptions, HostTargets } from '#reconcile/host';
import type { Place, Target } from '#reconcile/target';

/** Targets that stay as they are. */
export function fixedTargets(targets: Readonly<Record<string, Target>>): HostTargets {
  return {
    get: (name) => (Object.hasOwn(targets, name) ? targets[name] : undefined),
    close: async () => {
      for (const target of new Set(Object.values(targets))) await target.close();
    },
  };
}

/** A host over syncs and one target in memory, on a clock that stands still. */
export class Keeping {
  readonly clock = new FakeClock();
  readonly syncs = new MemorySyncs();
  readonly target = new MemoryTarget();
  /** Every status that was saved. */
  readonly said: SyncStatus[] = [];
  host: Host;

  constructor() {
    this.host = this.newHost({});
  }

  newHost(options: Partial<HostOptions>): Host {
    const { clock, syncs, target } = this;
    const saved = (_: string, status: SyncStatus): void => void this.said.push(status);
    const targets = fixedTargets({ memory: target });
    return new Host({ syncs, targets, clock, random: new SeededRandom(1), saved, ...options });
  }

  /** Lets everything that was woken run: a second passes. */
  async rest(): Promise<void> {
    await this.clock.advance(1000);
  }

  /** What stands in a place; `null`: no such place. */
  there(at: string): Record<string, string> | null {
    const place = this.target.peek(at);
    return place === undefined ? null : Object.fromEntries(place.names);
  }

  condition(name: string, type: string): Condition | undefined {
    return this.syncs.status(name)?.conditions.find((one) => one.type === type);
  }

  /** The conditions that are true, with their reasons. */
  state(name: string): readonly string[] {
    return (this.syncs.status(name)?.conditions ?? [])
      .filter(({ status }) => status === 'true')
      .map(({ type, reason }) => `${type}: ${reason}`);
  }

  /** Starts with a sync `a` that has been delivered, then gives it the mode. What was called until then is forgotten. */
  async delivered(values: Record<string, string>, mode: SyncMode = 'repair'): Promise<void> {
    this.syncs.declare('a');
    this.syncs.want('a', values, 1);
    this.host.start();
    await this.rest();
    this.syncs.declare('a', { mode });
    this.host.wake('a');
    await this.rest();
    this.syncs.calls.length = 0;
  }

  async end(): Promise<void> {
    const stopping = this.host.stop();
    await this.clock.advance(20_000);
    await stopping;
  }
}

/** One of its own for each test. */
export function useKeeping(): () => Keeping {
  let keeping: Keeping | undefined;
  beforeEach(() => {
    keeping = new Keeping();
  });
  afterEach(async () => keeping?.end());
  return () => {
    if (keeping === undefined) throw new Error('only inside a test');
    return keeping;
  };
}

export interface Faults {
  readonly read?: (at: string) => Promise<never> | undefined;
  readonly write?: (at: string, write: () => Promise<string>) => Promise<string>;
}

/** A target with faults, until it is healed. */
export class FaultyTarget implements Target {
  readonly type: string;
  readonly #inner: Target;
  #faults: Faults;
  #reads = 0;

  constructor(inner: Target, faults: Faults) {
    this.#inner = inner;
    this.#faults = faults;
    this.type = inner.type;
  }

  get reads(): number {
    return this.#reads;
  }

  heal(): void {
    this.#faults = {};
  }

  check: Target['check'] = (at, options) => this.#inner.check(at, options);
  identity: Target['identity'] = (at, options) => this.#inner.identity(at, options);

  open: Target['open'] = async (opening) => {
    const { at } = opening;
    const place = await this.#inner.open(opening);
    const read: Place['read'] = (request, signal) => {
      this.#reads += 1;
      return this.#faults.read?.(at) ?? place.read(request, signal);
    };
    const write: Place['write'] = (request, signal) => {
      const inner = (): Promise<string> => place.write(request, signal);
      return this.#faults.write?.(at, inner) ?? inner();
    };
    return { ...place, read, write };
  };

  close(): Promise<void> {
    return this.#inner.close();
  }
}
