/** Objects of Kubernetes as tests write and read them. */

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly {
      readonly manager: string;
      readonly operation: string;
      readonly time?: string;
      readonly subresource?: string;
      readonly fieldsV1?: Readonly<Record<string, unknown>>;
    }[];
  };
  readonly type?: string;
  readonly immutable?: boolean;
  readonly data?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface KubeEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  /** For `ERROR`: a Status, which has no metadata worth reading. */
  readonly object: KubeObject;
}

/** As in a Role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const plurals: Readonly<Record<string, string>> = {
  CustomResourceDefinition: 'customresourcedefinitions',
  NetworkPolicy: 'networkpolicies',
  Ingress: 'ingresses',
};
const clusterWide: ReadonlySet<string> = new Set([
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'PersistentVolume',
  'Node',
]);

/** Path of all objects of a kind, in a namespace if the kind has them. */
export function collectionPath(of: {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly namespace?: string;
}): string {
  const { apiVersion = 'v1', kind, namespace = 'default' } = of;
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = plurals[kind] ?? `${kind.toLowerCase()}s`;
  return clusterWide.has(kind) ? `${group}/${plural}` : `${group}/namespaces/${namespace}/${plural}`;
}

/** Path of an object, by its kind, namespace and name. */
export function pathOf({ apiVersion = 'v1', kind = '', metadata }: KubeObject): string {
  const { namespace = 'default', name = '' } = metadata;
  return `${collectionPath({ apiVersion, kind, namespace })}/${name}`;
}

const plain = (namespace: string, name: string, values: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  metadata: { namespace, name },
  values,
});

/** A Secret with these values, given in plain text. */
export function secret(namespace: string, name: string, values: Readonly<Record<string, string>>): KubeObject {
  const { values: _, ...rest } = plain(namespace, name, values);
  const entries = Object.entries(values).map(([at, value]) => [at, Buffer.from(value).toString('base64')]);
  return { ...rest, kind: 'Secret', data: Object.fromEntries(entries) as Record<string, string> };
}

/** A ConfigMap with these values. */
export function configMap(namespace: string, name: string, values: Readonly<Record<string, string>>): KubeObject {
  const { values: data, ...rest } = plain(namespace, name, values);
  return { ...rest, kind: 'ConfigMap', data };
}

/** The values of a Secret or a ConfigMap, in plain text. */
export function valuesOf({ kind, data = {} }: KubeObject): Readonly<Record<string, string>> {
  if (kind !== 'Secret') return data;
  return Object.fromEntries(Object.entries(data).map(([at, value]) => [at, Buffer.from(value, 'base64').toString()]));
}

/** A Deployment, StatefulSet or DaemonSet of one container, with what its pod template says besides. */
export function workload(
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet',
  at: { readonly namespace: string; readonly name: string },
  container: Readonly<Record<string, unknown>> = {},
): KubeObject {
  const labels = { app: at.name };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { namespace: at.namespace, name: at.name },
    spec: {
      ...(kind === 'DaemonSet' ? {} : { replicas: 1 }),
      ...(kind === 'StatefulSet' ? { serviceName: at.name } : {}),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'none:1', ...container }] } },
    },
  };
}
