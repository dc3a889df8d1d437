/** The client of API servers, on a real one. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import type { PlumbError } from '#domain/errors';
import type { ApiObject, Cluster, Selection } from '#reconcile/targets/kubernetes/cluster';
import { connectCluster } from '#reconcile/targets/kubernetes/connect';
import { parseInlineKubeconfig } from '#reconcile/targets/kubernetes/kubeconfig';
import { namespaces, secrets } from '#reconcile/targets/kubernetes/resources';
import { SeededRandom } from '#testing/clock';
import { listen } from '#testing/http2-cluster';
import {
  type Kubernetes,
  type KubernetesOptions,
  type KubeUser,
  pathOf,
  secret,
  startKubernetes,
} from '#testing/kubernetes';
import { systemClock } from '#util/clock';

const signal = new AbortController().signal;
const context = { lane: 'user', signal } as const;
const plumb = { ...context, fieldManager: 'plumb/test', force: false } as const;

const opened: Cluster[] = [];
afterEach(async () => {
  for (const cluster of opened.splice(0)) await cluster.close();
});

function connect(kubernetes: Kubernetes, user: KubeUser = kubernetes.admin, more: object = {}): Cluster {
  const { access } = parseInlineKubeconfig(kubernetes.kubeconfig(user), { now: Date.now() });
  const cluster = connectCluster({ access, clock: systemClock, random: new SeededRandom(1), ...more });
  opened.push(cluster);
  return cluster;
}

const appIn = (namespace: string) => ({ resource: secrets, namespace, name: 'app' });
const bodyOf = (namespace: string, values: Readonly<Record<string, string>>, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'app', namespace, ...metadata },
  data: Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ),
});

async function errorOf(promise: Promise<unknown>): Promise<PlumbError> {
  const thrown: unknown = await promise.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  );
  if (thrown instanceof Error && thrown.name === 'PlumbError') return thrown as PlumbError;
  throw thrown;
}

/** What a follower knows: versions by name, kept as the contract says. */
function track(cluster: Cluster, selection: Selection) {
  const { told, listener, until } = listen();
  const known = new Map<string, string | undefined>();
  const following = cluster.follow(selection, {
    ...listener,
    seen: (object: ApiObject, gone) => {
      const { name, resourceVersion } = object.metadata;
      if (gone) known.delete(name);
      else known.set(name, resourceVersion);
      listener.seen(object, gone);
    },
  });
  return { told, until, known, following, readies: () => told.filter((text) => text === 'ready').length };
}

describe.skipIf(without('kubernetes'))('a cluster', () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
  });
  afterAll(() => kubernetes.stop());

  test('objects are applied, patched, read, listed and deleted', async () => {
    const cluster = connect(kubernetes);
    const namespace = await kubernetes.kube.createNamespace();
    const app = appIn(namespace);
    expect(await cluster.get(app, context)).toBeNull();
    expect(await cluster.get(appIn('nowhere'), context)).toBeNull();
    const first = await cluster.apply(app, bodyOf(namespace, { A: '1', B: '2' }), plumb);
    const again = await cluster.apply(app, bodyOf(namespace, { A: '1', B: '2' }), plumb);
    expect(again.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const less = await cluster.apply(app, bodyOf(namespace, { A: '1' }), plumb);
    expect(less['data']).toEqual({ A: 'MQ==' });
    const stale = { resourceVersion: first.metadata.resourceVersion };
    const patch = { metadata: stale, data: { A: null } };
    expect(await errorOf(cluster.patch(app, patch, plumb))).toMatchObject({
      code: 'mismatch',
      details: { reason: 'Conflict' },
    });
    const fresh = { metadata: { resourceVersion: less.metadata.resourceVersion }, data: { A: null } };
    expect((await cluster.patch(app, fresh, plumb))['data']).toBeUndefined();
    expect(await errorOf(cluster.create(app, bodyOf(namespace, {}), plumb))).toMatchObject({
      code: 'mismatch',
      details: { reason: 'AlreadyExists' },
    });
    await cluster.create({ ...app, name: 'other' }, { ...bodyOf(namespace, {}), metadata: { name: 'other' } }, plumb);
    const found = await cluster.list({ resource: secrets, namespace }, context);
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['app', 'other']);
    expect(await errorOf(cluster.delete(app, { ...context, uid: 'another' }))).toMatchObject({ code: 'mismatch' });
    await cluster.delete(app, { ...context, uid: first.metadata.uid ?? '' });
    await cluster.delete(app, context);
    expect(await cluster.get(app, context)).toBeNull();
  });

  test('what is refused is said by name, never by value', async () => {
    const cluster = connect(kubernetes);
    const namespace = await kubernetes.kube.createNamespace();
    const app = appIn(namespace);
    await kubernetes.kube.patchAs('somebody').apply(secret(namespace, 'app', { A: 'hunter2' }));
    const big = bodyOf(namespace, { B: 'hunter2'.repeat(160_000) });
    const label = { labels: { 'plumb.dev/x': 'hunter2 with spaces' } };
    const tries: readonly (readonly [object, string, RegExp])[] = [
      [bodyOf(namespace, { A: 'hunter2!' }), 'mismatch', /other field managers hold \.data\.A of somebody$/],
      [bodyOf(namespace, { 'a b': 'hunter2' }), 'invalid', /the object is not valid$/],
      [big, 'too-large', /data is too long$/],
      [bodyOf(namespace, {}, label), 'invalid', /metadata\.labels is not valid$/],
      [{ ...bodyOf(namespace, {}), type: 'hunter2' }, 'invalid', /type is not valid$/],
      [bodyOf(namespace, {}, { resourceVersion: '1' }), 'mismatch', /somebody else wrote it meanwhile$/],
    ];
    for (const [body, code, message] of tries) {
      const error = await errorOf(cluster.apply(app, body, plumb));
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(JSON.stringify([error.message, error.details, error.diagnostics])).not.toContain('hunter2');
    }
    const elsewhere = cluster.apply(appIn('nowhere'), bodyOf('nowhere', {}), plumb);
    expect(await errorOf(elsewhere)).toMatchObject({ code: 'not-found', details: { reason: 'NoNamespace' } });
  });

  test('works with the rights for one name, and says which one is missing', async () => {
    const { kube, limited } = kubernetes;
    const namespace = await kube.createNamespace();
    const cluster = connect(kubernetes, limited);
    const app = appIn(namespace);
    const right = { verb: 'watch', ...app } as const;
    expect(await cluster.may(right, context)).toBe(false);
    const error = await errorOf(cluster.get(app, context));
    expect(error).toMatchObject({ code: 'forbidden', details: { verb: 'get', resource: 'secrets', reason: 'Right' } });
    expect(error.message).toContain(`verb get on resource secrets in namespace ${namespace}`);
    const { told, until } = track(cluster, app);
    await until((texts) => texts.length > 0);
    expect(told[0]).toContain(`verb watch on resource secrets in namespace ${namespace}`);
    const rule = { apiGroups: [''], resources: ['secrets'], resourceNames: ['app'] };
    const undo = await kube.role(namespace, [{ ...rule, verbs: ['get', 'watch', 'patch'] }], limited.name);
    await until((texts) => texts.includes('ready'));
    expect(await cluster.may(right, context)).toBe(true);
    expect(await cluster.get(app, context)).toBeNull();
    const create = await errorOf(cluster.apply(app, bodyOf(namespace, {}), plumb));
    expect(create).toMatchObject({ code: 'forbidden', details: { verb: 'create' } });
    expect(await errorOf(cluster.list({ resource: secrets, namespace }, context))).toMatchObject({
      details: { verb: 'list' },
    });
    await undo();
  });

  test('takes client certificates', async () => {
    const cluster = connect(kubernetes, kubernetes.addUser('jane', { groups: ['system:masters'] }));
    expect((await cluster.list({ resource: namespaces }, context)).map(({ metadata }) => metadata.name)).toContain(
      'default',
    );
    const old = kubernetes.addUser('old', { groups: ['system:masters'], until: Date.now() - 60_000 });
    if (!('certificate' in old)) throw new Error('no certificate');
    const credential = { type: 'certificate', certificate: old.certificate, key: old.privateKey } as const;
    const access = { server: kubernetes.server, ca: kubernetes.ca, credential: () => Promise.resolve(credential) };
    const expired = connectCluster({ access, clock: systemClock, random: new SeededRandom(1) });
    opened.push(expired);
    const error = await errorOf(expired.list({ resource: namespaces }, context));
    expect(error).toMatchObject({ code: 'forbidden', message: expect.stringContaining('its certificate expired at ') });
  });

  test('what is followed is told as it is and as it changes, to whoever comes late too', async () => {
    const { kube } = kubernetes;
    const cluster = connect(kubernetes);
    const namespace = await kube.createNamespace();
    await kube.put(secret(namespace, 'app', { A: '1' }));
    const [one, all] = [track(cluster, appIn(namespace)), track(cluster, { resource: secrets, namespace })];
    await one.until((told) => told.includes('ready'));
    await all.until((told) => told.includes('ready'));
    const { metadata } = await kube.put(secret(namespace, 'app', { A: '2' }));
    const version = String(metadata.resourceVersion);
    await one.until((told) => told.includes(`+app@${version}`));
    await kube.put(secret(namespace, 'beside', { A: '1' }));
    const late = track(cluster, { resource: secrets, namespace });
    await late.until((told) => told.includes('ready'));
    expect([...late.known.keys()].sort()).toEqual(['app', 'beside']);
    await kube.request('DELETE', pathOf(secret(namespace, 'app', {})));
    for (const { until } of [one, all, late]) await until((told) => told.at(-1)?.startsWith('-app@') === true);
    expect([...one.known]).toEqual([]);
    expect([...all.known.keys()]).toEqual(['beside']);
    expect([one, all, late].map(({ following }) => following.current)).toEqual([true, true, true]);
    expect(cluster.requests.get('watch secrets')).toBe(2);
  });
});

describe.skipIf(without('kubernetes')).each<[string, KubernetesOptions]>([
  ['as it comes', {}],
  ['without a cache of secrets', { uncached: ['secrets'] }],
  ['that cannot start watches with what is there', { argv: ['--feature-gates=WatchList=false'] }],
])('an API server %s', (_what, options) => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes(options);
  });
  afterAll(() => kubernetes.stop());

  test('is killed and comes back: calls fail at once, then followers know what is there', async () => {
    const { kube } = kubernetes;
    const cluster = connect(kubernetes);
    const namespace = await kube.createNamespace();
    await kube.put(secret(namespace, 'app', { A: '1' }));
    await kube.put(secret(namespace, 'doomed', { A: '1' }));
    const follower = track(cluster, { resource: secrets, namespace });
    await follower.until((told) => told.includes('ready'));
    expect([...follower.known.keys()].sort()).toEqual(['app', 'doomed']);
    await kubernetes.killApiServer();
    await follower.until((told) => told.some((text) => text.startsWith('lost: ')));
    // Nothing is waited for, not even for a turn of the event loop.
    let turns = 0;
    const turn = setImmediate(() => (turns += 1));
    for (let i = 0; i < 50; i += 1) {
      expect((await errorOf(cluster.get(appIn(namespace), context))).code).toBe('unavailable');
    }
    expect(turns).toBe(0);
    clearImmediate(turn);
    await kubernetes.startApiServer();
    await kube.request('DELETE', pathOf(secret(namespace, 'doomed', {})));
    const { metadata } = await kube.put(secret(namespace, 'app', { A: '2' }));
    await kubernetes.compactEtcd();
    const version = String(metadata.resourceVersion);
    await follower.until(
      () => follower.readies() >= 2 && follower.known.get('app') === version && follower.known.size === 1,
    );
    expect((await cluster.get(appIn(namespace), context))?.metadata.resourceVersion).toBe(version);
  });
});

describe.skipIf(without('kubernetes'))('an API server that does not answer', () => {
  test('is noticed well before a call would end, and fails calls at once from then on', async () => {
    await using kubernetes = await startKubernetes();
    const cluster = connect(kubernetes, kubernetes.admin, { requestTimeoutMs: 200_000 });
    await cluster.list({ resource: namespaces }, context);
    await kubernetes.pauseApiServer();
    const started = performance.now();
    expect((await errorOf(cluster.list({ resource: namespaces }, context))).code).toBe('unavailable');
    expect(performance.now() - started).toBeLessThan(100_000);
    await expect
      .poll(async () => {
        const before = performance.now();
        await errorOf(cluster.list({ resource: namespaces }, context));
        return performance.now() - before;
      })
      .toBeLessThan(100);
    kubernetes.resumeApiServer();
    await expect
      .poll(() =>
        cluster.list({ resource: namespaces }, context).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });
});
