/** Roles for users, and accounts for services. */
import { randomBytes } from 'node:crypto';
import { collectionPath, type KubeObject, pathOf, type Rule } from './objects.ts';

/** As much of a client as it takes; an admin's. */
export interface Asker {
  request<T = KubeObject>(method: 'POST', path: string, body: unknown): Promise<T>;
  put(object: KubeObject): Promise<KubeObject>;
  delete(path: string): Promise<boolean>;
}

/** Ends what it stands for. */
export type Undo = () => Promise<void>;

interface Grant {
  /** `*`: everywhere. */
  readonly namespace: string;
  readonly rules: readonly Rule[];
  readonly user: string;
}

interface Review {
  readonly allowed: boolean;
  /** Names the binding that allows it. */
  readonly reason?: string;
}

/** Whether a user may, by the server's own word. */
async function review(kube: Asker, user: string, attributes: Readonly<Record<string, string>>): Promise<Review> {
  const spec = { user, resourceAttributes: attributes };
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  return (await kube.request<{ status: Review }>('POST', path, body)).status;
}

/** Waits until it is so for each of the rules: the server learns of roles by a watch of its own, moments later. */
async function until(kube: Asker, { namespace, rules, user }: Grant, done: (review: Review) => boolean): Promise<void> {
  for (const { apiGroups, resources, verbs, resourceNames } of rules) {
    const [group = '', resource = '', verb = '', name] = [apiGroups[0], resources[0], verbs[0], resourceNames?.[0]];
    const where = { ...(namespace === '*' ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
    const attributes = { ...where, group, resource, verb };
    while (!done(await review(kube, user, attributes))) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A role of its own, bound to the user. */
export async function grant(kube: Asker, wanted: Grant): Promise<Undo> {
  const { namespace, rules, user } = wanted;
  const kind = namespace === '*' ? 'ClusterRole' : 'Role';
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const name = `r-${randomBytes(5).toString('hex')}`;
  const metadata = { name, ...(namespace === '*' ? {} : { namespace }) };
  const role = { apiVersion, kind, metadata, rules };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }];
  const binding = { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects };
  await kube.put(role);
  await kube.put(binding);
  await until(kube, wanted, ({ allowed }) => allowed);
  return async () => {
    await kube.delete(pathOf(binding));
    await kube.delete(pathOf(role));
    // Another role may still allow the same.
    await until(kube, wanted, ({ allowed, reason }) => !(allowed && reason?.includes(name) === true));
  };
}

/** A service account, with a token of it. */
export async function newServiceAccount(
  kube: Asker,
  namespace: string,
  name: string,
): Promise<{ readonly name: string; readonly token: string }> {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } };
  await kube.request('POST', collectionPath({ kind: 'ServiceAccount', namespace }), account);
  const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const { status } = await kube.request<{ status: { token: string } }>('POST', `${pathOf(account)}/token`, asked);
  return { name: `system:serviceaccount:${namespace}:${name}`, token: status.token };
}
