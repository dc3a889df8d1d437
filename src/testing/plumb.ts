import { SeededRandom, FakeClock } from './clock.ts';
import { MemoryTarget } from './simulate/target.ts';
import type { AuditRecord } from '#audit/record';
import type { AuditSink } from '#audit/sink';
import { TokenMethod } from '#auth/token/method';
import { sha256 } from '#crypto/digest';
import { openKeyring } from '#crypto/keyring';
import type { Seal } from '#crypto/seal';
import type { TruthOp, WorkOp } from '#domain/change';
import { prepareBootstrap } from '#service/bootstrap';
import { createServices } from '#service/create';
import type { FeedOptions, OpenTargets, ServiceParts } from '#service/parts';
import type { Reconciling } from '#service/reconciling';
import type { Caller, Services } from '#service/services';
import type { SyncSource } from '#reconcile/reconciler';
import type { TargetKind } from '#reconcile/target-kind';
import { dump } from '#state/dump';
import type { Dump } from '#state/dump';
import { TruthState } from '#state/truth';
import type { TruthDraft, WorkDraft } from '#state/view';
import { WorkState } from '#state/work';
import { openAnchor } from '#store/anchor';
import type { Anchor } from '#store/anchor';
import { openLog } from '#store/committer';
import type { Driver } from '#store/driver';
import { MemoryStore } from '#store/drivers/memory/index';
import type { Log } from '#store/log';
import { memorySlotFile } from '#util/files';

/** An audit file in memory. */
export class MemoryAudit implements AuditSink {
  readonly records: AuditRecord[] = [];
  /** While set, nothing can be written. */
  failure: Error | undefined;

  async write(record: string): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.records.push(JSON.parse(record) as AuditRecord);
  }

  async flush(): Promise<void> {
    await Promise.resolve();
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  /** `outcome action path path…` of each record since the last call. */
  take(): readonly string[] {
    return this.records.splice(0).map(({ outcome, action, paths }) => [outcome, action, ...paths].join(' '));
  }
}

/** Wraps nothing: the root key lies open. */
export const openSeal: Seal = {
  name: 'open',
  wrap: async (rootKey) => Uint8Array.from(rootKey),
  unwrap: async (wrapped) => Uint8Array.from(wrapped),
};

export interface PlumbOptions {
  /** Default: the first of January 2026. */
  readonly clock?: FakeClock;
  /** Seeds tokens and jitter. Default 1. */
  readonly seed?: number;
  /** Whether `person/root` is made and signed in. Default true. */
  readonly bootstrap?: boolean;
  /** Default: a loop that wakes nothing and has nothing to do. */
  readonly reconciling?: (source: SyncSource, clock: FakeClock, targets: OpenTargets) => Reconciling | undefined;
  readonly feed?: FeedOptions;
  /** What may be added over the API. Default nothing. */
  readonly targetKinds?: readonly TargetKind[];
  /** Puts itself between the logs and the store. */
  readonly wrapDriver?: (driver: Driver) => Driver;
}

/** What is open of a store. */
interface Opened {
  readonly parts: ServiceParts;
  readonly truthState: TruthState;
  readonly workState: WorkState;
  readonly anchor: Anchor;
  readonly driver: Driver;
}

/** All of Plumb but the wire, in one process over the memory driver. Clock and chance stand still until told. */
export class Plumb {
  readonly clock: FakeClock;
  readonly audit = new MemoryAudit();
  /** Names that were woken since the default loop was made. */
  readonly woken: string[] = [];
  /** Syncs that were withdrawn, and targets that became others, likewise. */
  readonly withdrawn: string[] = [];
  readonly retargeted: string[] = [];
  /** Called with what ended a log for good. */
  readonly fatal: Error[] = [];
  readonly #options: PlumbOptions;
  readonly #random: SeededRandom;
  readonly #store = new MemoryStore();
  readonly #anchorFile = memorySlotFile();
  #opened: Opened | undefined;
  #services: Services | undefined;
  #root: Caller | undefined;
  #made = 0;

  private constructor(options: PlumbOptions) {
    this.#options = options;
    this.clock = options.clock ?? new FakeClock();
    this.#random = new SeededRandom(options.seed ?? 1);
  }

  static async start(options: PlumbOptions): Promise<Plumb> {
    const plumb = new Plumb(options);
    await plumb.#start();
    if (options.bootstrap === false) return plumb;
    const bootstrap = await prepareBootstrap(plumb.parts);
    const request = { token: bootstrap ?? '', name: 'root', address: 'unix', requestId: 'bootstrap' };
    const issued = await plumb.services.sessions.bootstrap(request);
    plumb.#root = await plumb.callerOf(issued.token);
    return plumb;
  }

  get services(): Services {
    if (this.#services === undefined) throw new Error('not started');
    return this.#services;
  }

  get parts(): ServiceParts {
    return this.#now.parts;
  }

  get driver(): Driver {
    return this.#now.driver;
  }

  /** The first administrator, `person/root`. */
  get root(): Caller {
    if (this.#root === undefined) throw new Error('not bootstrapped yet');
    return this.#root;
  }

  async callerOf(token: string, address = 'unix'): Promise<Caller> {
    return await this.services.sessions.authenticate({ type: 'token', token, address }, 'test');
  }

  /** A new principal that holds one policy of this text, signed in. */
  async callerFor(policyText: string, options: { name?: string; address?: string } = {}): Promise<Caller> {
    this.#made += 1;
    const name = options.name ?? `person/p${this.#made}`;
    const policy = `p${this.#made}`;
    await this.services.policies.put(this.root, policy, { text: policyText }, {});
    await this.services.principals.put(this.root, name, { policies: [policy] }, {});
    const issued = await this.services.tokens.create(this.root, { principal: name });
    return this.callerOf(issued.token, options.address);
  }

  /** Closes everything and opens it again from what the store holds. Callers stay good. */
  async restart(): Promise<void> {
    await this.close();
    await this.#start();
  }

  async close(): Promise<void> {
    const { parts, anchor, driver } = this.#now;
    await parts.truth.close();
    await parts.work.close();
    await anchor.close();
    await driver.close();
  }

  /** The states as they are. */
  dump(): { readonly truth: Dump; readonly work: Dump } {
    const { truthState, workState } = this.#now;
    return { truth: dump(truthState), work: dump(workState) };
  }

  /** The states as a second reader of the same store folds them: equal to {@link dump}, always. */
  async folded(): Promise<{ readonly truth: Dump; readonly work: Dump }> {
    const second = await this.#open();
    return { truth: dump(second.truthState), work: dump(second.workState) };
  }

  get #now(): Opened {
    if (this.#opened === undefined) throw new Error('not started');
    return this.#opened;
  }

  async #start(): Promise<void> {
    this.#opened = await this.#open();
    this.#services = createServices(this.#opened.parts);
  }

  async #open(): Promise<Opened> {
    const inner = this.#store.driver();
    const driver = this.#options.wrapDriver?.(inner) ?? inner;
    const keyring = await openKeyring({ store: driver, seal: openSeal, create: (await driver.head('truth')) === 0 });
    const { clock, audit } = this;
    const anchor = openAnchor({ file: this.#anchorFile, mac: keyring.chain('anchor'), clock });
    const truthState = new TruthState();
    const workState = new WorkState();
    const shared = {
      driver,
      storeId: keyring.storeId,
      anchor,
      clock,
      onFatal: (error: Error) => this.fatal.push(error),
    };
    const truth: Log<TruthOp, TruthDraft> = await openLog({
      ...shared,
      stream: 'truth',
      fold: truthState,
      mac: keyring.chain('truth'),
    });
    const work: Log<WorkOp, WorkDraft> = await openLog({
      ...shared,
      stream: 'work',
      fold: workState,
      mac: keyring.chain('work'),
    });
    const { feed, reconciling, targetKinds } = this.#options;
    const parts: ServiceParts = {
      clock,
      random: this.#random,
      truthState,
      workState,
      truth,
      work,
      blobs: driver,
      keyring,
      audit,
      verifyAudit: async () => ({ ok: true, records: audit.records.length, anchored: audit.records.length }),
      targets: new Map([['memory', { type: 'memory', description: 'for tests' }]]),
      methods: (keeper) => [new TokenMethod({ storeId: keyring.storeId, records: keeper, clock, hash: sha256 })],
      reconciling: (source, targets) => reconciling?.(source, clock, targets) ?? this.#idle(),
      version: '0.0.0-test',
      ...(targetKinds === undefined ? {} : { targetKinds }),
      ...(feed === undefined ? {} : { feed }),
    };
    return { parts, truthState, workState, anchor, driver };
  }

  #idle(): Reconciling {
    const target = new MemoryTarget();
    const nothing = { revision: 0, steps: [], foreign: [], remarks: [], problems: [], inAgreement: true };
    return {
      check: ({ at, options }) => target.check(at, options),
      plan: async (sync) => ({ ...nothing, sync, target: 'memory', at: 'place' }),
      apply: async (sync) => ({
        ...nothing,
        sync,
        target: 'memory',
        at: 'place',
        status: { generation: 1, conditions: [], agree: 0, total: 0 },
      }),
      wake: (name) => void this.woken.push(name),
      withdraw: async (sync) => {
        this.withdrawn.push(sync);
        return { ...nothing, sync, target: 'memory', at: 'place' };
      },
      retarget: (name) => void this.retargeted.push(name),
    };
  }
}

/** One line of a policy. */
export function allow(actions: string, path: string, condition?: string): string {
  return line('allow', actions, path, condition);
}

export function deny(actions: string, path: string, condition?: string): string {
  return line('deny', actions, path, condition);
}

function line(effect: string, actions: string, path: string, condition: string | undefined): string {
  return `${effect} ${actions} on ${path}${condition === undefined ? '' : ` if ${condition}`}\n`;
}

/** A started server of its own, with `person/root` signed in. */
export function newPlumb(options: PlumbOptions = {}): Promise<Plumb> {
  return Plumb.start(options);
}
