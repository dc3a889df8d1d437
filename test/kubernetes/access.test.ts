/** Rights on both sides, as somebody who runs a server sees them: what is missing is said, and nothing is touched. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { conditionOf, holds, Site } from './site.ts';
import {
  type Kubernetes,
  type KubeObject,
  pathOf,
  type Rule,
  startKubernetes,
  valuesOf,
  workload,
} from '#testing/kubernetes';

const roles = readFileSync(resolve(import.meta.dirname, '../../examples/kubernetes/role.yaml'), 'utf8');
const verbs = ['get', 'create', 'patch', 'delete', 'watch'];

describe.skipIf(without('kubernetes'))('rights', () => {
  let kubernetes: Kubernetes;
  let namespace: string;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
  });
  afterAll(() => kubernetes?.stop());
  beforeEach(async () => {
    namespace = await kubernetes.kube.createNamespace();
  });

  const get = (name = 'app-secrets'): Promise<KubeObject | undefined> =>
    kubernetes.kube.get(pathOf({ kind: 'Secret', metadata: { namespace, name } }));
  const values = async (): Promise<Readonly<Record<string, string>> | undefined> => {
    const found = await get();
    return found === undefined ? undefined : valuesOf({ ...found, kind: 'Secret' });
  };
  const set = ({ client }: Site, ...ops: readonly (readonly [name: string, value: string | null])[]) =>
    client.changes.apply({
      ops: ops.map(([name, value]) =>
        value === null
          ? { op: 'delete', path: `app/e/${name}` }
          : { op: 'put', path: `app/e/${name}`, value, kind: name.startsWith('C') ? 'config' : 'secret' },
      ),
    });
  const objects = [
    { kind: 'Secret', name: 'app-secrets' },
    { kind: 'ConfigMap', name: 'app-config' },
  ] as const;
  const declare = ({ client }: Site, options: Readonly<Record<string, unknown>> = {}) =>
    client.syncs.put('s', {
      from: 'app/e',
      to: `k:${namespace}`,
      runAs: 'workload/w',
      options: { objects, deleteMany: true, ...options },
    });

  test('with exactly the documented Role a server keeps what it is to keep, and restarts what reads it', async () => {
    const file = join(kubernetes.folder, `${namespace}.yaml`);
    writeFileSync(file, roles.replaceAll('changelog', namespace));
    await kubernetes.kubectl('apply', '-f', file);
    const token = (await kubernetes.kubectl('create', 'token', 'plumb', '-n', namespace)).trim();
    await using site = await Site.open({ kubernetes, user: { name: 'plumb', token } });
    const lacks = async () => {
      const { namespaces } = await site.client.targets.check('k', { namespaces: [namespace], objects });
      return namespaces.flatMap((each) => each.lacks);
    };
    await expect.poll(lacks).toEqual([]);
    await set(site, ['A', 'one'], ['C', 'config']);
    await declare(site);
    await site.until((view) => holds(view, 'InSync'));
    const reader = workload(
      'Deployment',
      { namespace, name: 'reader' },
      { envFrom: [{ secretRef: { name: 'app-secrets' } }] },
    );
    await kubernetes.kube.put(reader);
    await set(site, ['A', 'two']);
    await kubernetes.kube.waitFor(pathOf(reader), (found) => found?.metadata.generation === 2);
    expect(await values()).toEqual({ A: 'two' });
    const hand = { data: { A: Buffer.from('by hand').toString('base64') } };
    await kubernetes.kube
      .patchAs('somebody')
      .merge(pathOf({ kind: 'Secret', metadata: { namespace, name: 'app-secrets' } }), hand);
    await expect.poll(values).toEqual({ A: 'two' });
    await set(site, ['A', null], ['C', null]);
    await expect.poll(() => get()).toBeUndefined();
  });

  describe('a server without one says so, verb and resource, and goes on as soon as it has it', () => {
    const rule = (...left: readonly string[]): Rule => ({
      apiGroups: [''],
      resources: ['secrets'],
      verbs: verbs.filter((verb) => !left.includes(verb)),
    });
    const missing = (verb: string): string =>
      `the right is missing: verb ${verb} on resource secrets in namespace ${namespace}`;

    // What the watch tells need not be read.
    test.each([
      ['get', ['get', 'watch']],
      ['create', ['create']],
      ['patch', ['patch']],
    ])('%s', async (verb, left) => {
      const undo = await kubernetes.kube.role(namespace, [rule(...left)], kubernetes.limited.name);
      await using site = await Site.open({ kubernetes, user: kubernetes.limited });
      await set(site, ['A', 'one']);
      await declare(site, { objects: objects.slice(0, 1), restart: false });
      await site.until((view) => holds(view, 'Error'));
      expect(conditionOf(await site.client.syncs.get('s'), 'Error')).toMatchObject({
        reason: 'Forbidden',
        message: expect.stringContaining(missing(verb)),
      });
      expect(await get()).toBeUndefined();
      const whole = await kubernetes.kube.role(namespace, [rule()], kubernetes.limited.name);
      await site.client.syncs.apply('s');
      expect(await values()).toEqual({ A: 'one' });
      for (const end of [undo, whole]) await end();
    });

    test('delete', async () => {
      const undo = await kubernetes.kube.role(namespace, [rule('delete')], kubernetes.limited.name);
      await using site = await Site.open({ kubernetes, user: kubernetes.limited });
      await set(site, ['A', 'one']);
      await declare(site, { objects: objects.slice(0, 1), restart: false });
      await site.until((view) => holds(view, 'InSync'));
      await set(site, ['A', null]);
      await site.until((view) => holds(view, 'Error'));
      expect(conditionOf(await site.client.syncs.get('s'), 'Error')?.message).toContain(missing('delete'));
      expect(await values()).toEqual({ A: 'one' });
      await undo();
    });
  });

  test('a sync whose runAs loses a right stalls, and leaves the target as it is, hand edits too', async () => {
    await using site = await Site.open({ kubernetes });
    await set(site, ['A', 'one'], ['B', 'one']);
    await declare(site, { restart: false });
    await site.until((view) => holds(view, 'InSync'));
    await site.client.policies.put('reader', { text: 'allow list, read on app/**\ndeny read on app/e/B\n' });
    await site.until((view) => holds(view, 'Stalled'));
    const writes = site.writes().length;
    const path = pathOf({ kind: 'Secret', metadata: { namespace, name: 'app-secrets' } });
    const edited = await kubernetes.kube
      .patchAs('kubectl-edit')
      .merge(path, { data: { A: Buffer.from('by hand').toString('base64') } });
    await set(site, ['A', 'two'], ['B', 'two']);
    expect(await site.client.syncs.apply('s')).toMatchObject({
      inAgreement: false,
      problems: ['workload/w may not read 1 of 2 entries of app/e', 'app/e/B: may not be read'],
    });
    expect((await get())?.metadata.resourceVersion).toBe(edited.metadata.resourceVersion);
    expect(site.writes().length).toBe(writes);
    expect(conditionOf(await site.client.syncs.get('s'), 'Stalled')?.message).toContain('workload/w');
    await site.client.policies.put('reader', { text: 'allow list, read on app/**\n' });
    await site.until((view) => holds(view, 'InSync'));
    expect(await values()).toEqual({ A: 'two', B: 'two' });
  });
});
