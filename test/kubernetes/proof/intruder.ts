import { isDeepStrictEqual } from 'node:util';
import type { Group } from './history.ts';
import { get, isThere, objectOf, refOf, spelled, unlessGone } from './objects.ts';
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
  world.ledger.intrusions.push({ group, key, value, isContested });
  await unlessGone(write);
}

/**
 * Notes what intruders have put and what is there still, as far as people go. Their answers would not do: they may be
 * lost with the API server, or come after somebody has deleted what they wrote to.
 */
export async function settleIntrusions({ ledger, history, lands, intrusions }: World): Promise<void> {
  await Promise.allSettled(intrusions);
  await history.caughtUp();
  const done = ledger.intrusions.splice(0).flatMap((intrusion) => {
    const { group, key, value } = intrusion;
    const versions = history.versions(group);
    const at = versions.findIndex(({ object }) => object !== undefined && valuesOf(object)[key] === value);
    const isGone = versions.slice(at + 1).some(({ object }) => object === undefined);
    return at === -1 || isGone || !isThere({ lands }, group) ? [] : [{ intrusion, at }];
  });
  for (const { intrusion } of done.sort((a, b) => a.at - b.at)) ledger.put(intrusion);
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
