/** Which workloads read a name, and starting them anew, with the real controllers. Nobody runs the pods: a test says that they are ready. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { deploy, objectsOf, playKubelet, replicaSetsOf, seenByController } from './deployments.ts';
import { systemRandom } from '#crypto/random';
import type { Activator, Progress } from '#reconcile/activator';
import { connectCluster } from '#reconcile/targets/kubernetes/connect';
import type { Cluster } from '#reconcile/targets/kubernetes/cluster';
import { deployments } from '#reconcile/targets/kubernetes/resources';
import { Workloads } from '#reconcile/targets/kubernetes/workloads';
import { type Kubernetes, type KubeObject, pathOf, startKubernetes, workload } from '#testing/kubernetes';
import { systemClock } from '#util/clock';

const never = new AbortController().signal;
const controllers = ['deployment', 'replicaset', 'statefulset', 'daemonset'].map((name) => `${name}-controller`);

describe.skipIf(without('kubernetes'))('workloads', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;
  let namespace: string;
  let workloads: Workloads;
  let app: Activator;
  /** Waits until the activator has something new to tell. */
  let news: PromiseWithResolvers<void>;

  const connect = (token: string): Cluster =>
    connectCluster({
      access: { server: kubernetes.server, ca: kubernetes.ca, credential: async () => ({ type: 'token', token }) },
      clock: systemClock,
      random: systemRandom,
    });
  const id = (name: string, kind = 'Deployment'): string => `${namespace}/${kind}/${name}`;
  const name = (key: string, object = 'Secret/conf'): string => `${namespace}/${object}/${key}`;
  const readers = async (...names: readonly string[]): Promise<readonly string[]> =>
    (await app.consumers(new Set(names), never)).map((consumer) => consumer.id).sort();
  const generations = async (): Promise<Readonly<Record<string, number>>> => {
    const all = await objectsOf(kubernetes.kube, 'Deployment', namespace);
    return Object.fromEntries(all.map(({ metadata }) => [metadata.name ?? '', metadata.generation ?? 0]));
  };
  const path = (at: string): string => pathOf(workload('Deployment', { namespace, name: at }));
  /** What `progress` says in the end. */
  const outcome = async (consumer: string, mark: string): Promise<Progress> => {
    for (;;) {
      const told = news.promise;
      const progress = await app.progress(consumer, mark, never);
      if (progress.state !== 'waiting') return progress;
      await told;
    }
  };

  beforeAll(async () => {
    kubernetes = await startKubernetes({ controllers });
    cluster = connect(kubernetes.adminToken);
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.stop();
  });
  beforeEach(async () => {
    namespace = await kubernetes.kube.createNamespace();
    workloads = new Workloads({ cluster, clock: systemClock });
    news = Promise.withResolvers();
    const changed = (): void => {
      news.resolve();
      news = Promise.withResolvers();
    };
    app = workloads.activator({ sync: 's', changed });
    return () => workloads.close();
  });

  describe('who reads it', () => {
    const ref = { name: 'conf', key: 'A' };
    const mount = (more: object = {}) => ({
      containers: [{ name: 'main', image: 'none:1', volumeMounts: [{ name: 'v', mountPath: '/v', ...more }] }],
    });
    const volume = { name: 'v', secret: { secretName: 'conf' } };
    const reading = {
      env: { containers: [{ name: 'main', image: 'none:1', env: [{ name: 'X', valueFrom: { secretKeyRef: ref } }] }] },
      'env-from': {
        containers: [{ name: 'main', image: 'none:1', envFrom: [{ prefix: 'P_', secretRef: { name: 'conf' } }] }],
      },
      init: {
        containers: [{ name: 'main', image: 'none:1' }],
        initContainers: [{ name: 'init', image: 'none:1', env: [{ name: 'X', valueFrom: { secretKeyRef: ref } }] }],
      },
      sidecar: {
        containers: [{ name: 'main', image: 'none:1' }],
        initContainers: [
          { name: 'side', image: 'none:1', restartPolicy: 'Always', envFrom: [{ secretRef: { name: 'conf' } }] },
        ],
      },
      volume: { ...mount(), volumes: [volume] },
      item: { ...mount(), volumes: [{ name: 'v', secret: { secretName: 'conf', items: [{ key: 'A', path: 'a' }] } }] },
      projected: {
        ...mount(),
        volumes: [
          { name: 'v', projected: { sources: [{ secret: { name: 'conf' } }, { configMap: { name: 'conf' } }] } },
        ],
      },
      'sub-path': { ...mount({ subPath: 'A' }), volumes: [volume] },
      'sub-path-expr': { ...mount({ subPathExpr: 'A' }), volumes: [volume] },
    } as const;
    const notReading = {
      'other-key': {
        containers: [
          { name: 'main', image: 'none:1', env: [{ name: 'X', valueFrom: { secretKeyRef: { ...ref, key: 'B' } } }] },
        ],
      },
      'other-object': { containers: [{ name: 'main', image: 'none:1', envFrom: [{ secretRef: { name: 'other' } }] }] },
      'other-kind': { containers: [{ name: 'main', image: 'none:1', envFrom: [{ configMapRef: { name: 'conf' } }] }] },
      'other-sub-path': { ...mount({ subPath: 'B' }), volumes: [volume] },
      'pulls-with-it': { containers: [{ name: 'main', image: 'none:1' }], imagePullSecrets: [{ name: 'conf' }] },
      'reads-nothing': { containers: [{ name: 'main', image: 'none:1' }] },
    } as const;

    test('one changed name: one new ReplicaSet for each that reads it, none for the others, none when it is done again', async () => {
      const all = Object.entries({ ...reading, ...notReading });
      await Promise.all(all.map(([at, spec]) => deploy(kubernetes.kube, { namespace, name: at, pod: spec })));
      const expected = Object.keys(reading).sort();
      const consumers = await readers(name('A'));
      expect(consumers).toEqual(expected.map((one) => id(one)));

      const before = await generations();
      expect(await Promise.all(consumers.map((one) => app.restart(one, 'h1', never)))).toEqual(
        consumers.map(() => true),
      );
      await Promise.all(expected.map((at) => seenByController(kubernetes.kube, { namespace, name: at })));
      const after = await generations();
      for (const [at] of all) {
        const isReader = expected.includes(at);
        expect({ at, moved: (after[at] ?? 0) - (before[at] ?? 0) }).toEqual({ at, moved: isReader ? 1 : 0 });
        expect({ at, sets: await replicaSetsOf(kubernetes.kube, namespace, at) }).toEqual({
          at,
          sets: isReader ? 2 : 1,
        });
      }

      // Again, and again by another process that knows nothing of this one.
      await Promise.all(consumers.map((one) => app.restart(one, 'h1', never)));
      const later = new Workloads({ cluster, clock: systemClock });
      const again = later.activator({ sync: 's' });
      await Promise.all(consumers.map((one) => again.restart(one, 'h1', never)));
      later.close();
      expect(await generations()).toEqual(after);
    });

    test('two changed names, one restart; another content, another one', async () => {
      const pod = { containers: [{ name: 'main', image: 'none:1', envFrom: [{ secretRef: { name: 'conf' } }] }] };
      await deploy(kubernetes.kube, { namespace, name: 'app', pod });
      const names = [name('A'), name('B')];
      expect(await app.consumers(new Set([...names, name('A', 'ConfigMap/conf')]), never)).toEqual([
        { id: id('app'), names },
      ]);
      for (const [mark, sets] of [
        ['h1', 2],
        ['h2', 3],
      ] as const) {
        await app.restart(id('app'), mark, never);
        await seenByController(kubernetes.kube, { namespace, name: 'app' });
        expect(await replicaSetsOf(kubernetes.kube, namespace, 'app')).toBe(sets);
      }
    });

    test('StatefulSets and DaemonSets, as they come and go', async () => {
      const container = { envFrom: [{ configMapRef: { name: 'conf' } }] };
      const names = [name('A', 'ConfigMap/conf')];
      expect(await readers(...names)).toEqual([]);
      const objects = (['StatefulSet', 'DaemonSet'] as const).map((kind) =>
        workload(kind, { namespace, name: 'app' }, container),
      );
      for (const object of objects) await kubernetes.kube.put(object);
      await expect.poll(() => readers(...names)).toEqual([id('app', 'DaemonSet'), id('app', 'StatefulSet')]);
      await app.restart(id('app', 'DaemonSet'), 'h1', never);
      // There is no node that it could run on.
      expect(await outcome(id('app', 'DaemonSet'), 'h1')).toEqual({ state: 'done' });
      await kubernetes.kube.delete(pathOf(workload('DaemonSet', { namespace, name: 'app' })));
      await expect.poll(() => app.progress(id('app', 'DaemonSet'), 'h1', never)).toEqual({ state: 'gone' });
      expect(await readers(...names)).toEqual([id('app', 'StatefulSet')]);
    });
  });

  describe('the rollout', () => {
    test('is done when all pods are new and ready, and fails when it gave up; the mark from before puts it back', async () => {
      // Both new pods beside both old ones: nothing that is counted tells one rollout from its way back.
      const strategy = { rollingUpdate: { maxSurge: '100%', maxUnavailable: 0 } };
      const isGood = ({ metadata }: KubeObject): boolean => metadata.annotations?.['plumb.dev/content-s'] !== 'bad';
      const kubelet = playKubelet(kubernetes.clientOf(kubernetes.admin), namespace, isGood);
      await deploy(kubernetes.kube, { namespace, name: 'app', spec: { replicas: 2, strategy } });
      await app.consumers(new Set([name('A')]), never);
      await app.restart(id('app'), 'good', never);
      expect(await app.progress(id('app'), 'good', never)).toMatchObject({ state: 'waiting' });
      expect(await outcome(id('app'), 'good')).toEqual({ state: 'done' });
      const sets = await replicaSetsOf(kubernetes.kube, namespace, 'app');

      await kubernetes.kube.patchAs('test').merge(path('app'), { spec: { progressDeadlineSeconds: 1 } });
      await app.restart(id('app'), 'bad', never);
      expect(await outcome(id('app'), 'bad')).toEqual({
        state: 'failed',
        message: 'its rollout gave up (ProgressDeadlineExceeded): 2 old pods still to end, 2 not available',
      });
      expect(await app.progress(id('app'), 'good', never)).toMatchObject({ state: 'undone' });
      await kubernetes.kube.patchAs('test').merge(path('app'), { spec: { progressDeadlineSeconds: 600 } });
      await app.restart(id('app'), 'good', never);
      expect(await outcome(id('app'), 'good')).toEqual({ state: 'done' });
      expect(await replicaSetsOf(kubernetes.kube, namespace, 'app')).toBe(sets + 1);
      kubelet.stop();
    });

    test('of one that is paused, or updates only when its pods are deleted, waits and says for what', async () => {
      await deploy(kubernetes.kube, { namespace, name: 'paused', spec: { paused: true } });
      await app.consumers(new Set([name('A')]), never);
      await app.restart(id('paused'), 'h1', never);
      await kubernetes.kube.waitFor(path('paused'), (object) => object !== undefined && isObserved(object));
      await expect
        .poll(() => app.progress(id('paused'), 'h1', never))
        .toEqual({
          state: 'waiting',
          message: 'its rollout is paused: 0 of 1 pods are new, the others follow when it is resumed',
        });
      const stateful = workload('StatefulSet', { namespace, name: 'app' });
      const spec = { ...(stateful['spec'] as object), updateStrategy: { type: 'OnDelete' } };
      await kubernetes.kube.put({ ...stateful, spec });
      await expect.poll(() => app.progress(id('app', 'StatefulSet'), 'h1', never)).toMatchObject({ state: 'undone' });
      await kubernetes.kube.waitFor(pathOf(stateful), (object) => object !== undefined && isObserved(object));
      await app.restart(id('app', 'StatefulSet'), 'h1', never);
      await expect
        .poll(() => app.progress(id('app', 'StatefulSet'), 'h1', never))
        .toEqual({
          state: 'waiting',
          message: 'its update strategy is OnDelete: 0 of 1 pods are new, the others when they are deleted by hand',
        });
    });
  });

  describe('the mark', () => {
    test('is all that we own there, and stays when others apply what they own', async () => {
      const manifest = workload('Deployment', { namespace, name: 'app' });
      const owner = kubernetes.kube.patchAs('gitops');
      await owner.apply(manifest);
      await app.consumers(new Set([name('A')]), never);
      await app.restart(id('app'), 'h1', never);
      const { managedFields = [], generation } = (await kubernetes.kube.get(path('app')))?.metadata ?? {};
      const ours = managedFields.filter(({ manager }) => manager === 'plumb/s');
      expect(ours.map(({ fieldsV1 }) => fieldsV1)).toEqual([
        {
          'f:spec': {
            'f:template': {
              'f:metadata': { 'f:annotations': { '.': {}, 'f:plumb.dev/content-s': {} } },
            },
          },
        },
      ]);
      const applied = await owner.apply(manifest, { force: true });
      expect(applied.metadata.generation).toBe(generation);
    });

    test('is set on what names a variable twice, and nothing else is changed there', async () => {
      const env = [
        { name: 'X', value: '1' },
        { name: 'X', value: '2' },
      ];
      await kubernetes.kube.put(workload('Deployment', { namespace, name: 'app' }, { env }));
      await app.consumers(new Set([name('A')]), never);
      await app.restart(id('app'), 'h1', never);
      const after = await kubernetes.kube.get(path('app'));
      expect(after).toMatchObject({
        spec: {
          template: {
            metadata: { annotations: { 'plumb.dev/content-s': 'h1' } },
            spec: { containers: [{ env }] },
          },
        },
      });
    });

    test('makes nothing that is not there, and changes no namesake: the server refuses both', async () => {
      await deploy(kubernetes.kube, { namespace, name: 'app' });
      const body = { metadata: { uid: 'another' }, spec: { template: { metadata: { annotations: { a: 'b' } } } } };
      const options = { fieldManager: 'plumb/s', lane: 'drift', signal: never } as const;
      const patch = (at: string): Promise<unknown> =>
        cluster.patch({ resource: deployments, namespace, name: at }, body, options);
      await expect(patch('app')).rejects.toMatchObject({ code: 'invalid', details: { fields: ['metadata.uid'] } });
      await expect(patch('absent')).rejects.toMatchObject({ code: 'mismatch', details: { reason: 'NotFound' } });
      expect(await kubernetes.kube.get(path('absent'))).toBeUndefined();
      expect(await generations()).toEqual({ app: 1 });
    });
  });

  test('the budget of a namespace is one for all syncs of the cluster', async () => {
    const tight = new Workloads({ cluster, clock: systemClock, restartsPerMinute: 2 });
    const names = ['a', 'b', 'c'];
    await Promise.all(names.map((at) => deploy(kubernetes.kube, { namespace, name: at })));
    const results: boolean[] = [];
    for (const at of names) {
      const activator = tight.activator({ sync: `sync-of-${at}` });
      results.push(await activator.restart(id(at), 'h1', never));
    }
    tight.close();
    expect(results).toEqual([true, true, false]);
    expect(await generations()).toEqual({ a: 2, b: 2, c: 1 });
  });

  describe('a right that is missing', () => {
    const apps = (verbs: readonly string[], ...resources: readonly string[]) => ({
      apiGroups: ['apps'],
      resources,
      verbs,
    });

    test.each(['deployments', 'statefulsets', 'daemonsets'])('to watch %s is named', async (missing) => {
      const others = ['deployments', 'statefulsets', 'daemonsets'].filter((plural) => plural !== missing);
      const undo = await kubernetes.kube.role(namespace, [apps(['watch', 'list'], ...others)], 'limited');
      const limited = connect(kubernetes.limited.token);
      const refused = new Workloads({ cluster: limited, clock: systemClock });
      const consumers = (): Promise<unknown> => refused.activator({ sync: 's' }).consumers(new Set([name('A')]), never);
      await expect(consumers()).rejects.toMatchObject({
        code: 'forbidden',
        message: `watch ${missing}.apps in namespace ${namespace}: the right is missing: verb watch on resource ${missing}.apps in namespace ${namespace}`,
      });
      const granted = await kubernetes.kube.role(namespace, [apps(['watch', 'list'], missing)], 'limited');
      expect(await consumers()).toEqual([]);
      refused.close();
      await limited.close();
      await Promise.all([undo(), granted()]);
    });

    test('to patch deployments is named, costs no budget, and is tried again', async () => {
      await deploy(kubernetes.kube, { namespace, name: 'app' });
      const all = apps(['watch', 'list'], 'deployments', 'statefulsets', 'daemonsets');
      const undo = await kubernetes.kube.role(namespace, [all], 'limited');
      const limited = connect(kubernetes.limited.token);
      const refused = new Workloads({ cluster: limited, clock: systemClock, restartsPerMinute: 1 });
      const restart = (): Promise<boolean> => refused.activator({ sync: 's' }).restart(id('app'), 'h1', never);
      await expect(restart()).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining(`verb patch on resource deployments.apps in namespace ${namespace}`),
      });
      const granted = await kubernetes.kube.role(namespace, [apps(['patch'], 'deployments')], 'limited');
      expect(await restart()).toBe(true);
      expect(await generations()).toEqual({ app: 2 });
      refused.close();
      await limited.close();
      await Promise.all([undo(), granted()]);
    });
  });
});

function isObserved(object: {
  readonly metadata: { readonly generation?: number };
  readonly [field: string]: unknown;
}): boolean {
  const { observedGeneration } = (object['status'] ?? {}) as { readonly observedGeneration?: number };
  return observedGeneration === object.metadata.generation;
}
