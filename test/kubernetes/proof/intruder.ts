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
  const contested = sync?.adopt === true || group.endsWith('/halves') ? undefined : world.pick(made.sort());
  const isContested = contested !== undefined;
  const key = contested ?? 'F8';
  const value = world.ledger.fresh(isContested ? 'hand' : 'foreign');
  const manager = world.kubernetes.kube.patchAs('intruder');
  const write = () =>
    object === undefined
      ? manager.apply(objectOf(group, { [key]: value }))
      : manager.merge(pathOf(refOf(group)), { data: { [key]: spelled(group, value) } });
  try {
    if (await unlessGone(write)) world.ledger.put({ group, key, value, isContested });
  } catch (error) {
    world.ledger.doubts.push({ group, key, value, isContested });
    throw error;
  }
}

/** After the API server was away, before anybody else does anything: what was done without an answer. */
export async function settleDoubts({ ledger, history, intrusions }: World): Promise<void> {
  await Promise.allSettled(intrusions);
  await history.caughtUp();
  for (const doubt of ledger.doubts.splice(0)) {
    const { object } = history.versions(doubt.group).at(-1) ?? {};
    const isDone = object !== undefined && valuesOf(object)[doubt.key] === doubt.value;
    if (isDone) ledger.put(doubt);
  }
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
