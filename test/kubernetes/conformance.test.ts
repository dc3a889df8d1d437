import { afterAll, beforeAll, describe } from 'vitest';
import { without } from '../fault/without.ts';
import { clusterFor } from './clusters.ts';
import type { TargetWatch } from '#domain/records';
import { targetConformance } from '#reconcile/target.conformance';
import type { TargetUnderTest } from '#reconcile/target.conformance';
import { KubernetesTarget } from '#reconcile/targets/kubernetes/target';
import { configMap, type Kubernetes, pathOf, secret, startKubernetes, valuesOf } from '#testing/kubernetes';

let kubernetes: Kubernetes;

/** A name is set by somebody who replaces the object with one that has it too. */
function make(kind: 'Secret' | 'ConfigMap', watch: TargetWatch) {
  return async (): Promise<TargetUnderTest> => {
    const at = await kubernetes.kube.createNamespace();
    const objectOf = kind === 'Secret' ? secret : configMap;
    const path = pathOf(objectOf(at, 'app', {}));
    return {
      target: new KubernetesTarget({
        id: kubernetes.server,
        cluster: () => Promise.resolve(clusterFor(kubernetes)),
        watch,
      }),
      at,
      other: 'elsewhere',
      options: { objects: [{ kind, name: 'app' }] },
      set: async (name, value) => {
        const there = await kubernetes.kube.get(path);
        const values = there === undefined ? {} : valuesOf({ ...there, kind });
        await kubernetes.kube.put({ ...there, ...objectOf(at, 'app', { ...values, [name]: value }) });
      },
      remove: async () => void (await kubernetes.kube.delete(path)),
      end: async () => undefined,
      qualified: (name) => `${at}/${kind}/app/${name}`,
    };
  };
}

describe.skipIf(without('kubernetes'))('on a real API server', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
  });
  afterAll(async () => {
    await kubernetes?.stop();
  });

  targetConformance('kubernetes, Secret', make('Secret', 'names'));
  targetConformance('kubernetes, ConfigMap', make('ConfigMap', 'names'));
  targetConformance('kubernetes, Secret, followed by its label', make('Secret', 'namespaces'));
});
