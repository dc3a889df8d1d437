import { expect, test } from 'vitest';
import { allow } from '#testing/plumb';
import { usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();

test('a change in the folder of a sync that was not evaluated since the start wakes it', async () => {
  const { root } = plumb();
  const put = (path: string) => plumb().services.changes.apply(root, { ops: [{ op: 'put', path, value: 'x' }] });
  await put('app/prod/A');
  await plumb().services.policies.put(root, 'deliver', { text: allow('read', 'app/**') }, {});
  await plumb().services.principals.put(root, 'workload/w', { policies: ['deliver'] }, {});
  await plumb().services.syncs.put(root, 's', { from: 'app/prod', to: 'memory:place', runAs: 'workload/w' }, {});
  await plumb().restart();
  plumb().woken.length = 0;
  await put('app/other/A');
  expect(plumb().woken).toEqual([]);
  await put('app/prod/A');
  expect(plumb().woken).toEqual(['s']);
});
