/** When nothing goes wrong any more: everybody comes to agree, and what there is, is right. */
import { isDeepStrictEqual } from 'node:util';
import type { SyncView } from '@plumbd/client';
import type { Group } from './history.ts';
import { letGo, settleIntrusions } from './intruder.ts';
import { expected, expression, folders, groupsOf } from './syncs.ts';
import type { Expected, KeptSync } from './syncs.ts';
import type { World } from './world.ts';
import { type KubeObject, pathOf, valuesOf } from '#testing/kubernetes';

export interface RestOptions {
  /** How long agreement may take, in milliseconds. */
  readonly patienceMs: number;
  /** Looks at what was written meanwhile. */
  readonly examine: () => void;
}

/** What should be, by the source. */
interface Truth {
  readonly names: ReadonlyMap<Group, ReadonlyMap<string, Expected>>;
  readonly values: readonly (readonly [path: string, value: string])[];
}

/** Waits for agreement, and notes what is wrong. Faults have ended before. */
export async function rest(world: World, options: RestOptions): Promise<void> {
  await settleIntrusions(world);
  await world.ours.start();
  for (const { name, pause } of await world.client.syncs.list()) {
    if (pause !== undefined) await world.client.syncs.resume(name);
  }
  await mend(world);
  const isRight = await settled(world, options, isSettled);
  if (!isRight) return;
  for (const name of await letGo(world)) world.violations.push(`what somebody else put to ${name} was touched`);
  if (!(await settled(world, options, (view) => isInSync(view)))) return;
  await world.history.caughtUp();
  options.examine();
  const truth = await truthOf(world);
  world.ledger.rested(truth.values);
  world.ledger.solid = new Set(
    [...truth.names].flatMap(([group, names]) => [...names.keys()].map((key) => `${group}/${key}`)),
  );
}

/** What refers to something that is gone keeps its sync from everything, until somebody sees to it. */
async function mend({ client }: World): Promise<void> {
  for (const folder of folders) {
    const isWhole = await client.entries.evaluate({ folder }).then(
      () => true,
      () => false,
    );
    if (!isWhole) await client.changes.apply({ ops: [{ op: 'delete', path: `${folder}/${expression}` }] });
  }
}

/** Looks until all syncs are done and nothing differs. */
async function settled(
  world: World,
  { patienceMs }: RestOptions,
  isDone: (view: SyncView, world: World) => boolean,
): Promise<boolean> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const views = await world.client.syncs.list();
    const open = views.filter((view) => !isDone(view, world));
    const differences = open.length > 0 ? [] : await differencesOf(world);
    if (open.length + differences.length === 0) return true;
    await applyAgain(world, open);
    if (performance.now() > end) {
      world.violations.push(
        ...open.map((view) => `does not come to rest: ${describe(view)}`),
        ...differences.slice(0, 10),
      );
      return false;
    }
    // It tells of what happens in the cluster, and not of what we know of it.
    await Promise.race([world.history.next(), new Promise((resolve) => setTimeout(resolve, 50).unref())]);
  }
}

const holds = ({ status }: SyncView, type: string, reason?: string): boolean =>
  status?.conditions.some(
    (one) => one.type === type && one.status === 'true' && (reason === undefined || one.reason === reason),
  ) === true;

function isInSync(view: SyncView): boolean {
  return holds(view, 'InSync') && view.status?.generation === view.generation;
}

/** Also with a conflict over a name that somebody else has put there. */
function isSettled(view: SyncView, world: World): boolean {
  const sync = world.syncs.find(({ name }) => name === view.name);
  const groups = sync === undefined ? [] : groupsOf(sync, world.lands);
  const isContested = [...world.ledger.contested.keys()].some((name) =>
    groups.some((group) => name.startsWith(`${group}/`)),
  );
  return isInSync(view) || (isContested && holds(view, 'Conflict', 'NotOurs'));
}

/** A fight is given up when a name was put right often; a person goes on. */
async function applyAgain(world: World, views: readonly SyncView[]): Promise<void> {
  for (const view of views) {
    if (!holds(view, 'Conflict', 'Oscillation')) continue;
    const isFight = [...world.ledger.edits.values()].some((count) => count >= 10);
    if (!isFight) world.violations.push(`a fight is seen where there is none: ${describe(view)}`);
    await world.client.syncs.apply(view.name).catch(() => undefined);
  }
}

function describe({ name, status }: SyncView): string {
  const said = status?.conditions.filter((one) => one.status === 'true' || one.type === 'InSync') ?? [];
  return `${name}: ${said.map(({ type, status: is, reason, message }) => `${type} ${is} ${reason} ${message}`).join('; ')}`;
}

async function truthOf(world: World): Promise<Truth> {
  const { lands, syncs, kubernetes } = world;
  const found = await kubernetes.kube.list(`/api/v1/namespaces?labelSelector=world%3D${lands.world}`);
  const namespaces = found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const names = new Map<Group, Map<string, Expected>>();
  const values: [string, string][] = [];
  for (const folder of new Set(syncs.map(({ from }) => from))) {
    const { entries } = await world.client.entries.evaluate({ folder });
    values.push(...entries.map(({ path, value }): [string, string] => [path, value]));
    for (const sync of syncs.filter(({ from }) => from === folder)) {
      for (const [group, own] of expected(
        sync,
        entries,
        namespaces.map(({ metadata }) => metadata.name ?? ''),
      )) {
        names.set(group, new Map([...(names.get(group) ?? []), ...own]));
      }
    }
  }
  return { names, values };
}

/** Between what is in the cluster and what should be, by the source and by the others. */
async function differencesOf(world: World): Promise<readonly string[]> {
  const { names } = await truthOf(world);
  const groups = new Set([...names.keys(), ...world.ledger.groups]);
  const found: string[] = [];
  const contested = [...world.ledger.contested.keys()];
  for (const group of [...groups].sort()) {
    // All of the object waits for it.
    if (contested.some((name) => name.startsWith(`${group}/`))) continue;
    const [namespace = '', kind = '', name = ''] = group.split('/');
    const object = await world.kubernetes.kube.get(pathOf({ kind, metadata: { namespace, name } }));
    const wanted = names.get(group) ?? new Map<string, Expected>();
    found.push(...differencesIn(world, group, { object, wanted }));
  }
  return found;
}

function differencesIn(
  world: World,
  group: Group,
  { object, wanted }: { readonly object: KubeObject | undefined; readonly wanted: ReadonlyMap<string, Expected> },
): readonly string[] {
  const { data, labels, annotations } = world.ledger.foreign(group);
  const ours = [...wanted].map(([key, { value }]) => [key, value] as const);
  const should = { ...Object.fromEntries([...ours, ...data]) };
  const is = object === undefined ? {} : valuesOf(object);
  return [
    ...compare(group, is, should),
    ...compare(`labels of ${group}`, object?.metadata.labels ?? {}, {
      ...Object.fromEntries(labels),
      ...ownLabels(world, group, object),
    }),
    ...compare(`annotations of ${group}`, object?.metadata.annotations ?? {}, Object.fromEntries(annotations)),
  ];
}

/** Those that our syncs put to an object that has names of theirs. */
function ownLabels(world: World, group: Group, object: KubeObject | undefined): Readonly<Record<string, string>> {
  const writers = world.syncs.filter((sync) => groupsOf(sync, world.lands).includes(group) && hasNames(sync, object));
  const [namespace = '', kind] = group.split('/');
  const first = writers.filter(({ objects }) => objects[0]?.kind === kind && namespace !== '');
  if (writers.length === 0) {
    const label = object?.metadata.labels?.['plumb.dev/managed'];
    return label === undefined ? {} : { 'plumb.dev/managed': label };
  }
  return {
    'plumb.dev/managed': 'true',
    ...(Object.assign({}, ...first.map(({ labels }) => labels)) as Record<string, string>),
  };
}

function hasNames({ name }: KeptSync, object: KubeObject | undefined): boolean {
  const own = object?.metadata.managedFields?.filter(({ manager }) => manager === `plumb/${name}`) ?? [];
  return own.some(({ fieldsV1 }) => fieldsV1?.['f:data'] !== undefined);
}

function compare(
  what: string,
  is: Readonly<Record<string, string>>,
  should: Readonly<Record<string, string>>,
): readonly string[] {
  return [...new Set([...Object.keys(is), ...Object.keys(should)])]
    .sort()
    .flatMap((key) =>
      isDeepStrictEqual(is[key], should[key])
        ? []
        : [`${what}: ${key} is ${is[key] ?? 'absent'}, expected ${should[key] ?? 'absent'}`],
    );
}
