/** An API server of its own, and a server of ours that keeps objects there. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lookout } from './lookout.ts';
import { type Server, type ServerOptions, startServer } from './server.ts';
import { type Kubernetes, startKubernetes } from '#testing/kubernetes';

/** By which syncs name the cluster. */
export const target = 'eu';

export interface Scene extends AsyncDisposable {
  readonly cluster: Kubernetes;
  readonly lookout: Lookout;
  server: Server;
  /** Options for starting a server over the same store. */
  readonly options: ServerOptions;
}

export interface SceneOptions {
  readonly watch?: 'names' | 'namespaces';
  readonly requestsPerSecond?: number;
}

/** Both started, and a watch of the bench on all Secrets. */
export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const cluster = await startKubernetes();
  const place = await mkdtemp(join(tmpdir(), 'plumb-bench-'));
  const kubeconfig = join(place, 'eu.kubeconfig');
  await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  const started: ServerOptions = { place, targets: { [target]: { type: 'kubernetes', kubeconfig, ...options } } };
  const server = await startServer(started);
  const lookout = new Lookout(cluster.kube, '/api/v1/secrets');
  const scene: Scene = {
    cluster,
    lookout,
    server,
    options: { ...started, token: server.token },
    async [Symbol.asyncDispose]() {
      lookout.stop();
      await scene.server.stop();
      await cluster.stop();
      await rm(place, { recursive: true });
    },
  };
  return scene;
}

/** Everything the server tells of itself. */
async function metricsOf({ port, token }: Server): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
  return await response.text();
}

export type Requests = ReadonlyMap<string, number>;

/** Requests that were sent to the cluster so far, by verb and resource. */
export async function requestsOf(server: Server): Promise<Requests> {
  const found = (await metricsOf(server)).matchAll(
    /^plumb_target_requests_total\{target="eu",verb="([^"]*)",resource="([^"]*)"\} (\d+)$/gm,
  );
  return new Map([...found].map(([, verb, resource, count]) => [`${verb} ${resource}`, Number(count)]));
}

/** What was sent between two counts; `verb` absent: of all but watches. */
export function sent(before: Requests, after: Requests, verb?: string): number {
  let sum = 0;
  for (const [key, count] of after) {
    const isMeant = verb === undefined ? !key.startsWith('watch ') : key.startsWith(`${verb} `);
    if (isMeant) sum += count - (before.get(key) ?? 0);
  }
  return sum;
}

/** How many syncs agree with their target. */
export async function inSyncOf(server: Server): Promise<number> {
  const [, count = '0'] = /^plumb_syncs\{condition="InSync"\} (\d+)$/m.exec(await metricsOf(server)) ?? [];
  return Number(count);
}
