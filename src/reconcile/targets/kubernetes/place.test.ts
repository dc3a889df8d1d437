import { expect, test } from 'vitest';
import type { Cluster } from './cluster.ts';
import { parseKubernetesOptions } from './options.ts';
import { KubernetesPlace } from './place.ts';

test('that the server answers again is a reason to look, until it is not followed any more', () => {
  const listeners = new Set<() => void>();
  const cluster = {
    follow: () => ({ current: true, stop: () => undefined }),
    onRecovered: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as Partial<Cluster> as Cluster;
  const options = parseKubernetesOptions('n', { objects: [{ kind: 'Secret', name: 'app' }] });
  const fingerprint = (name: string): string => name;
  const place = new KubernetesPlace({ cluster, sync: 's', options, watch: 'names', fingerprint });
  let looks = 0;
  const stop = place.watch(() => (looks += 1));
  for (const listener of listeners) listener();
  expect([looks, listeners.size]).toEqual([1, 1]);
  stop();
  expect(listeners.size).toBe(0);
});
