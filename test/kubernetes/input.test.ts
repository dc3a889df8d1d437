/** Bad input through the surface that people have: each is said clearly, and nothing is changed by it. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { conditionOf, holds } from './site.ts';
import { newAuthority } from '#testing/certificates';
import { configMap, type Kubernetes, type KubeObject, pathOf, secret, startKubernetes } from '#testing/kubernetes';
import { type LocalServer, startServer } from '#testing/server';

const main = join(import.meta.dirname, '../../src/main.ts');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    const { diagnostics = [] } = error as { readonly diagnostics?: readonly { readonly message: string }[] };
    return [`${String(error.code)}: ${error.message}`, ...diagnostics.map(({ message }) => message)].join('\n');
  }
  return 'nothing failed';
}

describe.skipIf(without('kubernetes'))('bad input', () => {
  let kubernetes: Kubernetes;
  let server: LocalServer;
  let namespace: string;
  beforeAll(async () => {
    // The controller that empties namespaces does not run: one that is deleted stays Terminating.
    kubernetes = await startKubernetes();
    server = await startServer({ argv: ['--kubernetes-hosts', '127.0.0.1'] });
    const { client } = server;
    await client.targets.put('k', { type: 'kubernetes', kubeconfig: kubernetes.kubeconfig() });
    await client.policies.put('reader', { text: 'allow list, read on app/**\n' });
    await client.principals.put('workload/w', { policies: ['reader'] });
  });
  afterAll(async () => {
    await server?.stop();
    await kubernetes?.stop();
  });
  beforeEach(async () => {
    namespace = await kubernetes.kube.createNamespace();
  });

  describe('a kubeconfig', () => {
    const good = (): string => kubernetes.kubeconfig(kubernetes.admin);
    const bad: readonly (readonly [what: string, kubeconfig: () => string, said: RegExp])[] = [
      ['that is no YAML', () => '{ clusters: [', /^invalid: /],
      ['that is something else', () => 'just: text\n', /^invalid: /],
      ['without its cluster', () => good().replace(/^clusters:[^]*?(?=^\w)/m, ''), /^invalid: /],
      [
        'whose authority is no certificate',
        () => good().replace(base64(kubernetes.ca), base64('nonsense')),
        /^invalid: /,
      ],
      ['of a host that is not allowed', () => good().replace('127.0.0.1', 'example.com'), /^forbidden: .*example\.com/],
      [
        'with a certificate that has expired',
        () => kubernetes.kubeconfig(kubernetes.addUser('late', { until: Date.now() - 60_000 })),
        /^invalid: [^]*(?:expired|ended)/,
      ],
      [
        'that skips the check of certificates',
        () => good().replace(/certificate-authority-data: .*/, 'insecure-skip-tls-verify: true'),
        /^invalid: [^]*insecure-skip-tls-verify/,
      ],
      ['that runs a program', () => good().replace(/token: .*/, 'exec: { command: sh }'), /^invalid: [^]*exec/],
    ];
    test.each(bad)('%s', async (_, kubeconfig, said) => {
      const text = kubeconfig();
      expect(text).not.toBe(good());
      const message = await failure(server.client.targets.put('bad', { type: 'kubernetes', kubeconfig: text }));
      expect(message).toMatch(said);
      expect(message).not.toContain(kubernetes.adminToken);
      expect((await server.client.targets.list()).map(({ name }) => name)).toEqual(['k']);
    });

    test('is refused on the command line as well', async () => {
      const file = join(server.folder, 'bad.kubeconfig');
      writeFileSync(file, 'just: text\n', { mode: 0o600 });
      const env = { ...process.env, PLUMB_ADDR: `unix:${server.socket}`, PLUMB_TOKEN: server.token };
      const argv = [main, 'target', 'add', 'bad', '--kubeconfig', file];
      const [code, said] = await new Promise<readonly [unknown, string]>((resolve) => {
        execFile(process.execPath, argv, { env }, (error, _out, stderr) => resolve([error?.code ?? 0, stderr]));
      });
      expect(code).not.toBe(0);
      expect(said).toMatch(/^error: .*kubeconfig/);
      expect((await server.client.targets.list()).map(({ name }) => name)).toEqual(['k']);
    });

    test('of another authority is said by the sync that needs it, until it is put right', async () => {
      const { client } = server;
      const kubeconfig = good().replace(base64(kubernetes.ca), base64(newAuthority().ca));
      await client.targets.put('other', { type: 'kubernetes', kubeconfig });
      await client.changes.apply({ ops: [{ op: 'put', path: 'app/ca/A', value: 'one' }] });
      const spec = { from: 'app/ca', to: `other:${namespace}`, runAs: 'workload/w' };
      await client.syncs.put('ca', { ...spec, options: { objects: [{ kind: 'Secret', name: 'app' }] } });
      await until('ca', 'Error');
      expect(conditionOf(await client.syncs.get('ca'), 'Error')).toMatchObject({
        reason: 'Unavailable',
        message: expect.stringMatching(/certificate/),
      });
      expect(await get('Secret')).toBeUndefined();
      await client.targets.put('other', { type: 'kubernetes', kubeconfig: good() });
      await until('ca', 'InSync');
      expect((await get('Secret'))?.data).toEqual({ A: base64('one') });
      await client.syncs.delete('ca');
      await client.targets.delete('other');
    });
  });

  const get = (kind: string): Promise<KubeObject | undefined> =>
    kubernetes.kube.get(pathOf({ kind, metadata: { namespace, name: 'app' } }));
  const until = async (name: string, type: string): Promise<void> => {
    const stop = new AbortController();
    for await (const [view] of server.client.syncs.watch({ name }, { signal: stop.signal })) {
      if (view !== undefined && holds(view, type)) return stop.abort();
    }
  };

  describe('a spec that Kubernetes has no names for is refused', () => {
    const object = { kind: 'Secret', name: 'app' };
    test.each([
      ['a namespace', 'Not_A_Namespace', [object], 'expected a namespace'],
      ['an object', 'n', [{ kind: 'Secret', name: 'Not_An_Object' }], 'objects[0].name must be'],
      [
        'a label',
        'n',
        [{ ...object, labels: { 'not a label': 'x' } }],
        'objects[0].labels has a name that Kubernetes refuses',
      ],
      ['a kind', 'n', [{ kind: 'Deployment', name: 'app' }], 'objects[0].kind must be Secret or ConfigMap'],
    ])('%s', async (_, at, objects, said) => {
      const spec = { from: 'app/e', to: `k:${at}`, runAs: 'workload/w', options: { objects } };
      expect(await failure(server.client.syncs.put('bad', spec))).toMatch(
        new RegExp(`^invalid: [^]*${said.replace(/[[\]]/g, '\\$&')}`),
      );
      expect((await server.client.syncs.list()).map(({ name }) => name)).not.toContain('bad');
    });
  });

  interface Case {
    readonly what: string;
    readonly kind?: 'Secret' | 'ConfigMap';
    /** What stands there before. */
    readonly before?: (namespace: string) => KubeObject;
    readonly entries: Readonly<
      Record<string, { readonly value: string; readonly kind: 'secret' | 'config'; readonly type?: 'bytes' }>
    >;
    readonly options?: Readonly<Record<string, unknown>>;
    readonly said: RegExp;
  }
  const one = { A: { value: 'one', kind: 'secret' } } as const;
  const cases: readonly Case[] = [
    {
      what: 'a name that is no key',
      entries: one,
      options: { names: { template: 'a b {name}' } },
      said: /cannot have a name: a b A is no key in Kubernetes/,
    },
    {
      what: '1 MiB and one byte more',
      entries: { A: { value: 'x'.repeat(1_048_575), kind: 'secret' }, B: { value: 'xx', kind: 'secret' } },
      said: /would have 1048577 bytes of values, expected at most 1048576/,
    },
    {
      what: 'bytes in a ConfigMap where others have text',
      kind: 'ConfigMap',
      before: (at) => configMap(at, 'app', { A: 'theirs' }),
      entries: { A: { value: '/wD+', kind: 'config', type: 'bytes' } },
      said: /has A in data already and it is not ours/,
    },
    {
      what: 'a secret in a ConfigMap',
      kind: 'ConfigMap',
      entries: one,
      said: /A is a secret, and no object takes it/,
    },
    {
      what: 'an immutable Secret of others',
      before: (at) => ({ ...secret(at, 'app', { A: 'theirs' }), immutable: true }),
      entries: one,
      options: { adopt: true },
      said: /is immutable and its values differ/,
    },
    {
      what: 'a Secret of another type',
      before: (at) => ({ ...secret(at, 'app', { username: 'x' }), type: 'kubernetes.io/basic-auth' }),
      entries: one,
      options: { type: 'Opaque' },
      said: /is of type kubernetes\.io\/basic-auth, expected Opaque/,
    },
  ];

  const declare = async (
    name: string,
    { kind = 'Secret', entries, options = {} }: Omit<Case, 'what' | 'said'>,
  ): Promise<void> => {
    const { type, ...rest } = options;
    const ops = Object.entries(entries).map(
      ([entry, input]) => ({ op: 'put', path: `app/${name}/${entry}`, ...input }) as const,
    );
    await server.client.changes.apply({ ops });
    const objects = [{ kind, name: 'app', ...(type === undefined ? {} : { type }) }];
    const spec = { from: `app/${name}`, to: `k:${namespace}`, runAs: 'workload/w', options: { objects, ...rest } };
    await server.client.syncs.put(name, spec);
  };

  describe('what an object cannot have is a condition, in the plan too', () => {
    test.each(cases.map((each, index) => [each.what, index, each] as const))('%s', async (_, index, each) => {
      const name = `case-${index}`;
      const before = each.before === undefined ? undefined : await kubernetes.kube.put(each.before(namespace));
      await declare(name, each);
      await until(name, 'Error');
      expect(conditionOf(await server.client.syncs.get(name), 'Error')).toMatchObject({
        reason: 'CannotCarry',
        message: expect.stringMatching(each.said),
      });
      const { problems, inAgreement } = await server.client.syncs.plan(name);
      expect([problems.some((problem) => each.said.test(problem)), inAgreement]).toEqual([true, false]);
      const after = await get(each.kind ?? 'Secret');
      expect(after?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
      await server.client.syncs.delete(name);
    });
  });

  test('bytes in a ConfigMap of ours come out the same', async () => {
    await declare('bytes', { kind: 'ConfigMap', entries: { A: { value: '/wD+', kind: 'config', type: 'bytes' } } });
    await until('bytes', 'InSync');
    expect(await get('ConfigMap')).toMatchObject({ binaryData: { A: '/wD+' } });
    await server.client.syncs.delete('bytes');
  });

  describe('a namespace', () => {
    test('that is stuck in Terminating', async () => {
      await kubernetes.kube.delete(pathOf({ kind: 'Namespace', metadata: { name: namespace } }));
      await declare('stuck', { entries: one });
      await until('stuck', 'Error');
      expect(conditionOf(await server.client.syncs.get('stuck'), 'Error')).toMatchObject({
        reason: 'CannotCarry',
        message: expect.stringContaining(`the namespace ${namespace} is being deleted (Terminating)`),
      });
      expect(await get('Secret')).toBeUndefined();
      await server.client.syncs.delete('stuck');
    });

    test('that is not there', async () => {
      namespace = `${namespace}-not`;
      await declare('nowhere', { entries: one });
      await until('nowhere', 'Error');
      expect(conditionOf(await server.client.syncs.get('nowhere'), 'Error')?.message).toContain(
        `there is no namespace ${namespace}`,
      );
      await server.client.syncs.delete('nowhere');
    });
  });
});
