/** What others keep in objects that we write to. */
import type { ForeignField } from './ledger.ts';
import { anyGroup, get, merge, objectOf, solidIn, spelled, unlessGone } from './objects.ts';
import type { Step } from './steps.ts';
import type { World } from './world.ts';
import { pathOf } from '#testing/kubernetes';

export const foreignSteps: readonly Step[] = [
  { weight: 8, act: keepForeign },
  { weight: 3, act: mark },
  { weight: 4, act: applyForeign },
  { weight: 2, act: replace },
];

/** Sets, changes or removes a name that is not ours; makes the object for it if need be. */
async function keepForeign(world: World): Promise<string> {
  const group = anyGroup(world);
  const key = `F${world.random.below(4)}`;
  const { data } = world.ledger.foreign(group);
  if (data.has(key) && world.random.next() < 0.4) {
    await merge(world, group, { data: { [key]: null } });
    data.delete(key);
    return `remove the foreign ${group}/${key}`;
  }
  const value = world.ledger.fresh('foreign');
  const wasThere = await unlessGone(() => merge(world, group, { data: { [key]: spelled(group, value) } }));
  const isMade =
    wasThere ||
    (await unlessGone(() => world.kubernetes.kube.patchAs('creator').apply(objectOf(group, { [key]: value }))));
  if (isMade) data.set(key, value);
  return `set the foreign ${group}/${key}${isMade ? '' : ': gone'}`;
}

/** A label or an annotation that is not ours. */
async function mark(world: World): Promise<string> {
  const group = anyGroup(world);
  const field: ForeignField = world.random.next() < 0.5 ? 'labels' : 'annotations';
  const marks = world.ledger.foreign(group)[field];
  const key = `example.com/x${world.random.below(2)}`;
  const value = marks.has(key) && world.random.next() < 0.4 ? null : world.ledger.fresh('foreign');
  const done = await unlessGone(() => merge(world, group, { metadata: { [field]: { [key]: value } } }));
  if (done && value === null) marks.delete(key);
  if (done && value !== null) marks.set(key, value);
  return `${value === null ? 'remove' : 'set'} ${field} ${key} of ${group}${done ? '' : ': gone'}`;
}

/** Another field manager that applies all it has, one of our names among them now and then. */
async function applyForeign(world: World): Promise<string> {
  const group = anyGroup(world);
  const own = ['FA0', 'FA1', 'FA2'].filter(() => world.random.next() < 0.5);
  const values = Object.fromEntries(own.map((key) => [key, world.ledger.fresh('foreign')]));
  const ours = world.random.next() < 0.4 ? world.pick(await solidIn(world, group)) : undefined;
  const all = ours === undefined ? values : { ...values, [ours]: world.ledger.fresh('hand') };
  const apply = () => world.kubernetes.kube.patchAs('applier').apply(objectOf(group, all), { force: true });
  const done = await unlessGone(apply);
  const { data } = world.ledger.foreign(group);
  if (done) {
    for (const key of ['FA0', 'FA1', 'FA2']) data.delete(key);
    for (const [key, value] of Object.entries(values)) data.set(key, value);
    if (ours !== undefined) world.ledger.edited(`${group}/${ours}`);
  }
  return `apply ${Object.keys(all).join(', ')} to ${group}${done ? '' : ': gone'}`;
}

/** As `kubectl replace` and `kubectl edit` do: the whole object, as somebody saw it. */
async function replace(world: World): Promise<string> {
  const group = anyGroup(world);
  const object = await get(world, group);
  if (object === undefined) return 'nothing';
  const value = world.ledger.fresh('foreign');
  const data = { ...object.data, F9: spelled(group, value) };
  const put = () =>
    world.kubernetes.kube.request('PUT', `${pathOf(object)}?fieldManager=kubectl-replace`, { ...object, data });
  const done = await unlessGone(put);
  if (done) world.ledger.foreign(group).data.set('F9', value);
  return `replace ${group}${done ? '' : ': outrun'}`;
}
