/** A whole server and the real controllers: what is started anew when a value changes, how often, and what is said of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SyncStatus, SyncView } from '@plumbd/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { deploy, objectsOf, playKubelet, replicaSetsOf, seenByController } from './deployments.ts';
import {
  collectionPath,
  type Kubernetes,
  type KubeObject,
  pathOf,
  startKubernetes,
  valuesOf,
} from '#testing/kubernetes';
import { spawnServer, startServer } from '#testing/server';
import type { ServerOptions, TestServer } from '#testing/server';

const controllers = ['deployment-controller', 'replicaset-controller'];
const argv = ['--kubernetes-hosts', '127.0.0.1'];
const mark = 'plumb.dev/content-s';
const secretRef = { name: 'conf' };
const env = (key: string) => ({ env: [{ name: 'X', valueFrom: { secretKeyRef: { ...secretRef, key } } }] });

/** Pods of Deployments, and what of the Secret `conf` they read. */
const pods: Readonly<Record<string, object>> = {
  'reads-a': env('A'),
  'reads-b': env('B'),
  'reads-all': { envFrom: [{ secretRef }, { configMapRef: secretRef }] },
  'reads-config': { envFrom: [{ configMapRef: secretRef }] },
  'reads-nothing': {},
  'reads-another': { envFrom: [{ secretRef: { name: 'another' } }] },
};

describe.skipIf(without('kubernetes'))('restarts', () => {
  let kubernetes: Kubernetes;
  let namespace: string;
  let folder: string;
  let server: TestServer;
  let kubelets: { stop(): void }[];

  const set = async (values: Readonly<Record<string, string>>): Promise<number> => {
    const ops = Object.entries(values).map(([name, value]) => ({
      op: 'put' as const,
      path: `app/e/${name}`,
      value,
      kind: name.startsWith('C') ? ('config' as const) : ('secret' as const),
    }));
    return (await server.client.changes.apply({ ops })).revision;
  };
  const declare = (options: Readonly<Record<string, unknown>> = {}): Promise<SyncView> =>
    server.client.syncs.put('s', {
      from: 'app/e',
      to: `eu/${namespace}`,
      runAs: 'workload/w',
      options: {
        objects: [
          { kind: 'Secret', name: 'conf' },
          { kind: 'ConfigMap', name: 'conf' },
        ],
        ...options,
      },
    });
  /** The sync, once it is as wanted. */
  const syncThat = async (isWanted: (status: SyncStatus, view: SyncView) => boolean): Promise<SyncView> => {
    const stop = new AbortController();
    for await (const [view] of server.client.syncs.watch({ name: 's' }, { signal: stop.signal })) {
      if (view?.status === undefined || !isWanted(view.status, view)) continue;
      stop.abort();
      return view;
    }
    throw new Error('the watch ended before the sync was as wanted');
  };
  const isIn = ({ conditions }: SyncStatus, type: string, reason?: string): boolean =>
    conditions.some(
      (one) => one.type === type && one.status === 'true' && (reason === undefined || one.reason === reason),
    );
  const delivered = (revision: number): Promise<SyncView> =>
    syncThat((status) => isIn(status, 'InSync') && (status.appliedRevision ?? 0) >= revision);
  const secretIs = async (name: string, value: string): Promise<void> => {
    await kubernetes.kube.waitFor(
      pathOf({ kind: 'Secret', metadata: { namespace, name: 'conf' } }),
      (found) => found !== undefined && valuesOf({ ...found, kind: 'Secret' })[name] === value,
    );
  };
  const deployAll = async (all: Readonly<Record<string, object>>, spec: object = { replicas: 0 }): Promise<void> => {
    for (const [name, reads] of Object.entries(all)) {
      const pod = { containers: [{ name: 'main', image: 'none:1', ...reads }] };
      await deploy(kubernetes.kube, { namespace, name, spec: { ...spec }, pod });
    }
  };
  /** ReplicaSets by Deployment, once the controller has done all that was asked of it. */
  const replicaSets = async (): Promise<Readonly<Record<string, number>>> => {
    const all = await objectsOf(kubernetes.kube, 'Deployment', namespace);
    const names = all.map(({ metadata }) => metadata.name ?? '').sort();
    const counts = names.map(async (name) => {
      await seenByController(kubernetes.kube, { namespace, name });
      return [name, await replicaSetsOf(kubernetes.kube, namespace, name)] as const;
    });
    return Object.fromEntries(await Promise.all(counts));
  };
  /** The counts, as soon as they are these; and they still are when the server has nothing more to do. */
  const become = async (expected: Readonly<Record<string, number>>): Promise<void> => {
    await expect.poll(replicaSets).toEqual(expected);
    await syncThat(({ activation }) => activation?.state === 'done');
    expect(await replicaSets()).toEqual(expected);
  };
  const kubelet = (isWanted: (pod: KubeObject) => boolean): void => {
    kubelets.push(playKubelet(kubernetes.clientOf(kubernetes.admin), namespace, isWanted));
  };
  const start = async (how: (options: ServerOptions) => Promise<TestServer> = startServer): Promise<void> => {
    server = await how({ folder, argv });
  };

  beforeAll(async () => {
    kubernetes = await startKubernetes({ controllers });
  });
  afterAll(() => kubernetes?.stop());
  beforeEach(async () => {
    namespace = await kubernetes.kube.createNamespace();
    folder = await mkdtemp(join(tmpdir(), 'plumb-'));
    kubelets = [];
    await start();
    const { client } = server;
    await client.targets.put('eu', { type: 'kubernetes', kubeconfig: kubernetes.kubeconfig() });
    await client.policies.put('reader', { text: 'allow list, read on app/**' });
    await client.principals.put('workload/w', { policies: ['reader'] });
  });
  afterEach(async () => {
    for (const one of kubelets) one.stop();
    await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  describe('of what reads it', () => {
    const once = Object.fromEntries(Object.keys(pods).map((name) => [name, 1]));
    beforeEach(async () => {
      await deployAll(pods);
      const revision = await set({ A: 'a1', B: 'b1', C: 'c1' });
      await declare();
      await delivered(revision);
    });

    test('one changed name: one new ReplicaSet for each that reads it, none for the others', async () => {
      expect(await replicaSets()).toEqual(once);
      await set({ A: 'a2' });
      await become({ ...once, 'reads-a': 2, 'reads-all': 2 });
      await set({ C: 'c2' });
      await become({ ...once, 'reads-a': 2, 'reads-all': 3, 'reads-config': 2 });
    });

    test('many names in one change: one for each', async () => {
      await set({ A: 'a2', B: 'b2', C: 'c2', D: 'd1' });
      await become({ ...once, 'reads-a': 2, 'reads-b': 2, 'reads-all': 2, 'reads-config': 2 });
    });

    test('our own start, as another version too: none', async () => {
      await set({ A: 'a2' });
      const then = { ...once, 'reads-a': 2, 'reads-all': 2 };
      await become(then);
      const before = await server.client.syncs.get('s');
      await server.stop();
      await start(spawnServer);
      // Asked for by a person, so that it is looked at once more for certain.
      const { status } = await server.client.syncs.apply('s');
      expect(isIn(status, 'InSync')).toBe(true);
      expect(status.appliedAt).toBe(before.status?.appliedAt);
      expect(await replicaSets()).toEqual(then);
    });

    test('killed after the write: one all the same', async () => {
      await server.stop();
      const child = await spawnServer({ folder, argv });
      server = child;
      await syncThat((status) => isIn(status, 'InSync'));
      const written = secretIs('A', 'a2');
      await set({ A: 'a2' });
      await written;
      child.kill('SIGKILL');
      await child.exited;
      await start();
      await become({ ...once, 'reads-a': 2, 'reads-all': 2 });
    });
  });

  test('written and activated are told apart', async () => {
    await deployAll({ 'reads-a': env('A') }, { replicas: 2 });
    const first = await set({ A: 'a1' });
    await declare();
    await delivered(first);
    const revision = await set({ A: 'a2' });
    // From the very first status that says it was written.
    const { status } = await syncThat(({ appliedRevision }) => appliedRevision === revision);
    expect(status).toMatchObject({ agree: 1, total: 1, activation: { state: 'pending' } });
    expect(status !== undefined && isIn(status, 'InSync')).toBe(true);
    expect(status?.activation?.message).toMatch(/Deployment\/reads-a: /);
    await secretIs('A', 'a2');
    kubelet(() => true);
    await become({ 'reads-a': 2 });
  });

  describe('that fail', () => {
    /** The mark of the first that is started anew. Its ReplicaSet tells: one that is given up early may never have a pod. */
    const firstMark = async (): Promise<string> => {
      const path = collectionPath({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace });
      for await (const { object } of kubernetes.kube.watch(path)) {
        const { template } = object['spec'] as { readonly template: Pick<KubeObject, 'metadata'> };
        const carried = template.metadata.annotations?.[mark];
        if (carried !== undefined) return carried;
      }
      throw new Error('the watch ended before anything was started anew');
    };
    /** The first pods that are started anew never become ready. */
    const sickAtFirst = (): void => {
      kubelet(({ metadata }) => metadata.annotations?.[mark] === undefined);
      void firstMark().then((sick) => {
        kubelet(({ metadata }) => ![undefined, sick].includes(metadata.annotations?.[mark]));
      });
    };
    const begin = async (options: object): Promise<number> => {
      sickAtFirst();
      await deployAll({ 'reads-a': env('A') }, { replicas: 1, progressDeadlineSeconds: 1 });
      const revision = await set({ A: 'a1', B: 'b1' });
      await declare({ ...options });
      await delivered(revision);
      return revision;
    };

    test('are reported; what was written stays', async () => {
      await begin({});
      const revision = await set({ A: 'a2' });
      const { status } = await syncThat(({ activation }) => activation?.state === 'failed');
      expect(status?.activation?.message).toMatch(/Deployment\/reads-a: .*ProgressDeadlineExceeded/);
      expect(status).toMatchObject({ appliedRevision: revision });
      expect(status !== undefined && isIn(status, 'InSync')).toBe(true);
      await secretIs('A', 'a2');
      // The next value is another try.
      await set({ A: 'a3' });
      await become({ 'reads-a': 3 });
    });

    test('are put back with hold, until a person applies', async () => {
      const first = await begin({ onFailedRestart: 'hold' });
      const second = await set({ A: 'a2' });
      const { status, heldBack } = await syncThat(
        (now) => isIn(now, 'Held', 'RestartFailed') && now.activation?.state === 'done',
      );
      expect(heldBack).toMatchObject({ from: second, to: first });
      expect(status?.conditions.find(({ type }) => type === 'InSync')).toMatchObject({ status: 'false' });
      await secretIs('A', 'a1');
      // One for the new value, one for the old one.
      await become({ 'reads-a': 3 });

      // Neither a newer value nor a start of ours goes on by itself.
      await set({ A: 'a3' });
      await server.stop();
      await start();
      await syncThat((now) => isIn(now, 'Held', 'RestartFailed'));
      await set({ B: 'b2' });
      await syncThat((now) => isIn(now, 'Held', 'RestartFailed'));
      await secretIs('A', 'a1');
      expect(await replicaSets()).toEqual({ 'reads-a': 3 });

      const applied = await server.client.syncs.apply('s');
      expect(isIn(applied.status, 'Held')).toBe(false);
      await secretIs('A', 'a3');
      await become({ 'reads-a': 4 });
      expect((await server.client.syncs.get('s')).heldBack).toBeUndefined();
    });
  });

  test('of one namespace are ten at once; the others wait for their turn, and say so', async () => {
    const names = Array.from({ length: 11 }, (_, index) => `app-${String(index).padStart(2, '0')}`);
    await deployAll(Object.fromEntries(names.map((name) => [name, env('A')])));
    const first = await set({ A: 'a1' });
    await declare();
    await delivered(first);
    // The ten have been seen by their controllers, and the eleventh alone is left. Where that took too long its turn has come too: again.
    const alone = /^\S+: waits: the budget of restarts is used up$/;
    for (let sets = 2; ; sets += 1) {
      const revision = await set({ A: `a${sets}` });
      const { status } = await syncThat(({ activation, appliedRevision }) => {
        const isDone = appliedRevision === revision && activation?.state === 'done';
        return isDone || alone.test(activation?.message ?? '');
      });
      if (status?.activation?.state === 'done') continue;
      expect(status?.activation?.state).toBe('pending');
      const counts = Object.values(await replicaSets());
      expect(counts.filter((count) => count === sets)).toHaveLength(10);
      return become(Object.fromEntries(names.map((name) => [name, sets])));
    }
  });
});
