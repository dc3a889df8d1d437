/** How a place follows its objects and namespaces, and what it asks for meanwhile. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { clusterFor } from './clusters.ts';
import { Keeper } from './keeper.ts';
import type { KeeperOptions } from './keeper.ts';
import { targetWatches } from '#domain/records';
import type { Cluster } from '#reconcile/targets/kubernetes/cluster';
import { type Kubernetes, type KubeObject, pathOf, secret, startKubernetes, valuesOf } from '#testing/kubernetes';

const unlabel = { metadata: { labels: { 'plumb.dev/managed': null } } };

describe.skipIf(without('kubernetes'))('following', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;
  let namespace: string;

  const open = (options: Partial<KeeperOptions> = {}): Promise<Keeper> =>
    Keeper.open({ cluster, at: namespace, ...options });
  const path = (at = namespace): string => pathOf({ kind: 'Secret', metadata: { namespace: at, name: 'app' } });
  const values = async (at = namespace): Promise<Readonly<Record<string, string>> | undefined> => {
    const found = await kubernetes.kube.get(path(at));
    return found === undefined ? undefined : valuesOf({ ...found, kind: 'Secret' });
  };
  const edit = (body: unknown, at = namespace): Promise<KubeObject> =>
    kubernetes.kube.patchAs('kubectl-edit').merge(path(at), body);
  const gets = (): number => cluster.requests.get('get secrets') ?? 0;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
  });
  afterAll(async () => {
    await kubernetes?.stop();
  });
  beforeEach(async () => {
    cluster = clusterFor(kubernetes);
    namespace = await kubernetes.kube.createNamespace();
    return () => cluster.close();
  });

  describe.each(targetWatches)('by %s', (watch) => {
    test('tells of changes by others, and never of our own', async () => {
      const keeper = await open({ watch });
      const news = keeper.news();
      await keeper.keep({ A: '1' });
      await keeper.keep({ A: '2', B: '1' });
      await keeper.keep({ A: '3' });
      await edit({ data: { A: 'aGFuZA==' } });
      await news.told;
      expect(news.count()).toBe(1);
      const { drifted } = await keeper.keep({ A: '3' });
      expect(drifted[0]?.writer?.name).toBe('kubectl-edit');
      news.stop();
    });

    test('asks for nothing that the stream tells', async () => {
      const keeper = await open({ watch });
      const news = keeper.news();
      await keeper.look({});
      // Only a stream that tells of every object can tell that there is none.
      expect(gets()).toBe(watch === 'names' ? 0 : 1);
      await keeper.keep({ A: '1' });
      const before = gets();
      for (const value of ['2', '3', '4']) await keeper.keep({ A: value });
      const mark = await keeper.mark();
      await edit({ data: { A: 'aGFuZA==' } });
      await news.told;
      expect(await keeper.mark()).not.toBe(mark);
      await keeper.keep({ A: '5' });
      expect([gets() - before, await values()]).toEqual([0, { A: '5' }]);
      news.stop();
    });

    test('tells that the object is gone', async () => {
      const keeper = await open({ watch });
      const news = keeper.news();
      await keeper.keep({ A: '1' });
      await kubernetes.kube.delete(path());
      await news.told;
      expect((await keeper.keep({ A: '1' })).drifted).toHaveLength(1);
      expect(await values()).toEqual({ A: '1' });
      news.stop();
    });

    test('finds an object that has lost its label', async () => {
      const keeper = await open({ watch });
      const news = keeper.news();
      await keeper.keep({ A: '1' });
      await edit(unlabel);
      await news.told;
      const draft = await keeper.keep({ A: '1' });
      expect([draft.drifted, draft.flaws.length]).toEqual([[], 1]);
      expect((await kubernetes.kube.get(path()))?.metadata.labels).toEqual({ 'plumb.dev/managed': 'true' });
      news.stop();
    });

    test('finds an object of others that a stream would not tell of', async () => {
      await kubernetes.kube.put(secret(namespace, 'app', { A: '1', FOREIGN: 'stays' }));
      const keeper = await open({ watch });
      const news = keeper.news();
      const { steps } = await keeper.keep({ A: '1' });
      expect(steps.map((step) => step.do)).toEqual(['adopt']);
      await edit({ data: { A: 'aGFuZA==' } });
      await news.told;
      expect((await keeper.keep({ A: '1' })).drifted).toHaveLength(1);
      expect(await values()).toEqual({ A: '1', FOREIGN: 'stays' });
      news.stop();
    });

    test('sees two syncs of one object as each writes', async () => {
      const one = await open({ watch });
      const other = await open({ watch, sync: 'other' });
      const news = [one.news(), other.news()];
      await one.keep({ A: '1' });
      await other.keep({ B: '1' });
      await news[0]?.told;
      await one.keep({ A: '2' });
      await news[1]?.told;
      expect(await values()).toEqual({ A: '2', B: '1' });
      expect([(await one.keep({ A: '2' })).inAgreement, (await other.keep({ B: '1' })).inAgreement]).toEqual([
        true,
        true,
      ]);
      for (const { stop } of news) stop();
    });
  });

  test('an object without our label, which no stream tells of, is asked for', async () => {
    await kubernetes.kube.put(secret(namespace, 'app', { A: '1' }));
    const keeper = await open({ watch: 'namespaces' });
    const news = keeper.news();
    await keeper.look({ A: '1' });
    const mark = await keeper.mark();
    await edit({ data: { A: 'aGFuZA==' } });
    expect(await keeper.mark()).not.toBe(mark);
    expect((await keeper.look({ A: '1' })).draft.conflicts).toHaveLength(1);
    news.stop();
  });

  test('a plan against what the stream has not told yet is refused, and the next one is right', async () => {
    const keeper = await open();
    const news = keeper.news();
    await keeper.keep({ A: '1' });
    const looked = await keeper.look({ A: '2' });
    await edit({ data: { A: 'aGFuZA==' } });
    await expect(keeper.write(looked)).rejects.toMatchObject({ code: 'mismatch' });
    const { drifted } = await keeper.keep({ A: '2' });
    expect([drifted.length, await values()]).toEqual([1, { A: '2' }]);
    news.stop();
  });

  test('a plan is carried out only as long as it was made of the last look', async () => {
    const keeper = await open();
    await keeper.keep({ A: '1' });
    const looked = await keeper.look({ A: '2' });
    await edit({ data: { B: 'aGFuZA==' } });
    await keeper.look({ A: '2' });
    await expect(keeper.write(looked)).rejects.toMatchObject({ code: 'mismatch' });
    await keeper.keep({ A: '2' });
    await expect(keeper.write(looked)).rejects.toMatchObject({ code: 'mismatch' });
    expect(await values()).toEqual({ A: '2', B: 'hand' });
  });

  describe('namespaces by their labels', () => {
    const namespacePath = (name: string): string => pathOf({ kind: 'Namespace', metadata: { name } });
    const label = (name: string, value: string | null): Promise<KubeObject> =>
      kubernetes.kube.patchAs('kubectl-label').merge(namespacePath(name), { metadata: { labels: { set: value } } });
    let set: string;
    let one: string;
    let two: string;
    let keeper: Keeper;

    beforeEach(async () => {
      set = namespace;
      one = await kubernetes.kube.createNamespace({ set });
      two = await kubernetes.kube.createNamespace({ set });
      const options = { objects: [{ kind: 'Secret', name: 'app' }], namespaces: `set=${set}` };
      keeper = await open({ at: '*', options });
    });

    test('hold the same object each', async () => {
      await keeper.keep({ A: '1' });
      expect([await values(one), await values(two), await values()]).toEqual([{ A: '1' }, { A: '1' }, undefined]);
      expect((await keeper.keep({ A: '1' })).inAgreement).toBe(true);
    });

    test('come', async () => {
      const news = keeper.news();
      await keeper.keep({ A: '1' });
      const mark = await keeper.mark();
      await label(namespace, set);
      await news.told;
      expect(await keeper.mark()).not.toBe(mark);
      const { steps } = await keeper.keep({ A: '1' });
      expect(steps.map((step) => step.do).sort()).toEqual(['create', 'keep', 'keep']);
      expect(await values()).toEqual({ A: '1' });
      news.stop();
    });

    test('go, and lose what was ours', async () => {
      const news = keeper.news();
      await keeper.keep({ A: '1' });
      await label(two, null);
      await news.told;
      await keeper.keep({ A: '1' });
      expect([await values(one), await values(two)]).toEqual([{ A: '1' }, undefined]);
      expect((await keeper.keep({ A: '1' })).inAgreement).toBe(true);
      news.stop();
    });

    test('all gone are in the way of everything: nothing is deleted', async () => {
      await keeper.keep({ A: '1' });
      await label(one, null);
      await label(two, null);
      const { problems } = await keeper.keep({ A: '1' });
      expect(problems).toEqual([`no namespace has the labels set=${set}, expected at least one`]);
      expect([await values(one), await values(two)]).toEqual([{ A: '1' }, { A: '1' }]);
    });

    test('that are being deleted do not keep the others waiting', async () => {
      const news = keeper.news();
      await keeper.keep({ A: '1' });
      await kubernetes.kube.delete(namespacePath(one));
      await news.told;
      const { problems, blocked } = await keeper.keep({ A: '2' });
      expect(problems).toEqual([expect.stringContaining(`the namespace ${one} is being deleted`)]);
      expect([[...blocked], await values(two)]).toEqual([[`${one}/Secret/app`], { A: '2' }]);
      news.stop();
    });
  });

  describe('what cannot be read', () => {
    test('is never empty', async () => {
      const keeper = await open();
      await keeper.keep({ A: '1' });
      const stranger = await open({ cluster: clusterFor(kubernetes, kubernetes.limited.token) });
      await expect(stranger.keep({ A: '1' })).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringMatching(/get secrets app .*the right is missing: verb get on resource secrets/),
      });
      await expect(stranger.mark()).rejects.toMatchObject({ code: 'forbidden' });
    });

    test('as long as the server is away, and is right again when it is back', async () => {
      const keeper = await open();
      const news = keeper.news();
      await keeper.keep({ A: '1' });
      await kubernetes.killApiServer();
      await expect(keeper.mark()).rejects.toMatchObject({ code: 'unavailable' });
      await expect(keeper.keep({ A: '2' })).rejects.toMatchObject({ code: 'unavailable' });
      await kubernetes.startApiServer();
      await news.told;
      await keeper.keep({ A: '2' });
      expect(await values()).toEqual({ A: '2' });
      news.stop();
    });
  });
});
