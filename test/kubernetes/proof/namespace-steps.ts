/** Namespaces come and go, and are selected or not. */
import type { Step } from './steps.ts';
import type { World } from './world.ts';
import { pathOf } from '#testing/kubernetes';

export const namespaceSteps: readonly Step[] = [
  { weight: 2, act: relabelNamespace },
  { weight: 0.7, act: removeNamespace },
  { weight: 1, act: bringNamespace },
];

/** It joins those that are selected, or leaves them. */
async function relabelNamespace(world: World): Promise<string> {
  const name = world.pick([...world.lands.alive]);
  if (name === undefined) return 'nothing';
  const path = pathOf({ kind: 'Namespace', metadata: { name } });
  const { kube } = world.kubernetes;
  const { labels } = (await kube.get(path))?.metadata ?? {};
  const value = labels?.['world'] === undefined ? world.lands.world : null;
  await kube.patchAs('kubectl-label').merge(path, { metadata: { labels: { world: value } } });
  world.ledger.unsure((solid) => solid.startsWith(`${name}/`));
  return `${value === null ? 'unlabel' : 'label'} namespace ${name}`;
}

async function removeNamespace(world: World): Promise<string> {
  const name = world.pick([...world.lands.alive]);
  if (name === undefined) return 'nothing';
  world.lands.alive.delete(name);
  world.ledger.lost(`${name}/`);
  world.ledger.unsure((solid) => solid.startsWith(`${name}/`));
  await world.kubernetes.kube.delete(pathOf({ kind: 'Namespace', metadata: { name } }));
  return `delete namespace ${name}`;
}

/** One that was deleted, once it is gone. */
async function bringNamespace(world: World): Promise<string> {
  const name = world.lands.many.find((each) => !world.lands.alive.has(each));
  if (name === undefined) return 'nothing';
  const { kube } = world.kubernetes;
  const labels = { world: world.lands.world };
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  await kube.waitFor(pathOf(object), (found) => found === undefined);
  await kube.put(object);
  world.lands.alive.add(name);
  return `create namespace ${name}`;
}
