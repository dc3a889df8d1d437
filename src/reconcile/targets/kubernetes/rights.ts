import type { Cluster, RequestContext, Resource, Right } from './cluster.ts';
import { textAt } from './fields.ts';
import { holders } from './holders.ts';
import type { ObjectKind } from './holders.ts';
import { daemonSets, deployments, namespaces as namespaceResource, statefulSets, subjectReviews } from './resources.ts';
import type { ExaminedObject, ExamineRequest, NamespaceReport, TargetReport } from '../../target-kind.ts';
import { PlumbError } from '#domain/errors';
import type { TargetWatch } from '#domain/records';

/** What decides which rights a sync takes. */
export interface RightsQuestion {
  readonly namespaces: readonly string[];
  /** What is kept in each of them. Absent: any Secret and any ConfigMap. */
  readonly objects?: readonly ExaminedObject[];
  readonly watch: TargetWatch;
  /** Workloads that read what is kept are started anew. */
  readonly restart: boolean;
  /** The namespaces are those of a label selector, as they come and go. */
  readonly selectsNamespaces?: boolean;
  readonly createsNamespaces?: boolean;
}

/** Of an object by its name: to read it, to make it and change it by server-side apply, and to delete it when nothing is left in it. */
const objectVerbs = ['get', 'create', 'patch', 'delete'] as const;
/** `list`, since not every server starts a watch with what is there, and for whoever follows what is followed already. */
const followVerbs = ['list', 'watch'] as const;
const workloadVerbs = ['list', 'watch', 'patch'] as const;
const workloads = [deployments, statefulSets, daemonSets] as const;

/**
 * Everything it takes, and nothing else. `examples/kubernetes/role.yaml` grants it. RBAC has no selectors of labels: a
 * right holds for one name or for the whole namespace, which is why a watch of all of a namespace reads all of its Secrets.
 */
export function requiredRights(question: RightsQuestion): readonly Right[] {
  const { namespaces, selectsNamespaces, createsNamespaces } = question;
  const everywhere = [
    ...(selectsNamespaces === true ? followVerbs : []),
    ...(createsNamespaces === true ? (['create'] as const) : []),
  ];
  return [
    ...everywhere.map((verb): Right => ({ verb, resource: namespaceResource })),
    ...namespaces.flatMap((namespace) => inNamespace(namespace, question)),
  ];
}

function inNamespace(namespace: string, { objects, watch, restart }: RightsQuestion): readonly Right[] {
  const kinds: readonly ObjectKind[] = ['Secret', 'ConfigMap'];
  const kept = kinds.flatMap((kind) => {
    const resource = holders[kind];
    const names = objects?.filter((object) => object.kind === kind).map(({ name }) => ({ name })) ?? [{}];
    if (names.length === 0) return [];
    // One object that is watched by its name need not be listed: it is read.
    const named = watch === 'names' ? ([...objectVerbs, 'watch'] as const) : objectVerbs;
    const whole = watch === 'names' ? [] : followVerbs;
    return [
      ...names.flatMap((name) => named.map((verb): Right => ({ verb, resource, namespace, ...name }))),
      ...whole.map((verb): Right => ({ verb, resource, namespace })),
    ];
  });
  const restarts = workloads.flatMap((resource) => workloadVerbs.map((verb): Right => ({ verb, resource, namespace })));
  return restart ? [...kept, ...restarts] : kept;
}

/** Those that the server says are not held, in the order of the question. */
export async function missingRights(
  cluster: Cluster,
  rights: readonly Right[],
  context: RequestContext,
): Promise<readonly Right[]> {
  const answers = await Promise.all(rights.map((right) => cluster.may(right, context)));
  return rights.filter((_, index) => answers[index] !== true);
}

/** `patch secrets/app`, `watch deployments.apps`: the verb and the resource as RBAC has them, and the name if it is one. */
export function describeRight({ verb, resource, name }: Right): string {
  return `${verb} ${nameOf(resource)}${name === undefined ? '' : `/${name}`}`;
}

function nameOf({ plural, group }: Resource): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** Asks the server who we are and what we may. Throws `unavailable`, or `forbidden` when it does not accept the credential. */
export async function examine(
  cluster: Cluster,
  { namespaces, objects, restart = true, watch }: ExamineRequest & { readonly watch: TargetWatch },
  signal: AbortSignal,
): Promise<TargetReport> {
  const context = { lane: 'user', signal } as const;
  const report = async (namespace: string): Promise<NamespaceReport> => {
    const shared = { namespaces: [namespace], watch, restart };
    const rights = requiredRights({ ...shared, ...(objects === undefined ? {} : { objects }) });
    const missing = new Set(await missingRights(cluster, rights, context));
    const held = rights.filter((right) => !missing.has(right));
    return { namespace, may: held.map(describeRight), lacks: [...missing].map(describeRight) };
  };
  const [version, identity, reports] = await Promise.all([
    cluster.version(context),
    identityIn(cluster, context),
    Promise.all(namespaces.map(report)),
  ]);
  return { version, identity, namespaces: reports };
}

/** Servers before 1.28 do not say. */
async function identityIn(cluster: Cluster, context: RequestContext): Promise<string> {
  const { group, version, kind } = subjectReviews;
  const ref = { resource: subjectReviews, name: '' };
  const body = { apiVersion: `${group}/${version}`, kind };
  try {
    const answer = await cluster.create(ref, body, { ...context, fieldManager: 'plumb' });
    return textAt(answer, 'status', 'userInfo', 'username') ?? 'unknown';
  } catch (error) {
    const isUntold =
      error instanceof PlumbError && (error.code === 'unsupported' || error.details['reason'] === 'Right');
    if (!isUntold) throw error;
    return 'unknown';
  }
}
