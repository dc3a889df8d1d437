import { expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { helpText, optionNames } from './options.ts';
import { PlumbError } from '#domain/errors';
import { flagOf } from '#domain/options';

const minimal = 'server: https://plumb.example\n';

function read(text: string, argv: readonly string[] = [], env: Record<string, string> = {}) {
  const readText = async (path: string) => (path === '/etc/plumb/agent.yaml' ? text : undefined);
  return readConfig({ argv, env, cwd: '/srv', readText });
}

async function problems(text: string, argv: readonly string[] = []): Promise<readonly string[]> {
  const error = await read(text, argv).catch((caught: unknown) => caught);
  if (!(error instanceof PlumbError)) throw new Error('nothing was refused');
  return error.diagnostics.map(
    ({ subject, line, message }) => `${subject}${line === undefined ? '' : `:${line}`}: ${message}`,
  );
}

test('defaults, and paths made absolute', async () => {
  expect(await read(minimal)).toEqual({
    server: { text: 'https://plumb.example', url: 'https://plumb.example' },
    ca: undefined,
    tokenFile: '/etc/plumb/agent.token',
    state: '/var/lib/plumb-agent',
    keyFile: '/var/lib/plumb-agent/agent.key',
    maxAgeMs: 7 * 86_400_000,
    logLevel: 'info',
    roots: {},
    syncs: [],
  });
});

test('a flag wins over the environment, that over the file', async () => {
  const text = `${minimal}state: fromFile\nmaxAge: 1h\nlogLevel: warn\n`;
  const config = await read(text, ['--state=flags', '--config', '/etc/plumb/agent.yaml'], {
    PLUMB_AGENT_STATE: 'env',
    PLUMB_AGENT_MAX_AGE: '2h',
  });
  expect([config.state, config.keyFile, config.maxAgeMs, config.logLevel]).toEqual([
    '/srv/flags',
    '/srv/flags/agent.key',
    7_200_000,
    'warn',
  ]);
});

test('a sync is what the engine takes', async () => {
  const { syncs, roots } = await read(`${minimal}
roots: { app: /etc/app }
syncs:
  - name: one
    source: changelog/production
    root: app
    at: sub/.env
    block: plumb
    names: { only: [DB_*], prefix: APP_ }
    reload: { command: [systemctl, reload, app], timeout: 5s }
`);
  expect(roots).toEqual({ app: '/etc/app' });
  expect(syncs).toEqual([
    {
      name: 'one',
      spec: {
        from: 'changelog/production',
        target: 'app',
        at: 'sub/.env',
        runAs: 'workload/agent',
        mode: 'repair',
        options: {
          block: 'plumb',
          names: { only: ['DB_*'], prefix: 'APP_' },
          reload: { command: ['systemctl', 'reload', 'app'], timeout: '5s' },
        },
      },
    },
  ]);
});

test('everything that is wrong is said at once, with its line', async () => {
  const found = await problems(
    `server: ftp://x\nmaxAge: soon\nstate: [a]\nroots: { A: /x, b: '' }\nsyncs:\n  - name: app\n    source: ''\n    root: c\n    at: /etc/passwd\n    mode: never\n    onFailedRestart: hold\n    reload: { command: [], timeout: 2h, shell: true, env: { 1A: x } }\n  - name: Bad Name\n    source: a/b\n    root: b\n    at: x\n  - 7\n`,
    ['--nope', '--state'],
  );
  expect(found).toEqual(
    expect.arrayContaining([
      '--nope: there is no such flag; plumb agent --help lists them',
      '--state: expected a value behind it',
      '/etc/plumb/agent.yaml:3: state must be one value',
      '/etc/plumb/agent.yaml: server: expected unix:/PATH, https://HOST[:PORT] or http://127.0.0.1[:PORT], without a path',
      '/etc/plumb/agent.yaml: maxAge: expected a duration from 1m to 365d, such as 90s, 15m, 12h or 30d',
      '/etc/plumb/agent.yaml:6: syncs.app: source must be a folder, such as changelog/production',
      '/etc/plumb/agent.yaml:6: syncs.app: root must be the name of one of roots',
      '/etc/plumb/agent.yaml:6: syncs.app: mode must be repair, report, once, paused',
      '/etc/plumb/agent.yaml:6: syncs.app: reload.command must be a list: a program and its arguments, each text without NUL',
      '/etc/plumb/agent.yaml:6: syncs.app: reload.timeout must be a duration from 1s to 1h, such as 30s',
      '/etc/plumb/agent.yaml:6: syncs.app: reload.shell is not known, expected command, timeout or env',
      '/etc/plumb/agent.yaml:6: syncs.app: reload.env must be a mapping of names to texts',
      '/etc/plumb/agent.yaml:13: syncs.Bad Name: name must be 1 to 63 of a-z 0-9 -, not beginning with -',
      '/etc/plumb/agent.yaml: syncs.2: expected a mapping',
    ]),
  );
  expect(found.some((line) => line.includes('roots.A'))).toBe(true);
  expect(found.some((line) => line.includes('onFailedRestart'))).toBe(true);
});

test.each([
  ['unix:/run/plumb.sock', undefined],
  ['https://plumb.example:8443', undefined],
  ['http://127.0.0.1:8200', undefined],
  ['http://[::1]:8200', undefined],
  ['unix:run/plumb.sock', 'an absolute path behind unix:'],
  ['http://plumb.example', 'https://, since plain http is for this machine only'],
  ['https://user:pass@plumb.example', 'unix:/PATH, https://HOST[:PORT]'],
  ['https://plumb.example/path', 'unix:/PATH, https://HOST[:PORT]'],
])('the address %s', async (address, problem) => {
  const said = await problems(`server: ${JSON.stringify(address)}\nunknown: 1\n`);
  expect(said.filter((line) => line.includes('server: expected')).map((line) => line.includes(problem ?? '-'))).toEqual(
    problem === undefined ? [] : [true],
  );
});

test('what stands behind an unknown flag is its value, and not wrong a second time', async () => {
  expect(await problems(minimal, ['--nope', 'x', '--log-level', 'info'])).toEqual([
    '--nope: there is no such flag; plumb agent --help lists them',
  ]);
});

test('the authority of a server goes with TLS', async () => {
  expect(await problems('server: unix:/run/plumb.sock\nca: x.pem\n')).toEqual([
    'ca: goes with a server whose address begins with https://',
  ]);
});

test('the help names every option', () => {
  for (const name of optionNames) expect(helpText()).toContain(`  ${flagOf(name)}`);
});
