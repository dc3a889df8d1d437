import type { Resource, Selection } from './cluster.ts';
import { PlumbError } from '#domain/errors';

export const secrets: Resource = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
export const configMaps: Resource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};
export const namespaces: Resource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};
const workload = (kind: string, plural: string): Resource => ({
  group: 'apps',
  version: 'v1',
  kind,
  plural,
  namespaced: true,
});
export const deployments = workload('Deployment', 'deployments');
export const statefulSets = workload('StatefulSet', 'statefulsets');
export const daemonSets = workload('DaemonSet', 'daemonsets');
export const accessReviews: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
};
export const subjectReviews: Resource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
};

export interface Location {
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** The path of a collection, or of one object in it. Throws `invalid` for a name that would lead elsewhere. */
export function pathOf({ resource, namespace, name }: Location, query?: URLSearchParams): string {
  const { group, version, plural, namespaced } = resource;
  const parts = group === '' ? ['api', version] : ['apis', group, version];
  if (namespaced && namespace !== undefined) parts.push('namespaces', segment(namespace));
  parts.push(plural);
  if (name !== undefined) parts.push(segment(name));
  return `/${parts.join('/')}${query === undefined ? '' : `?${query.toString()}`}`;
}

/** One text for all selections that mean the same. */
export function keyOf({ resource, namespace, name, labels }: Selection): string {
  return JSON.stringify([resource.group, resource.version, resource.plural, namespace, name, labels]);
}

/** What narrows a list or a watch. */
export function narrowing({ name, labels }: Selection): URLSearchParams {
  const query = new URLSearchParams();
  if (name !== undefined) query.set('fieldSelector', `metadata.name=${name}`);
  if (labels !== undefined) query.set('labelSelector', labels);
  return query;
}

function segment(text: string): string {
  if (text === '' || text === '.' || text === '..' || /[\u0000-\u001F\u007F]/.test(text)) {
    throw new PlumbError('invalid', 'a name of an object or namespace is empty, dots only or has control characters');
  }
  return encodeURIComponent(text);
}
