/** Workloads as tests make them, and what the parts of a cluster that do not run here would do with them. */
import { collectionPath, type KubeClient, KubeError, type KubeObject, pathOf, workload } from '#testing/kubernetes';

const apps = 'apps/v1';

export interface Deployed {
  readonly namespace: string;
  readonly name: string;
  /** Of the Deployment, beside its template. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Of its pods. */
  readonly pod?: Readonly<Record<string, unknown>>;
}

/** A Deployment that its controller has seen. */
export async function deploy(kube: KubeClient, { namespace, name, spec = {}, pod }: Deployed): Promise<void> {
  const plain = workload('Deployment', { namespace, name });
  const { template, ...rest } = plain['spec'] as {
    readonly template: { readonly metadata: object; readonly spec: object };
  };
  const whole = { ...rest, ...spec, template: pod === undefined ? template : { ...template, spec: pod } };
  await kube.put({ ...plain, spec: whole });
  await seenByController(kube, { namespace, name });
}

/** Resolves when the controller has done what the newest generation asks of ReplicaSets. */
export async function seenByController(
  kube: KubeClient,
  { namespace, name }: Pick<Deployed, 'namespace' | 'name'>,
): Promise<void> {
  await kube.waitFor(pathOf(workload('Deployment', { namespace, name })), (object) => {
    const { observedGeneration } = (object?.['status'] ?? {}) as { readonly observedGeneration?: number };
    return object !== undefined && observedGeneration === object.metadata.generation;
  });
}

export function objectsOf(kube: KubeClient, kind: string, namespace: string): Promise<readonly KubeObject[]> {
  return kube.list(collectionPath({ apiVersion: apps, kind, namespace }));
}

/** How many a Deployment has, old ones included. */
export async function replicaSetsOf(kube: KubeClient, namespace: string, name: string): Promise<number> {
  const all = await objectsOf(kube, 'ReplicaSet', namespace);
  return all.filter(({ metadata }) => metadata.labels?.['app'] === name).length;
}

/** Says of every pod of a namespace that it is ready, if it is `wanted`, until the client is disposed of. */
export function playKubelet(
  kube: KubeClient,
  namespace: string,
  wanted: (pod: KubeObject) => boolean,
): { stop(): void } {
  let isStopped = false;
  const run = async (): Promise<void> => {
    for await (const { type, object } of kube.watch(collectionPath({ kind: 'Pod', namespace }))) {
      if (type === 'ADDED' && wanted(object)) await makeReady(kube, object);
    }
  };
  run().catch((error: unknown) => {
    if (!isStopped) throw error;
  });
  return {
    stop() {
      isStopped = true;
      kube[Symbol.dispose]();
    },
  };
}

async function makeReady(kube: KubeClient, pod: KubeObject): Promise<void> {
  const path = `${pathOf({ ...pod, kind: 'Pod' })}/status`;
  const status = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() }],
  };
  try {
    await kube.request('PATCH', path, { status }, 'application/merge-patch+json');
  } catch (error) {
    // It was deleted meanwhile.
    if (!(error instanceof KubeError) || error.status !== 404) throw error;
  }
}
