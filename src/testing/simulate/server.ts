import { MemoryAudit, openSeal } from '../plumb.ts';
import { planted } from './bugs.ts';
import { SimulatedDriver } from './driver.ts';
import { Life } from './life.ts';
import type { World } from './life.ts';
import { mortalTarget } from './mortal-target.ts';
import { fixedTargets } from '../keeping.ts';
import type { MemoryTarget } from './target.ts';
import { TokenMethod } from '#auth/token/method';
import { sha256 } from '#crypto/digest';
import { openKeyring } from '#crypto/keyring';
import type { TruthOp, WorkOp } from '#domain/change';
import { Host } from '#reconcile/host';
import type { SyncSource } from '#reconcile/reconciler';
import { createServices } from '#service/create';
import type { ServiceParts } from '#service/parts';
import type { Reconciling } from '#service/reconciling';
import type { Services } from '#service/services';
import { dump } from '#state/dump';
import type { Dump } from '#state/dump';
import { TruthState } from '#state/truth';
import type { TruthDraft, WorkDraft } from '#state/view';
import { WorkState } from '#state/work';
import { openAnchor } from '#store/anchor';
import { openLog } from '#store/committer';
import type { Stream } from '#store/driver';
import type { MemoryStore } from '#store/drivers/memory/index';
import type { Log } from '#store/log';
import { memorySlotFile } from '#util/files';

export interface SimulatedServerOptions {
  readonly name: string;
  readonly world: World;
  readonly store: MemoryStore;
  /** Present: this server runs the reconciler. */
  readonly target?: MemoryTarget;
}

/** A server that is up. */
export interface Up {
  readonly life: Life;
  /** Resolves when it is dead. */
  readonly dead: Promise<void>;
  readonly services: Services;
  readonly parts: ServiceParts;
  readonly host: Host | undefined;
  /** What the host is lent; none without one. */
  readonly syncs: SyncSource | undefined;
  readonly dump: () => { readonly truth: Dump; readonly work: Dump };
}

/** One server over a store that it shares. It dies now and then, and is started again. */
export class SimulatedServer {
  readonly name: string;
  readonly #options: SimulatedServerOptions;
  /** Survives the process. */
  readonly #anchorFile = memorySlotFile();
  #up: Up | undefined;
  deaths = 0;
  /** Starts that failed since it was last up. */
  failedStarts = 0;
  /** Why it did not come up, last. */
  trouble: unknown;

  constructor(options: SimulatedServerOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** `undefined` while it is down. */
  get up(): Up | undefined {
    return this.#up;
  }

  /** Tries until it is up; a start that fails or dies is tried again later. */
  start(): void {
    const { world } = this.#options;
    const ended = Promise.withResolvers<void>();
    const life = new Life(world, () => {
      this.deaths += 1;
      this.#up = undefined;
      ended.resolve();
      world.clock.timer(10 + world.random.below(300), () => this.start());
    });
    this.#open(life, ended.promise).then(
      (up) => {
        if (life.over) return;
        this.#up = up;
        this.failedStarts = 0;
        up.host?.start();
      },
      (error: unknown) => {
        this.trouble = error;
        this.failedStarts += 1;
        life.end();
      },
    );
  }

  async #open(life: Life, dead: Promise<void>): Promise<Up> {
    const { world, store } = this.#options;
    const driver = new SimulatedDriver(store.driver(), life);
    const keyring = await openKeyring({ store: driver, seal: openSeal, create: (await driver.head('truth')) === 0 });
    const { clock } = life;
    const anchor = openAnchor({ file: this.#anchorFile, mac: keyring.chain('anchor'), clock });
    const [truthState, workState, audit] = [new TruthState(), new WorkState(), new MemoryAudit()];
    const onFatal = (error: Error): void => {
      this.trouble = error;
      life.end();
    };
    const { storeId } = keyring;
    const shared = { driver, storeId, anchor, clock, onFatal, checkpointBytes: 20_000 };
    // A server that joins has nothing anchored yet, which takes an administrator's word.
    const ofStream = <S extends Stream>(stream: S) =>
      ({ ...shared, stream, mac: keyring.chain(stream), acceptLoss: anchor.head(stream) === undefined }) as const;
    const truth = await openLog<TruthOp, TruthDraft>({ ...ofStream('truth'), fold: truthState });
    const work = await openLog<WorkOp, WorkDraft>({ ...ofStream('work'), fold: workState });
    let host: Host | undefined;
    let lent: SyncSource | undefined;
    const parts: ServiceParts = {
      clock,
      random: world.random,
      truthState,
      workState,
      truth,
      work,
      blobs: driver,
      keyring,
      audit,
      verifyAudit: async () => ({ ok: true, records: 0, anchored: 0 }),
      targets: new Map([['memory', { type: 'memory' }]]),
      methods: (keeper) => [new TokenMethod({ storeId: keyring.storeId, records: keeper, clock, hash: sha256 })],
      reconciling: (syncs) => {
        host = this.#newHost(life, syncs);
        lent = host === undefined ? undefined : syncs;
        return host === undefined ? noLoop : this.#reconciling(host);
      },
      version: '0.0.0-simulated',
    };
    const services = createServices(parts);
    void this.#follow(life, driver, 'truth', truth);
    void this.#follow(life, driver, 'work', work);
    const dumped: Up['dump'] = () => ({ truth: dump(truthState), work: dump(workState) });
    return { life, dead, services, parts, host, syncs: lent, dump: dumped };
  }

  /** What other servers write. */
  async #follow(life: Life, driver: SimulatedDriver, stream: Stream, log: Followable): Promise<void> {
    const never = new AbortController();
    for await (const _ of driver.follow(stream, log.seq + 1, never.signal)) {
      if (life.over) return;
      await log.catchUp().catch(() => undefined);
    }
  }

  #newHost(life: Life, syncs: SyncSource): Host | undefined {
    const { target, world } = this.#options;
    if (target === undefined) return undefined;
    return new Host({
      syncs: planted(world.bug, syncs, target),
      targets: fixedTargets({ memory: mortalTarget(target, life) }),
      clock: life.clock,
      random: world.random,
    });
  }

  #reconciling(host: Host): Reconciling {
    const { world } = this.#options;
    return {
      check: (spec) => host.check(spec),
      plan: (name, options) => host.plan(name, options),
      apply: (name) => host.apply(name),
      withdraw: (name) => host.withdraw(name),
      retarget: (target) => host.retarget(target),
      wake: (name, lane) => {
        if (world.bug !== 'losing one of a wave' || lane === 'wave') world.wakes += 1;
        if (world.wakes !== world.lostWake) host.wake(name, lane);
        else world.wakes += 1;
      },
    };
  }
}

/** Of a log, whatever it is of. */
type Followable = Pick<Log<TruthOp, TruthDraft>, 'seq' | 'catchUp'> | Pick<Log<WorkOp, WorkDraft>, 'seq' | 'catchUp'>;

/** On a server without a reconciler. */
const noLoop: Reconciling = {
  check: () => undefined,
  plan: () => Promise.reject(new Error('no reconciler here')),
  apply: () => Promise.reject(new Error('no reconciler here')),
  withdraw: () => Promise.reject(new Error('no reconciler here')),
  retarget: () => undefined,
  wake: () => undefined,
};
