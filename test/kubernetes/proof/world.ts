/** A server of ours, a cluster behind two proxies, and what was told of both. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@plumbd/client';
import { History } from './history.ts';
import { Ledger } from './ledger.ts';
import { OurServer } from './our-server.ts';
import { folders, putSync, syncsOf } from './syncs.ts';
import type { KeptSync, Lands } from './syncs.ts';
import { Traffic } from './traffic.ts';
import { SeededRandom } from '#testing/clock';
import { type HttpProxy, startHttpProxy } from '#testing/http-proxy';
import type { Kubernetes } from '#testing/kubernetes';
import { startTcpProxy, type TcpProxy } from '#testing/proxy';

export interface WorldOptions {
  readonly kubernetes: Kubernetes;
  readonly seed: number;
  /** Options of Node for our server. */
  readonly node?: readonly string[];
}

/** Between our server and the API server: first TCP, then HTTP. */
export interface Network {
  readonly tcp: TcpProxy;
  readonly http: HttpProxy;
}

interface Parts {
  readonly lands: Lands;
  readonly network: Network;
  readonly ours: OurServer;
  readonly history: History;
}

export class World implements AsyncDisposable {
  readonly kubernetes: Kubernetes;
  readonly random: SeededRandom;
  readonly lands: Lands;
  readonly syncs: readonly KeptSync[];
  readonly network: Network;
  readonly ours: OurServer;
  readonly history: History;
  readonly traffic: Traffic;
  readonly ledger = new Ledger();
  readonly violations: string[] = [];
  /** Those under way: they alone write while something else is done. */
  readonly intrusions = new Set<Promise<void>>();

  private constructor({ kubernetes, seed }: WorldOptions, { lands, network, ours, history }: Parts) {
    this.kubernetes = kubernetes;
    this.random = new SeededRandom(seed);
    this.lands = lands;
    this.syncs = syncsOf(lands);
    this.network = network;
    this.ours = ours;
    this.history = history;
    this.traffic = new Traffic({ kube: kubernetes.kube, audited: () => ours.audit.read().length });
    network.http.rule(this.traffic.rule);
  }

  static async open(options: WorldOptions): Promise<World> {
    const { kubernetes, node = [] } = options;
    const { kube } = kubernetes;
    const folder = await mkdtemp(join(tmpdir(), 'plumb-proof-'));
    const two = await kube.createNamespace();
    const labelled = (): Promise<string> => kube.createNamespace({ world: two });
    const one = await labelled();
    const many = [await labelled(), await labelled(), await labelled()];
    const http = await startHttpProxy(kubernetes);
    const tcp = await startTcpProxy(http);
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, kubernetes.kubeconfig(kubernetes.admin, { server: tcp.server }));
    const target = `{ type: kubernetes, kubeconfig: ${kubeconfig}`;
    await writeFile(join(folder, 'plumb.yaml'), `targets:\n  k: ${target} }\n  w: ${target}, watch: namespaces }\n`);
    const world = new World(options, {
      lands: { world: two, one, two, many, alive: new Set(many) },
      network: { tcp, http },
      ours: new OurServer(folder, node),
      history: await History.start(kube),
    });
    await world.ours.start();
    await world.#prepare();
    return world;
  }

  get client(): Client {
    return this.ours.client;
  }

  pick<T>(all: readonly T[]): T | undefined {
    return all[this.random.below(all.length)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ours[Symbol.asyncDispose]();
    await this.network.tcp.stop();
    await this.network.http.stop();
    await this.history.stop();
  }

  async #prepare(): Promise<void> {
    const { client } = this;
    await client.projects.put('p', {});
    for (const folder of ['p/base', ...folders]) {
      const more = folder === 'p/one' ? { extends: 'base' } : {};
      await client.environments.put(folder, { defaultKind: 'config', ...more });
    }
    await client.policies.put('keeper', { text: 'allow list, read on **\n' });
    await client.principals.put('workload/keeper', { policies: ['keeper'] });
    const ops = folders.flatMap((folder) => [
      { op: 'put', path: `${folder}/S0`, kind: 'secret', value: this.#tried(`${folder}/S0`, 'S3CRET') } as const,
      { op: 'put', path: `${folder}/C0`, kind: 'config', value: this.#tried(`${folder}/C0`, 'plain') } as const,
    ]);
    await client.changes.apply({ ops });
    for (const sync of this.syncs) await putSync(client, sync, this.lands);
  }

  #tried(path: string, kind: 'S3CRET' | 'plain'): string {
    const value = this.ledger.fresh(kind);
    this.ledger.tried(path, value);
    return value;
  }
}
