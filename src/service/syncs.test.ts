import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Caller, ChangeRequestOp, SyncInput } from './services.ts';
import type { Path } from '#domain/path';
import { Host } from '#reconcile/host';
import type { SyncSource } from '#reconcile/reconciler';
import { SeededRandom } from '#testing/clock';
import { allow, deny } from '#testing/plumb';
import { fixedTargets } from '#testing/keeping';
import { MemoryTarget } from '#testing/simulate/target';
import { refusal, usePlumb } from '#testing/use-plumb';

let target = new MemoryTarget();
let hosts: Host[] = [];
let sources: SyncSource[] = [];
const plumb = usePlumb(() => {
  target = new MemoryTarget();
  hosts = [];
  sources = [];
  return {
    reconciling: (source, clock) => {
      const targets = fixedTargets({ memory: target });
      const host = new Host({ syncs: source, targets, clock, random: new SeededRandom(2) });
      hosts.push(host);
      sources.push(source);
      return host;
    },
  };
});
afterEach(async () => {
  for (const host of hosts) await host.stop();
});
const use = () => ({ ...plumb().services, root: plumb().root });
const put = (path: string, value: string, more: object = {}): ChangeRequestOp => ({ op: 'put', path, value, ...more });
const apply = (...ops: readonly ChangeRequestOp[]) => use().changes.apply(use().root, { ops, force: true });
const input: SyncInput = { from: 'app/prod', to: 'memory:place', runAs: 'workload/laptop' };
const create = (more: Partial<SyncInput> = {}, caller: Caller = use().root) =>
  use().syncs.put(caller, 'laptop', { ...input, ...more }, { reason: 'r' });
const there = () => Object.fromEntries(target.peek('place')?.names ?? []);
const settled = () => plumb().clock.advance(1);
const conditions = async () =>
  (await use().syncs.get(use().root, 'laptop')).status?.conditions
    .filter(({ status }) => status === 'true')
    .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);

beforeEach(async () => {
  const { projects, environments, policies, principals, root } = use();
  await projects.put(root, 'app', {}, {});
  await environments.put(root, 'app/base', {}, {});
  await environments.put(root, 'app/prod', { extends: 'base' }, {});
  await apply(
    put('app/base/HOST', 'h'),
    put('app/base/URL', 'at ${HOST}', { form: 'expression' }),
    put('app/prod/OWN', 'o'),
  );
  await policies.put(root, 'deliver', { text: allow('read', 'app/**') }, {});
  await principals.put(root, 'workload/laptop', { policies: ['deliver'] }, {});
  hosts.at(-1)?.start();
});

describe('a sync', () => {
  test('delivers the evaluated folder, and is woken by exactly what it touched', async () => {
    const made = await create();
    await settled();
    expect(made).toMatchObject({ name: 'laptop', generation: 1, mode: 'repair', target: 'memory', at: 'place' });
    expect(there()).toEqual({ HOST: 'h', OWN: 'o', URL: 'at h' });
    const { writes } = target.peek('place') ?? {};
    await apply(put('app/dev/HOST', 'elsewhere'));
    await settled();
    expect(target.peek('place')?.writes).toBe(writes);
    await apply(put('app/prod/HOST', 'p'));
    await settled();
    expect(there()).toEqual({ HOST: 'p', OWN: 'o', URL: 'at p' });
    await apply(put('app/prod/NEW', 'n'), { op: 'delete', path: 'app/prod/OWN' });
    await settled();
    expect(there()).toEqual({ HOST: 'p', NEW: 'n', URL: 'at p' });
  });

  test.each(['memory:a/b:c', 'memory/a/b:c'])('%s: the name of the target ends where : or / is first', async (to) => {
    expect(await create({ to })).toMatchObject({ target: 'memory', at: 'a/b:c' });
  });

  test('is woken by what its environment extends', async () => {
    await create();
    await settled();
    await use().environments.put(use().root, 'app/other', {}, {});
    await apply(put('app/other/HOST', 'o'), put('app/other/URL', 'u'));
    await use().environments.put(use().root, 'app/prod', { extends: 'other' }, {});
    await settled();
    expect(there()).toEqual({ HOST: 'o', OWN: 'o', URL: 'u' });
  });

  test('at rest is not evaluated, as long as nothing has happened to what it depends on', async () => {
    const source = sources.at(-1);
    await create();
    await settled();
    const mark = source?.wishMark?.('laptop');
    await apply(put('app/dev/HOST', 'elsewhere'));
    expect(source?.wishMark?.('laptop')).toBe(mark);
    const marks = [mark];
    const happens = async (act: () => Promise<unknown>) => {
      await act();
      marks.push(source?.wishMark?.('laptop'));
    };
    const { policies, principals, environments, root } = use();
    await happens(() => apply(put('app/base/HOST', 'h2')));
    await happens(() => policies.put(root, 'deliver', { text: allow('list, read', 'app/**') }, {}));
    await policies.put(root, 'more', { text: '' }, {});
    await happens(() => principals.put(root, 'workload/laptop', { policies: ['deliver', 'more'] }, {}));
    await happens(() => environments.put(root, 'app/prod', {}, {}));
    await happens(() => create({ mode: 'report' }));
    expect(new Set(marks).size).toBe(6);
    expect(marks).not.toContain(undefined);
  });

  test('whose rights depend on the time of day stalls within the minute in which they end', async () => {
    await use().policies.put(use().root, 'deliver', { text: allow('read', 'app/**', 'time in 00:00-00:05 UTC') }, {});
    await create();
    await plumb().clock.advance(5 * 60_000 - 2000);
    expect(await conditions()).toEqual(['InSync Agrees: all 3 names agree']);
    await plumb().clock.advance(67_000);
    expect(await conditions()).toEqual([expect.stringMatching(/^Stalled RightsLost/)]);
    expect(there()).toEqual({ HOST: 'h', OWN: 'o', URL: 'at h' });
  });

  test('every delivery is in the audit file before it is made, names and never values', async () => {
    await create();
    await settled();
    const records = plumb().audit.records.filter(({ principal }) => principal === 'workload/laptop');
    expect(records).toMatchObject([
      {
        action: 'sync',
        outcome: 'allowed',
        paths: ['sys/syncs/laptop', 'app/prod/HOST', 'app/prod/OWN', 'app/prod/URL'],
        revision: plumb().parts.truthState.view.head('app/prod/OWN' as Path)?.current.revision,
      },
    ]);
  });

  test('whose record cannot be made does not deliver', async () => {
    plumb().audit.failure = new Error('the disk is full');
    await create();
    await settled();
    expect(target.peek('place')).toBeUndefined();
    plumb().audit.failure = undefined;
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'its workload is disabled',
      () => use().principals.put(use().root, 'workload/laptop', { policies: ['deliver'], disabled: true }, {}),
      /^Stalled PrincipalDisabled: workload\/laptop is disabled or gone/,
    ],
    [
      'its workload may not read one entry any more',
      () =>
        use().policies.put(use().root, 'deliver', { text: allow('read', 'app/**') + deny('read', 'app/prod/OWN') }, {}),
      /^Stalled RightsLost: workload\/laptop may not read 1 of 3 entries of app\/prod/,
    ],
    [
      'an entry cannot be evaluated any more',
      () => apply({ op: 'delete', path: 'app/base/HOST' }),
      /^Stalled Unevaluable: 1 of 2 entries of app\/prod cannot be evaluated/,
    ],
  ])('stalls when %s, leaves the target, and goes on afterwards', async (_how, act, expected) => {
    await create();
    await settled();
    const before = there();
    await act();
    await settled();
    expect((await conditions())?.join()).toMatch(expected);
    expect(there()).toEqual(before);
    await use().policies.put(use().root, 'deliver', { text: allow('read', '**') }, {});
    await use().principals.put(use().root, 'workload/laptop', { policies: ['deliver'] }, {});
    await apply(put('app/base/HOST', 'again'));
    await settled();
    expect(there()).toMatchObject({ HOST: 'again' });
  });

  test('why says where a value has been delivered, to who may see the sync', async () => {
    const { revision } = await apply(put('app/prod/HOST', 'p'));
    await create();
    await settled();
    const why = (caller: Caller, path: string) => use().entries.why(caller, { path });
    expect((await why(use().root, 'app/prod/HOST')).deliveries).toEqual([
      {
        sync: 'laptop',
        target: 'memory',
        at: 'place',
        inSync: true,
        appliedRevision: revision,
        appliedAt: plumb().clock.now() - 1,
      },
    ]);
    expect((await why(use().root, 'app/base/URL')).deliveries).toHaveLength(1);
    const caller = await plumb().callerFor(allow('list', 'app/**'));
    expect((await why(caller, 'app/prod/HOST')).deliveries).toEqual([]);
  });

  test('deleting it leaves the target, and a later one of the name owns nothing there', async () => {
    await create();
    await settled();
    await use().syncs.delete(use().root, 'laptop', {});
    await settled();
    expect(there()).toEqual({ HOST: 'h', OWN: 'o', URL: 'at h' });
    expect(plumb().parts.workState.view.record('inventory', 'laptop')).toBeUndefined();
    expect(plumb().parts.workState.view.record('sync-status', 'laptop')).toBeUndefined();
    expect(await refusal(use().syncs.get(use().root, 'laptop'))).toBe('not-found: nothing is at sys/syncs/laptop');
  });

  test('its generation counts changes of the spec', async () => {
    await create();
    expect(await create()).toMatchObject({ generation: 1 });
    expect(await create({ mode: 'report' })).toMatchObject({ generation: 2 });
    const again = use().syncs.put(use().root, 'laptop', input, { expectAbsent: true });
    expect(await refusal(again)).toBe('exists: sys/syncs/laptop exists already');
  });

  test.each<[Partial<SyncInput>, string]>([
    [{ to: 'memory' }, 'invalid: the sync laptop needs a place of the form <target>:<where>'],
    [{ to: ':place' }, 'invalid: the sync laptop needs a place of the form <target>:<where>'],
    [{ to: 'none:place' }, 'invalid: there is no target none'],
    [{ to: 'none/place:with/more' }, 'invalid: there is no target none'],
    [{ to: 'memory/' }, 'invalid: the sync laptop needs a place of the form <target>:<where>'],
    [{ from: '' }, 'invalid: a path must not be empty'],
    [{ runAs: 'person/root' }, 'invalid: a sync runs as a workload'],
    [{ runAs: 'workload/none' }, 'invalid: there is no principal workload/none'],
    [{ mode: 'always' as 'once' }, 'invalid: a mode is one of repair, report, once, paused'],
    [{ options: { nonsense: true } }, 'invalid: unknown option nonsense'],
    [{ options: { x: 'x'.repeat(16_400) } }, 'too-large: the options of a sync have at most 16384 characters as JSON'],
  ])('%#: a bad spec is refused', async (more, expected) => {
    expect(await refusal(create(more))).toBe(expected);
  });
});

describe('authoring a sync', () => {
  const all = {
    sync: allow('sync', 'sys/syncs/laptop'),
    use: allow('use', 'sys/targets/memory'),
    assume: allow('assume', 'identity/workload/laptop'),
    read: allow('read', 'app/**'),
  };
  test.each([
    ['nothing', all, 'nothing was refused'],
    ['sync', { ...all, sync: '' }, 'forbidden: person/p1 may not manage the sync sys/syncs/laptop'],
    ['use', { ...all, use: '' }, 'forbidden: person/p1 may not use sys/targets/memory'],
    ['assume', { ...all, assume: '' }, 'forbidden: person/p1 may not run as identity/workload/laptop'],
    ['read', { ...all, read: '' }, 'forbidden: person/p1 may not read everything in app/prod'],
    [
      'read of one origin',
      { ...all, read: all.read + deny('read', 'app/base/HOST') },
      'forbidden: person/p1 may not read everything in app/prod',
    ],
  ])('without %s', async (_what, rules, expected) => {
    const caller = await plumb().callerFor(Object.values(rules).join(''));
    expect(await refusal(create({}, caller))).toBe(expected);
    expect(await refusal(use().syncs.put(caller, 'laptop', input, { dryRun: true }))).toBe(expected);
  });

  test('a dry run answers the plan and records nothing', async () => {
    const before = plumb().dump();
    const tried = await use().syncs.put(use().root, 'laptop', input, { dryRun: true });
    expect(tried).toMatchObject({ revision: 0, generation: 1, plan: { inAgreement: false } });
    expect(tried.plan?.steps.map(({ name, do: what }) => `${what} ${name}`)).toEqual([
      'create HOST',
      'create OWN',
      'create URL',
    ]);
    expect(plumb().dump()).toEqual(before);
    expect(target.peek('place')).toBeUndefined();
  });
});

describe('plan and apply', () => {
  test('take sync on it', async () => {
    await create();
    const caller = await plumb().callerFor(allow('list', '**'));
    expect(await refusal(use().syncs.plan(caller, 'laptop'))).toMatch(/^forbidden: person\/p1 may not manage the sync/);
    expect(await refusal(use().syncs.apply(caller, 'laptop'))).toMatch(/^forbidden/);
    expect(await refusal(use().syncs.plan(use().root, 'none'))).toBe('not-found: nothing is at sys/syncs/none');
  });

  test('apply carries the plan out now', async () => {
    await create({ mode: 'report' });
    await settled();
    expect(target.peek('place')).toBeUndefined();
    const applied = await use().syncs.apply(use().root, 'laptop');
    expect(applied.steps).toHaveLength(3);
    expect(there()).toEqual({ HOST: 'h', OWN: 'o', URL: 'at h' });
    expect((await use().syncs.plan(use().root, 'laptop')).inAgreement).toBe(true);
  });

  test('apply only what was read, where that is asked for', async () => {
    await create({ mode: 'report' });
    await settled();
    const { syncs, root } = use();
    const { generation } = await syncs.get(root, 'laptop');
    const expecting = (wanted: number) => ({
      expect: (present: object) => 'generation' in present && present.generation === wanted,
    });
    expect(await refusal(syncs.apply(root, 'laptop', expecting(generation - 1)))).toBe(
      'mismatch: sys/syncs/laptop has been changed since',
    );
    expect(target.peek('place')).toBeUndefined();
    expect((await syncs.apply(root, 'laptop', expecting(generation))).steps).toHaveLength(3);
  });

  test('show nothing of what the caller may not list', async () => {
    await create({ mode: 'report' });
    await settled();
    const caller = await plumb().callerFor(
      allow('sync', '**') + allow('list', 'app/**') + deny('list', 'app/prod/OWN'),
    );
    const plan = await use().syncs.plan(caller, 'laptop');
    expect(plan.steps.map(({ name }) => name)).toEqual(['HOST', 'URL']);
    expect(JSON.stringify(plan)).not.toContain('OWN');
    expect(plan.remarks).toEqual(['1 names that you may not list are left out']);
  });

  test('what a plan reveals is recorded as a read of the entries it was made from', async () => {
    await create();
    await settled();
    plumb().audit.take();
    await use().syncs.plan(use().root, 'laptop', { reveal: true });
    expect(plumb().audit.take()).toEqual(['allowed sync sys/syncs/laptop', 'allowed read app/prod']);
  });

  test('say which entries cannot be evaluated, as far as the caller may know of them', async () => {
    await create();
    await settled();
    await apply({ op: 'delete', path: 'app/base/HOST' });
    const plan = await use().syncs.plan(use().root, 'laptop');
    expect(plan.problems).toContain('app/prod/URL → app/prod/HOST: there is no such entry');
    const caller = await plumb().callerFor(allow('sync', '**') + allow('list', 'app/prod/URL'));
    const seen = await use().syncs.plan(caller, 'laptop');
    expect(seen.problems).toContain('app/prod/URL: cannot be evaluated');
    expect(JSON.stringify(seen)).not.toContain('HOST');
  });
});

test('a list shows syncs that may be seen', async () => {
  await create();
  const some = await plumb().callerFor(allow('list', 'sys/syncs/*'));
  const none = await plumb().callerFor('');
  expect(await use().syncs.list(some)).toMatchObject([{ name: 'laptop' }]);
  expect(await use().syncs.list(none)).toEqual([]);
});
