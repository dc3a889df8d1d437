import { isDeepStrictEqual } from 'node:util';
import type { Group } from './history.ts';
import { get, objectOf, refOf, spelled, unlessGone } from './objects.ts';
import { groupsOf } from './syncs.ts';
import type { World } from './world.ts';
import { type KubeObject, pathOf, valuesOf } from '#testing/kubernetes';

/** Somebody who writes, right before our write, a name that it is about to make: then it is theirs. */
export async function intrude(world: World, group: Group, body: KubeObject): Promise<void> {
  const object = await get(world, group);
  const sync = world.syncs.find((each) => groupsOf(each, world.lands).includes(group));
  // What has stood there may be known to be ours.
  const known = new Set(world.history.versions(group).flatMap((version) => Object.keys(version.object?.data ?? {})));
  const made = Object.keys(body.data ?? {}).filter((key) => !known.has(key) && object?.data?.[key] === undefined);
  const key = sync?.adopt === true || group.endsWith('/halves') ? undefined : world.pick(made.sort());
  const value = world.ledger.fresh(key === undefined ? 'foreign' : 'hand');
  const name = key ?? 'F8';
  const manager = world.kubernetes.kube.patchAs('intruder');
  const done = await unlessGone(() =>
    object === undefined
      ? manager.apply(objectOf(group, { [name]: value }))
      : manager.merge(pathOf(refOf(group)), { data: { [name]: spelled(group, value) } }),
  );
  if (!done) return;
  if (key === undefined) world.ledger.foreign(group).data.set(name, value);
  else world.ledger.contested.set(`${group}/${key}`, value);
}

/** The one who contested a name lets go of it, if it is still as they left it. Answers what was touched. */
export async function letGo(world: World): Promise<readonly string[]> {
  const touched: string[] = [];
  for (const [name, value] of world.ledger.contested) {
    const key = name.slice(name.lastIndexOf('/') + 1);
    const group = name.slice(0, name.lastIndexOf('/'));
    const object = await get(world, group);
    if (object === undefined || !isDeepStrictEqual(valuesOf(object)[key], value)) touched.push(name);
    await unlessGone(() =>
      world.kubernetes.kube.patchAs('intruder').merge(pathOf(refOf(group)), { data: { [key]: null } }),
    );
    world.ledger.contested.delete(name);
  }
  return touched;
}
