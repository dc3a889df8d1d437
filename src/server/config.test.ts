import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import type { Config, ConfigSources } from './config.ts';
import { helpText, optionNames, prefix } from './options.ts';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { flagOf, variableOf } from '#domain/options';

function read(argv: readonly string[], sources: Partial<ConfigSources> & { file?: string } = {}): Promise<Config> {
  const readText = async (): Promise<string | undefined> => sources.file;
  return readConfig({ argv, env: {}, cwd: '/home/of/user', readText, ...sources });
}

async function refused(argv: readonly string[], file?: string): Promise<readonly Diagnostic[]> {
  const error: unknown = await read(argv, file === undefined ? {} : { file }).catch((thrown: unknown) => thrown);
  if (error instanceof PlumbError) return error.diagnostics;
  throw new Error('it was accepted');
}

describe('what holds when nothing is said', () => {
  test('in production', async () => {
    expect(await read([])).toMatchObject({
      dev: false,
      data: '/home/of/user/.plumb/server',
      listen: { host: '127.0.0.1', port: 8200 },
      socket: '/home/of/user/.plumb/server/plumb.sock',
      keyFile: '/home/of/user/.plumb/server/root.key',
      auditFile: '/home/of/user/.plumb/server/audit.log',
      tls: undefined,
      allowedHosts: [],
      acceptLoss: false,
      targets: {},
    });
  });

  test('in development', async () => {
    expect(await read(['--dev'])).toMatchObject({
      dev: true,
      data: '/home/of/user/.plumb/dev',
      targets: { local: { type: 'file', root: '/home/of/user/.plumb/dev/out' } },
    });
  });
});

describe('where it is said', () => {
  const file =
    'data: /from/file\nlisten: "127.0.0.1:1"\nstreams: 7\nacceptLoss: true\nallowedHosts: [a.example, b.example]\n';
  test('a flag wins over the environment, that over the file', async () => {
    const env = { PLUMB_DATA: '/from/environment', PLUMB_LISTEN: '127.0.0.1:2', PLUMB_TOKEN: 'not an option' };
    const config = await read(['--config', 'x.yaml', '--data', '/from/flag'], { env, file });
    expect(config).toMatchObject({
      data: '/from/flag',
      listen: { host: '127.0.0.1', port: 2 },
      streams: 7,
      acceptLoss: true,
      allowedHosts: ['a.example', 'b.example'],
    });
  });

  test.each<[readonly string[], Partial<Config>]>([
    [['--listen=[::1]:0'], { listen: { host: '::1', port: 0 } }],
    [['--listen', '127.9.9.9:1'], { listen: { host: '127.9.9.9', port: 1 } }],
    [['--listen', 'localhost:1'], { listen: { host: 'localhost', port: 1 } }],
    [['--listen', '0.0.0.0:1', '--tls-cert', 'c', '--tls-key', 'k'], { listen: { host: '0.0.0.0', port: 1 } }],
    [['--listen', 'none', '--socket', 's/p.sock'], { listen: undefined, socket: '/home/of/user/s/p.sock' }],
    [['--socket', 'none'], { socket: undefined }],
    [['--port', '0'], { listen: { host: '127.0.0.1', port: 0 } }],
    [['--accept-loss'], { acceptLoss: true }],
    [['--accept-loss=false'], { acceptLoss: false }],
    [['--data', '/d', '--key-file', 'DATA/k', '--audit-file', 'a'], { keyFile: '/d/k', auditFile: '/home/of/user/a' }],
    [['--tls-cert', 'c', '--tls-key', '/k'], { tls: { cert: '/home/of/user/c', key: '/k' } }],
    [['--allowed-hosts', 'a, b'], { allowedHosts: ['a', 'b'] }],
    [[], { kubernetesHosts: [] }],
    [['--dev'], { kubernetesHosts: ['localhost', '127.0.0.1', '[::1]'] }],
    [
      ['--kubernetes-hosts', 'A.example.com, 10.0.0.1:6443,*.eks.example.com,[::1]:1'],
      { kubernetesHosts: ['a.example.com', '10.0.0.1:6443', '*.eks.example.com', '[::1]:1'] },
    ],
  ])('%j', async (argv, expected) => {
    expect(await read(argv)).toMatchObject(expected);
  });

  test('targets stand in the file only, their roots are made absolute', async () => {
    const targets =
      'targets:\n  here: { type: file, root: out, description: mine }\n  beside: { type: file, root: DATA/x }\n';
    const config = await read(['--config', 'x.yaml', '--data', '/d'], { file: targets });
    expect(config.targets).toEqual({
      here: { type: 'file', root: '/home/of/user/out', description: 'mine' },
      beside: { type: 'file', root: '/d/x' },
    });
  });

  test('a cluster is known by a kubeconfig or by our own pod', async () => {
    const targets = [
      'targets:',
      '  eu: { type: kubernetes, kubeconfig: k/c, context: eu, watch: namespaces, requestsPerSecond: 5, description: d }',
      '  own: { type: kubernetes, inCluster: true }',
    ];
    const config = await read(['--config', 'x.yaml'], { file: `${targets.join('\n')}\n` });
    expect(config.targets).toEqual({
      eu: {
        type: 'kubernetes',
        kubeconfig: '/home/of/user/k/c',
        context: 'eu',
        watch: 'namespaces',
        requestsPerSecond: 5,
        description: 'd',
      },
      own: { type: 'kubernetes', inCluster: true },
    });
  });

  test('it is frozen through and through', async () => {
    const config = await read(['--dev']);
    expect([config, config.listen, config.targets, config.targets['local']].every(Object.isFrozen)).toBe(true);
  });
});

describe('what is refused', () => {
  test.each<[readonly string[], string | undefined, string]>([
    [['--prot', '1'], undefined, '--prot: there is no such flag; plumb server --help lists them'],
    [['extra'], undefined, 'extra: there is no such flag; plumb server --help lists them'],
    [['--data'], undefined, '--data: expected a value behind it'],
    [['--port', '65536'], undefined, '--port: expected a port, 0 to 65535'],
    [
      ['--listen', '127.0.0.1:65536'],
      undefined,
      '--listen: expected HOST:PORT, with an IPv6 address in brackets, or none',
    ],
    [['--listen', '8200'], undefined, '--listen: expected HOST:PORT, with an IPv6 address in brackets, or none'],
    [['--streams', '0'], undefined, '--streams: expected a whole number from 1 to 1000000'],
    [['--streams', '1.5'], undefined, '--streams: expected a whole number from 1 to 1000000'],
    [['--accept-loss=yes'], undefined, '--accept-loss: expected true or false'],
    [['--log-level', 'loud'], undefined, '--log-level: expected one of error, warn, info, debug'],
    [['--tls-cert', 'c'], undefined, ': tlsCert and tlsKey are given together or not at all'],
    ...['0.0.0.0', '[::]', '128.0.0.1', '192.168.1.7', 'example.org', '127.0.0.1.example.org'].map(
      (host) =>
        [
          ['--listen', `${host}:8200`],
          undefined,
          `: ${host.replaceAll(/[[\]]/g, '')} is not loopback, and there is no TLS: give tlsCert and tlsKey, or listen on 127.0.0.1`,
        ] as [string[], undefined, string],
    ),
    [['--config', 'x.yaml'], 'streams: 1\nstraems: 1\n', 'x.yaml:2: straems is no option'],
    [['--config', 'x.yaml'], 'streams: { a: 1 }\n', 'x.yaml:1: streams must be one value'],
    [['--config', 'x.yaml'], 'targets: [a]\n', 'x.yaml: targets must be a mapping of names to targets'],
    [
      ['--config', 'x.yaml'],
      'targets: { A: { type: file, root: x } }\n',
      'x.yaml: targets.A: a name is 1 to 63 of a-z 0-9 -',
    ],
    [
      ['--config', 'x.yaml'],
      'targets: { a: { type: exec, root: x } }\n',
      'x.yaml: targets.a: type must be file or kubernetes',
    ],
    [['--config', 'x.yaml'], 'targets: { a: { type: file } }\n', 'x.yaml: targets.a: root must name a folder'],
    [
      ['--config', 'x.yaml'],
      'targets: { a: { type: file, root: x, mode: y } }\n',
      'x.yaml: targets.a: mode is not known here, expected type, root and description',
    ],
    ...(
      [
        ['{}', 'expected either kubeconfig or inCluster: true'],
        ['{ inCluster: false }', 'expected either kubeconfig or inCluster: true'],
        ['{ kubeconfig: k, inCluster: true }', 'expected either kubeconfig or inCluster: true'],
        ['{ inCluster: true, context: c }', 'context goes with kubeconfig'],
        ['{ kubeconfig: "" }', 'kubeconfig must name a file'],
        ['{ kubeconfig: k, context: 1 }', 'context must be a name'],
        ['{ kubeconfig: k, watch: all }', 'watch must be names or namespaces'],
        ['{ kubeconfig: k, requestsPerSecond: 0 }', 'requestsPerSecond must be a whole number from 1 to 100000'],
        ['{ kubeconfig: k, requestsPerSecond: 1.5 }', 'requestsPerSecond must be a whole number from 1 to 100000'],
        ['{ kubeconfig: k, inCluster: 1 }', 'inCluster must be true or false'],
      ] as const
    ).map(([members, said]): [string[], string, string] => [
      ['--config', 'x.yaml'],
      `targets: { a: { type: kubernetes, ${members.slice(1)} }\n`,
      `x.yaml: targets.a: ${said}`,
    ]),
    ...['a b', 'http://a', '*', '*.', 'a:b', 'a/b', '.a', 'a.*.b', ','].map((hosts): [string[], undefined, string] => [
      ['--kubernetes-hosts', hosts],
      undefined,
      '--kubernetes-hosts: expected HOST, HOST:PORT or *.DOMAIN, separated by commas',
    ]),
  ])('%j %j', async (argv, file, said) => {
    const told = await refused(argv, file);
    expect(
      told.map(({ subject = '', line, message }) => `${subject}${line === undefined ? '' : `:${line}`}: ${message}`),
    ).toEqual([said]);
  });

  test('everything that is wrong is told at once', async () => {
    const told = await refused(['--config', 'x.yaml', '--streams', '0', '--bogus'], 'nothing: 1\nlogLevel: loud\n');
    expect(told.map(({ subject }) => subject)).toEqual(['--bogus', 'x.yaml', '--streams', 'x.yaml: logLevel']);
  });

  test('a file that is not there, or no mapping', async () => {
    await expect(read(['--config', 'x.yaml'])).rejects.toThrow('there is no configuration file x.yaml');
    await expect(read(['--config', 'x.yaml'], { file: '[1]' })).rejects.toThrow('must be a mapping');
    await expect(read(['--config', 'x.yaml'], { file: 'a: [' })).rejects.toThrow('not valid YAML');
  });
});

test('help names every option once', () => {
  const text = helpText();
  expect(optionNames.filter((name) => text.split(`  ${flagOf(name)} `).length !== 2)).toEqual([]);
  expect([flagOf('tlsCert'), variableOf(prefix, 'tlsCert')]).toEqual(['--tls-cert', 'PLUMB_TLS_CERT']);
});
