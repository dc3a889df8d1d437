/** Objects of a cluster as those touch them who are not us. */
import type { Group } from './history.ts';
import { groupsOf } from './syncs.ts';
import type { World } from './world.ts';
import { configMap, KubeError, type KubeObject, pathOf, secret, valuesOf } from '#testing/kubernetes';

const managers = ['kubectl-edit', 'kubectl-patch', 'helm'] as const;

export function refOf(group: Group): KubeObject {
  const [namespace = '', kind = '', name = ''] = group.split('/');
  return { apiVersion: 'v1', kind, metadata: { namespace, name } };
}

export function objectOf(group: Group, values: Readonly<Record<string, string>>): KubeObject {
  const { kind, metadata } = refOf(group);
  const make = kind === 'Secret' ? secret : configMap;
  return make(metadata.namespace ?? '', metadata.name ?? '', values);
}

export function get(world: World, group: Group): Promise<KubeObject | undefined> {
  return world.kubernetes.kube.get(pathOf(refOf(group)));
}

/** An object of some sync, in a namespace that is there. */
export function anyGroup(world: World): Group {
  const groups = world.syncs.flatMap((sync) => groupsOf(sync, world.lands));
  const [first = ''] = groups;
  return world.pick(groups.filter((group) => isThere(world, group))) ?? first;
}

/** Whether its namespace is. */
export function isThere({ lands }: Pick<World, 'lands'>, group: Group): boolean {
  const [namespace = ''] = group.split('/');
  return !lands.many.includes(namespace) || lands.alive.has(namespace);
}

/** Does it, unless the object or its namespace is not there. */
export async function unlessGone(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (error instanceof KubeError && [403, 404, 409].includes(error.status)) return false;
    throw error;
  }
}

/** Names of an object that are ours beyond doubt. */
export async function solidIn(world: World, group: Group): Promise<readonly string[]> {
  const object = await get(world, group);
  const keys = object === undefined ? [] : Object.keys(valuesOf(object));
  return keys.filter((key) => world.ledger.solid.has(`${group}/${key}`)).sort();
}

export function merge(world: World, group: Group, body: unknown): Promise<KubeObject> {
  return world.kubernetes.kube.patchAs(world.pick(managers) ?? '').merge(pathOf(refOf(group)), body);
}

export const spelled = (group: Group, value: string): string =>
  group.includes('/Secret/') ? Buffer.from(value).toString('base64') : value;
