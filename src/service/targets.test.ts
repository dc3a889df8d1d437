import { describe, expect, test } from 'vitest';
import { kubeconfigLimit } from './targets.ts';
import { PlumbError } from '#domain/errors';
import type { StoredTarget } from '#domain/records';
import type { OpenTargets } from './parts.ts';
import type { Target } from '#reconcile/target';
import type { ExamineRequest, StoredMaterial, TargetInput, TargetKind } from '#reconcile/target-kind';
import { allow } from '#testing/plumb';
import { refusal, usePlumb } from '#testing/use-plumb';

/** `server token`, in the place of a kubeconfig. */
class ToyKind implements TargetKind {
  readonly type = 'toy';
  readonly made: string[] = [];
  readonly closed: string[] = [];

  parse({ kubeconfig, context, namespaces = [], watch = 'names' }: TargetInput) {
    const [server = '', credential = ''] = kubeconfig.split(' ');
    if (credential === '') throw new PlumbError('invalid', 'no credential');
    const record: Omit<StoredTarget, 'credential' | 'description' | 'generation'> = {
      type: 'toy',
      server,
      namespaces,
      watch,
      ...(context === undefined ? {} : { context }),
    };
    return { record, credential };
  }

  make(name: string, { record, credential }: StoredMaterial) {
    if (record.server === 'forbidden') throw new PlumbError('forbidden', 'the host is not allowed');
    this.made.push(`${name} ${record.server}`);
    const nothing = (): never => {
      throw new Error('not asked for');
    };
    return {
      type: 'toy',
      check: nothing,
      identity: nothing,
      open: nothing,
      close: async () => void this.closed.push(`${name} ${record.server}`),
      examine: async ({ namespaces }: ExamineRequest) => ({
        version: 'v1',
        identity: `${record.server} as ${await credential()}`,
        namespaces: namespaces.map((namespace) => ({ namespace, may: [], lacks: [] })),
      }),
    } as Target & ReturnType<TargetKind['make']>;
  }
}

let kind = new ToyKind();
let open: OpenTargets | undefined;
const plumb = usePlumb(() => {
  kind = new ToyKind();
  return {
    targetKinds: [kind],
    reconciling: (_source, _clock, targets) => {
      open = targets;
      return undefined;
    },
  };
});
const use = () => ({ ...plumb().services, root: plumb().root });
const path = 'sys/targets/eu/credential';
const toy = { type: 'toy', kubeconfig: 'https://eu s3cret', context: 'c', namespaces: ['a'] } as const;
const shown = {
  name: 'eu',
  type: 'toy',
  declared: 'api',
  server: 'https://eu',
  context: 'c',
  namespaces: ['a'],
  watch: 'names',
  generation: 1,
  credentialVersion: 1,
};
const stateText = () => JSON.stringify(plumb().dump());

describe('a target that is added', () => {
  test('is shown without its credential, among those of the configuration', async () => {
    const { targets, root } = use();
    const put = await targets.put(root, 'eu', { ...toy, description: 'd' }, { reason: 'why', expectAbsent: true });
    expect(put).toEqual({ ...shown, description: 'd', revision: plumb().parts.truthState.view.revision });
    expect(await targets.get(root, 'eu')).toEqual({ ...shown, description: 'd' });
    expect(await targets.list(root)).toEqual([
      { ...shown, description: 'd' },
      { name: 'memory', type: 'memory', description: 'for tests', declared: 'configuration' },
    ]);
    expect(stateText()).not.toContain('s3cret');
    await plumb().restart();
    expect(await use().targets.get(root, 'eu')).toEqual({ ...shown, description: 'd' });
  });

  test('has its credential as a secret that nobody reads, lists or follows, and that is versioned', async () => {
    const { targets, entries, changes, root } = use();
    const heard = changes.watch(root, {}, new AbortController().signal)[Symbol.asyncIterator]();
    await heard.next();
    await targets.put(root, 'eu', toy, {});
    await targets.put(root, 'eu', { ...toy, kubeconfig: 'https://eu other' }, {});
    await changes.apply(root, { ops: [{ op: 'put', path: 'app/x', value: 'x' }] });
    expect((await heard.next()).value).toMatchObject({ entries: [{ path: 'app/x' }] });
    await heard.return?.(undefined);
    for (const act of [
      async () => entries.get(root, { path }),
      async () => entries.get(root, { path, version: 1, raw: true }),
      async () => entries.evaluate(root, { folder: 'sys/targets/eu' }),
      async () => entries.why(root, { path }),
      async () => entries.list(root, { folder: 'sys' }),
      async () => changes.apply(root, { ops: [{ op: 'put', path, value: 'mine' }] }),
      async () => changes.apply(root, { ops: [{ op: 'delete', path }] }),
      async () => changes.apply(root, { ops: [{ op: 'describe', path, owner: 'me' }] }),
    ]) {
      expect(await refusal(act())).toBe('invalid: the first segment sys is reserved and holds no entries');
    }
    const listed = await entries.list(root, { recursive: true });
    expect([...listed.entries.map((entry) => entry.path), ...listed.folders]).toEqual(['app/x']);
    expect((await entries.list(root, {})).folders).toEqual(['app']);
    expect((await entries.diff(root, { left: { folder: '', revision: 0 }, right: { folder: '' } })).rows).toHaveLength(
      1,
    );
    const { versions } = await entries.history(root, { path });
    expect(versions).toMatchObject([
      { version: 2, kind: 'secret', state: 'present' },
      { version: 1, kind: 'secret', state: 'present' },
    ]);
  });

  test('may have versions of its credential destroyed; without one it is not used', async () => {
    const { targets, changes, root } = use();
    await targets.put(root, 'eu', toy, {});
    expect(await targets.check(root, 'eu', {})).toMatchObject({ identity: 'https://eu as s3cret' });
    await changes.apply(root, { ops: [{ op: 'destroy', path: path as never, versions: [1] }] });
    expect(await refusal(targets.check(root, 'eu', {}))).toBe('unavailable: the credential of the target eu is gone');
    const { credentialVersion: _none, ...rest } = shown;
    expect(await targets.get(root, 'eu')).toEqual(rest);
    await targets.put(root, 'eu', toy, {});
    expect(await targets.check(root, 'eu', {})).toMatchObject({ identity: 'https://eu as s3cret' });
  });

  test('keeps the version of a credential that is the same', async () => {
    const { targets, root } = use();
    await targets.put(root, 'eu', toy, {});
    expect(await targets.put(root, 'eu', { ...toy, watch: 'namespaces' }, {})).toMatchObject({
      generation: 2,
      watch: 'namespaces',
      credentialVersion: 1,
    });
    expect(await targets.put(root, 'eu', { ...toy, kubeconfig: 'https://eu b' }, {})).toMatchObject({
      generation: 3,
      credentialVersion: 2,
    });
  });

  test.each<[what: string, name: string, input: Partial<TargetInput>, expected: RegExp]>([
    ['the name of a configured one', 'memory', {}, /^conflict: the target memory is declared in the server's conf/],
    ['no name', 'A b', {}, /^invalid: a target is named by 1 to 63 of a-z 0-9 -/],
    ['too long a name', 'a'.repeat(64), {}, /^invalid: a target is named/],
    ['a type that may not be added', 'eu', { type: 'file' }, /^invalid: a target of this type cannot be added/],
    ['what its kind refuses', 'eu', { kubeconfig: 'https://eu' }, /^invalid: no credential/],
    [
      'one byte too many',
      'eu',
      { kubeconfig: `h ${'é'.repeat(kubeconfigLimit / 2)}` },
      /^too-large: a kubeconfig has at/,
    ],
    ['as much as there may be', 'eu', { kubeconfig: `h ${'x'.repeat(kubeconfigLimit - 2)}` }, /^nothing was refused$/],
  ])('%s', async (_, name, input, expected) => {
    const before = stateText();
    expect(await refusal(use().targets.put(use().root, name, { ...toy, ...input }, {}))).toMatch(expected);
    expect(stateText() === before).toBe(!expected.test('nothing was refused'));
  });

  test('is not replaced by who expects none', async () => {
    const { targets, root } = use();
    await targets.put(root, 'eu', toy, {});
    expect(await refusal(targets.put(root, 'eu', toy, { expectAbsent: true }))).toBe(
      'exists: sys/targets/eu exists already',
    );
  });
});

describe('rights', () => {
  test('putting and deleting take admin; seeing and checking also come with use', async () => {
    const { targets, root } = use();
    await targets.put(root, 'eu', toy, {});
    const user = await plumb().callerFor(allow('use', 'sys/targets/eu'));
    const stranger = await plumb().callerFor(allow('admin', 'sys/targets/us'));
    plumb().audit.take();
    expect(await refusal(targets.put(user, 'eu', toy, {}))).toMatch(
      /^forbidden: .* may not administer sys\/targets\/eu/,
    );
    expect(await refusal(targets.delete(user, 'eu', {}))).toMatch(/^forbidden/);
    expect(await targets.get(user, 'eu')).toEqual(shown);
    expect(await targets.check(user, 'eu', { namespaces: ['b', 'b'] })).toMatchObject({
      namespaces: [{ namespace: 'b' }],
    });
    expect(plumb().audit.take()).toEqual([
      'refused admin sys/targets/eu',
      'refused admin sys/targets/eu',
      'allowed list sys/targets/eu',
      'allowed use sys/targets/eu',
      `allowed read ${path}@1`,
    ]);
    expect(await targets.list(stranger)).toEqual([]);
    expect(await refusal(targets.get(stranger, 'eu'))).toBe('not-found: nothing is at sys/targets/eu');
    expect(await refusal(targets.check(stranger, 'eu', {}))).toBe('not-found: nothing is at sys/targets/eu');
    expect(await refusal(targets.put(stranger, 'us', toy, {}))).toBe('nothing was refused');
  });

  test('what cannot be checked says so', async () => {
    const { targets, root } = use();
    expect(await refusal(targets.check(root, 'none', {}))).toBe('not-found: nothing is at sys/targets/none');
    await targets.put(root, 'eu', { ...toy, kubeconfig: 'forbidden x' }, {});
    expect(await refusal(targets.check(root, 'eu', {}))).toBe('forbidden: the host is not allowed');
    const many = Array.from({ length: 21 }, (_, i) => `n${i}`);
    await targets.put(root, 'eu', toy, {});
    expect(await refusal(targets.check(root, 'eu', { namespaces: many }))).toMatch(
      /^too-large: a check is about at most 20/,
    );
    const [first, second, third] = ['a', 'b', 'c'].map((name) => ({ kind: 'Secret' as const, name }));
    if (first === undefined || second === undefined || third === undefined) throw new Error('three were made');
    const ask = (...objects: (typeof first)[]) => targets.check(root, 'eu', { namespaces: many.slice(1), objects });
    expect(await refusal(ask(first, second))).toBe('nothing was refused');
    expect(await refusal(ask(first, second, third))).toMatch(/^too-large: a check is about at most 40 objects/);
  });
});

describe('deleting', () => {
  test('is refused as long as syncs write there, and ends the credential', async () => {
    const { targets, syncs, changes, principals, entries, root } = use();
    await targets.put(root, 'eu', toy, {});
    await changes.apply(root, { ops: [{ op: 'put', path: 'app/e/x', value: 'x' }] });
    await principals.put(root, 'workload/w', { policies: ['admin'] }, {});
    await syncs.put(root, 's', { from: 'app/e', to: 'eu:place', runAs: 'workload/w' }, {});
    expect(await refusal(targets.delete(root, 'eu', {}))).toBe('conflict: syncs write to eu: s');
    const admin = await plumb().callerFor(allow('admin', 'sys/targets/**'));
    expect(await refusal(targets.delete(admin, 'eu', {}))).toBe(
      'conflict: syncs write to eu: others that may not be listed',
    );
    await syncs.delete(root, 's', {});
    await targets.delete(root, 'eu', { reason: 'over' });
    expect(await refusal(targets.get(root, 'eu'))).toBe('not-found: nothing is at sys/targets/eu');
    expect(await refusal(targets.delete(root, 'eu', {}))).toBe('not-found: nothing is at sys/targets/eu');
    expect(await refusal(targets.delete(root, 'memory', {}))).toMatch(/^conflict: the target memory is declared/);
    expect((await entries.history(root, { path })).versions).toMatchObject([{ state: 'deleted' }, { version: 1 }]);
    expect(await targets.put(root, 'eu', toy, { expectAbsent: true })).toMatchObject({
      generation: 1,
      credentialVersion: 3,
    });
  });
});

describe('the open targets', () => {
  test('are made once, made anew when record or credential change, and closed', async () => {
    const { targets, changes, root } = use();
    expect(open?.get('eu')).toBeUndefined();
    await targets.put(root, 'eu', toy, {});
    const first = open?.get('eu');
    expect(open?.get('eu')).toBe(first);
    await changes.apply(root, { ops: [{ op: 'put', path: 'app/e/x', value: 'x' }] });
    expect(open?.get('eu')).toBe(first);
    await targets.put(root, 'eu', { ...toy, kubeconfig: 'https://eu2 s3cret' }, {});
    expect(open?.get('eu')).not.toBe(first);
    await changes.apply(root, { ops: [{ op: 'destroy', path: path as never, versions: [1] }] });
    open?.get('eu');
    expect(kind.made).toEqual(['eu https://eu', 'eu https://eu2', 'eu https://eu2']);
    expect(plumb().retargeted).toEqual(['eu', 'eu', 'eu']);
    expect(kind.closed).toEqual([]);
    await plumb().clock.advance(15_000);
    expect(kind.closed).toEqual(['eu https://eu', 'eu https://eu2']);
    await targets.delete(root, 'eu', {});
    expect(open?.get('eu')).toBeUndefined();
    await open?.close();
    expect(kind.closed).toEqual(['eu https://eu', 'eu https://eu2', 'eu https://eu2']);
  });
});
