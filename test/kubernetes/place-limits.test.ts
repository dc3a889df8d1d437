/** What Kubernetes will not have, said before anything is written. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { clusterFor } from './clusters.ts';
import { Keeper } from './keeper.ts';
import type { DesiredItem, TargetOptions } from '#reconcile/target';
import type { Cluster } from '#reconcile/targets/kubernetes/cluster';
import { type Kubernetes, type KubeObject, pathOf, secret, startKubernetes, valuesOf } from '#testing/kubernetes';

const mebibyte = 1_048_576;
const config = (value: string): DesiredItem => ({ value, secret: false });
const binary = (...bytes: readonly number[]): DesiredItem => ({
  value: Buffer.from(bytes).toString('base64'),
  secret: false,
  binary: true,
});

describe.skipIf(without('kubernetes'))('what Kubernetes will not have', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;
  let namespace: string;

  const open = (options?: TargetOptions, at = namespace): Promise<Keeper> =>
    Keeper.open({ cluster, at, ...(options === undefined ? {} : { options }) });
  const objects = (...list: readonly Readonly<Record<string, unknown>>[]): Promise<Keeper> => open({ objects: list });
  const path = (kind = 'Secret', at = namespace): string => pathOf({ kind, metadata: { namespace: at, name: 'app' } });
  const values = async (at = namespace): Promise<Readonly<Record<string, string>> | undefined> => {
    const found = await kubernetes.kube.get(path('Secret', at));
    return found === undefined ? undefined : valuesOf({ ...found, kind: 'Secret' });
  };
  const put = (more: Partial<KubeObject>, data: Readonly<Record<string, string>> = { A: '1' }): Promise<KubeObject> =>
    kubernetes.kube.put({ ...secret(namespace, 'app', data), ...more });
  /** What one run says that is in the way. */
  const problems = async (keeper: Keeper, wish: Parameters<Keeper['keep']>[0]): Promise<readonly string[]> =>
    (await keeper.keep(wish)).problems;

  beforeAll(async () => {
    // The controller that empties namespaces does not run: one that is deleted stays Terminating.
    kubernetes = await startKubernetes();
    cluster = clusterFor(kubernetes);
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.stop();
  });
  beforeEach(async () => {
    namespace = await kubernetes.kube.createNamespace();
  });

  describe('values', () => {
    test.each(['Secret', 'ConfigMap'])('1 MiB fits a %s, one byte more does not', async (kind) => {
      const keeper = await objects({ kind, name: 'app' });
      const filled = config('x'.repeat(mebibyte - 10));
      expect(await problems(keeper, { BIG: filled, SMALL: config('y'.repeat(10)) })).toEqual([]);
      expect((await keeper.keep({ BIG: filled, SMALL: config('y'.repeat(10)) })).inAgreement).toBe(true);
      expect(await problems(keeper, { BIG: filled, SMALL: config('y'.repeat(11)) })).toEqual([
        `${kind}/app would have 1048577 bytes of values, expected at most 1048576`,
      ]);
    });

    test('what others have in the object counts', async () => {
      await put({}, { FOREIGN: 'x'.repeat(mebibyte - 1) });
      const keeper = await open();
      expect(await problems(keeper, { A: 'xx' })).toEqual([expect.stringContaining('1048577 bytes')]);
      expect(await problems(keeper, { A: 'x' })).toEqual([]);
    });

    test('bytes that are no text stand in the binary part of a ConfigMap, and come back the same', async () => {
      const keeper = await objects({ kind: 'ConfigMap', name: 'app' });
      await keeper.keep({ TEXT: binary(0x68, 0x69), BYTES: binary(0xff, 0, 0xfe) });
      expect(await kubernetes.kube.get(path('ConfigMap'))).toMatchObject({
        data: { TEXT: 'hi' },
        binaryData: { BYTES: '/wD+' },
      });
      expect((await keeper.keep({ TEXT: config('hi'), BYTES: binary(0xff, 0, 0xfe) })).inAgreement).toBe(true);
      await keeper.keep({ TEXT: binary(0xff), BYTES: config('text') });
      expect(await kubernetes.kube.get(path('ConfigMap'))).toMatchObject({
        data: { BYTES: 'text' },
        binaryData: { TEXT: '/w==' },
      });
    });

    test('bytes of every value are the same in a Secret', async () => {
      const keeper = await open();
      await keeper.keep({ BYTES: { ...binary(...Array(256).keys()), secret: true }, NUL: '\0' });
      const { data } = (await kubernetes.kube.get(path())) ?? {};
      expect(Buffer.from(data?.['BYTES'] ?? '', 'base64')).toEqual(Buffer.from([...Array(256).keys()]));
      expect(data?.['NUL']).toBe('AA==');
    });

    test('a name that others hold as bytes is in the way; one of ours is moved', async () => {
      const keeper = await objects({ kind: 'ConfigMap', name: 'app' });
      const moved = {
        metadata: { namespace, name: 'app' },
        kind: 'ConfigMap',
        apiVersion: 'v1',
        binaryData: { A: 'MQ==' },
      };
      await kubernetes.kube.put(moved);
      expect(await problems(keeper, { A: config('1') })).toEqual([
        expect.stringContaining('has A in binaryData already'),
      ]);
      await kubernetes.kube.delete(path('ConfigMap'));
      await keeper.keep({ A: config('1'), B: config('2') });
      await kubernetes.kube.put(moved);
      await keeper.keep({ A: config('1'), B: config('2') });
      expect(await kubernetes.kube.get(path('ConfigMap'))).toMatchObject({ data: { A: '1', B: '2' } });
      expect(await kubernetes.kube.get(path('ConfigMap'))).not.toHaveProperty('binaryData');
    });
  });

  test('names that are no keys are said all at once, and the object stays as it is', async () => {
    const keeper = await open();
    const long = 'x'.repeat(254);
    expect(await problems(keeper, { 'a b': '1', ä: '2', '..x': '3', [long]: '4', FINE: '5' })).toHaveLength(4);
    expect(await values()).toBeUndefined();
  });

  test('a secret never goes to a ConfigMap, and the chain that taints it is said', async () => {
    const keeper = await objects({ kind: 'ConfigMap', name: 'app' });
    const tainted = { value: 'x', secret: true, taint: ['a/b/URL', 'a/b/PASSWORD'] };
    expect(await problems(keeper, { URL: tainted, PORT: config('80') })).toEqual([
      'URL is a secret, made from a/b/URL, made from a/b/PASSWORD, and no object takes it: expected a Secret without include, or with one that matches it',
    ]);
    expect(await kubernetes.kube.get(path('ConfigMap'))).toBeUndefined();
  });

  describe('types', () => {
    test('a Secret of another type stays as it is', async () => {
      await put({ type: 'example.test/a' });
      const keeper = await objects({ kind: 'Secret', name: 'app', type: 'Opaque' });
      expect(await problems(keeper, { B: '2' })).toEqual([
        expect.stringMatching(/^Secret\/app is of type example.test\/a, expected Opaque/),
      ]);
      expect(await values()).toEqual({ A: '1' });
    });

    const demanding: readonly [type: string, refused: Record<string, string>, accepted: Record<string, string>][] = [
      ['kubernetes.io/tls', { 'tls.crt': 'x' }, { 'tls.crt': 'x', 'tls.key': '' }],
      ['kubernetes.io/ssh-auth', { 'ssh-privatekey': '' }, { 'ssh-privatekey': 'x' }],
      ['kubernetes.io/basic-auth', { user: 'x' }, { password: 'x' }],
      ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': 'no' }, { '.dockerconfigjson': '{}' }],
      ['kubernetes.io/dockercfg', { '.dockercfg': '[]' }, { '.dockercfg': '{}' }],
    ];
    test.each(demanding)('%s', async (type, refused, accepted) => {
      const keeper = await objects({ kind: 'Secret', name: 'app', type });
      expect(await problems(keeper, refused)).toHaveLength(1);
      await expect(kubernetes.kube.put({ ...secret(namespace, 'app', refused), type })).rejects.toThrow(/422/);
      await keeper.keep(accepted);
      expect(await values()).toEqual(accepted);
    });
  });

  describe('immutable', () => {
    const frozen = { kind: 'Secret', name: 'app', immutable: true };

    test('a Secret that is to be so is made so, and agrees as long as nothing changes', async () => {
      const keeper = await objects(frozen);
      await keeper.keep({ A: '1' });
      expect(await kubernetes.kube.get(path())).toMatchObject({ immutable: true });
      expect((await keeper.keep({ A: '1' })).inAgreement).toBe(true);
      const way = [expect.stringContaining('is immutable and its values differ')];
      expect([await problems(keeper, { A: '2' }), await problems(keeper, { A: '1', B: '2' })]).toEqual([way, way]);
      expect(await values()).toEqual({ A: '1' });
      await keeper.keep({});
      expect(await values()).toBeUndefined();
      await keeper.keep({ A: '2' });
      expect(await values()).toEqual({ A: '2' });
    });

    test('one of others is adopted where it agrees', async () => {
      await put({ immutable: true });
      const keeper = await open();
      expect((await keeper.keep({ A: '1' })).inAgreement).toBe(true);
      expect(await problems(keeper, { A: '1', B: '2' })).toHaveLength(1);
    });

    test('one that has to become so, does', async () => {
      await (await open()).keep({ A: '1' });
      const keeper = await objects(frozen);
      await keeper.keep({ A: '1' });
      expect(await kubernetes.kube.get(path())).toMatchObject({ immutable: true });
    });
  });

  test('an object that is being deleted is waited for', async () => {
    await put({ metadata: { namespace, name: 'app', finalizers: ['example.test/hold'] } as KubeObject['metadata'] });
    await kubernetes.kube.delete(path());
    const keeper = await open();
    expect(await problems(keeper, { A: '2' })).toEqual([expect.stringContaining('is being deleted since 20')]);
    await kubernetes.kube.patchAs('admin').merge(path(), { metadata: { finalizers: null } });
    expect(await problems(keeper, { A: '2' })).toEqual([]);
    expect(await values()).toEqual({ A: '2' });
  });

  describe('a namespace', () => {
    test('that is not there is in the way, until it is', async () => {
      const keeper = await open(undefined, `${namespace}-x`);
      expect(await problems(keeper, { A: '1' })).toEqual([
        expect.stringContaining(`there is no namespace ${namespace}-x`),
      ]);
      const mark = await keeper.mark();
      expect(mark).toBeNull();
      await kubernetes.kube.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${namespace}-x` } });
      expect(await keeper.mark()).not.toBe(mark);
      expect(await problems(keeper, { A: '1' })).toEqual([]);
      expect(await values(`${namespace}-x`)).toEqual({ A: '1' });
    });

    test('is made if that was asked for', async () => {
      const options = { objects: [{ kind: 'Secret', name: 'app' }], createNamespaces: true };
      await (await open(options, `${namespace}-y`)).keep({ A: '1' });
      expect(await values(`${namespace}-y`)).toEqual({ A: '1' });
    });

    test('that may be made, and not asked about, is made as well', async () => {
      const other = `${namespace}-z`;
      const two = [
        { kind: 'Secret', name: 'app' },
        { kind: 'ConfigMap', name: 'app' },
      ];
      const rule = (resources: readonly string[], ...verbs: readonly string[]) => ({
        apiGroups: [''],
        resources,
        verbs,
      });
      const undo = await kubernetes.kube.role(
        '*',
        [rule(['secrets', 'configmaps'], 'get', 'create', 'patch'), rule(['namespaces'], 'create')],
        kubernetes.limited.name,
      );
      const limited = clusterFor(kubernetes, kubernetes.limited.token);
      const keeper = await Keeper.open({
        cluster: limited,
        at: other,
        options: { objects: two, createNamespaces: true },
      });
      await keeper.keep({ A: '1', PORT: config('80') });
      expect(await values(other)).toEqual({ A: '1' });
      await Promise.all([undo(), limited.close()]);
    });

    test('that is being deleted is in the way', async () => {
      await kubernetes.kube.delete(pathOf({ kind: 'Namespace', metadata: { name: namespace } }));
      const keeper = await open();
      expect(await problems(keeper, { A: '1' })).toEqual([expect.stringContaining('is being deleted (Terminating)')]);
    });
  });
});
