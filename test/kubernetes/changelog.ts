/** The cluster that the sample project runs in, made ready for Plumb as its documentation says. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { deploy } from './deployments.ts';
import { configMap, type Kubernetes, type KubeObject, pathOf, startKubernetes, valuesOf } from '#testing/kubernetes';

export const namespace = 'changelog';

export interface ChangelogCluster {
  readonly kubernetes: Kubernetes;
  /** Of a service account with exactly the Role of the examples; its context is `prod-eu`. */
  readonly kubeconfig: string;
  read(kind: 'Secret' | 'ConfigMap'): Promise<Readonly<Record<string, string>>>;
  /** Resolves when one of its values is this. */
  until(kind: 'Secret' | 'ConfigMap', name: string, value: string): Promise<void>;
  object(kind: 'Secret' | 'ConfigMap'): Promise<KubeObject | undefined>;
}

const names = { Secret: 'app-secrets', ConfigMap: 'app-config' } as const;
const roles = resolve(import.meta.dirname, '../../examples/kubernetes/role.yaml');

/** With what stands in the ConfigMap before Plumb comes, and two Deployments, of which `app` reads both objects. */
export async function startChangelog(before: Readonly<Record<string, string>>): Promise<ChangelogCluster> {
  const kubernetes = await startKubernetes({ controllers: ['deployment-controller', 'replicaset-controller'] });
  const { kube, folder, kubectl } = kubernetes;
  await kubectl('create', 'namespace', namespace);
  await kubectl('apply', '-f', roles);
  await kube.request('POST', `/api/v1/namespaces/${namespace}/configmaps?fieldManager=kubectl-create`, {
    ...configMap(namespace, names.ConfigMap, before),
  });
  const reads = { envFrom: [{ configMapRef: { name: names.ConfigMap } }, { secretRef: { name: names.Secret } }] };
  const pod = { containers: [{ name: 'main', image: 'none:1', ...reads }] };
  await deploy(kube, { namespace, name: 'app', spec: { replicas: 0 }, pod });
  await deploy(kube, { namespace, name: 'bystander', spec: { replicas: 0 } });
  // As under "Let Plumb reach a cluster".
  const kubeconfig = join(folder, 'plumb-eu.kubeconfig');
  const mine = kubernetes.kubeconfig().replaceAll(/(name|cluster|context): test$/gm, '$1: prod-eu');
  writeFileSync(kubeconfig, mine, { mode: 0o600 });
  const token = await kubectl('-n', namespace, 'create', 'token', 'plumb', '--duration=720h');
  const config = (...argv: string[]): Promise<string> => kubectl('--kubeconfig', kubeconfig, 'config', ...argv);
  await config('set-credentials', 'plumb', `--token=${token.trim()}`);
  await config('set-context', 'prod-eu', '--cluster=prod-eu', '--user=plumb', `--namespace=${namespace}`);
  const path = (kind: 'Secret' | 'ConfigMap'): string => pathOf({ kind, metadata: { namespace, name: names[kind] } });
  return {
    kubernetes,
    kubeconfig,
    object: (kind) => kube.get(path(kind)),
    async read(kind) {
      const found = await kube.get(path(kind));
      return found === undefined ? {} : valuesOf({ ...found, kind });
    },
    async until(kind, name, value) {
      await kube.waitFor(path(kind), (found) => found !== undefined && valuesOf({ ...found, kind })[name] === value);
    },
  };
}
