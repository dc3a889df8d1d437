/** Syncs of one configuration, kept by one process: what `plumb agent` runs. */
import { join } from 'node:path';
import type { WatchEvent } from '@plumbd/client';
import type { AgentConfig } from './config.ts';
import { drawerOf, openStateFolder, readKey, sweepStateFolder } from './io/state-folder.ts';
import { Link, subkey } from './link.ts';
import type { LinkOptions } from './link.ts';
import { errorFields } from '#domain/failures';
import type { Logger } from './log.ts';
import { News } from './news.ts';
import { Records } from './records.ts';
import type { ReloadParts } from './reload.ts';
import { AgentSource } from './wishes.ts';
import type { AgentStatus, SyncReport } from './status.ts';
import { AgentTargets } from './targets.ts';
import { PlumbError } from '#domain/errors';
import type { SyncStatus } from '#domain/records';
import { Host } from '#reconcile/host';
import type { Clock, Random } from '#util/clock';

export interface AgentParts extends Pick<ReloadParts, 'run' | 'env'>, Pick<LinkOptions, 'openTransport'> {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly version: string;
  readonly pid: number;
}

/** Until a sync is looked at again whose values came from what is kept although the server is there. */
const staleMs = 2000;
/** Above so many syncs that one change concerns, others go first. */
const waveSize = 16;

export class Agent {
  readonly #parts: AgentParts;
  readonly #rootKey: Uint8Array;
  readonly #news = new News();
  readonly #targets: AgentTargets;
  readonly #source: AgentSource;
  readonly #host: Host;
  readonly #started: number;
  #config: AgentConfig;
  #link!: Link;

  private constructor(config: AgentConfig, parts: AgentParts, kept: { records: Records; rootKey: Uint8Array }) {
    const { clock, random, log } = parts;
    this.#config = config;
    this.#parts = parts;
    this.#rootKey = kept.rootKey;
    this.#started = clock.now();
    this.#targets = new AgentTargets({ clock, random, run: parts.run, env: parts.env, tried: logReload(log) });
    this.#source = new AgentSource({
      records: kept.records,
      upstream: () => this.#link.upstream,
      news: this.#news,
      isLive: () => this.#link.isLive,
      isCutOff: () => this.#link.isCutOff,
      printKey: subkey(kept.rootKey, 'fingerprints'),
      delivering: (sync, { entries: _, ...names }) => log.info({ sync, ...names }, 'delivering'),
      stale: (name) => void clock.timer(staleMs, () => this.#host.wake(name, 'wave')),
      warn: (message, error) => log.warn(errorFields(error), message),
    });
    this.#host = new Host({
      syncs: this.#source,
      targets: this.#targets,
      clock,
      random,
      saved: logStatus(log),
      failed: (sync, error) => log.error({ sync, ...errorFields(error) }, 'sync failed'),
    });
  }

  /** Opens what is remembered, which nobody else may have open. Asks nobody and writes to no root. */
  static async open(config: AgentConfig, parts: AgentParts): Promise<Agent> {
    await openStateFolder(config.state);
    await sweepStateFolder(config.state);
    const rootKey = await readKey(config.keyFile);
    const records = await Records.open(drawerOf(join(config.state, 'syncs')));
    const agent = new Agent(config, parts, { records, rootKey });
    agent.#link = await agent.#connect(config);
    agent.#targets.declare(config.roots);
    agent.#source.declare(config.syncs);
    return agent;
  }

  /** Begins to keep everything in agreement. */
  start(): void {
    this.#link.follow();
    this.#host.start();
  }

  /** Looks at every sync once, and lets every reload be tried once. Answers whether everything is as it should be. */
  async once(): Promise<boolean> {
    const names = [...this.#source.names()];
    await this.#host.once(names);
    await this.#targets.settled();
    await this.#host.once(names.filter((name) => this.#source.inventory(name).restarts !== undefined));
    return this.status().inAgreement;
  }

  /** Takes another configuration. Throws, and stays as it was, if it cannot be. */
  async reconfigure(config: AgentConfig): Promise<void> {
    const before = this.#config;
    if (config.state !== before.state || config.keyFile !== before.keyFile) {
      throw new PlumbError('invalid', 'state and keyFile are other ones', {
        hint: 'restart the agent; until then it goes on with the configuration that it had',
      });
    }
    const isSameServer = JSON.stringify(linkOf(config)) === JSON.stringify(linkOf(before));
    const link = isSameServer ? this.#link : await this.#connect(config);
    const old = this.#link;
    this.#config = config;
    this.#link = link;
    const roots = this.#targets.declare(config.roots);
    const syncs = this.#source.declare(config.syncs);
    for (const root of roots) this.#host.retarget(root);
    this.#wake(syncs);
    if (link === old) return;
    this.#news.all();
    link.follow();
    this.#wake([...this.#source.names()]);
    await old.close();
  }

  /** Carries out the plan of one sync now, whatever it waits for. Throws as {@link Host.apply} does. */
  async apply(name: string): Promise<SyncStatus> {
    const { status } = await this.#source.trusting(name, () => this.#host.apply(name));
    return status;
  }

  status(): AgentStatus {
    const { config, upstream, isLive } = this.#link;
    const { state, since } = upstream.reachability;
    const syncs = [...this.#source.names()].flatMap((name) => this.#report(name) ?? []);
    return {
      version: this.#parts.version,
      pid: this.#parts.pid,
      started: this.#started,
      server: { address: config.server.text, state, since, followed: isLive },
      inAgreement: syncs.every(agrees),
      syncs,
    };
  }

  #report(name: string): SyncReport | undefined {
    const spec = this.#source.spec(name);
    if (spec === undefined) return undefined;
    const { from, mode, generation, target, at, options } = spec;
    const file = join(this.#config.roots[target] ?? '', at);
    const [known, values] = [this.#source.status(name), this.#source.origins.get(name)];
    const { activation, ...others } = known ?? {};
    // Of a command that there is no more nothing is to be said.
    const status = options['reload'] === undefined || activation === undefined ? others : { ...others, activation };
    const told = known === undefined ? {} : { status: status as SyncStatus };
    return { name, from, file, mode, generation, ...told, ...(values && { values }) };
  }

  /** Syncs that run, wait for their turn or come back after a failure. */
  get busy(): number {
    return this.#host.busy;
  }

  /** Syncs that run. */
  get running(): number {
    return this.#host.running;
  }

  /** Lets a write that runs end, then releases everything. */
  async stop(): Promise<void> {
    await this.#host.stop();
    await this.#link.close();
  }

  #connect(config: AgentConfig): Promise<Link> {
    const { clock, random, version, openTransport, log } = this.#parts;
    const address = config.server.text;
    return Link.open({
      config: linkOf(config),
      rootKey: this.#rootKey,
      storage: drawerOf(join(config.state, 'cache')),
      clock,
      random,
      version,
      openTransport,
      opened: (gap) => this.#opened(gap),
      heard: (event) => this.#heard(event),
      reached: (state) => log.info({ address, state }, state === 'away' ? 'the server is away' : 'the server answers'),
      refused: (message) => log.warn({ address, message }, 'changes cannot be followed'),
    });
  }

  /** What was asked of a server that did not answer, or did not want to, is asked again. */
  #opened(gap: boolean): void {
    if (gap) this.#news.all();
    const names = [...this.#source.names()];
    this.#wake(gap ? names : names.filter((name) => !this.#isFresh(name)));
  }

  #isFresh(name: string): boolean {
    const conditions = this.#source.status(name)?.conditions ?? [];
    const troubled = conditions.some(
      ({ type, status }) => status === 'true' && (type === 'Stalled' || type === 'Error'),
    );
    return this.#source.origins.get(name)?.from === 'server' && !troubled;
  }

  #heard(event: WatchEvent): void {
    if (event.type === 'bookmark') return;
    const folders = new Set(event.type === 'truncated' ? this.#news.all() : this.#news.heard(event));
    this.#wake([...this.#source.names()].filter((name) => folders.has(this.#source.spec(name)?.from ?? '')));
  }

  #wake(names: readonly string[]): void {
    const lane = names.length > waveSize ? 'wave' : 'user';
    for (const name of names) this.#host.wake(name, lane);
  }
}

function linkOf({ server, ca, tokenFile, maxAgeMs }: AgentConfig): LinkOptions['config'] {
  return { server, ca, tokenFile, maxAgeMs };
}

/** In agreement with the spec as it is, and what runs with it has been told. */
function agrees({ mode, generation, status }: AgentStatus['syncs'][number]): boolean {
  if (mode === 'paused') return true;
  const inSync = status?.conditions.find(({ type }) => type === 'InSync')?.status === 'true';
  return inSync && status?.generation === generation && (status.activation?.state ?? 'done') === 'done';
}

function logStatus(log: Logger): (name: string, status: SyncStatus) => void {
  return (sync, { conditions, note, agree, total, activation }) => {
    const held = conditions.filter(({ status }) => status === 'true');
    const why = held.flatMap(({ type, reason, message }) =>
      type === 'InSync' ? [] : `${type}: ${reason}: ${message}`,
    );
    log.info(
      {
        sync,
        conditions: held.map(({ type }) => type),
        agree,
        total,
        ...(note === undefined ? {} : { note }),
        ...(why.length === 0 ? {} : { why }),
        ...(activation === undefined ? {} : { reload: activation.state }),
      },
      'sync status',
    );
  };
}

function logReload(log: Logger): NonNullable<ReloadParts['tried']> {
  return (sync, problem, tries) => {
    if (problem === undefined) log.info({ sync, tries }, 'reloaded');
    else log.warn({ sync, tries, problem }, 'reload failed');
  };
}
