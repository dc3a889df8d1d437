import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ChangeRequestOp, SyncInput } from './services.ts';
import { Host } from '#reconcile/host';
import type { TargetOptions } from '#reconcile/target';
import { SeededRandom } from '#testing/clock';
import { fixedTargets } from '#testing/keeping';
import { allow } from '#testing/plumb';
import { MemoryTarget } from '#testing/simulate/target';
import { usePlumb } from '#testing/use-plumb';

/** Carries names in capitals, and at most ten bytes. */
class NarrowTarget extends MemoryTarget {
  asked = 0;

  warn(_at: string, _options: TargetOptions, { name, bytes }: { readonly name: string; readonly bytes: number }) {
    this.asked += 1;
    if (name !== name.toUpperCase()) return `${name} is not in capitals`;
    return bytes > 10 ? `${name} has ${bytes} bytes, expected at most 10` : undefined;
  }
}

let narrow = new NarrowTarget();
let host: Host | undefined;
const plumb = usePlumb(() => {
  narrow = new NarrowTarget();
  return {
    reconciling: (source, clock) =>
      (host = new Host({
        syncs: source,
        targets: fixedTargets({ narrow, wide: new MemoryTarget() }),
        clock,
        random: new SeededRandom(1),
      })),
  };
});
const use = () => ({ ...plumb().services, root: plumb().root });
const put = (path: string, value = 'v', more: object = {}): ChangeRequestOp => ({ op: 'put', path, value, ...more });
const warned = async (ops: readonly ChangeRequestOp[], more: object = {}, caller = use().root) =>
  (await use().changes.apply(caller, { ops, force: true, ...more })).syncWarnings;
const declare = (name: string, more: Partial<SyncInput> = {}) =>
  use().syncs.put(use().root, name, { from: 'app/prod', to: `narrow:${name}`, runAs: 'workload/w', ...more }, {});

beforeEach(async () => {
  const { projects, environments, policies, principals, root } = use();
  await projects.put(root, 'app', {}, {});
  await environments.put(root, 'app/base', {}, {});
  await environments.put(root, 'app/prod', { extends: 'base' }, {});
  await policies.put(root, 'deliver', { text: allow('read', 'app/**') }, {});
  await principals.put(root, 'workload/w', { policies: ['deliver'] }, {});
});
afterEach(async () => host?.stop());

test('what a target will not carry is told when it is written, and written all the same', async () => {
  await declare('s');
  expect(await warned([put('app/prod/OK'), put('app/prod/small'), put('app/prod/LONG', 'x'.repeat(11))])).toEqual([
    { sync: 's', message: 'small is not in capitals' },
    { sync: 's', message: 'LONG has 11 bytes, expected at most 10' },
  ]);
  expect((await use().entries.get(use().root, { path: 'app/prod/small' })).value).toBe('v');
});

test('also for an entry that the folder inherits, unless a nearer one hides it; not elsewhere', async () => {
  await declare('s');
  expect(await warned([put('app/base/small')])).toHaveLength(1);
  await warned([put('app/prod/small', 'nearer')]);
  expect(await warned([put('app/base/small', 'again')])).toBeUndefined();
  expect(await warned([put('app/prod/below/small'), put('app/other/small')])).toBeUndefined();
});

test('a dry run tells it too', async () => {
  await declare('s');
  expect(await warned([put('app/prod/small')], { dryRun: true })).toHaveLength(1);
});

test('the name is the one it would have there, and what is not delivered is not told', async () => {
  await declare('s', { options: { names: { case: 'upper', except: ['left*'] } } });
  expect(await warned([put('app/prod/small'), put('app/prod/left_out', 'x'.repeat(20))])).toBeUndefined();
});

test('an expression is not measured by its text', async () => {
  await declare('s');
  expect(await warned([put('app/prod/LONG', '${OTHER} and more text', { form: 'expression' })])).toBeUndefined();
});

test('only to who may know of the sync', async () => {
  await declare('s');
  const writer = await plumb().callerFor(allow('write, list', 'app/**'));
  const knowing = await plumb().callerFor(allow('write, list', 'app/**') + allow('list', 'sys/syncs/s'));
  expect(await warned([put('app/prod/small')], {}, writer)).toBeUndefined();
  expect(await warned([put('app/prod/small')], {}, knowing)).toHaveLength(1);
});

test('follows syncs and environments that come and go', async () => {
  expect(await warned([put('app/prod/small')])).toBeUndefined();
  await declare('s');
  await declare('wide', { to: 'wide:w' });
  expect(await warned([put('app/prod/small')])).toHaveLength(1);
  await use().environments.put(use().root, 'app/prod', {}, {});
  expect(await warned([put('app/base/other')])).toBeUndefined();
  await use().syncs.delete(use().root, 's', {});
  const { asked } = narrow;
  expect(await warned([put('app/prod/small')])).toBeUndefined();
  expect(narrow.asked).toBe(asked);
});
