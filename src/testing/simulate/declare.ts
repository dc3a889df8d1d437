import { base, kept, pair } from './actors.ts';
import { clusterSyncs, crowd, specOf } from './cluster.ts';
import type { ClusterSync } from './cluster.ts';
import type { Caller, Services } from '#service/services';

/** What there is before anything happens: folders, who may read them, and every sync. */
export async function declareAll(services: Services, root: Caller): Promise<void> {
  await services.projects.put(root, 'p', {}, {});
  await services.environments.put(root, base, {}, {});
  await services.environments.put(root, kept.one, { extends: 'base' }, {});
  await services.policies.put(root, 'keeper', { text: 'allow list, read on **\n' }, {});
  await services.principals.put(root, 'workload/keeper', { policies: ['keeper'] }, {});
  const first = pair.map((name) => ({ op: 'put', path: `${kept.one}/${name}`, value: 'first' }) as const);
  const reference = {
    op: 'put',
    path: `${kept.one}/REF`,
    form: 'expression',
    value: 'to ${PAIR_A} and ${K0}',
  } as const;
  const defaults = { op: 'put', path: `${base}/K0`, value: 'default' } as const;
  await services.changes.apply(root, { ops: [defaults, ...first, reference] });
  const runAs = 'workload/keeper';
  for (const [at, from] of Object.entries(kept)) {
    await services.syncs.put(root, at, { from, to: `memory:${at}`, runAs, options: { deleteMany: true } }, {});
  }
  for (const name of Object.keys(clusterSyncs) as ClusterSync[]) {
    await services.syncs.put(root, name, specOf(name), {});
  }
  for (const name of crowd.syncs) {
    await services.syncs.put(root, name, { from: crowd.from, to: `memory:${name}`, runAs }, {});
  }
}
