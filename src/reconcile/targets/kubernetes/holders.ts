import type { ObjectRef, Resource } from './cluster.ts';
import { configMaps, secrets } from './resources.ts';

/** Kinds of objects that hold names. */
export type ObjectKind = 'Secret' | 'ConfigMap';

export const holders: Readonly<Record<ObjectKind, Resource>> = { Secret: secrets, ConfigMap: configMaps };

/** On every object that a sync wrote to: what a stream of one namespace selects by. */
export const managedLabel = { key: 'plumb.dev/managed', value: 'true' } as const;

/** One object of a place. */
export interface Holder {
  readonly namespace: string;
  readonly kind: ObjectKind;
  readonly name: string;
}

/** `<namespace>/<Kind>/<name>`: the group of the names in it. */
export function groupOf({ namespace, kind, name }: Holder): string {
  return `${namespace}/${kind}/${name}`;
}

/** `undefined`: that is no group of this target. */
export function parseGroup(group: string): Holder | undefined {
  const [namespace = '', kind, name = '', ...rest] = group.split('/');
  if ((kind !== 'Secret' && kind !== 'ConfigMap') || namespace === '' || name === '' || rest.length > 0)
    return undefined;
  return { namespace, kind, name };
}

/** All but the last segment: keys have no slash. */
export function groupOfName(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

export function keyOfName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

export function refOf({ namespace, kind, name }: Holder): ObjectRef {
  return { resource: holders[kind], namespace, name };
}
