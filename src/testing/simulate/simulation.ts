/**
 * Two servers over one store, a reconciler on the second, clients of both, and somebody else who works in the same
 * target, in one process under simulated time. Everything that happens follows from the seed.
 */
import { FakeClock, SeededRandom, settle } from '../clock.ts';
import { client, kept, lastWord, pair, reader, stranger } from './actors.ts';
import type { Scene } from './actors.ts';
import {
  clusterConsumers,
  clusterStranger,
  clusterSyncs,
  crowd,
  crowdClient,
  operator,
  quietPause,
  tidy,
} from './cluster.ts';
import { clusterViolations } from './cluster-rest.ts';
import { Consumers } from './consumers.ts';
import { declareAll } from './declare.ts';
import { Ledger } from './ledger.ts';
import type { Bug, Weather, World } from './life.ts';
import { plainViolations } from './plain-rest.ts';
import { SimulatedServer } from './server.ts';
import type { Up } from './server.ts';
import { MemoryTarget } from './target.ts';
import type { MemoryWrite } from './target.ts';
import { ValueCipher } from '#crypto/value-cipher';
import { serverPrincipal } from '#domain/principal';
import { prepareBootstrap } from '#service/bootstrap';
import type { Caller } from '#service/services';
import { MemoryStore } from '#store/drivers/memory/index';

export interface SimulationOptions {
  readonly seed: number;
  /** Default: none. */
  readonly bug?: Bug;
  /** Stretches of work, each followed by rest. Default 4. */
  readonly phases?: number;
}

export interface SimulationReport {
  readonly seed: number;
  /** Promises that were broken, one line each. Empty: all were kept. */
  readonly violations: readonly string[];
  /** How much happened: equal for equal seeds. */
  readonly counts: Readonly<
    Record<'acknowledged' | 'refused' | 'unknown' | 'writes' | 'restarts' | 'deaths' | 'wakes' | 'elapsed', number>
  >;
}

const clusterPlaces = Object.fromEntries(Object.values(clusterSyncs).map(({ at }) => [at, true]));
const calm: Weather = { fault: 0, death: 0, delay: 0 };
const rough: Weather = { fault: 0.01, death: 0.004, delay: 30 };

/** Runs one seed to its end. Throws nothing: what is wrong stands in the report. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  // This takes time of the real world, for which the simulated one would not wait.
  await ValueCipher.load();
  const simulation = new Simulation(options);
  await simulation.run();
  return simulation.report();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #world: World;
  readonly #store = new MemoryStore();
  readonly #scene: Scene;
  #writes = 0;
  #root: Caller | undefined;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { seed, bug } = options;
    const random = new SeededRandom(seed);
    const lostWake = bug === 'losing one wake-up' || bug === 'losing one of a wave' ? 1 + random.below(150) : undefined;
    this.#world = { clock: new FakeClock(), random, weather: { ...calm }, bug, wakes: 0, lostWake };
    const target = new MemoryTarget();
    target.written = (write) => {
      this.#checkWrite(write);
      const deleted = write.steps.filter((step) => step.do === 'delete');
      consumers.withdrawn(
        write.at,
        deleted.map(({ name }) => name),
      );
    };
    target.trespassed = (at, object) => this.#accuse(`wrote to a blocked object: ${at}: ${object}`);
    target.failing = () => random.next() < 10 * this.#world.weather.fault;
    const accuse = (complaint: string): void => this.#accuse(complaint);
    const consumers = new Consumers({ world: this.#world, target, accuse }, clusterConsumers);
    target.changed = (at) => consumers.changed(at);
    target.activator = (at, sync) => (at in clusterPlaces ? consumers.activatorOf(at, sync) : undefined);
    const shared = { world: this.#world, store: this.#store };
    let values = 0;
    this.#scene = {
      world: this.#world,
      servers: [new SimulatedServer({ ...shared, name: 'a' }), new SimulatedServer({ ...shared, name: 'b', target })],
      target,
      ledger: new Ledger(),
      foreign: new Map(),
      consumers,
      operated: { paused: new Set(), withdrawn: new Set() },
      violations: [],
      root: () => this.#rootCaller,
      fresh: () => `value ${(values += 1)}`,
      put: (folder) => lastWord(this.#scene, folder),
    };
  }

  async run(): Promise<void> {
    try {
      await this.#setUp();
      for (let phase = 0; phase < (this.#options.phases ?? 4); phase += 1) {
        await this.#work();
        await this.#rest();
        await this.#answered(tidy(this.#scene));
        await this.#rest();
        await this.#checkRest();
        await this.#lastWords();
        await this.#answered(quietPause(this.#scene));
        await this.#rest();
      }
      await this.#checkEnd();
    } catch (error) {
      this.#scene.violations.push(error instanceof Error ? error.message : String(error));
    }
  }

  report(): SimulationReport {
    const { consumers, ledger, servers, violations } = this.#scene;
    return {
      seed: this.#options.seed,
      violations,
      counts: {
        acknowledged: ledger.count('acknowledged'),
        refused: ledger.count('refused'),
        unknown: ledger.count('unknown'),
        writes: this.#writes,
        restarts: consumers.all.reduce((sum, { restarts }) => sum + restarts, 0),
        deaths: servers.reduce((sum, { deaths }) => sum + deaths, 0),
        wakes: this.#world.wakes,
        elapsed: Math.round(this.#world.clock.monotonic()),
      },
    };
  }

  async #setUp(): Promise<void> {
    const [first] = this.#scene.servers;
    first?.start();
    const up = await this.#until(() => first?.up, 'the first server does not start');
    const token = (await this.#answered(prepareBootstrap(up.parts))) ?? '';
    const { services } = up;
    const issued = await this.#answered(
      services.sessions.bootstrap({ token, name: 'root', address: 'unix', requestId: '' }),
    );
    const credential = { type: 'token', token: issued.token, address: 'unix' } as const;
    const root = await this.#answered(services.sessions.authenticate(credential, 'simulation'));
    this.#root = root;
    await this.#answered(declareAll(services, root));
    this.#scene.servers[1]?.start();
  }

  async #work(): Promise<void> {
    const { world } = this.#scene;
    Object.assign(world.weather, rough);
    const actors = [
      ...Array.from({ length: 4 }, () => client(this.#scene, 8)),
      reader(this.#scene, 6),
      stranger(this.#scene, 8),
      operator(this.#scene, 6),
      clusterStranger(this.#scene, 10),
      crowdClient(this.#scene),
    ];
    let busy = actors.length;
    for (const actor of actors) void actor.finally(() => (busy -= 1)).catch((error: unknown) => this.#accuse(error));
    await this.#until(() => (busy === 0 ? true : undefined), 'an actor is stuck');
  }

  /** Nothing goes wrong any more; waits until everybody has done what there was to do. */
  async #rest(): Promise<void> {
    const { world, servers } = this.#scene;
    Object.assign(world.weather, calm);
    await this.#until(
      () => (servers.every(({ up }) => up !== undefined && (up.host?.busy ?? 0) === 0) ? true : undefined),
      'the servers do not come to rest',
    );
    for (const { up } of servers) {
      await this.#answered(up?.parts.truth.catchUp());
      await this.#answered(up?.parts.work.catchUp());
    }
    await world.clock.advance(20);
    await this.#until(
      () => (servers.every(({ up }) => (up?.host?.busy ?? 0) === 0) ? true : undefined),
      'the loop never rests',
    );
  }

  /** One change for each place while all is quiet: nothing that comes later would make up for a wake that is lost. */
  async #lastWords(): Promise<void> {
    for (const folder of [...Object.values(kept), 'p/four', crowd.from]) {
      await this.#answered(lastWord(this.#scene, folder));
      await this.#rest();
      await this.#checkRest();
    }
  }

  async #checkRest(): Promise<void> {
    const { servers, violations } = this.#scene;
    const up = this.#second(servers);
    violations.push(...(await this.#answered(clusterViolations(this.#scene, up))));
    violations.push(...(await this.#answered(plainViolations(this.#scene, up))));
  }

  async #checkEnd(): Promise<void> {
    const { servers, ledger, violations } = this.#scene;
    const third = new SimulatedServer({ name: 'c', world: { ...this.#world, bug: undefined }, store: this.#store });
    third.start();
    const folded = await this.#until(() => third.up, 'the log cannot be folded again');
    violations.push(...(await this.#answered(ledger.verify(folded.services, this.#rootCaller))));
    const truth = JSON.stringify(folded.dump());
    for (const { name, up } of servers) {
      if (JSON.stringify(up?.dump()) !== truth)
        violations.push(`the state of server ${name} is not the fold of the log`);
    }
  }

  #checkWrite({ at, sync, steps, before, after }: MemoryWrite): void {
    const { foreign, operated, violations } = this.#scene;
    this.#writes += 1;
    if (operated.paused.has(sync)) violations.push(`written while it was paused: ${sync}`);
    for (const { name } of steps) {
      if (before.get(name) === after.get(name)) violations.push(`a needless write: ${at}: ${name}`);
    }
    for (const [name, value] of foreign.get(at) ?? []) {
      if (after.get(name) !== value) violations.push(`something foreign was touched: ${at}: ${name}`);
    }
    const [left, right] = pair.map((name) => after.get(name));
    if (left !== right) violations.push(`half of a change was delivered: ${at}`);
  }

  /** Lets time pass until there is an answer; throws after ten minutes of it, or when a server will not start any more. */
  async #until<T>(ask: () => T | undefined, complaint: string): Promise<T> {
    const { clock } = this.#world;
    for (let waited = 0; waited < 600_000; waited += 250) {
      await settle();
      const answer = ask();
      if (answer !== undefined) return answer;
      if (this.#scene.servers.some(({ failedStarts }) => failedStarts > 50)) break;
      await clock.advance(250);
    }
    const troubles = this.#scene.servers.map(({ trouble }) => (trouble instanceof Error ? trouble.message : ''));
    throw new Error([complaint, ...new Set(troubles)].filter((text) => text !== '').join('; '));
  }

  /** Waits, and lets time pass meanwhile. */
  async #answered<T>(answer: Promise<T> | T): Promise<T> {
    let settled: { readonly value: T } | { readonly error: unknown } | undefined;
    void Promise.resolve(answer).then(
      (value) => (settled = { value }),
      (error: unknown) => (settled = { error }),
    );
    const end = await this.#until(() => settled, 'a call is never answered');
    if ('error' in end) throw end.error;
    return end.value;
  }

  #accuse(error: unknown): void {
    this.#scene.violations.push(typeof error === 'string' ? error : `an actor failed: ${String(error)}`);
  }

  #second(servers: readonly SimulatedServer[]): Up {
    const up = servers[1]?.up;
    if (up === undefined) throw new Error('the second server is down at rest');
    return up;
  }

  get #rootCaller(): Caller {
    if (this.#root === undefined) throw new Error(`before the first start by ${serverPrincipal}`);
    return this.#root;
  }
}
