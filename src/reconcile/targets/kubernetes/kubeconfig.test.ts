import { describe, expect, test } from 'vitest';
import { hostMatches } from './hosts.ts';
import { parseInlineKubeconfig } from './kubeconfig.ts';
import type { KubeconfigRules } from './kubeconfig.ts';
import { PlumbError } from '#domain/errors';
import { newAuthority } from '#testing/certificates';

const authority = newAuthority();
const now = Date.now();
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const ca = base64(authority.ca);
const jane = authority.issue({ name: 'jane' });
const [certificate, key] = [base64(jane.certificate), base64(jane.privateKey)];

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly more?: object;
}
const server = 'https://c.example.com:6443';
const config = ({ cluster = {}, user = { token: 't0ken' }, more = {} }: Parts = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': ca, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'x', context: { cluster: 'c', user: 'u', namespace: 'prod' } },
      { name: 'lost', context: { cluster: 'nowhere', user: 'nobody' } },
      { name: 'empty', context: {} },
    ],
    'current-context': 'x',
    ...more,
  });

function refusalOf(text: string, rules: Partial<KubeconfigRules> = {}): PlumbError {
  try {
    parseInlineKubeconfig(text, { now, ...rules });
  } catch (error) {
    if (error instanceof PlumbError) return error;
    throw error;
  }
  throw new Error('it was taken');
}
const complaints = (text: string, rules: Partial<KubeconfigRules> = {}): readonly string[] =>
  refusalOf(text, rules).diagnostics.map(({ message }) => message);

describe('an inline kubeconfig', () => {
  test('with a token', async () => {
    const { access, ...rest } = parseInlineKubeconfig(config({ cluster: { 'tls-server-name': 'api.internal' } }), {
      now,
    });
    const credential = { type: 'token', token: 't0ken' };
    expect(rest).toEqual({
      context: 'x',
      server,
      ca: authority.ca,
      serverName: 'api.internal',
      credential,
      namespace: 'prod',
    });
    expect(access).toMatchObject({ server, ca: authority.ca, serverName: 'api.internal' });
    expect(await access.credential()).toEqual(credential);
  });

  test('with a client certificate, in YAML, trusting the roots of the process', () => {
    const text = [
      '# of kubectl',
      'clusters: [{name: c, cluster: {server: "https://c.example.com/k8s/"}}]',
      `users: [{name: u, user: {client-certificate-data: ${certificate}, client-key-data: ${key}}}]`,
      'contexts: [{name: x, context: {cluster: c, user: u}}]',
    ].join('\n');
    const { ca: trusted, credential, server: address, namespace } = parseInlineKubeconfig(text, { now, context: 'x' });
    expect(trusted).toBeUndefined();
    expect(namespace).toBeUndefined();
    expect(address).toBe('https://c.example.com/k8s');
    expect(credential).toEqual({ type: 'certificate', certificate: jane.certificate, key: jane.privateKey });
  });

  test.each([
    [{ 'certificate-authority': '/etc/ca' }, 'certificate-authority reads a file: expected certificate-authority-data'],
    [{ 'proxy-url': 'http://p' }, 'proxy-url goes through a proxy, which is not allowed here'],
    [
      { 'insecure-skip-tls-verify': true },
      'insecure-skip-tls-verify trusts whoever answers, which is not allowed here: expected certificate-authority-data',
    ],
    [
      { 'insecure-skip-tls-verify': 'true' },
      'insecure-skip-tls-verify trusts whoever answers, which is not allowed here: expected certificate-authority-data',
    ],
    [{ server: 'http://c' }, 'server is not https'],
    [{ server: 'c:6443/' }, 'server is not https'],
    [{ server: '' }, 'server is no address: expected https://host:port'],
    [{ server: 'https://a:b@c' }, 'server has credentials in it: expected them under users'],
    [{ server: 'https://c/?q=1' }, 'server has a query or a fragment: expected https://host:port'],
    [{ 'tls-server-name': 'a b' }, 'tls-server-name is no host name'],
    [{ 'certificate-authority-data': '%%' }, 'certificate-authority-data is not base64'],
    [{ 'certificate-authority-data': base64('no') }, 'certificate-authority-data is not PEM'],
    [{ 'certificate-authority-data': key }, 'certificate-authority-data has no certificate that can be read'],
    [{ novel: 1 }, 'novel is not known here'],
  ])('cluster %j', (cluster, message) => {
    expect(complaints(config({ cluster }))).toEqual([message]);
  });

  const inline = 'client-certificate-data and client-key-data, or token';
  test.each<readonly [object, string]>([
    [{ exec: { command: 'aws' } }, `exec runs a program: expected ${inline}`],
    [{ 'auth-provider': { name: 'oidc' } }, `auth-provider is not supported: expected ${inline}`],
    [{ tokenFile: '/t' }, 'tokenFile reads a file: expected token'],
    [{ username: 'u', password: 'hunter2' }, `username and password are not taken: expected ${inline}`],
    [{}, `the user has no credential: expected ${inline}`],
    [{ token: '' }, 'token is no token: expected one line of printable characters without spaces'],
    [{ token: 'hunter2\nx: y' }, 'token is no token: expected one line of printable characters without spaces'],
    [{ token: 't', as: 'root' }, 'as acts as somebody else, which is not allowed here'],
    [{ token: 't', 'as-groups': ['system:masters'] }, 'as-groups acts as somebody else, which is not allowed here'],
    [{ token: 't', 'as-uid': '1' }, 'as-uid acts as somebody else, which is not allowed here'],
    [{ 'client-certificate-data': certificate }, 'client-key-data is missing'],
    [{ 'client-certificate-data': certificate, 'client-key-data': base64('hunter2') }, 'client-key-data is not PEM'],
    [
      { 'client-certificate-data': certificate, 'client-key-data': key, token: 't' },
      'the user has a token and a client certificate: expected one of them',
    ],
    [
      { 'client-certificate-data': certificate, 'client-key-data': base64(authority.issue({ name: 'x' }).privateKey) },
      'client-key-data does not belong to client-certificate-data',
    ],
  ])('user %j', (user, message) => {
    const refusal = refusalOf(config({ user }));
    expect(refusal.diagnostics.map((diagnostic) => diagnostic.message)).toEqual([message]);
    expect(JSON.stringify([refusal.message, refusal.details, refusal.diagnostics])).not.toContain('hunter2');
  });

  test('a client certificate that has expired, and one that is not valid yet', () => {
    const until = now - 60_000;
    const old = authority.issue({ name: 'old', until });
    const user = { 'client-certificate-data': base64(old.certificate), 'client-key-data': base64(old.privateKey) };
    expect(complaints(config({ user }))[0]).toMatch(/^client-certificate-data: the certificate expired at 20/);
    const early = { 'client-certificate-data': certificate, 'client-key-data': key };
    const past = Date.UTC(2020, 0, 1);
    expect(complaints(config({ user: early }), { now: past }).join()).toMatch(/the certificate is not valid before 20/);
  });

  test('everything that is wrong is said at once', () => {
    const text = config({
      cluster: { server: 'http://c', 'proxy-url': 'http://p', 'certificate-authority': '/ca' },
      user: { exec: {}, 'client-key': '/k', as: 'root' },
    });
    expect(complaints(text)).toHaveLength(6);
  });

  test.each([
    ['nowhere', ['has no context of the name nowhere']],
    ['lost', ['has no cluster of the name nowhere', 'has no user of the name nobody']],
    ['empty', ['the context names no cluster', 'the context names no user']],
  ])('the context %s', (context, messages) => {
    expect(complaints(config(), { context })).toEqual(messages);
  });

  test('what stands in other contexts does not matter', () => {
    const users = [
      { name: 'v', user: { exec: { command: 'aws' } } },
      { name: 'u', user: { token: 't' } },
    ];
    expect(parseInlineKubeconfig(config({ more: { users } }), { now }).credential).toEqual({
      type: 'token',
      token: 't',
    });
  });

  test.each([
    ['nothing', '', ['names no current-context, and none was asked for']],
    ['a list', '[]', ['names no current-context, and none was asked for']],
    ['lists that are none', config({ more: { contexts: { name: 'x' } } }), ['has no context of the name x']],
    [
      'names of the language itself',
      '{"current-context": "__proto__", "__proto__": {"contexts": []}}',
      ['has no context of the name __proto__'],
    ],
  ])('%s', (_what, text, messages) => {
    expect(complaints(text)).toEqual(messages);
  });

  test.each([
    ['no YAML', 'users: {{ hunter2', 1],
    ['a name twice', 'hunter2: 1\nhunter2: 2', 2],
    ['aliases', 'a: &a hunter2\nb: [*a, *a]', 2],
    ['many levels', '['.repeat(10_000), 1],
  ])('%s: the place, and no word of it', (_what, text, line) => {
    const refusal = refusalOf(text);
    expect(refusal.diagnostics).toEqual([expect.objectContaining({ subject: 'kubeconfig', line })]);
    expect(JSON.stringify([refusal.message, refusal.diagnostics])).not.toContain('hunter2');
    expect(refusal.cause).toBeUndefined();
  });

  test('one that is too large is not read', () => {
    expect(refusalOf(`${config()}${' '.repeat(256 * 1024)}`).code).toBe('too-large');
  });

  test('a host that is not allowed', () => {
    expect(parseInlineKubeconfig(config(), { now, hosts: ['other', '*.example.com'] }).server).toBe(server);
    expect(refusalOf(config(), { hosts: [] })).toMatchObject({
      code: 'forbidden',
      message: 'the configuration of this server does not allow the host c.example.com:6443',
    });
  });
});

describe('hosts', () => {
  test.each([
    ['c.example.com', 'https://c.example.com:6443', true],
    ['C.Example.com', 'https://c.example.COM.', true],
    ['c.example.com:6443', 'https://c.example.com:6443', true],
    ['c.example.com:6443', 'https://c.example.com', false],
    ['c.example.com:443', 'https://c.example.com', true],
    ['*.example.com', 'https://a.b.example.com', true],
    ['*.example.com:6443', 'https://a.example.com:6443', true],
    ['*.example.com', 'https://example.com', false],
    ['*.example.com', 'https://.example.com', false],
    ['*.example.com', 'https://example.com.evil.test', false],
    ['example.com', 'https://notexample.com', false],
    ['127.0.0.1', 'https://127.1:6443', true],
    ['[::1]:6443', 'https://[::1]:6443', true],
    ['[::1]', 'https://[::1]:6443', true],
    ['::1', 'https://[::1]:6443', true],
    ['*', 'https://anything', false],
    ['', 'https://anything', false],
  ])('%j and %s: %j', (pattern, address, allowed) => {
    expect(hostMatches(pattern, new URL(address))).toBe(allowed);
  });
});
