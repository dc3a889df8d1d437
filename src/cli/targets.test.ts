import { describe, expect, test } from 'vitest';
import { FakeTerminal } from '#testing/terminal';
import type { FakeFile } from '#testing/terminal';

const env = { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't' };
const named = (name: string, member: string, content: object) => ({ name, [member]: content });
const config = {
  clusters: [
    named('eu', 'cluster', {
      server: 'https://eu:6443',
      'certificate-authority': 'ca.pem',
      extensions: [{ name: 'x' }],
    }),
    named('us', 'cluster', { server: 'https://us:6443', 'certificate-authority-data': 'VVM=' }),
  ],
  users: [
    named('cert', 'user', { 'client-certificate': '/certs/c.pem', 'client-key': 'k.pem' }),
    named('file', 'user', { tokenFile: 'token' }),
    named('plug', 'user', { exec: { command: 'aws' } }),
    named('token', 'user', { token: 'us-token' }),
  ],
  contexts: [
    named('eu', 'context', { cluster: 'eu', user: 'cert', namespace: 'changelog' }),
    named('eu-file', 'context', { cluster: 'eu', user: 'file' }),
    named('eu-plug', 'context', { cluster: 'eu', user: 'plug' }),
    named('us', 'context', { cluster: 'us', user: 'token', extensions: [{ name: 'y' }] }),
    named('nobody', 'context', { cluster: 'us', user: 'gone' }),
  ],
  'current-context': 'eu',
};
const files: Readonly<Record<string, FakeFile>> = {
  '/home/ada/.kube/config': { text: JSON.stringify(config) },
  '/home/ada/.kube/ca.pem': { text: 'CA' },
  '/home/ada/.kube/k.pem': { text: 'KEY' },
  '/home/ada/.kube/token': { text: 'of-a-file\n' },
  '/certs/c.pem': { text: 'CERT' },
};
const report = {
  version: 'v1.37.2',
  identity: 'system:serviceaccount:plumb:sync',
  namespaces: [
    {
      namespace: 'changelog',
      may: ['get secrets', 'list deployments.apps', 'patch secrets'],
      lacks: ['patch configmaps'],
    },
    { namespace: 'other', may: [], lacks: [] },
  ],
};
const target = { name: 'eu', type: 'kubernetes', declared: 'api', server: 'https://eu:6443', revision: 7 };
const answers = { 'PUT /api/v1/targets/eu': target, 'POST /api/v1/targets/eu/check': report };
const terminal = (options: { stdin?: string; files?: typeof files; env?: Record<string, string> } = {}) =>
  new FakeTerminal({
    answers,
    files: options.files ?? files,
    stdin: options.stdin ?? '',
    env: { ...env, ...options.env },
  });
const base64 = (text: string) => Buffer.from(text).toString('base64');

async function sentBy(user: FakeTerminal, ...argv: string[]) {
  const outcome = await user.run('target', 'add', 'eu', ...argv);
  const body = JSON.parse(user.requests[0]?.body ?? '{}') as Record<string, unknown> & { kubeconfig?: string };
  const sent = JSON.parse(body.kubeconfig ?? 'null') as unknown;
  return { outcome, body, sent, headers: user.requests[0]?.headers };
}

describe('target add', () => {
  test('sends one context, with what stood in files', async () => {
    const { outcome, body, sent, headers } = await sentBy(terminal(), '--namespace', 'a', '--namespace', 'b');
    expect(sent).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'eu', cluster: { server: 'https://eu:6443', 'certificate-authority-data': base64('CA') } }],
      users: [
        {
          name: 'cert',
          user: { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') },
        },
      ],
      contexts: [{ name: 'eu', context: { cluster: 'eu', user: 'cert', namespace: 'changelog' } }],
      'current-context': 'eu',
    });
    expect(body).toMatchObject({ type: 'kubernetes', context: 'eu', namespaces: ['a', 'b'] });
    expect(headers).toMatchObject({ 'if-none-match': '*' });
    expect(outcome).toEqual({
      code: 0,
      stdout: [
        'added target eu',
        'revision 7',
        'server    https://eu:6443',
        'version   v1.37.2',
        'known as  system:serviceaccount:plumb:sync',
        '',
        'namespace changelog',
        '  may:    get, patch secrets',
        '          list deployments.apps',
        '  lacks:  patch configmaps',
        '',
        'namespace other',
        '  may:    nothing',
        '  lacks:  nothing',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  test('takes another context, a token out of a file, standard input, KUBECONFIG', async () => {
    const { sent: byFile } = await sentBy(terminal(), '--context', 'eu-file');
    expect(byFile).toMatchObject({ users: [{ name: 'file', user: { token: 'of-a-file' } }] });
    const stdin = JSON.stringify({ ...config, 'current-context': 'us' });
    const { sent, body, headers } = await sentBy(
      terminal({ stdin }),
      '--kubeconfig',
      '-',
      '--replace',
      '--reason',
      'why',
    );
    expect(sent).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'us', cluster: { server: 'https://us:6443', 'certificate-authority-data': 'VVM=' } }],
      users: [{ name: 'token', user: { token: 'us-token' } }],
      contexts: [{ name: 'us', context: { cluster: 'us', user: 'token' } }],
      'current-context': 'us',
    });
    expect(body).toMatchObject({ reason: 'why' });
    expect(headers).not.toHaveProperty('if-none-match');
    const byVariable = terminal({ files: { '/k': { text: stdin } }, env: { KUBECONFIG: '/k' } });
    expect((await sentBy(byVariable)).sent).toMatchObject({ 'current-context': 'us' });
  });

  test.each<[argv: string[], kubeconfig: string, stderr: RegExp]>([
    [
      ['--context', 'eu-plug'],
      JSON.stringify(config),
      /^error: the user of the context eu-plug signs in by a program \(exec\)\nhint: the server runs none: make a service account/,
    ],
    [
      ['--context', 'no'],
      JSON.stringify(config),
      /has no context no\nhint: it has: eu, eu-file, eu-plug, us, nobody\n$/,
    ],
    [['--context', 'nobody'], JSON.stringify(config), /has no user gone\n/],
    [[], JSON.stringify({ ...config, 'current-context': '' }), /has no current context\nhint: --context names one/],
    [[], '[]', /is no kubeconfig: expected contexts, clusters and users/],
    [[], 'a: [', /^\/home\/ada\/\.kube\/config:1:5?: not valid YAML|is not valid YAML/],
    [['--kubeconfig', 'none'], '', /^error: none does not exist/],
  ])('%j %#', async (argv, text, stderr) => {
    const user = terminal({ files: { '/home/ada/.kube/config': { text } } });
    const outcome = await user.run('target', 'add', 'eu', ...argv);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(stderr);
    expect(user.requests).toEqual([]);
  });

  test('says which file is missing', async () => {
    const { '/certs/c.pem': _gone, ...rest } = files;
    const { outcome } = await sentBy(terminal({ files: rest }));
    expect(outcome.stderr).toBe(
      'error: /certs/c.pem does not exist, which /home/ada/.kube/config names as client-certificate\n',
    );
    const many = await terminal({ env: { KUBECONFIG: '/a:/b' } }).run('target', 'add', 'eu');
    expect(many).toMatchObject({
      code: 2,
      stderr: 'error: KUBECONFIG names several files\nhint: --kubeconfig names the one to take\n',
    });
  });

  test('as JSON', async () => {
    const { outcome } = await sentBy(terminal(), '--json');
    expect(JSON.parse(outcome.stdout)).toEqual({ ...target, check: report });
  });
});

test('target check asks about what is named, and tells a script', async () => {
  const user = terminal();
  const argv = ['--namespace', 'x', '--secret', 's', '--configmap', 'c', '--no-restart', '--exit-code'];
  expect((await user.run('target', 'check', 'eu', ...argv)).code).toBe(3);
  expect(JSON.parse(user.requests[0]?.body ?? '')).toEqual({
    namespaces: ['x'],
    objects: [
      { kind: 'Secret', name: 's' },
      { kind: 'ConfigMap', name: 'c' },
    ],
    restart: false,
  });
  const none = new FakeTerminal({
    env,
    answers: { 'POST /api/v1/targets/eu/check': { ...report, namespaces: [] } },
  });
  expect(await none.run('target', 'check', 'eu', '--exit-code')).toEqual({
    code: 0,
    stdout: 'version   v1.37.2\nknown as  system:serviceaccount:plumb:sync\n',
    stderr: 'hint: no namespace was named, so no rights were looked at: --namespace names one\n',
  });
});

describe('sync', () => {
  const paused = { name: 's', revision: 7, pause: { until: Date.UTC(2026, 0, 1, 2), reason: 'x', by: 'person/ada' } };
  const syncs = {
    'POST /api/v1/syncs/s/pause': paused,
    'POST /api/v1/syncs/s/resume': { name: 's', revision: 8 },
    'DELETE /api/v1/syncs/s': { revision: 9 },
  };

  test.each<[argv: string[], url: string, body: unknown, stdout: string]>([
    [
      ['pause', 's', '--for', '2h', '--reason', 'x'],
      '/pause',
      { for: '2h', reason: 'x' },
      'paused sync s until 2026-01-01 02:00:00Z\nrevision 7\n',
    ],
    [
      ['pause', 's', '--until', '2026-01-02', '--reason', 'x'],
      '/pause',
      { until: Date.UTC(2026, 0, 2), reason: 'x' },
      'paused sync s until 2026-01-01 02:00:00Z\nrevision 7\n',
    ],
    [['resume', 's', '--reason', 'x'], '/resume', { reason: 'x' }, 'resumed sync s\nrevision 8\n'],
    [['delete', 's'], '', undefined, 'deleted sync s, what it wrote stays\nrevision 9\n'],
    [
      ['delete', 's', '--delete-owned', '--reason', 'x'],
      '?reason=x&owned=delete',
      undefined,
      'deleted sync s, and what it wrote\nrevision 9\n',
    ],
  ])('%j', async (argv, url, body, stdout) => {
    const user = new FakeTerminal({ env, answers: syncs });
    expect(await user.run('sync', ...argv)).toEqual({ code: 0, stdout, stderr: '' });
    expect(user.requests.map((request) => request.url)).toEqual([`http://localhost/api/v1/syncs/s${url}`]);
    expect(user.requests[0]?.body === undefined ? undefined : JSON.parse(user.requests[0].body)).toEqual(body);
  });

  test('a pause takes a reason', async () => {
    expect((await new FakeTerminal({ env, answers: syncs }).run('sync', 'pause', 's')).code).toBe(2);
  });
});
