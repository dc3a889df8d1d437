/** Places of several objects, what runs with them, and who works there. */
import { anyServer, orDeath, pick, think } from './actors.ts';
import type { Scene } from './actors.ts';
import { objectOf } from './memory-place.ts';
import type { Up } from './server.ts';
import { PlumbError } from '#domain/errors';
import type { SyncInput } from '#service/services';

/** Two syncs share a place; a third puts old values back when a restart failed. */
export const clusterSyncs = {
  left: { from: 'p/four', at: 'cluster', objects: [['x', 'y'], ['x'], ['w', 'x', 'y']], prefixes: ['L_'] },
  right: { from: 'q/three', at: 'cluster', objects: [['y', 'z'], ['z']], prefixes: ['R_', 'S_', 'L_'] },
  held: { from: 'p/four', at: 'other', objects: [['u', 'v']], prefixes: ['H_'] },
} as const;
export type ClusterSync = keyof typeof clusterSyncs;
const syncNames = Object.keys(clusterSyncs) as ClusterSync[];

/** What nobody but the syncs writes: what a consumer reads while somebody else has changed it, no restart puts right. */
export const clusterConsumers = {
  web: { at: 'cluster', reads: ['x/L_K0', 'x/L_K1', 'y/L_K2'] },
  mixed: { at: 'cluster', reads: ['y/L_K0', 'y/R_K0', 'z/R_K1'] },
  job: { at: 'cluster', reads: ['z/R_K2'] },
  api: { at: 'other', reads: ['u/H_K0', 'v/H_K1'] },
} as const;

/** As many as make a change of their folder a wave. */
export const crowd = { from: 'q/many', syncs: Array.from({ length: 17 }, (_, index) => `many-${index}`) } as const;

/** How a sync of the cluster is declared, with one of its mappings and lists of objects. */
export function specOf(name: ClusterSync, choice = { objects: 0, prefix: 0 }): SyncInput {
  const { from, at, objects, prefixes } = clusterSyncs[name];
  const options = {
    objects: objects[choice.objects] ?? objects[0],
    names: { prefix: prefixes[choice.prefix] ?? prefixes[0] },
    deleteMany: true,
    ...(name === 'held' ? { onFailedRestart: 'hold' } : {}),
  };
  return { from, to: `memory:${at}`, runAs: 'workload/keeper', options };
}

/** A person who pauses, declares anew, withdraws and applies. */
export async function operator(scene: Scene, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await think(scene.world, 200);
    await operate(scene, pick(scene.world, syncNames), scene.world.random.next()).catch(refused);
  }
}

async function operate(scene: Scene, name: ClusterSync, dice: number): Promise<void> {
  if (scene.operated.paused.has(name)) return;
  const { world } = scene;
  const length = world.random.next() < 0.5 ? {} : { for: '2s' };
  if (dice < 0.2)
    await ask(scene, 'any', ({ services }, root) => services.syncs.pause(root, name, { reason: 'r', ...length }));
  else if (dice < 0.4) await ask(scene, 'any', ({ services }, root) => services.syncs.resume(root, name, {}));
  else if (dice < 0.6) await declare(scene, name, { objects: world.random.below(3), prefix: world.random.below(3) });
  else if (dice < 0.75) await withdraw(scene, name);
  else if (dice < 0.9) await declare(scene, name);
  else await ask(scene, 'loop', ({ services }, root) => services.syncs.apply(root, name));
}

async function withdraw(scene: Scene, name: ClusterSync): Promise<void> {
  scene.operated.withdrawn.add(name);
  scene.consumers.excuse(clusterSyncs[name].at);
  try {
    await ask(scene, 'loop', ({ services }, root) => services.syncs.delete(root, name, { deleteOwned: true }));
  } finally {
    scene.consumers.excuse(clusterSyncs[name].at);
  }
}

/** Another spec, or a sync that was deleted again. */
async function declare(scene: Scene, name: ClusterSync, choice?: { objects: number; prefix: number }): Promise<void> {
  await ask(scene, 'loop', ({ services }, root) => services.syncs.put(root, name, specOf(name, choice), {}));
}

/** While all is quiet: most of what was left half done is put right, and one sync stays paused. */
export async function tidy(scene: Scene): Promise<void> {
  const { world, operated } = scene;
  for (const name of syncNames) {
    if (world.random.next() < 0.3) continue;
    operated.paused.delete(name);
    await ask(scene, 'loop', ({ services }, root) => services.syncs.resume(root, name, {})).catch(refused);
    if (operated.withdrawn.has(name)) {
      await declare(scene, name);
      await ask(scene, 'loop', ({ services }, root) => services.syncs.apply(root, name)).catch(refused);
      operated.withdrawn.delete(name);
    }
  }
}

/** While all is quiet, so that no run is under way: pauses a sync. */
export async function quietPause(scene: Scene): Promise<void> {
  const name = pick(scene.world, syncNames);
  await ask(scene, 'loop', ({ services }, root) => services.syncs.pause(root, name, { reason: 'quiet' })).catch(
    refused,
  );
  const isPaused = scene.servers.some(({ up }) => up?.syncs?.spec(name)?.pause?.reason === 'quiet');
  if (isPaused) scene.operated.paused.add(name);
}

/** Somebody who changes the source of many syncs. */
export async function crowdClient(scene: Scene): Promise<void> {
  await think(scene.world, 1000);
  await scene.put(crowd.from);
}

/** The weather of the cluster: objects that take no writes or vanish, marks that are taken away, what others set and change. */
export async function clusterStranger(scene: Scene, times: number): Promise<void> {
  const { world, consumers } = scene;
  for (let time = 0; time < times; time += 1) {
    await think(world, 200);
    const dice = world.random.next();
    const at = pick(world, ['cluster', 'other'] as const);
    if (dice < 0.35) editForeign(scene, at);
    else if (dice < 0.6) editOurs(scene, at);
    else if (dice < 0.7) removeObject(scene, at);
    else if (dice < 0.85) block(scene, at);
    else consumers.undo(pick(world, consumers.all));
  }
}

function editForeign({ world, target, foreign, fresh }: Scene, at: string): void {
  const object = pick(world, objectsAt(at));
  if (target.peek(at)?.blocked.has(object) === true) return;
  const name = `${object}/F${world.random.below(2)}`;
  const value = world.random.next() < 0.3 ? null : fresh();
  const theirs = foreign.get(at) ?? new Map<string, string>();
  foreign.set(at, theirs);
  if (value === null) theirs.delete(name);
  else theirs.set(name, value);
  target.edit(at, name, value);
}

/** Of the names that no consumer reads, those that a sync wrote last. */
function editOurs({ world, target, fresh, servers }: Scene, at: string): void {
  const place = target.peek(at);
  const syncs = servers.flatMap(({ up }) => up?.syncs ?? [])[0];
  const ours = [...(place?.writers ?? [])].filter(([name, sync]) => {
    const item = syncs?.inventory(sync).names[name];
    const isSure = item?.confirmed !== undefined && item.intent === undefined;
    return /K[345]$/.test(name) && isSure && place?.blocked.has(objectOf(name)) !== true;
  });
  const [name] = pick(world, ours) ?? [];
  if (name !== undefined) target.edit(at, name, world.random.next() < 0.3 ? null : fresh());
}

function removeObject({ world, target, foreign }: Scene, at: string): void {
  const object = pick(world, objectsAt(at));
  for (const name of [...(foreign.get(at)?.keys() ?? [])]) if (objectOf(name) === object) foreign.get(at)?.delete(name);
  target.remove(at, object);
}

/** It is being deleted for a while; then it is there again, perhaps without what was in it. */
function block(scene: Scene, at: string): void {
  const { world, target } = scene;
  const object = pick(world, objectsAt(at));
  if (target.peek(at)?.blocked.has(object) === true) return;
  target.block(at, object, true);
  world.clock.timer(world.random.below(20_000), () => {
    if (world.random.next() < 0.3) {
      for (const name of [...(scene.foreign.get(at)?.keys() ?? [])])
        if (objectOf(name) === object) scene.foreign.get(at)?.delete(name);
      target.remove(at, object);
    }
    target.block(at, object, false);
  });
}

function objectsAt(at: string): readonly string[] {
  return at === 'cluster' ? ['w', 'x', 'y', 'z'] : ['u', 'v'];
}

/** Asks whichever server is up, or the one with the loop. */
async function ask<T>(
  scene: Scene,
  which: 'any' | 'loop',
  call: (up: Up, root: ReturnType<Scene['root']>) => Promise<T>,
): Promise<T | undefined> {
  const up = await anyServer(scene, which);
  return await orDeath(up, call(up, scene.root()));
}

/** Whatever a person is refused, they live with. */
function refused(error: unknown): void {
  if (error instanceof PlumbError || (error instanceof Error && error.message.startsWith('simulated fault'))) return;
  throw error;
}
