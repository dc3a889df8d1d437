/** Connections of ours to a cluster of a test. */
import { systemRandom } from '#crypto/random';
import type { Cluster } from '#reconcile/targets/kubernetes/cluster';
import { connectCluster } from '#reconcile/targets/kubernetes/connect';
import type { Kubernetes } from '#testing/kubernetes';
import { systemClock } from '#util/clock';

/** Nothing waits for the budget of requests. */
const rate = { perSecond: 10_000, burst: 10_000 } as const;

/** As the admin, or with another token. */
export function clusterFor({ server, ca, adminToken }: Kubernetes, token = adminToken): Cluster {
  const access = { server, ca, credential: () => Promise.resolve({ type: 'token', token } as const) };
  return connectCluster({ access, clock: systemClock, random: systemRandom, rate });
}
