/** A server of ours as a process, whose targets are one API server behind proxies: as many clusters as a test needs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, Condition, SyncView } from '@plumbd/client';
import { type HttpProxy, startHttpProxy } from '#testing/http-proxy';
import type { Kubernetes, KubeUser } from '#testing/kubernetes';
import { startTcpProxy, type TcpProxy } from '#testing/proxy';
import { type ChildServer, spawnServer } from '#testing/server';

/** One cluster as our server sees it, and what was asked of it. */
export interface Far {
  /** Of the target. */
  readonly name: string;
  readonly tcp: TcpProxy;
  readonly http: HttpProxy;
  /** When a request came that was no watch, in milliseconds. */
  readonly times: number[];
}

export interface SiteOptions {
  readonly kubernetes: Kubernetes;
  /** Default `['k']`. */
  readonly targets?: readonly string[];
  /** More of what the configuration says of a target, such as `, requestsPerSecond: 20`. */
  readonly more?: (target: string) => string;
  /** By token. Default: the admin. */
  readonly user?: KubeUser;
}

export class Site implements AsyncDisposable {
  readonly folder: string;
  readonly fars: readonly Far[];
  #server: ChildServer | undefined;

  private constructor(folder: string, fars: readonly Far[]) {
    this.folder = folder;
    this.fars = fars;
  }

  /** Started, with somebody (`workload/w`) who may read everything below `app`. */
  static async open({
    kubernetes,
    targets = ['k'],
    more = () => '',
    user = kubernetes.admin,
  }: SiteOptions): Promise<Site> {
    const folder = await mkdtemp(join(tmpdir(), 'plumb-site-'));
    const fars: Far[] = [];
    for (const name of targets) {
      const http = await startHttpProxy(kubernetes);
      const tcp = await startTcpProxy(http);
      const times: number[] = [];
      http.rule(({ path }) => {
        if (!path.includes('watch=')) times.push(performance.now());
        return undefined;
      });
      fars.push({ name, tcp, http, times });
      await writeFile(join(folder, `${name}.kubeconfig`), kubernetes.kubeconfig(user, { server: tcp.server }));
    }
    const lines = targets.map((name) => {
      const file = join(folder, `${name}.kubeconfig`);
      return `  ${name}: { type: kubernetes, kubeconfig: ${file}${more(name)} }\n`;
    });
    await writeFile(join(folder, 'plumb.yaml'), `targets:\n${lines.join('')}`);
    const site = new Site(folder, fars);
    await site.start();
    await site.client.policies.put('reader', { text: 'allow list, read on app/**\n' });
    await site.client.principals.put('workload/w', { policies: ['reader'] });
    return site;
  }

  get server(): ChildServer {
    if (this.#server === undefined) throw new Error('the server is down');
    return this.#server;
  }

  get client(): Client {
    return this.server.client;
  }

  far(name: string): Far {
    const far = this.fars.find((each) => each.name === name);
    if (far === undefined) throw new Error(`there is no target ${name}`);
    return far;
  }

  /** Without targets it knows of no cluster. */
  async start({ targets = true }: { readonly targets?: boolean } = {}): Promise<void> {
    const argv = targets ? ['--config', join(this.folder, 'plumb.yaml')] : [];
    this.#server = await spawnServer({ folder: this.folder, argv });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  /** Requests that were to change something, as `<method> <path without query>`. */
  writes(): readonly string[] {
    return this.fars.flatMap(({ http }) =>
      http.requests.flatMap(({ method, path }) =>
        method === 'GET' || path.includes('reviews') ? [] : [`${method} ${path.split('?')[0] ?? ''}`],
      ),
    );
  }

  /** When all syncs are as wanted. */
  async until(isWanted: (view: SyncView) => boolean): Promise<void> {
    const stop = new AbortController();
    for await (const views of this.client.syncs.watch({}, { signal: stop.signal })) {
      if (!views.every(isWanted)) continue;
      stop.abort();
      return;
    }
    throw new Error('the watch ended before the syncs were as wanted');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const { tcp, http } of this.fars) {
      await tcp.stop();
      await http.stop();
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

export function conditionOf({ status }: SyncView, type: string): Condition | undefined {
  return status?.conditions.find((one) => one.type === type && one.status === 'true');
}

/** Whether a condition holds of the newest spec. */
export function holds(view: SyncView, type: string, reason?: string): boolean {
  const condition = conditionOf(view, type);
  return (
    view.status?.generation === view.generation &&
    condition !== undefined &&
    (reason === undefined || condition.reason === reason)
  );
}
