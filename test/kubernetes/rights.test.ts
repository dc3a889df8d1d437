/** The documented rights are enough, and each of them is needed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { clusterFor } from './clusters.ts';
import { deploy } from './deployments.ts';
import { Keeper } from './keeper.ts';
import type { Cluster, Right } from '#reconcile/targets/kubernetes/cluster';
import { secrets } from '#reconcile/targets/kubernetes/resources';
import { describeRight, examine, missingRights, requiredRights } from '#reconcile/targets/kubernetes/rights';
import { Workloads } from '#reconcile/targets/kubernetes/workloads';
import { type Kubernetes, pathOf, type Rule, startKubernetes, valuesOf } from '#testing/kubernetes';
import { systemClock } from '#util/clock';

const never = new AbortController().signal;
const context = { lane: 'user', signal: never } as const;
const objects = [
  { kind: 'Secret', name: 'app-secrets' },
  { kind: 'ConfigMap', name: 'app-config' },
] as const;
const roles = readFileSync(resolve(import.meta.dirname, '../../examples/kubernetes/role.yaml'), 'utf8');

/** One rule for each right, as a Role may have them. */
function rulesFor(rights: readonly Right[]): readonly Rule[] {
  return rights.map(({ verb, resource, name }) => ({
    apiGroups: [resource.group],
    resources: [resource.plural],
    verbs: [verb],
    ...(name === undefined ? {} : { resourceNames: [name] }),
  }));
}

describe.skipIf(without('kubernetes'))('rights on a real API server', () => {
  let kubernetes: Kubernetes;
  let namespace: string;
  /** Closed after each test. */
  let clusters: Cluster[];

  const connect = (token: string): Cluster => {
    const cluster = clusterFor(kubernetes, token);
    clusters.push(cluster);
    return cluster;
  };
  const keep = (cluster: Cluster, watch: 'names' | 'namespaces' = 'names'): Promise<Keeper> =>
    Keeper.open({ cluster, at: namespace, watch, options: { objects } });
  const path = ({ kind, name }: (typeof objects)[number]): string => pathOf({ kind, metadata: { namespace, name } });
  const values = (secret: string, config: string) => ({ A: secret, B: { value: config, secret: false } });
  const written = async (): Promise<readonly unknown[]> =>
    Promise.all(
      objects.map(async (object) => {
        const found = await kubernetes.kube.get(path(object));
        return found === undefined ? undefined : valuesOf({ ...found, kind: object.kind });
      }),
    );
  const generation = async (): Promise<number | undefined> => {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name: 'app' } };
    return (await kubernetes.kube.get(pathOf(deployment)))?.metadata.generation;
  };
  /** The file as it stands, with another namespace, and what else is to be another. */
  const applyRoles = async (replace: (text: string) => string = (text) => text): Promise<void> => {
    const file = join(kubernetes.folder, `${namespace}.yaml`);
    writeFileSync(file, replace(roles.replaceAll('changelog', namespace)));
    await kubernetes.kubectl('apply', '-f', file);
  };
  /** As somebody would make one for Plumb. */
  const token = async (): Promise<string> =>
    (await kubernetes.kubectl('create', 'token', 'plumb', '-n', namespace)).trim();

  beforeAll(async () => {
    kubernetes = await startKubernetes({ controllers: ['deployment-controller', 'replicaset-controller'] });
  });
  afterAll(() => kubernetes?.stop());
  beforeEach(async () => {
    namespace = await kubernetes.kube.createNamespace();
    clusters = [];
    return async () => {
      for (const cluster of clusters) await cluster.close();
    };
  });

  test.each([
    ['names', 'by name', (text: string) => text],
    [
      'namespaces',
      'for the whole namespace',
      (text: string) => text.replace('kind: Role\n  name: plumb\n', 'kind: Role\n  name: plumb-namespace\n'),
    ],
  ] as const)('watching %s: with exactly the Role %s everything works', async (watch, _, replace) => {
    await applyRoles(replace);
    const cluster = connect(await token());
    const question = watch === 'names' ? { objects } : {};
    const rights = requiredRights({ ...question, namespaces: [namespace], watch, restart: true });
    await expect.poll(() => missingRights(cluster, rights, context)).toEqual([]);

    const keeper = await keep(cluster, watch);
    const news = keeper.news();
    await keeper.keep(values('s1', 'c1'));
    expect(await written()).toEqual([{ A: 's1' }, { B: 'c1' }]);
    await keeper.keep(values('s2', 'c2'));
    await kubernetes.kube.patchAs('somebody').merge(path(objects[0]), { data: { A: 'c29tZXRoaW5n' } });
    await news.told;
    await expect.poll(async () => (await keeper.look(values('s2', 'c2'))).draft.writes.length).toBe(1);
    await keeper.keep(values('s2', 'c2'));
    expect(await written()).toEqual([{ A: 's2' }, { B: 'c2' }]);

    const pod = { containers: [{ name: 'main', image: 'none:1', envFrom: [{ secretRef: { name: 'app-secrets' } }] }] };
    await deploy(kubernetes.kube, { namespace, name: 'app', pod });
    const workloads = new Workloads({ cluster, clock: systemClock });
    const app = workloads.activator({ sync: 'app' });
    const [consumer] = await app.consumers(new Set([`${namespace}/Secret/app-secrets/A`]), never);
    expect(consumer?.id).toBe(`${namespace}/Deployment/app`);
    expect(await app.restart(consumer?.id ?? '', 'h1', never)).toBe(true);
    expect(await generation()).toBe(2);
    workloads.close();

    await keeper.keep({});
    expect(await written()).toEqual([undefined, undefined]);
    news.stop();
    await keeper.place.close();
  });

  test('the narrow Role opens nothing else', async () => {
    await applyRoles();
    const cluster = connect(await token());
    await expect
      .poll(() => cluster.may({ verb: 'get', resource: secrets, namespace, name: 'app-secrets' }, context))
      .toBe(true);
    const other = { resource: secrets, namespace, name: 'other' };
    const refused = { code: 'forbidden', message: expect.stringContaining('the right is missing') };
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other', namespace } };
    const options = { ...context, fieldManager: 'plumb/app', force: false };
    await expect(cluster.get(other, context)).rejects.toMatchObject(refused);
    await expect(cluster.list({ resource: secrets, namespace }, context)).rejects.toMatchObject(refused);
    await expect(cluster.apply(other, body, options)).rejects.toMatchObject(refused);
    await expect(cluster.delete(other, context)).rejects.toMatchObject(refused);
  });

  test('what a target is told of itself: who it is, and what it may', async () => {
    await applyRoles();
    const cluster = connect(await token());
    const ask = { namespaces: [namespace, 'default'], objects, watch: 'names' } as const;
    const all = requiredRights({ ...ask, restart: true, namespaces: [namespace] }).map(describeRight);
    await expect
      .poll(() => examine(cluster, ask, never))
      .toEqual({
        version: expect.stringMatching(/^v1\.\d+\.\d+/),
        identity: `system:serviceaccount:${namespace}:plumb`,
        namespaces: [
          { namespace, may: all, lacks: [] },
          { namespace: 'default', may: [], lacks: all },
        ],
      });
    expect(all).toContain('patch secrets/app-secrets');
    expect(all).toContain('watch deployments.apps');
    const stranger = connect('a-token-that-nobody-has');
    await expect(examine(stranger, ask, never)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('without the right to watch it still agrees, by reading', async () => {
    const rights = requiredRights({ objects, watch: 'names', restart: false, namespaces: [namespace] });
    const others = rights.filter(({ verb }) => verb !== 'watch');
    const undo = await kubernetes.kube.role(namespace, rulesFor(others), 'limited');
    const cluster = connect(kubernetes.limited.token);
    const keeper = await keep(cluster);
    const news = keeper.news();
    await keeper.keep(values('s1', 'c1'));
    await kubernetes.kube.patchAs('somebody').merge(path(objects[0]), { data: { A: 'c29tZXRoaW5n' } });
    await keeper.keep(values('s1', 'c1'));
    expect(await written()).toEqual([{ A: 's1' }, { B: 'c1' }]);
    news.stop();
    await keeper.place.close();
    await undo();
  });

  test('namespaces that a selector names take a right of the whole cluster, and the Role in each', async () => {
    const label = namespace;
    const chosen = [namespace, await kubernetes.kube.createNamespace({ label })];
    await kubernetes.kube.patchAs('test').merge(`/api/v1/namespaces/${namespace}`, { metadata: { labels: { label } } });
    const question = { objects, watch: 'names', restart: false } as const;
    const inEach = chosen.map((one) => requiredRights({ ...question, namespaces: [one] }));
    const undo = await Promise.all(
      inEach.map((rights, at) => kubernetes.kube.role(chosen[at] ?? '', rulesFor(rights), 'limited')),
    );
    const open = (): Promise<Keeper> =>
      Keeper.open({
        cluster: connect(kubernetes.limited.token),
        at: '*',
        options: { objects, namespaces: `label=${label}` },
      });
    const refused = await open();
    await expect(refused.look(values('s1', 'c1'))).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('the right is missing: verb list on resource namespaces in the cluster'),
    });
    await refused.place.close();
    const everywhere = requiredRights({ ...question, namespaces: [], selectsNamespaces: true });
    undo.push(await kubernetes.kube.role('*', rulesFor(everywhere), 'limited'));
    const keeper = await open();
    const news = keeper.news();
    await keeper.keep(values('s1', 'c1'));
    for (const one of chosen) {
      const found = await kubernetes.kube.get(
        pathOf({ kind: 'Secret', metadata: { namespace: one, name: 'app-secrets' } }),
      );
      expect(found === undefined ? undefined : valuesOf({ ...found, kind: 'Secret' })).toEqual({ A: 's1' });
    }
    news.stop();
    await keeper.place.close();
    for (const one of undo) await one();
  });

  describe('each right is needed: without it', () => {
    const question = { objects, watch: 'names', restart: true } as const;
    const rights = requiredRights({ ...question, namespaces: ['x'] });

    test.each(rights.map((right) => [describeRight(right), right] as const))(
      '%s',
      async (text, { verb, resource, name }) => {
        const isIt = (right: Right): boolean => describeRight(right) === text;
        const here = requiredRights({ ...question, namespaces: [namespace] });
        const undo = await kubernetes.kube.role(namespace, rulesFor(here.filter((right) => !isIt(right))), 'limited');
        const cluster = connect(kubernetes.limited.token);
        expect((await missingRights(cluster, here, context)).map(describeRight)).toEqual([text]);
        await deploy(kubernetes.kube, { namespace, name: 'app' });
        const group = resource.group === '' ? '' : `.${resource.group}`;
        await expect(
          use(cluster, { verb, resource, namespace, ...(name === undefined ? {} : { name }) }),
        ).rejects.toMatchObject({
          code: 'forbidden',
          message: expect.stringContaining(
            `the right is missing: verb ${verb} on resource ${resource.plural}${group} in namespace ${namespace}`,
          ),
          details: { verb, resource: resource.plural },
        });
        await undo();
      },
    );

    /** Does what takes the right, as a sync does it. */
    async function use(cluster: Cluster, { verb, resource, name }: Right): Promise<void> {
      if (verb === 'list') return void (await cluster.list({ resource, namespace }, context));
      if (verb === 'watch')
        return await followed(cluster, { resource, namespace, ...(name === undefined ? {} : { name }) });
      if (resource.group === 'apps') {
        const ref = { resource, namespace, name: 'app' };
        return void (await cluster.patch(ref, {}, { ...context, fieldManager: 'plumb/app' }));
      }
      const keeper = await keep(cluster);
      await keeper.keep(values('s1', 'c1'));
      await keeper.keep(values('s2', 'c2'));
      await keeper.keep({});
    }

    async function followed(cluster: Cluster, selection: Parameters<Cluster['follow']>[0]): Promise<void> {
      const { promise, resolve: ready, reject: lost } = Promise.withResolvers<void>();
      const following = cluster.follow(selection, { seen: () => undefined, ready, lost });
      await promise.finally(() => following.stop());
    }
  });
});
