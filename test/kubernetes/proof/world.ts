/** A server of ours, a cluster behind two proxies, and what was told of both. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@plumbd/client';
import { AuditFile } from './audit.ts';
import { History } from './history.ts';
import { Ledger } from './ledger.ts';
import { folders, putSync, syncsOf } from './syncs.ts';
import type { KeptSync, Lands } from './syncs.ts';
import { Traffic } from './traffic.ts';
import { SeededRandom } from '#testing/clock';
import { type HttpProxy, startHttpProxy } from '#testing/http-proxy';
import type { Kubernetes } from '#testing/kubernetes';
import { startTcpProxy, type TcpProxy } from '#testing/proxy';
import { type ChildServer, spawnServer } from '#testing/server';

export interface WorldOptions {
  readonly kubernetes: Kubernetes;
  readonly seed: number;
  /** Options of Node for our server. */
  readonly node?: readonly string[];
  /** Also what takes a minute may happen. */
  readonly isPatient?: boolean;
}

export class World implements AsyncDisposable {
  readonly kubernetes: Kubernetes;
  readonly random: SeededRandom;
  readonly ledger = new Ledger();
  readonly lands: Lands;
  readonly syncs: readonly KeptSync[];
  /** Those of `lands.many` that exist and are not about to go. */
  readonly alive: Set<string>;
  readonly violations: string[] = [];
  readonly history: History;
  readonly tcp: TcpProxy;
  readonly http: HttpProxy;
  readonly traffic: Traffic;
  readonly audit: AuditFile;
  readonly isPatient: boolean;
  readonly #node: readonly string[];
  readonly #folder: string;
  #server: ChildServer | undefined;
  /** Of servers that have ended. */
  #output = '';

  private constructor(
    options: WorldOptions,
    parts: Pick<World, 'lands' | 'history' | 'tcp' | 'http'> & { folder: string },
  ) {
    this.kubernetes = options.kubernetes;
    this.random = new SeededRandom(options.seed);
    this.isPatient = options.isPatient === true;
    this.#node = options.node ?? [];
    this.#folder = parts.folder;
    this.lands = parts.lands;
    this.history = parts.history;
    this.tcp = parts.tcp;
    this.http = parts.http;
    this.syncs = syncsOf(this.lands);
    this.alive = new Set(this.lands.many);
    this.audit = new AuditFile(join(parts.folder, '.plumb/server/audit.log'));
    this.traffic = new Traffic({ kube: this.kubernetes.kube, audited: () => this.audit.read().length });
    this.http.rule(this.traffic.rule);
  }

  static async open(options: WorldOptions): Promise<World> {
    const { kubernetes } = options;
    const { kube } = kubernetes;
    const folder = await mkdtemp(join(tmpdir(), 'plumb-proof-'));
    const two = await kube.createNamespace();
    const labels = { world: two };
    const one = await kube.createNamespace(labels);
    const many = [
      await kube.createNamespace(labels),
      await kube.createNamespace(labels),
      await kube.createNamespace(labels),
    ];
    const http = await startHttpProxy(kubernetes);
    const tcp = await startTcpProxy(http);
    await writeFile(join(folder, 'kubeconfig'), kubernetes.kubeconfig(kubernetes.admin, { server: tcp.server }));
    const target = `{ type: kubernetes, kubeconfig: ${join(folder, 'kubeconfig')}`;
    await writeFile(join(folder, 'plumb.yaml'), `targets:\n  k: ${target} }\n  w: ${target}, watch: namespaces }\n`);
    const world = new World(options, {
      lands: { world: two, one, two, many },
      history: await History.start(kube),
      tcp,
      http,
      folder,
    });
    await world.start();
    await world.#prepare();
    return world;
  }

  get client(): Client {
    if (this.#server === undefined) throw new Error('the server is down');
    return this.#server.client;
  }

  get isUp(): boolean {
    return this.#server !== undefined;
  }

  /** Everything that our servers have printed. */
  get output(): string {
    return this.#output + (this.#server?.output() ?? '');
  }

  pick<T>(all: readonly T[]): T | undefined {
    return all[this.random.below(all.length)];
  }

  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const argv = ['--config', join(this.#folder, 'plumb.yaml')];
    this.#server = await spawnServer({ folder: this.#folder, argv, node: this.#node });
  }

  /** `kill -9`, at whatever it is doing. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.kill('SIGKILL');
    await server?.exited;
    this.#output += server?.output() ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.tcp.stop();
    await this.http.stop();
    await this.history.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #prepare(): Promise<void> {
    const { client } = this;
    await client.projects.put('p', {});
    await client.environments.put('p/base', { defaultKind: 'config' });
    for (const folder of folders) {
      await client.environments.put(folder, {
        defaultKind: 'config',
        ...(folder === 'p/one' ? { extends: 'base' } : {}),
      });
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
