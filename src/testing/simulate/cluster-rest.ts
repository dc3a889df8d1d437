/** What holds at rest in places of several objects, and for what runs with them. */
import type { Scene } from './actors.ts';
import { clusterSyncs } from './cluster.ts';
import type { ClusterSync } from './cluster.ts';
import type { Consumer } from './consumers.ts';
import { objectOf } from './memory-place.ts';
import type { Up } from './server.ts';
import type { SyncSpec } from '#domain/records';
import type { SyncSource } from '#reconcile/reconciler';

/** Every promise that is broken, one line each. */
export async function clusterViolations(scene: Scene, up: Up): Promise<readonly string[]> {
  const { syncs } = up;
  if (syncs === undefined) return ['the loop is down at rest'];
  const all: string[] = [];
  for (const name of Object.keys(clusterSyncs) as ClusterSync[]) {
    all.push(...(await syncViolations(scene, syncs, name)));
    const doubt = Object.entries(syncs.inventory(name).names).filter(([key, item]) => {
      return 'intent' in item && !isAside(scene, syncs, name) && !isShut(scene, syncs, { name, object: objectOf(key) });
    });
    all.push(...doubt.map(([key]) => `an intent is left at rest: ${name}: ${key}`));
  }
  for (const at of ['cluster', 'other']) all.push(...foreignViolations(scene, at));
  for (const one of scene.consumers.all) all.push(...consumerViolations(scene, syncs, one));
  return all;
}

async function syncViolations(scene: Scene, syncs: SyncSource, name: ClusterSync): Promise<readonly string[]> {
  const spec = syncs.spec(name);
  const { at } = clusterSyncs[name];
  const place = scene.target.peek(at);
  const found = [...(place?.names ?? [])].filter(([key]) => place?.writers.get(key) === name);
  if (spec === undefined) return found.map(([key]) => `a deleted sync left a name: ${name}: ${key}`);
  if (isAside(scene, syncs, name)) return [];
  const expected = await expectedOf(syncs, name, spec);
  const names = new Set([...expected.keys(), ...found.map(([key]) => key)]);
  return [...names].flatMap((key) => {
    if (isShut(scene, syncs, { name, object: objectOf(key) })) return [];
    const [is, should] = [place?.names.get(key), expected.get(key)];
    if (is === should) return [];
    return [`not equal at rest: ${name}: ${key} is ${is}, expected ${should}; ${said(syncs, name)}`];
  });
}

/** What should stand there: of now, or of the revision that was put back. */
async function expectedOf(syncs: SyncSource, name: ClusterSync, spec: SyncSpec): Promise<ReadonlyMap<string, string>> {
  const { heldBack } = syncs.inventory(name);
  const wish = heldBack === undefined ? await syncs.wish(name, spec) : await syncs.wishAt?.(name, heldBack.to);
  if (wish?.kind !== 'desired') throw new Error(`${name} cannot be evaluated at rest`);
  const { objects, names } = spec.options as { objects: readonly string[]; names: { prefix: string } };
  const pairs = [...wish.desired].flatMap(([entry, { value }]) =>
    objects.map((object): [string, string] => [`${object}/${names.prefix}${entry}`, value]),
  );
  return new Map(pairs);
}

/** Nobody keeps it for now: paused, or its names were removed. */
function isAside({ operated }: Scene, syncs: SyncSource, name: string): boolean {
  return syncs.spec(name)?.pause !== undefined || operated.withdrawn.has(name);
}

/** Nothing may be written there: it is blocked, or another sync has a name that is wanted, which is said. */
function isShut({ target }: Scene, syncs: SyncSource, of: { name: ClusterSync; object: string }): boolean {
  const { at } = clusterSyncs[of.name];
  if (target.peek(at)?.blocked.has(of.object) === true) return true;
  const { conditions = [], appliedRevision } = syncs.status(of.name) ?? {};
  const conflict = conditions.find(({ type }) => type === 'Conflict');
  // What was never delivered and meets names of others is not written at all.
  return conflict?.status === 'true' && (appliedRevision === undefined || conflict.message.includes(`${of.object}/`));
}

function foreignViolations({ target, foreign }: Scene, at: string): readonly string[] {
  const place = target.peek(at);
  const found = [...(place?.names ?? [])].filter(([key]) => /\/F\d$/.test(key));
  const expected = foreign.get(at) ?? new Map<string, string>();
  const isEqual = found.length === expected.size && found.every(([key, value]) => expected.get(key) === value);
  return isEqual ? [] : [`something foreign is not as it was left: ${at}`];
}

/** It runs with what stands there, or it is said that it does not. */
function consumerViolations(scene: Scene, syncs: SyncSource, one: Consumer): readonly string[] {
  const { id, at, reads, values, isExcused } = one;
  if (values === undefined || isExcused) return [];
  const place = scene.target.peek(at);
  // What vanished with its object stands nowhere.
  const isKept = (name: string): boolean =>
    place?.objects.has(objectOf(name)) === true && !place.blocked.has(objectOf(name));
  const stale = reads.filter((name) => isKept(name) && values.get(name) !== place?.names.get(name));
  if (stale.length === 0) return [];
  const readers = (Object.keys(clusterSyncs) as ClusterSync[]).filter((name) => clusterSyncs[name].at === at);
  const isSaid = readers.some((name) => {
    const state = syncs.status(name)?.activation?.state;
    const isNoted = syncs.inventory(name).restarts?.[id] !== undefined;
    return isNoted && (state === 'pending' || state === 'failed' || syncs.spec(name)?.pause !== undefined);
  });
  if (isSaid || readers.some((name) => isAside(scene, syncs, name))) return [];
  const notes = readers.map((name) => `${name}: ${said(syncs, name)}`).join('; ');
  return [
    `${id} runs with old values of ${stale.map((name) => `${name} (${values.get(name)}, there is ${place?.names.get(name)})`).join(', ')}; ${notes}`,
  ];
}

function said(syncs: SyncSource, name: string): string {
  const { conditions = [], activation } = syncs.status(name) ?? {};
  const held = conditions.filter(({ status }) => status === 'true');
  const texts = held.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  return [...texts, activation === undefined ? '' : `${activation.state}: ${activation.message}`].join('; ');
}
