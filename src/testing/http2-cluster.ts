/** A cluster of ours on a server that says what a test wants. */
import { afterEach } from 'vitest';
import type { Cluster, ClusterAccess, FollowListener } from '#reconcile/targets/kubernetes/cluster';
import { connectCluster } from '#reconcile/targets/kubernetes/connect';
import type { ConnectOptions } from '#reconcile/targets/kubernetes/connect';
import type { PlumbError } from '#domain/errors';
import { systemClock } from '#util/clock';
import { SeededRandom } from './clock.ts';
import { type ApiRequest, authority, Http2Api } from './http2-api.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

export async function serve(
  handle: (request: ApiRequest) => void,
  options: Partial<Parameters<typeof Http2Api.start>[0]> = {},
) {
  const api = await Http2Api.start({ handle, ...options });
  ends.push(() => api.stop());
  return api;
}

export function connect(
  server: string,
  options: Partial<Omit<ConnectOptions, 'access'>> & { access?: Partial<ClusterAccess> } = {},
): Cluster {
  const credential = () => Promise.resolve({ type: 'token', token: 't0ken' } as const);
  const access = { server, ca: authority.ca, credential, ...options.access };
  const cluster = connectCluster({ clock: systemClock, random: new SeededRandom(3), ...options, access });
  ends.push(() => cluster.close());
  return cluster;
}

export async function errorOf(promise: Promise<unknown>): Promise<PlumbError> {
  const failed = await promise.then(
    () => new Error('it succeeded'),
    (error: unknown) => error as Error,
  );
  if (failed.name !== 'PlumbError') throw failed;
  return failed as PlumbError;
}

/** Everything a follower is told, and a way to wait for it. */
export function listen() {
  const told: string[] = [];
  const waiting = new Set<() => void>();
  const note = (text: string): void => {
    told.push(text);
    for (const look of [...waiting]) look();
  };
  const listener: FollowListener = {
    seen: ({ metadata }, gone) => note(`${gone ? '-' : '+'}${metadata.name}@${metadata.resourceVersion}`),
    ready: () => note('ready'),
    lost: ({ message }) => note(`lost: ${message}`),
  };
  const until = (done: (told: readonly string[]) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!done(told)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { told, listener, until };
}

export const line = (type: string, metadata: object): string => `${JSON.stringify({ type, object: { metadata } })}\n`;
export const isWatch = ({ path }: ApiRequest): boolean => path.includes('watch=1');
export const query = ({ path }: ApiRequest): URLSearchParams => new URL(path, 'https://x').searchParams;
/** Accepts a watch, tells what is there, and leaves it open. */
export function accept({ stream }: ApiRequest, version: string, ...lines: readonly string[]): void {
  stream.respond({ ':status': 200 });
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  stream.write(lines.join('') + line('BOOKMARK', { resourceVersion: version, annotations }));
}
