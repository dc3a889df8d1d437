import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newAuthority } from '#testing/certificates';
import { startKubernetes } from '#testing/kubernetes';
import type { Kubernetes, Rule } from '#testing/kubernetes';
import { startServer } from '#testing/server';
import type { LocalServer } from '#testing/server';

let kubernetes: Kubernetes;
let namespace: string;
beforeAll(async () => {
  kubernetes = await startKubernetes();
});
afterAll(() => kubernetes.stop());
beforeEach(async () => {
  namespace = await kubernetes.kube.createNamespace();
});

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, maxRetries: 10 });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-'));
  folders.push(folder);
  return folder;
}

const serve = (folder?: string, ...argv: string[]): Promise<LocalServer> =>
  startServer({ argv: ['--kubernetes-hosts', '127.0.0.1', ...argv], ...(folder === undefined ? {} : { folder }) });

/** A service account that may do with these two objects what it takes, and nothing else. */
async function account(): Promise<Awaited<ReturnType<Kubernetes['serviceAccount']>>> {
  const made = await kubernetes.serviceAccount(namespace, 'plumb');
  const verbs = ['get', 'create', 'patch', 'delete', 'watch'];
  const rules: readonly Rule[] = [
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['app'], verbs },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['app'], verbs },
  ];
  await kubernetes.kube.role(namespace, rules, made.name);
  return made;
}

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return `${String(error.code)}: ${error.message}`;
    throw error;
  }
  return 'nothing failed';
}

const objects = [
  { kind: 'Secret', name: 'app' },
  { kind: 'ConfigMap', name: 'app' },
] as const;

/** An entry and a workload that may read it. */
async function prepare({ client }: LocalServer): Promise<void> {
  await client.changes.apply({ ops: [{ op: 'put', path: 'app/e/PASS', value: 'one' }] });
  await client.policies.put('reader', { text: 'allow list, read on app/**' });
  await client.principals.put('workload/w', { policies: ['reader'] });
}

const spec = () => ({
  from: 'app/e',
  to: `eu/${namespace}`,
  runAs: 'workload/w',
  options: { objects: [{ kind: 'Secret', name: 'app' }], restart: false },
});
const secretPath = () => `/api/v1/namespaces/${namespace}/secrets/app`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const passIs = (text: string) =>
  kubernetes.kube.waitFor(secretPath(), (found) => found?.data?.['PASS'] === base64(text));

describe('a cluster that is added', () => {
  test('says what it is, as whom it knows us, and what we may do, right by right', async () => {
    await using server = await serve();
    const user = await account();
    const { targets } = server.client;
    await targets.put('eu', { type: 'kubernetes', kubeconfig: kubernetes.kubeconfig(user, { namespace }) });
    expect(await targets.check('eu', { objects, restart: false })).toEqual({
      version: expect.stringMatching(/^v1\./),
      identity: `system:serviceaccount:${namespace}:plumb`,
      namespaces: [
        {
          namespace,
          may: ['secrets', 'configmaps'].flatMap((kind) =>
            ['get', 'create', 'patch', 'delete', 'watch'].map((verb) => `${verb} ${kind}/app`),
          ),
          lacks: [],
        },
      ],
    });
    const any = await targets.check('eu', { namespaces: ['kube-system'] });
    expect(any.namespaces).toMatchObject([{ namespace: 'kube-system', may: [] }]);
    expect(any.namespaces[0]?.lacks).toContain('patch deployments.apps');
  });

  test('is written to, with another credential too, until that is destroyed', async () => {
    await using server = await serve();
    await prepare(server);
    const { targets, syncs, changes } = server.client;
    const user = await account();
    await targets.put('eu', { type: 'kubernetes', kubeconfig: kubernetes.kubeconfig(user, { namespace }) });
    await syncs.put('s', spec());
    await passIs('one');
    expect(await failure(targets.delete('eu'))).toBe('conflict: syncs write to eu: s');
    const byCertificate = kubernetes.addUser('somebody', { groups: ['system:masters'] });
    const again = await targets.put('eu', { type: 'kubernetes', kubeconfig: kubernetes.kubeconfig(byCertificate) });
    expect(again).toMatchObject({ generation: 2, credentialVersion: 2 });
    expect(await targets.check('eu')).toMatchObject({ identity: 'somebody' });
    await changes.apply({ ops: [{ op: 'put', path: 'app/e/PASS', value: 'two' }] });
    await passIs('two');
    await changes.apply({ ops: [{ op: 'destroy', path: 'sys/targets/eu/credential', versions: [1, 2] }] });
    expect(await failure(targets.check('eu'))).toBe('unavailable: the credential of the target eu is gone');
    await syncs.delete('s');
    await targets.delete('eu');
    expect((await kubernetes.kube.get(secretPath()))?.data).toEqual({ PASS: base64('two') });
  });

  test('has taken back what a sync wrote, and only that', async () => {
    await using server = await serve();
    await prepare(server);
    const { targets, syncs } = server.client;
    const user = await account();
    await targets.put('eu', { type: 'kubernetes', kubeconfig: kubernetes.kubeconfig(user) });
    await syncs.put('s', spec());
    await passIs('one');
    await kubernetes.kube.patchAs('somebody').merge(secretPath(), { data: { OTHER: base64('theirs') } });
    await syncs.delete('s', { owned: 'delete' });
    expect((await kubernetes.kube.get(secretPath()))?.data).toEqual({ OTHER: base64('theirs') });
  });

  test('is left alone while a sync is paused', async () => {
    await using server = await serve();
    await prepare(server);
    const { targets, syncs, changes } = server.client;
    await targets.put('eu', { type: 'kubernetes', kubeconfig: kubernetes.kubeconfig(await account()) });
    await syncs.put('s', spec());
    await passIs('one');
    expect(await syncs.pause('s', { reason: 'incident 88' })).toMatchObject({ pause: { reason: 'incident 88' } });
    await changes.apply({ ops: [{ op: 'put', path: 'app/e/PASS', value: 'two' }] });
    expect((await syncs.plan('s')).steps).toMatchObject([{ do: 'update' }]);
    expect((await kubernetes.kube.get(secretPath()))?.data).toEqual({ PASS: base64('one') });
    await syncs.resume('s');
    await passIs('two');
  });
});

describe('what does not hold', () => {
  const bad: readonly [what: string, kubeconfig: () => string, failure: RegExp][] = [
    [
      'another authority',
      () => kubernetes.kubeconfig().replace(base64(kubernetes.ca), base64(newAuthority().ca)),
      /^unavailable: .*certificate/,
    ],
    [
      'a token that nobody knows',
      () => kubernetes.kubeconfig({ name: 'x', token: 'nonsense' }),
      /^forbidden: .*credential is not accepted/,
    ],
    [
      'a port where nothing listens',
      () => kubernetes.kubeconfig(undefined, { server: 'https://127.0.0.1:1' }),
      /^unavailable: .*nothing listens/,
    ],
  ];
  test.each(bad)('%s is told when it is checked', async (_, kubeconfig, expected) => {
    await using server = await serve();
    await server.client.targets.put('eu', { type: 'kubernetes', kubeconfig: kubeconfig() });
    expect(await failure(server.client.targets.check('eu'))).toMatch(expected);
    expect((await server.client.targets.list()).map(({ name }) => name)).toEqual(['eu']);
  });

  test('a certificate that has expired is refused when it is sent', async () => {
    await using server = await serve();
    const expired = kubernetes.addUser('late', { until: Date.now() - 1000 });
    const input = { type: 'kubernetes', kubeconfig: kubernetes.kubeconfig(expired) };
    expect(await failure(server.client.targets.put('eu', input))).toBe('invalid: the kubeconfig cannot be used');
  });

  test('a host that the configuration names no more is not connected to', async () => {
    const folder = await newFolder();
    const input = { type: 'kubernetes', kubeconfig: kubernetes.kubeconfig() };
    const first = await serve(folder);
    await first.client.targets.put('eu', input);
    expect(await failure(first.client.targets.check('eu'))).toBe('nothing failed');
    await first.stop();
    await using server = await startServer({ folder });
    const { targets } = server.client;
    for (const act of [targets.check('eu'), targets.put('eu', input)]) {
      expect(await failure(act)).toMatch(/^forbidden: the configuration of this server does not allow the host/);
    }
    expect(await targets.get('eu')).toMatchObject({ name: 'eu', declared: 'api' });
  });
});

test('a cluster of the configuration is checked and written to, and not changed over the API', async () => {
  const user = await account();
  const folder = await newFolder();
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubernetes.kubeconfig(user), { mode: 0o600 });
  const config = join(folder, 'plumb-server.yaml');
  writeFileSync(config, `targets: { eu: { type: kubernetes, kubeconfig: ${kubeconfig} } }\n`);
  await using server = await startServer({ argv: ['--config', config] });
  await prepare(server);
  const { targets, syncs } = server.client;
  expect(await targets.get('eu')).toEqual({ name: 'eu', type: 'kubernetes', declared: 'configuration' });
  expect(await targets.check('eu', { namespaces: [namespace], objects, restart: false })).toMatchObject({
    identity: user.name,
    namespaces: [{ lacks: [] }],
  });
  const input = { type: 'kubernetes', kubeconfig: kubernetes.kubeconfig() };
  expect(await failure(targets.put('eu', input))).toMatch(/^conflict: the target eu is declared in the server's/);
  expect(await failure(targets.delete('eu'))).toMatch(/^conflict: the target eu is declared in the server's/);
  await syncs.put('s', spec());
  await passIs('one');
});
