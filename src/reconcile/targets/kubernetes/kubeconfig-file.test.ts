import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accessFromKubeconfigFile, accessInCluster, clusterAccess } from './kubeconfig-file.ts';
import { newAuthority } from '#testing/certificates';
import { systemClock } from '#util/clock';

const authority = newAuthority();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumb-kubeconfig-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(user: object, cluster: object = {}): Promise<string> {
  const path = join(folder, 'config');
  const text = JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://c.test:6443/', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'prod' } }],
    'current-context': 'x',
  });
  await writeFile(path, text);
  return path;
}
const read = async (user: object, cluster: object = {}, context?: string) =>
  await accessFromKubeconfigFile(await file(user, cluster), systemClock, context);

/** Prints a token that counts how often it was called. */
const plugIn = (answer: string): object => ({
  apiVersion: 'client.authentication.k8s.io/v1',
  command: 'sh',
  args: ['-c', `echo x >> "$COUNT"; n=$(wc -l < "$COUNT"); ${answer}`],
  env: [{ name: 'COUNT', value: join(folder, 'count') }],
});
const printing = (more: string): string => `printf '{"kind":"ExecCredential","status":{"token":"t%s"${more}}}' $n`;

describe('a kubeconfig of the configuration', () => {
  test('with everything inline, read again when it is asked again', async () => {
    const { access, namespace } = await read({ token: 'one' });
    expect(namespace).toBe('prod');
    expect(access.server).toBe('https://c.test:6443');
    expect(await access.credential()).toEqual({ type: 'token', token: 'one' });
    await file({ token: 'two' });
    expect(await access.credential()).toEqual({ type: 'token', token: 'two' });
  });

  test('with files beside it, which may be renewed', async () => {
    const { certificate, privateKey } = authority.issue({ name: 'jane' });
    await writeFile(join(folder, 'ca.crt'), authority.ca);
    await writeFile(join(folder, 'tls.crt'), certificate);
    await writeFile(join(folder, 'tls.key'), privateKey);
    const user = { 'client-certificate': 'tls.crt', 'client-key': 'tls.key' };
    const { access } = await read(user, { 'certificate-authority': 'ca.crt', 'tls-server-name': 'api' });
    expect(access).toMatchObject({ ca: authority.ca, serverName: 'api' });
    expect(await access.credential()).toEqual({ type: 'certificate', certificate, key: privateKey });
    const next = authority.issue({ name: 'jane' });
    await writeFile(join(folder, 'tls.crt'), next.certificate);
    await writeFile(join(folder, 'tls.key'), next.privateKey);
    expect(await access.credential()).toMatchObject({ certificate: next.certificate });
  });

  test('with the file of a token', async () => {
    await writeFile(join(folder, 'token'), 'from-file\n');
    const { access } = await read({ tokenFile: 'token' });
    expect(await access.credential()).toEqual({ type: 'token', token: 'from-file' });
  });

  test('with a plug-in, which is run again when what it said has ended', async () => {
    const lasting = await read({ exec: plugIn(printing(',"expirationTimestamp":"2999-01-01T00:00:00Z"')) });
    expect(await lasting.access.credential()).toEqual({ type: 'token', token: 't1' });
    expect(await lasting.access.credential()).toEqual({ type: 'token', token: 't1' });
    const ended = await read({ exec: plugIn(printing(',"expirationTimestamp":"2020-01-01T00:00:00Z"')) });
    expect(await ended.access.credential()).toEqual({ type: 'token', token: 't2' });
    expect(await ended.access.credential()).toEqual({ type: 'token', token: 't3' });
  });

  test.each([
    ['fails', 'echo hunter2 >&2; exit 1'],
    ['prints something else', 'echo hunter2'],
  ])('with a plug-in that %s: unavailable, without what it printed', async (_what, script) => {
    const { access } = await read({ exec: plugIn(script) });
    const error: unknown = await access.credential().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(String(error)).not.toContain('hunter2');
  });

  test.each<readonly [string, object, object]>([
    ['insecure-skip-tls-verify', { token: 't' }, { 'insecure-skip-tls-verify': true }],
    ['proxy-url', { token: 't' }, { 'proxy-url': 'http://p' }],
    ['a server without https', { token: 't' }, { server: 'http://c' }],
    ['as (acting as somebody else)', { token: 't', as: 'root' }, {}],
    ['username and password', { username: 'u', password: 'p' }, {}],
  ])('is refused for %s', async (what, user, cluster) => {
    await expect(read(user, cluster)).rejects.toMatchObject({
      code: 'unsupported',
      message: `the kubeconfig has what is not supported: ${what}`,
    });
  });

  test('that is not there, is none, or has no such context', async () => {
    await expect(clusterAccess({ kubeconfig: join(folder, 'none') })).rejects.toMatchObject({ code: 'unavailable' });
    const path = join(folder, 'bad');
    await writeFile(path, 'hunter2: [');
    const error: unknown = await clusterAccess({ kubeconfig: path }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'invalid', message: `${path} is no kubeconfig that can be read` });
    await expect(read({ token: 't' }, {}, 'y')).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('has no context of the name y'),
    });
  });

  test('a process that runs in no cluster has no account of a pod', async () => {
    expect(process.env['KUBERNETES_SERVICE_HOST']).toBeUndefined();
    await expect(accessInCluster(systemClock)).rejects.toMatchObject({ code: 'invalid' });
  });
});
