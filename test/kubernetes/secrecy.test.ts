/**
 * No plain secret anywhere but in the Secrets of the cluster: every byte that the server writes, logs and answers and that
 * it leaves in other objects is searched, also when an API server quotes what it refuses.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { canaries, foundBelow, searchFor } from '../secrecy/canaries.ts';
import type { Search } from '../secrecy/canaries.ts';
import { deploy, objectsOf, replicaSetsOf } from './deployments.ts';
import { startHttpProxy } from '#testing/http-proxy';
import type { HttpProxy } from '#testing/http-proxy';
import { configMap, type Kubernetes, pathOf, secret, startKubernetes, valuesOf } from '#testing/kubernetes';
import { spawnServer } from '#testing/server';
import type { ChildServer } from '#testing/server';

/** Written by others, and seen by us. */
const theirs = {
  byHand: 'TheirCanaryByHand-51bd0a',
  besides: 'TheirCanaryBesides-0c77e1',
} as const;
const objects = [
  { kind: 'Secret', name: 'conf' },
  { kind: 'ConfigMap', name: 'conf' },
] as const;
const deliveredAs = (name: string): string => `CANARY_${name.toUpperCase()}`;

describe.skipIf(without('kubernetes'))('secrets of a cluster', () => {
  let kubernetes: Kubernetes;
  let proxy: HttpProxy;
  let namespace: string;
  let folder: string;
  let server: ChildServer;
  let credential: string;
  let search: Search;
  /** What was answered and what stands in the cluster, by what it is. */
  const said: [what: string, bytes: Buffer][] = [];

  /** A request of its own; what is answered is searched later. */
  async function http(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const headers = {
      authorization: `Bearer ${server.token}`,
      host: 'localhost',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const sent = request({ socketPath: server.socket, method, path, headers });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [
      NodeJS.ReadableStream & { statusCode: number; rawHeaders: string[] },
    ];
    const chunks: Buffer[] = [Buffer.from(response.rawHeaders.join('\n'))];
    for await (const chunk of response) chunks.push(Buffer.from(chunk));
    said.push([`${method} ${path}`, Buffer.concat(chunks)]);
    return { status: response.statusCode, text: Buffer.concat(chunks.slice(1)).toString() };
  }
  /** Everything that can be asked about a sync. */
  async function askEverything(sync: string): Promise<void> {
    for (const [method, path] of [
      ['GET', '/api/v1/syncs'],
      ['GET', `/api/v1/syncs/${sync}`],
      ['POST', `/api/v1/syncs/${sync}/plan`],
      ['POST', `/api/v1/syncs/${sync}/plan?reveal=true`],
      ['GET', '/api/v1/targets'],
      ['GET', '/api/v1/targets/eu'],
      ['GET', '/metrics'],
    ] as const) {
      const { status, text } = await http(method, path);
      expect({ method, path, status, text }).toEqual({ method, path, status: 200, text });
    }
  }
  /** What stands in the namespace, but for values in Secrets. */
  async function lookAround(): Promise<void> {
    const { kube } = kubernetes;
    const kinds = [
      ...['Pod', 'Event', 'ConfigMap', 'Secret', 'ServiceAccount'].map((kind) => ({ apiVersion: 'v1', kind })),
      ...['Deployment', 'ReplicaSet', 'ControllerRevision'].map((kind) => ({ apiVersion: 'apps/v1', kind })),
    ];
    for (const { apiVersion, kind } of kinds) {
      const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
      const items = await kube.list(`${group}/namespaces/${namespace}/${kind.toLowerCase()}s`);
      const shown = kind === 'Secret' ? items.map(({ data: _, ...rest }) => rest) : items;
      said.push([`${kind}s of the namespace`, Buffer.from(JSON.stringify(shown))]);
    }
  }
  const put = async (values: Readonly<Record<string, string>>, kind: 'secret' | 'config'): Promise<void> => {
    const ops = Object.entries(values).map(([name, value]) => ({
      op: 'put' as const,
      path: `app/e/${name}`,
      value,
      kind,
    }));
    await server.client.changes.apply({ ops });
  };
  const spec = (options: Readonly<Record<string, unknown>>) => ({
    from: 'app/e',
    to: `eu/${namespace}`,
    runAs: 'workload/w',
    options,
  });
  const object = (kind: 'Secret' | 'ConfigMap', name = 'conf'): string =>
    pathOf({ kind, metadata: { namespace, name } });
  const valuesIn = async (kind: 'Secret' | 'ConfigMap'): Promise<Readonly<Record<string, string>>> => {
    const there = await kubernetes.kube.get(object(kind));
    return there === undefined ? {} : valuesOf({ ...there, kind });
  };

  beforeAll(async () => {
    kubernetes = await startKubernetes({ controllers: ['deployment-controller', 'replicaset-controller'] });
    proxy = await startHttpProxy(kubernetes);
    namespace = await kubernetes.kube.createNamespace();
    folder = await mkdtemp(join(tmpdir(), 'plumb-'));
    server = await spawnServer({ folder, argv: ['--kubernetes-hosts', '127.0.0.1', '--log-level', 'debug'] });
    const account = await kubernetes.serviceAccount(namespace, 'plumb');
    const everything = { apiGroups: ['', 'apps'], resources: ['*'], verbs: ['*'] };
    await kubernetes.kube.role(namespace, [everything], account.name);
    credential = account.token;
    search = searchFor({ ...canaries, ...theirs, credential, signature: credential.split('.')[2] ?? credential });
    const { client } = server;
    await client.policies.put('reader', { text: 'allow list, read on app/**' });
    await client.principals.put('workload/w', { policies: ['reader'] });
    const kubeconfig = kubernetes.kubeconfig(account, { server: proxy.server, namespace });
    expect(search(Buffer.from(kubeconfig))).not.toEqual([]);
    await client.targets.put('eu', { type: 'kubernetes', kubeconfig });
  });
  afterAll(async () => {
    await server?.stop();
    await proxy?.stop();
    await kubernetes?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  test('are in the Secret, also what is made of one, and not in the ConfigMap', async () => {
    const pod = { containers: [{ name: 'main', image: 'none:1', envFrom: [{ secretRef: { name: 'conf' } }] }] };
    await deploy(kubernetes.kube, { namespace, name: 'app', pod });
    const wanted = Object.fromEntries(Object.entries(canaries).map(([name, value]) => [deliveredAs(name), value]));
    await put(wanted, 'secret');
    await put({ PLAIN: 'one' }, 'config');
    const expression = { value: 'https://${CANARY_WORD}@host', form: 'expression', kind: 'config' } as const;
    const made = { op: 'put', path: 'app/e/MADE', ...expression } as const;
    await server.client.changes.apply({ ops: [made] });
    await server.client.syncs.put('s', spec({ objects }));
    await server.client.syncs.apply('s');
    expect(await valuesIn('Secret')).toEqual({ ...wanted, MADE: `https://${canaries.word}@host` });
    expect(await valuesIn('ConfigMap')).toEqual({ PLAIN: 'one' });
    await askEverything('s');
    expect((await http('POST', '/api/v1/targets/eu/check', { objects })).status).toBe(200);
  });

  test('are not told by a restart, a repair, or names of others beside ours', async () => {
    await put({ CANARY_WORD: `${canaries.word}2` }, 'secret');
    await expect.poll(() => replicaSetsOf(kubernetes.kube, namespace, 'app')).toBe(2);
    await kubernetes.kube.patchAs('kubectl-edit').merge(object('Secret'), {
      data: { CANARY_WORD: Buffer.from(theirs.byHand).toString('base64') },
      stringData: { THEIRS: theirs.besides },
    });
    await expect
      .poll(() => valuesIn('Secret'))
      .toMatchObject({ CANARY_WORD: `${canaries.word}2`, THEIRS: theirs.besides });
    await put({ PLAIN: 'two', THEIRS: 'mine' }, 'secret');
    // Not only said: also done, so that what comes next begins with objects at rest.
    await expect.poll(() => valuesIn('ConfigMap')).toEqual({});
    await expect.poll(async () => (await http('GET', '/api/v1/syncs/s')).text).toContain('kubectl-edit');
    await askEverything('s');
    expect(await objectsOf(kubernetes.kube, 'ReplicaSet', namespace)).not.toHaveLength(0);
  });

  test('are not sent to a ConfigMap, neither by include nor inside of an expression: the plan says why', async () => {
    const before = await kubernetes.kube.list(`/api/v1/namespaces/${namespace}/configmaps`);
    const cases: readonly [options: object, problems: readonly RegExp[]][] = [
      [
        {
          objects: [
            { kind: 'Secret', name: 'x' },
            { kind: 'ConfigMap', name: 'x', include: ['CANARY_WORD', 'MADE'] },
          ],
        },
        [/CANARY_WORD.*secret/, /MADE.*secret.*made from app\/e\/CANARY_WORD/],
      ],
      [
        { objects: [{ kind: 'ConfigMap', name: 'x' }], names: { only: ['MADE'] } },
        [/MADE.*secret.*made from app\/e\/CANARY_WORD/],
      ],
    ];
    for (const [options, problems] of cases) {
      const asked = spec({ ...options, restart: false });
      const { plan } = await server.client.syncs.put('refused', asked, { dryRun: true });
      for (const problem of problems) {
        expect(plan?.problems).toContainEqual(expect.stringMatching(problem));
      }
      await server.client.syncs.put('refused', asked);
      const applied = await server.client.syncs.apply('refused');
      expect(applied.problems).not.toEqual([]);
      expect(await kubernetes.kube.get(object('ConfigMap', 'x'))).toBeUndefined();
      await askEverything('refused');
      await server.client.syncs.delete('refused');
    }
    const after = await kubernetes.kube.list(`/api/v1/namespaces/${namespace}/configmaps`);
    expect(after.map(({ data }) => data)).toEqual(before.map(({ data }) => data));
  });

  test('stay secrets in the place, when the entry became config meanwhile and nothing was delivered since', async () => {
    const { changes, syncs } = server.client;
    const op = (name: string, value: string, more: object) => ({
      op: 'put' as const,
      path: `app/f/${name}`,
      value,
      ...more,
    });
    await changes.apply({
      ops: [
        op('TOKEN', canaries.word, { kind: 'secret' }),
        op('URL', 'https://${TOKEN}@host', { form: 'expression', kind: 'config' }),
        op('HOST', 'first.internal', { kind: 'config' }),
      ],
    });
    const one = { objects: [{ kind: 'Secret', name: 'one' }], restart: false };
    await syncs.put('was-secret', { ...spec(one), from: 'app/f' });
    await syncs.apply('was-secret');
    await syncs.pause('was-secret', { reason: 'looking' });
    await kubernetes.kube
      .patchAs('somebody')
      .merge(object('Secret', 'one'), { stringData: { THEIRS: theirs.besides } });
    await changes.apply({
      reason: 'no secret any more',
      ops: [
        op('THEIRS', 'mine', { kind: 'config' }),
        op('TOKEN', 'public', { kind: 'config' }),
        op('URL', 'https://host', { kind: 'config' }),
        op('HOST', 'second.internal', { kind: 'config' }),
      ],
    });
    const { text } = await http('POST', '/api/v1/syncs/was-secret/plan?reveal=true');
    const { steps } = JSON.parse(text) as { steps: readonly { name: string; wanted?: string; found?: string }[] };
    expect(steps.map(({ name, wanted, found }) => [name.split('/').at(-1), wanted, found])).toEqual([
      ['HOST', 'second.internal', 'first.internal'],
      ['THEIRS', 'mine', undefined],
      ['TOKEN', 'public', undefined],
      ['URL', 'https://host', undefined],
    ]);
    await syncs.delete('was-secret');
  });

  test('are not told by an API server that quotes them as it refuses', async () => {
    const group = 'admissionregistration.k8s.io/v1';
    const admission = `/apis/${group}/validatingadmissionpolic`;
    const selector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
    await kubernetes.kube.request('POST', `${admission}ies`, {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'quotes' },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['secrets'] },
          ],
        },
        validations: [
          {
            expression: "!('CANARY_DOLLARS' in object.data) || object.metadata.name == 'never'",
            messageExpression: "'not this: ' + string(object.data['CANARY_DOLLARS'])",
            reason: 'Invalid',
          },
        ],
      },
    });
    await kubernetes.kube.request('POST', `${admission}ybindings`, {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'quotes' },
      spec: { policyName: 'quotes', validationActions: ['Deny'], matchResources: { namespaceSelector: selector } },
    });
    // The server itself quotes the value, as soon as it knows of the policy.
    const probe = secret(namespace, 'probe', { CANARY_DOLLARS: canaries.dollars });
    const refusal = async (): Promise<string> => {
      try {
        await kubernetes.kube.request('POST', `${pathOf(probe).replace(/\/probe$/, '')}?dryRun=All`, probe);
        return 'taken';
      } catch (error) {
        return String(error);
      }
    };
    await expect.poll(refusal).toContain(Buffer.from(canaries.dollars).toString('base64'));

    await put({ CANARY_WORD: `${canaries.word}3` }, 'secret');
    await expect.poll(async () => (await http('GET', '/api/v1/syncs/s')).text).toContain('"Error"');
    const refused = await http('POST', '/api/v1/syncs/s/apply');
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.text).toContain('patch secrets conf');
    await askEverything('s');
    await kubernetes.kube.delete(`${admission}ybindings/quotes`);
    await kubernetes.kube.delete(`${admission}ies/quotes`);
    await expect.poll(refusal).toBe('taken');
  });

  test.each([400, 409, 413, 422, 500])('are not told by an answer %i that repeats what was sent', async (code) => {
    proxy.rule(({ method, body }) => {
      if (method !== 'PATCH') return undefined;
      const causes = [
        { reason: body, message: body, field: 'data' },
        { reason: 'FieldValueInvalid', message: body, field: body },
      ];
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: body, reason: body, code };
      return { type: 'answer', status: code, body: JSON.stringify({ ...status, details: { name: 'conf', causes } }) };
    });
    await put({ CANARY_WORD: `${canaries.word}${code}` }, 'secret');
    const refused = await http('POST', '/api/v1/syncs/s/apply');
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(proxy.requests.some(({ method, body }) => method === 'PATCH' && search(Buffer.from(body)).length > 0)).toBe(
      true,
    );
    await askEverything('s');
    proxy.rule(undefined);
    await server.client.syncs.apply('s');
    await expect.poll(() => valuesIn('Secret')).toMatchObject({ CANARY_WORD: `${canaries.word}${code}` });
  });

  test('so of all that was said, logged, kept and left in the cluster, nothing holds one, nor the credential', async () => {
    expect((await http('POST', '/api/v1/audit/verify')).status).toBe(200);
    await lookAround();
    const kernel = ['cmdline', 'environ', 'comm'].map((name) => readFileSync(`/proc/${server.pid}/${name}`));
    await server.stop();
    const outputs: [string, Buffer][] = [
      ...said,
      ['the log', Buffer.from(server.output())],
      ['the process', Buffer.concat(kernel)],
    ];
    const leaks = outputs.flatMap(([what, bytes]) => search(bytes).map((seen) => `${what}: ${seen}`));
    expect(leaks).toEqual([]);
    expect(foundBelow(folder, () => false, search)).toEqual({});
    // The search finds what is there.
    expect(server.output()).toContain('"level"');
    const values = JSON.stringify((await kubernetes.kube.get(object('Secret')))?.data);
    expect(search(Buffer.from(values)).map((seen) => seen.split(' ')[0])).toEqual(
      expect.arrayContaining(Object.keys(canaries)),
    );
  });

  test('a leak is found: a value in a ConfigMap, an annotation, a label or an event', async () => {
    const spoiled = [
      configMap(namespace, 'leak', { A: canaries.unicode }),
      { kind: 'ConfigMap', metadata: { annotations: { a: canaries.quoted } } },
      { kind: 'Event', message: `refused ${Buffer.from(canaries.word).toString('base64')}` },
    ];
    for (const one of spoiled) expect(search(Buffer.from(JSON.stringify(one)))).not.toEqual([]);
  });
});
