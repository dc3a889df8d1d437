/** What a place does to the objects of a real API server, and leaves alone. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { without } from '../fault/without.ts';
import { clusterFor } from './clusters.ts';
import { Keeper } from './keeper.ts';
import type { KeeperOptions } from './keeper.ts';
import type { DesiredItem, Writer } from '#reconcile/target';
import type { Cluster } from '#reconcile/targets/kubernetes/cluster';
import {
  configMap,
  type Kubernetes,
  type KubeObject,
  pathOf,
  secret,
  startKubernetes,
  valuesOf,
} from '#testing/kubernetes';

const config = (value: string): DesiredItem => ({ value, secret: false });
const both = {
  objects: [
    { kind: 'Secret', name: 'app' },
    { kind: 'ConfigMap', name: 'app' },
  ],
};

describe.skipIf(without('kubernetes'))('a place on a real API server', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;
  let namespace: string;
  let keeper: Keeper;

  const open = (options: Partial<KeeperOptions> = {}): Promise<Keeper> =>
    Keeper.open({ cluster, at: namespace, ...options });
  const path = (name = 'app', kind = 'Secret'): string => pathOf({ kind, metadata: { namespace, name } });
  const object = (name?: string, kind?: string): Promise<KubeObject | undefined> =>
    kubernetes.kube.get(path(name, kind));
  const values = async (name?: string, kind = 'Secret'): Promise<Readonly<Record<string, string>> | undefined> => {
    const found = await object(name, kind);
    return found === undefined ? undefined : valuesOf({ ...found, kind });
  };
  const version = async (): Promise<string | undefined> => (await object())?.metadata.resourceVersion;
  const managers = async (): Promise<readonly string[]> =>
    ((await object())?.metadata.managedFields ?? []).map(({ manager, operation }) => `${manager} ${operation}`).sort();
  const by = (manager: string) => kubernetes.kube.patchAs(manager);
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  const edit = (key: string, text: string): Promise<KubeObject> =>
    by('kubectl-edit').merge(path(), { data: { [key]: encoded(text) } });
  /** Requests of ours that were to change the object meanwhile, and versions of it that came of them. */
  const written = async (act: () => Promise<unknown>): Promise<readonly [requests: number, versions: number]> => {
    const requests = (): number => cluster.requests.get('patch secrets') ?? 0;
    const [before, resourceVersion = ''] = [requests(), await version()];
    await act();
    const [sent, last] = [requests() - before, await version()];
    if (last === resourceVersion) return [sent, 0];
    let versions = 0;
    for await (const { object: one } of kubernetes.kube.watch(path().replace(/[/]app$/, ''), { resourceVersion })) {
      versions += 1;
      if (one.metadata.resourceVersion === last) break;
    }
    return [sent, versions];
  };
  const name = (key: string, group = 'Secret/app'): string => `${namespace}/${group}/${key}`;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    cluster = clusterFor(kubernetes);
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.stop();
  });
  beforeEach(async () => {
    namespace = await kubernetes.kube.createNamespace();
    keeper = await open();
  });

  describe('its own names', () => {
    test('are made, changed and removed by one manager, under our label', async () => {
      await keeper.keep({ A: '1', B: '2' });
      expect(await managers()).toEqual(['plumb/app Apply']);
      expect((await object())?.metadata.labels).toEqual({ 'plumb.dev/managed': 'true' });
      await keeper.keep({ A: '3' });
      expect(await values()).toEqual({ A: '3' });
      expect(await managers()).toEqual(['plumb/app Apply']);
    });

    test('that agree are not written again', async () => {
      await keeper.keep({ A: '1' });
      const before = await version();
      const draft = await keeper.keep({ A: '1' });
      expect([draft.inAgreement, await version()]).toEqual([true, before]);
    });

    test('take the object with them when nothing else is in it', async () => {
      await keeper.keep({ A: '1', B: '2' });
      await keeper.keep({});
      expect([await object(), await keeper.mark()]).toEqual([undefined, null]);
    });

    test('leave an object in which somebody else has a part', async () => {
      await keeper.keep({ A: '1' });
      await by('helm').merge(path(), { metadata: { annotations: { note: 'ours' } } });
      await keeper.keep({});
      expect(await values()).toEqual({});
      expect((await object())?.metadata).toMatchObject({ annotations: { note: 'ours' } });
      expect((await object())?.metadata.labels).toBeUndefined();
    });

    test('of an earlier sync of the same name stay when nobody says that they go', async () => {
      await keeper.keep({ A: '1', OLD: 'kept' });
      const later = await open();
      await later.keep({ A: '1', B: '2' });
      expect(await values()).toEqual({ A: '1', B: '2', OLD: 'kept' });
      await later.keep({ A: '1' });
      expect(await values()).toEqual({ A: '1', OLD: 'kept' });
    });
  });

  describe('names of others', () => {
    test('stay, with labels and annotations of others', async () => {
      const theirs = { labels: { app: 'x' }, annotations: { note: 'y' } };
      const before = secret(namespace, 'app', { FOREIGN: 'stays' });
      await kubernetes.kube.put({ ...before, metadata: { ...before.metadata, ...theirs } });
      await keeper.keep({ A: '1', B: '2' });
      await keeper.keep({ A: '3' });
      expect(await values()).toEqual({ FOREIGN: 'stays', A: '3' });
      await keeper.keep({});
      expect(await values()).toEqual({ FOREIGN: 'stays' });
      expect((await object())?.metadata).toMatchObject(theirs);
    });

    test('with an equal value are ours without a write', async () => {
      await kubernetes.kube.put(secret(namespace, 'app', { A: '1', FOREIGN: 'stays' }));
      const before = await version();
      const draft = await keeper.keep({ A: '1' });
      expect(draft.steps.map((step) => step.do)).toEqual(['adopt']);
      const again = await keeper.keep({ A: '1' });
      expect([again.inAgreement, await version()]).toEqual([true, before]);
    });

    test('that were taken over go when they are not wanted any more', async () => {
      await kubernetes.kube.put(secret(namespace, 'app', { A: '1', FOREIGN: 'stays' }));
      await keeper.keep({ A: '1' });
      await keeper.keep({ A: '1', B: '2' });
      await keeper.keep({ B: '2' });
      expect(await values()).toEqual({ FOREIGN: 'stays', B: '2' });
    });

    test('with another value are a conflict that names the writer, until they are adopted', async () => {
      await by('helm').apply(secret(namespace, 'app', { A: 'theirs' }));
      const { conflicts } = await keeper.keep({ A: '1' });
      expect(conflicts).toEqual([expect.stringMatching(/written by helm, 20\d\d-.*the option adopt/)]);
      expect(await values()).toEqual({ A: 'theirs' });
      await keeper.keep({ A: '1' }, { adopt: true });
      expect(await values()).toEqual({ A: '1' });
    });

    test('made at the same moment are never overwritten', async () => {
      const looked = await keeper.look({ A: '1' });
      await kubernetes.kube.put(secret(namespace, 'app', { A: 'theirs' }));
      await expect(keeper.write(looked)).rejects.toMatchObject({ code: 'mismatch' });
      expect(await values()).toEqual({ A: 'theirs' });
    });

    test('made at the same moment keep ours out, until they were looked at', async () => {
      const looked = await keeper.look({ A: '1' });
      await kubernetes.kube.put(secret(namespace, 'app', { FOREIGN: 'stays' }));
      await expect(keeper.write(looked)).rejects.toMatchObject({ code: 'mismatch' });
      await keeper.keep({ A: '1' });
      expect(await values()).toEqual({ FOREIGN: 'stays', A: '1' });
    });
  });

  describe('drift', () => {
    const writerOf = async (key: string): Promise<Writer | undefined> => {
      const { reading } = await keeper.look({ A: '1' });
      return reading.observed?.names.get(name(key))?.writer;
    };

    test('says who it was and when, and is put right', async () => {
      await keeper.keep({ A: '1', B: '2' });
      await edit('A', 'by hand');
      const { drifted } = await keeper.keep({ A: '1', B: '2' });
      const writer = { name: 'kubectl-edit', at: expect.any(Number) };
      expect(drifted).toEqual([{ name: name('A'), found: expect.any(String), writer }]);
      expect([await values(), await managers()]).toEqual([{ A: '1', B: '2' }, ['plumb/app Apply']]);
    });

    test('by a real editor of kubectl is put right too', async () => {
      await keeper.keep({ A: '1', B: '2' });
      vi.stubEnv('KUBE_EDITOR', `sed -i 's/A: .*/A: ${encoded('by hand')}/'`);
      await kubernetes.kubectl('-n', namespace, 'edit', 'secret', 'app');
      vi.unstubAllEnvs();
      const { drifted } = await keeper.keep({ A: '1', B: '2' });
      expect(drifted.map((one) => [one.name, one.writer?.name])).toEqual([[name('A'), 'kubectl-edit']]);
      expect(await values()).toEqual({ A: '1', B: '2' });
    });

    test('of a name that is wanted no more goes with it, and every request for it changes something', async () => {
      await keeper.keep({ A: '1', B: '2' });
      await edit('A', 'by hand');
      expect(await written(() => keeper.keep({ B: '2' }))).toEqual([1, 1]);
      expect([await values(), await managers()]).toEqual([{ B: '2' }, ['plumb/app Apply']]);
      await by('helm').apply(secret(namespace, 'app', { FOREIGN: 'stays' }));
      await edit('B', 'by hand');
      expect(await written(() => keeper.keep({}))).toEqual([2, 2]);
      expect(await values()).toEqual({ FOREIGN: 'stays' });
    });

    test('of somebody who only agrees is none', async () => {
      await keeper.keep({ A: '1' });
      await by('helm').apply(secret(namespace, 'app', { A: '1' }));
      expect(await writerOf('A')).toBeUndefined();
      await keeper.keep({ B: '2' });
      expect(await values()).toEqual({ B: '2' });
    });

    test('of a removed name and of the whole object is put right', async () => {
      await keeper.keep({ A: '1', B: '2' });
      await by('kubectl-edit').merge(path(), { data: { A: null } });
      expect((await keeper.keep({ A: '1', B: '2' })).drifted).toHaveLength(1);
      await kubernetes.kube.delete(path());
      expect((await keeper.keep({ A: '1', B: '2' })).drifted).toHaveLength(2);
      expect(await values()).toEqual({ A: '1', B: '2' });
    });

    test('of the label is a flaw that is put right', async () => {
      await keeper.keep({ A: '1' });
      await by('kubectl-label').merge(path(), { metadata: { labels: { 'plumb.dev/managed': null } } });
      const { flaws } = await keeper.keep({ A: '1' });
      expect(flaws.map(({ message }) => message)).toEqual(['Secret/app: the label plumb.dev/managed is missing']);
      expect((await object())?.metadata.labels).toEqual({ 'plumb.dev/managed': 'true' });
    });
  });

  describe('another sync', () => {
    test('keeps its own names in the same object', async () => {
      const other = await open({ sync: 'other' });
      await keeper.keep({ A: '1' });
      await other.keep({ B: '2' });
      await keeper.keep({ A: '3' });
      await other.keep({});
      expect(await values()).toEqual({ A: '3' });
      expect((await object())?.metadata.labels).toEqual({ 'plumb.dev/managed': 'true' });
    });

    test.each([['1'], ['another']])('on the same name is a conflict, also with the value %s', async (value) => {
      const other = await open({ sync: 'other' });
      await keeper.keep({ A: '1' });
      const { conflicts } = await other.keep({ A: value });
      expect(conflicts).toEqual([expect.stringMatching(/is written by the sync app too \(plumb\/app, 20/)]);
      expect(await values()).toEqual({ A: '1' });
    });

    test("that is gone is in nobody's way", async () => {
      const other = await open({ sync: 'other', isSync: () => false });
      await keeper.keep({ A: '1' });
      await other.keep({ A: '1' });
      await other.keep({ A: '2' });
      expect(await values()).toEqual({ A: '2' });
    });
  });

  describe('several objects', () => {
    test('take secrets and config, each its own', async () => {
      const two = await open({ options: both });
      await two.keep({ KEY: 'secret', PORT: config('80') });
      expect([await values(), await values('app', 'ConfigMap')]).toEqual([{ KEY: 'secret' }, { PORT: '80' }]);
    });

    test('stand and fall each by itself', async () => {
      const two = await open({ options: both });
      const looked = await two.look({ KEY: 'secret', PORT: config('80') });
      await kubernetes.kube.put(configMap(namespace, 'app', { PORT: '81' }));
      await expect(two.write(looked)).rejects.toMatchObject({ code: 'mismatch' });
      expect([await values(), await values('app', 'ConfigMap')]).toEqual([{ KEY: 'secret' }, { PORT: '81' }]);
    });

    test('that are named otherwise from now on lose what was ours in the old one', async () => {
      await keeper.keep({ A: '1' });
      const renamed = await open({ options: { objects: [{ kind: 'Secret', name: 'new' }] } });
      renamed.inventory = keeper.inventory;
      await renamed.keep({ A: '1' });
      expect([await object(), await values('new')]).toEqual([undefined, { A: '1' }]);
      expect(await renamed.mark()).toBe((await renamed.look({ A: '1' })).reading.observed?.mark);
    });

    test('carry labels, annotations and a type, and lose what is asked for no more', async () => {
      const at = { kind: 'Secret', name: 'app' };
      const first = await open({
        options: { objects: [{ ...at, type: 'example.test/x', labels: { a: '1', b: '2' }, annotations: { n: 'x' } }] },
      });
      await first.keep({ A: '1' });
      expect(await object()).toMatchObject({ type: 'example.test/x', metadata: { annotations: { n: 'x' } } });
      const second = await open({ options: { objects: [{ ...at, labels: { a: '3' } }] } });
      second.inventory = first.inventory;
      const { flaws } = await second.keep({ A: '1' });
      expect(flaws).toHaveLength(3);
      expect((await object())?.metadata.labels).toEqual({ a: '3', 'plumb.dev/managed': 'true' });
      expect((await second.keep({ A: '1' })).inAgreement).toBe(true);
    });
  });

  test('reveals config as it stands there, and never a secret', async () => {
    const two = await open({ options: both });
    await two.keep({ KEY: 'secret', PORT: config('80') });
    const { reading } = await two.look({ KEY: 'x', PORT: config('81') }, { reveal: true });
    expect(reading.observed?.revealed).toEqual(new Map([[name('PORT', 'ConfigMap/app'), '80']]));
  });
});
