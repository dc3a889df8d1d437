/** What tests import for a cluster. */
export { startKubernetes } from './kubernetes/cluster.ts';
export type { KubeconfigOptions, Kubernetes, KubernetesOptions } from './kubernetes/kubernetes.ts';
export { KubeClient, KubeError, type KubeUser } from './kubernetes/client.ts';
export {
  collectionPath,
  configMap,
  type KubeEvent,
  type KubeObject,
  pathOf,
  type Rule,
  secret,
  valuesOf,
  workload,
} from './kubernetes/objects.ts';
export type { Undo } from './kubernetes/rights.ts';
