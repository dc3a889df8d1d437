import type { Consumers } from './consumers.ts';
import type { Ledger } from './ledger.ts';
import type { World } from './life.ts';
import type { SimulatedServer, Up } from './server.ts';
import type { MemoryTarget } from './target.ts';
import { PlumbError } from '#domain/errors';
import type { Caller, ChangeRequestOp } from '#service/services';

/** Folders that are kept in the place of the same name; what is put to the base shows in the first. */
export const kept = { one: 'p/one', two: 'p/two', three: 'q/three' } as const;
export const base = 'p/base';
const folders = [...Object.values(kept), base, 'p/four'];
/** Always put together, with one value: nobody may ever see two. */
export const pair = ['PAIR_A', 'PAIR_B'] as const;
const names = ['K0', 'K1', 'K2', 'K3', 'K4', 'K5'];
/** What a person did to a sync, and the log may not say. */
export interface Operated {
  /** Paused while all was quiet: nothing of it may be written until it is resumed. */
  readonly paused: Set<string>;
  /** Its names were removed, or about to be. */
  readonly withdrawn: Set<string>;
}

/** Codes that say for certain that nothing was changed. */
const refusals = new Set<string>(['mismatch', 'conflict', 'not-found', 'invalid', 'exists', 'forbidden']);

export interface Scene {
  readonly world: World;
  readonly servers: readonly SimulatedServer[];
  readonly target: MemoryTarget;
  readonly ledger: Ledger;
  /** What others have set in a place: place → name → value. */
  readonly foreign: Map<string, Map<string, string>>;
  readonly consumers: Consumers;
  readonly operated: Operated;
  readonly violations: string[];
  readonly root: () => Caller;
  /** A value that was never used. */
  readonly fresh: () => string;
  /** One new value in a folder. */
  readonly put: (folder: string) => Promise<void>;
}

/** Somebody who changes entries through whichever server is up, so many times. */
export async function client(scene: Scene, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await think(scene.world, 60);
    const up = await anyServer(scene);
    const ops = await chooseOps(scene, up);
    await change(scene, up, ops);
  }
}

/** One new value in a folder. */
export async function lastWord(scene: Scene, folder: string): Promise<void> {
  const up = await anyServer(scene);
  await change(scene, up, [{ op: 'put', path: `${folder}/${pick(scene.world, names)}`, value: scene.fresh() }]);
}

async function change(scene: Scene, up: Up, ops: readonly Op[]): Promise<void> {
  const noted = scene.ledger.attempt(new Map(ops.map((op) => [op.path, op.op === 'put' ? op.value : null])));
  try {
    const result = await orDeath(up, up.services.changes.apply(scene.root(), { ops }));
    if (result !== undefined) noted.acknowledged(result);
  } catch (error) {
    if (error instanceof PlumbError && refusals.has(error.code)) noted.refused();
  }
}

type Op = Extract<ChangeRequestOp, { readonly op: 'put' | 'delete' | 'unset' }>;

async function chooseOps(scene: Scene, up: Up): Promise<readonly Op[]> {
  const { random } = scene.world;
  const path = `${pick(scene.world, folders)}/${pick(scene.world, names)}`;
  const dice = random.next();
  if (dice < 0.3) return [{ op: 'delete', path }];
  if (dice < 0.5) {
    const value = scene.fresh();
    return pair.map((name) => ({ op: 'put', path: `${kept.one}/${name}`, value }) as const);
  }
  if (dice < 0.7) {
    const seen = await orDeath(up, up.services.entries.history(scene.root(), { path })).catch(() => undefined);
    const newest = seen?.versions[0];
    return [{ op: 'put', path, value: scene.fresh(), expect: newest?.state === 'present' ? newest.version : 0 }];
  }
  return [{ op: 'put', path, value: scene.fresh() }];
}

/** Somebody who reads both halves of a pair, on whichever server. */
export async function reader(scene: Scene, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await think(scene.world, 100);
    const up = await anyServer(scene);
    const folder = await orDeath(up, up.services.entries.evaluate(scene.root(), { folder: kept.one })).catch(
      () => undefined,
    );
    const values = pair.map((name) => folder?.entries.find(({ path }) => path === `${kept.one}/${name}`)?.value);
    if (values[0] !== values[1]) scene.violations.push('a reader saw half of a change');
  }
}

/** Somebody else who works in the same places: sets and removes names of their own, and edits ours by hand. */
export async function stranger(scene: Scene, times: number): Promise<void> {
  const { world, target, foreign } = scene;
  for (let time = 0; time < times; time += 1) {
    await think(world, 150);
    const at = pick(world, Object.keys(kept));
    const dice = world.random.next();
    if (dice < 0.5) editForeign(scene, at);
    else if (dice < 0.95) editOurs(scene, at);
    else {
      target.remove(at);
      foreign.get(at)?.clear();
    }
  }
}

function editForeign({ world, target, foreign, fresh }: Scene, at: string): void {
  const name = `F${world.random.below(4)}`;
  const value = world.random.next() < 0.3 ? null : fresh();
  const theirs = foreign.get(at) ?? new Map<string, string>();
  foreign.set(at, theirs);
  if (value === null) theirs.delete(name);
  else theirs.set(name, value);
  target.edit(at, name, value);
}

/** Only names that the inventory knows as written: one whose writing is in doubt would not be ours once it is changed. */
function editOurs({ world, target, servers, fresh }: Scene, at: string): void {
  const inventory = servers.flatMap(({ up }) =>
    up?.host === undefined ? [] : [up.parts.workState.view.record('inventory', at)],
  )[0];
  const ours = Object.entries(inventory?.names ?? {}).filter(
    ([name, { confirmed, intent }]) =>
      confirmed !== undefined && intent === undefined && target.peek(at)?.names.has(name),
  );
  const [name] = pick(world, ours) ?? [];
  if (name === undefined || name.startsWith('PAIR')) return;
  target.edit(at, name, world.random.next() < 0.3 ? null : fresh());
}

export async function think({ clock, random }: World, ms: number): Promise<void> {
  const quick = random.next() < 0.3;
  await new Promise<void>((resolve) => void clock.timer(quick ? 0 : Math.round(random.next() * ms), resolve));
}

export async function anyServer({ world, servers }: Scene, which: 'any' | 'loop' = 'any'): Promise<Up> {
  for (;;) {
    const server = which === 'any' ? pick(world, servers) : servers[1];
    if (server?.up !== undefined) return server.up;
    await new Promise<void>((resolve) => void world.clock.timer(10, resolve));
  }
}

/** What the server answers, or `undefined` when it dies first. */
export async function orDeath<T>(up: Up, answer: Promise<T>): Promise<T | undefined> {
  return await Promise.race([answer, up.dead.then(() => undefined)]);
}

export function pick<T>({ random }: World, all: readonly T[]): T {
  return all[random.below(all.length)] as T;
}
