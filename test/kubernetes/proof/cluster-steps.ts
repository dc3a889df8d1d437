/** What people do to names and objects of ours, past us. */
import { anyGroup, merge, refOf, solidIn, spelled, unlessGone } from './objects.ts';
import type { Step } from './steps.ts';
import type { World } from './world.ts';
import { pathOf } from '#testing/kubernetes';

export const clusterSteps: readonly Step[] = [
  { weight: 8, act: editOurs },
  { weight: 2, act: editByKubectl },
  { weight: 4, act: removeOurs },
  { weight: 3, act: unlabel },
  { weight: 3, act: removeObject },
];

async function editOurs(world: World): Promise<string> {
  const group = anyGroup(world);
  const key = world.pick(await solidIn(world, group));
  if (key === undefined) return 'nothing';
  world.ledger.edited(`${group}/${key}`);
  const data = { [key]: spelled(group, world.ledger.fresh('hand')) };
  const done = await unlessGone(() => merge(world, group, { data }));
  return `edit ${group}/${key}${done ? '' : ': gone'}`;
}

async function editByKubectl(world: World): Promise<string> {
  const group = anyGroup(world);
  const key = world.pick(await solidIn(world, group));
  if (key === undefined) return 'nothing';
  const { kind = '', metadata } = refOf(group);
  const where = [kind.toLowerCase(), metadata.name ?? '', '-n', metadata.namespace ?? ''];
  const patch = JSON.stringify({ data: { [key]: spelled(group, world.ledger.fresh('hand')) } });
  // The object may go meanwhile.
  await world.kubernetes.kubectl('patch', ...where, '--patch', patch).catch(() => undefined);
  return `kubectl patch ${group}/${key}`;
}

async function removeOurs(world: World): Promise<string> {
  const group = anyGroup(world);
  const key = world.pick(await solidIn(world, group));
  if (key === undefined) return 'nothing';
  await unlessGone(() => merge(world, group, { data: { [key]: null } }));
  return `remove ${group}/${key}`;
}

async function unlabel(world: World): Promise<string> {
  const group = anyGroup(world);
  const label = world.pick(['plumb.dev/managed', 'team']) ?? '';
  // Another value of a label that the spec does not ask for any more would stay theirs.
  const value = label === 'team' || world.random.next() < 0.5 ? null : world.ledger.fresh('hand');
  const done = await unlessGone(() => merge(world, group, { metadata: { labels: { [label]: value } } }));
  return `label ${label} of ${group}${done ? '' : ': gone'}`;
}

async function removeObject(world: World): Promise<string> {
  const group = anyGroup(world);
  await unlessGone(() => world.kubernetes.kube.request('DELETE', pathOf(refOf(group))));
  world.ledger.lost(`${group}/`);
  return `delete ${group}`;
}
