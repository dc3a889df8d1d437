/** The cluster that tests start does what they rely on. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import {
  type Kubernetes,
  KubeError,
  type KubeEvent,
  pathOf,
  secret,
  startKubernetes,
  valuesOf,
  workload,
} from '#testing/kubernetes';
import { commandsNaming } from '#testing/programs';

const status = async (promise: Promise<unknown>): Promise<number> => {
  const error: unknown = await promise.then(
    () => new Error('nothing was refused'),
    (refused: unknown) => refused,
  );
  if (error instanceof KubeError) return error.status;
  throw error;
};

describe.skipIf(without('kubernetes'))('a cluster', () => {
  let cluster: Kubernetes;
  beforeAll(async () => {
    cluster = await startKubernetes({ uncached: ['secrets'] });
  });
  afterAll(() => cluster.stop());

  test('says the version of the pinned module, to kubectl too', async () => {
    const { gitVersion } = await cluster.kube.request<{ gitVersion: string }>('GET', '/version');
    const goMod = readFileSync(`${import.meta.dirname}/../components/kubernetes/go.mod`, 'utf8');
    expect(goMod).toContain(`k8s.io/kubernetes ${gitVersion} `);
    expect(await cluster.kubectl('version')).toContain(`Server Version: ${gitVersion}`);
    await expect(cluster.kubectl('get', 'nothing')).rejects.toThrow(
      'the server doesn\'t have a resource type "nothing"',
    );
  });

  test('server-side apply keeps who wrote what', async () => {
    const { kube } = cluster;
    const namespace = await kube.createNamespace();
    const made = await kube.patchAs('one').apply(secret(namespace, 's', { A: '1', B: '2' }));
    expect(made.metadata.managedFields?.map(({ manager, operation }) => [manager, operation])).toEqual([
      ['one', 'Apply'],
    ]);
    await kube.patchAs('two').merge(pathOf(made), { data: { B: 'eA==' } });
    expect(await status(kube.patchAs('one').apply(secret(namespace, 's', { A: '1', B: '2' })))).toBe(409);
    const forced = await kube.patchAs('one').apply(secret(namespace, 's', { B: '3' }), { force: true });
    expect(valuesOf(forced)).toEqual({ B: '3' });
  });

  test('objects are put, read, listed and deleted', async () => {
    const { kube } = cluster;
    const namespace = await kube.createNamespace({ team: 'a' });
    expect((await kube.list('/api/v1/namespaces?labelSelector=team%3Da')).map(({ metadata }) => metadata.name)).toEqual(
      [namespace],
    );
    const object = workload('Deployment', { namespace, name: 'd' });
    await kube.put(object);
    await kube.put({ ...object, metadata: { ...object.metadata, labels: { x: 'y' } } });
    expect((await kube.get(pathOf(object)))?.metadata.labels).toEqual({ x: 'y' });
    expect(await kube.delete(pathOf(object))).toBe(true);
    expect(await kube.delete(pathOf(object))).toBe(false);
    expect(await kube.get(pathOf(object))).toBeUndefined();
  });

  test('a watch delivers until the loop ends', async () => {
    const { kube } = cluster;
    const namespace = await kube.createNamespace();
    const events: KubeEvent[] = [];
    const watched = (async () => {
      for await (const event of kube.watch(`/api/v1/namespaces/${namespace}/secrets`)) {
        events.push(event);
        if (event.type === 'DELETED') return;
      }
    })();
    const { metadata } = await kube.put(secret(namespace, 's', { A: '1' }));
    await kube.put(secret(namespace, 's', { A: '2' }));
    await kube.delete(`/api/v1/namespaces/${namespace}/secrets/s`);
    await watched;
    expect(events.at(-1)?.object.metadata.uid).toBe(metadata.uid);
    expect(valuesOf({ kind: 'Secret', ...events.at(-1)?.object, metadata })).toEqual({ A: '2' });
  });

  test('waits for an object to be as wanted', async () => {
    const { kube } = cluster;
    const namespace = await kube.createNamespace();
    const path = `/api/v1/namespaces/${namespace}/secrets/s`;
    const wanted = kube.waitFor(path, (object) => object?.data?.['A'] === 'Mg==');
    await kube.put(secret(namespace, 's', { A: '1' }));
    await kube.put(secret(namespace, 's', { A: '2' }));
    expect((await wanted)?.metadata.name).toBe('s');
    expect((await kube.waitFor(path, (object) => object !== undefined))?.kind).toBe('Secret');
    const gone = kube.waitFor(path, (object) => object === undefined);
    await kube.delete(path);
    expect(await gone).toBeUndefined();
  });

  test('a user may what was granted, and no more', async () => {
    const { kube, limited } = cluster;
    const namespace = await kube.createNamespace();
    const account = await cluster.serviceAccount(namespace, 'bot');
    await kube.put(secret(namespace, 's', { A: '1' }));
    for (const user of [limited, account, cluster.addUser('jane'), cluster.addUser('joe', { groups: ['team'] })]) {
      using client = cluster.clientOf(user);
      const read = () => client.get(`/api/v1/namespaces/${namespace}/secrets/s`);
      expect(await status(read())).toBe(403);
      const revoke = await kube.role(
        namespace,
        [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['s'] }],
        user.name,
      );
      expect((await read())?.metadata.name).toBe('s');
      expect(await status(client.list(`/api/v1/namespaces/${namespace}/secrets`))).toBe(403);
      await revoke();
      expect(await status(read())).toBe(403);
    }
    using stranger = cluster.clientOf({ name: 'stranger', token: 'unknown' });
    expect(await status(stranger.get('/api/v1/namespaces'))).toBe(401);
    using master = cluster.clientOf(cluster.addUser('root', { groups: ['system:masters'] }));
    expect((await master.get(`/api/v1/namespaces/${namespace}`))?.kind).toBe('Namespace');
    using late = cluster.clientOf(cluster.addUser('late', { groups: ['system:masters'], until: Date.now() - 60_000 }));
    expect(await status(late.get(`/api/v1/namespaces/${namespace}`))).toBe(401);
  });

  test('a right that two roles give ends with the second', async () => {
    const { kube, limited } = cluster;
    const namespace = await kube.createNamespace();
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
    const revokes = [await kube.role(namespace, rules, limited.name), await kube.role(namespace, rules, limited.name)];
    using client = cluster.clientOf(limited);
    const read = () => client.list(`/api/v1/namespaces/${namespace}/configmaps`);
    await revokes[0]?.();
    expect((await read()).length).toBe(0);
    await revokes[1]?.();
    expect(await status(read())).toBe(403);
  });

  test('rights everywhere', async () => {
    const { kube, limited } = cluster;
    using client = cluster.clientOf(limited);
    const revoke = await kube.role(
      '*',
      [{ apiGroups: [''], resources: ['namespaces'], verbs: ['list'] }],
      limited.name,
    );
    expect((await client.list('/api/v1/namespaces')).length).toBeGreaterThan(3);
    await revoke();
    expect(await status(client.list('/api/v1/namespaces'))).toBe(403);
  });

  test('what is older than the last compaction is gone', async () => {
    const { kube } = cluster;
    const namespace = await kube.createNamespace();
    const { metadata } = await kube.put(secret(namespace, 's', { A: '1' }));
    await kube.put(secret(namespace, 's', { A: '2' }));
    await cluster.compactEtcd();
    const query = { resourceVersion: metadata.resourceVersion ?? '' };
    const events: KubeEvent[] = [];
    const watch = async () => {
      for await (const event of kube.watch(`/api/v1/namespaces/${namespace}/secrets`, query)) events.push(event);
    };
    await watch();
    expect(events).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
  });

  test('starting again keeps what was there', async () => {
    const { kube } = cluster;
    const namespace = await kube.createNamespace();
    await kube.put(secret(namespace, 's', { A: '1' }));
    await cluster.restartApiServer('SIGTERM');
    expect(valuesOf((await kube.get(`/api/v1/namespaces/${namespace}/secrets/s`)) ?? secret('', '', {}))).toEqual({
      A: '1',
    });
    await cluster.killApiServer();
    await expect(kube.get(`/api/v1/namespaces/${namespace}`)).rejects.toThrow('ECONNREFUSED');
    await cluster.startApiServer();
    expect((await kube.get(`/api/v1/namespaces/${namespace}`))?.kind).toBe('Namespace');
  });

  test('a paused server answers when it goes on', async () => {
    const { kube } = cluster;
    await cluster.pauseApiServer();
    let answered = false;
    const asked = kube.request<string>('GET', '/readyz').then((text) => {
      answered = true;
      return text;
    });
    // Etcd is not paused: it has answered long after the API server would have.
    for (let times = 0; times < 20; times += 1) await cluster.compactEtcd();
    expect(answered).toBe(false);
    cluster.resumeApiServer();
    expect(await asked).toBe('ok');
  });
});

describe.skipIf(without('kubernetes'))('starting and stopping', () => {
  test('stopping leaves no process and no file', async () => {
    const cluster = await startKubernetes();
    expect(commandsNaming(cluster.folder).length).toBe(2);
    await cluster.pauseApiServer();
    await cluster.stop();
    expect(commandsNaming(cluster.folder)).toEqual([]);
    expect(existsSync(cluster.folder)).toBe(false);
  });

  test('a start that fails says what the program said', async () => {
    await expect(startKubernetes({ argv: ['--no-such-option'] })).rejects.toThrow(
      /kube-apiserver ended before it was ready: [^]*unknown flag: --no-such-option/,
    );
  });

  test('controllers act', async () => {
    await using cluster = await startKubernetes({ controllers: ['deployment-controller', 'replicaset-controller'] });
    const { kube } = cluster;
    const namespace = await kube.createNamespace();
    const object = await kube.put(workload('Deployment', { namespace, name: 'd' }));
    const seen = await kube.waitFor(pathOf(object), (deployment) => {
      const { observedGeneration } = (deployment?.['status'] ?? {}) as { observedGeneration?: number };
      return observedGeneration === 1;
    });
    expect(seen?.metadata.name).toBe('d');
    expect(await cluster.logs()).toContain('--- kube-controller-manager');
  });
});
