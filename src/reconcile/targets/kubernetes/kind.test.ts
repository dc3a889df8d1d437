import { describe, expect, test } from 'vitest';
import { kubernetesKind } from './kind.ts';
import { PlumbError } from '#domain/errors';
import type { StoredTarget } from '#domain/records';
import { parseKeptPath } from '#domain/path';
import { newAuthority } from '#testing/certificates';
import { FakeClock, SeededRandom } from '#testing/clock';

const clock = new FakeClock();
const kindFor = (...allowedHosts: string[]) => kubernetesKind({ allowedHosts, clock, random: new SeededRandom(1) });
const { ca } = newAuthority();
const data = Buffer.from(ca).toString('base64');

interface Sent {
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
}

const kubeconfig = ({ cluster = {}, user = { token: 's3cret' }, context = {} }: Sent = {}): string =>
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://eu.example.com:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'eu', context: { cluster: 'c', user: 'u', ...context } }],
    'current-context': 'eu',
  });
const input = { type: 'kubernetes', kubeconfig: kubeconfig() };

function refused(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    return [`${error.code}: ${error.message}`, ...error.diagnostics.map(({ message }) => message)];
  }
  return [];
}

describe('what is sent', () => {
  const kind = kindFor('*.example.com');

  test('comes apart into what everyone may see and the credential', () => {
    const cluster = { 'certificate-authority-data': data, 'tls-server-name': 'kubernetes' };
    const sent = kubeconfig({ cluster, context: { namespace: 'changelog' } });
    const { record, credential } = kind.parse({ ...input, kubeconfig: sent, watch: 'namespaces' });
    expect(record).toEqual({
      type: 'kubernetes',
      server: 'https://eu.example.com:6443',
      ca,
      serverName: 'kubernetes',
      context: 'eu',
      namespaces: ['changelog'],
      watch: 'namespaces',
    });
    expect(JSON.parse(credential)).toEqual({ type: 'token', token: 's3cret' });
    expect(JSON.stringify(record)).not.toContain('s3cret');
  });

  test('names namespaces itself, or none', () => {
    const { record } = kind.parse({ ...input, namespaces: ['a', 'b', 'a'] });
    expect(record).toEqual({
      type: 'kubernetes',
      server: 'https://eu.example.com:6443',
      context: 'eu',
      namespaces: ['a', 'b'],
      watch: 'names',
    });
    expect(kind.parse(input).record.namespaces).toEqual([]);
  });

  test.each<[what: string, sent: Sent, said: RegExp]>([
    ['a metadata service', { cluster: { server: 'http://169.254.169.254' } }, /^server is not https$/],
    ['a program', { user: { exec: { command: 'x' } } }, /^exec runs a program/],
    ['a file', { user: { tokenFile: '/etc/passwd' } }, /^tokenFile reads a file/],
    ['a proxy', { cluster: { 'proxy-url': 'http://p' } }, /^proxy-url goes through a proxy/],
    [
      'a check that is skipped',
      { cluster: { 'insecure-skip-tls-verify': true } },
      /^insecure-skip-tls-verify trusts whoever/,
    ],
    ['somebody else', { user: { token: 't', as: 'admin' } }, /^as acts as somebody else/],
  ])('%s is refused by name', (_, sent, said) => {
    const [first, ...told] = refused(() => kind.parse({ ...input, kubeconfig: kubeconfig(sent) }));
    expect(first).toBe('invalid: the kubeconfig cannot be used');
    expect(told.filter((message) => said.test(message))).toHaveLength(1);
    expect(told.join()).not.toContain('s3cret');
  });

  test.each([
    [kindFor(), 'https://eu.example.com:6443'],
    [kind, 'https://evil.example.org'],
    [kind, 'https://example.com'],
    [kindFor('eu.example.com:443'), 'https://eu.example.com:6443'],
  ])('a host is refused unless the configuration names it %#', (allowing, server) => {
    const [first] = refused(() => allowing.parse({ ...input, kubeconfig: kubeconfig({ cluster: { server } }) }));
    expect(first).toMatch(/^forbidden: the configuration of this server does not allow the host/);
  });

  test.each<[namespaces: readonly string[], said: RegExp]>([
    [['A'], /^invalid: Kubernetes has no namespaces of these names$/],
    [['a'.repeat(64)], /^invalid: /],
    [Array.from({ length: 21 }, (_, i) => `n${i}`), /^too-large: a target names at most 20 namespaces$/],
  ])('namespaces %j', (namespaces, said) => {
    expect(refused(() => kind.parse({ ...input, namespaces }))[0]).toMatch(said);
  });

  test('as many namespaces as there may be', () => {
    const namespaces = [...Array.from({ length: 19 }, (_, i) => `n${i}`), 'a'.repeat(63)];
    expect(kind.parse({ ...input, namespaces }).record.namespaces).toEqual(namespaces);
  });
});

test('a host that is not allowed any more is not connected to', () => {
  const parsed = kindFor('eu.example.com').parse(input);
  const record: StoredTarget = {
    ...parsed.record,
    credential: parseKeptPath('sys/targets/eu/credential'),
    generation: 1,
  };
  const material = { record, credential: async () => parsed.credential };
  expect(refused(() => kindFor('eu.example.com').make('eu', material))).toEqual([]);
  expect(refused(() => kindFor('eu.example.com:443').make('eu', material))[0]).toMatch(
    /^forbidden: the configuration of this server does not allow the host of/,
  );
});
