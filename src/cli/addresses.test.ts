import { describe, expect, test } from 'vitest';
import type { FakeFile, TerminalOptions } from '#testing/terminal';
import { FakeTerminal } from '#testing/terminal';
import { parseAddress } from './address.ts';

const whoami = { principal: 'person/ada', policies: ['admin'], accessor: 'abc' };
const answers = { 'GET /api/v1/whoami': whoami };
const state = '/home/ada/.local/state/plumb/credentials.json';
const stored = (preferred: string, tokens: Record<string, string>): string =>
  JSON.stringify({
    version: 1,
    default: preferred,
    tokens: Object.fromEntries(
      Object.entries(tokens).map(([address, token]) => [address, { token, principal: 'person/ada' }]),
    ),
  });
const socket: FakeFile = { text: '', kind: 'socket' };
const development = {
  '/home/ada/app/.plumb/dev': { text: '', kind: 'folder', mode: 0o700 },
  '/home/ada/app/.plumb/dev/plumb.sock': socket,
  '/home/ada/app/.plumb/dev/token': 'beside\n',
} satisfies Record<string, string | FakeFile>;

/** Where the one request went, with which token; or what was said instead. */
async function asked(options: TerminalOptions, ...flags: string[]): Promise<string> {
  const terminal = new FakeTerminal({ answers, ...options });
  const { stderr } = await terminal.run('whoami', ...flags);
  const [request] = terminal.requests;
  if (request === undefined) return stderr.split('\n')[0] ?? '';
  const token = request.headers['authorization']?.replace('Bearer ', '');
  return `${request.socket ?? new URL(request.url).origin} ${token}`;
}

describe('an address', () => {
  test.each([
    ['unix:/run/plumb.sock', 'unix:/run/plumb.sock'],
    ['unix:///run/plumb.sock', 'unix:/run/plumb.sock'],
    ['unix:plumb.sock', 'unix:/cwd/plumb.sock'],
    ['https://Plumb.example', 'https://plumb.example'],
    ['https://plumb.example:443/', 'https://plumb.example'],
    ['http://127.0.0.1:8200', 'http://127.0.0.1:8200'],
    ['http://localhost:8200', 'http://localhost:8200'],
    ['http://[::1]:8200', 'http://[::1]:8200'],
  ])('%s is %s', (text, expected) => {
    expect(parseAddress(text, '/cwd').text).toBe(expected);
  });

  test.each([
    '',
    'plumb.example',
    'unix:',
    'ftp://x',
    'https://user:pass@x',
    'https://x/path',
    'https://x?y',
    'http://10.0.0.1',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'https:///x y',
  ])('%j is refused', (text) => {
    expect(() => parseAddress(text, '/cwd')).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe('which server, with which token', () => {
  const named = { PLUMB_ADDR: 'https://env.example', PLUMB_TOKEN: 'given' };
  const login = {
    [state]: stored('https://login.example', { 'https://login.example': 'kept', 'http://127.0.0.1:8200': 'plain' }),
  };
  test.each<[what: string, options: TerminalOptions, flags: string[], expected: string]>([
    ['a flag before the environment', { env: named }, ['--address', 'unix:/s'], '/s given'],
    ['the environment before the last login', { env: named, files: login }, [], 'https://env.example given'],
    [
      'the last login before the development server',
      { files: { ...login, ...development } },
      [],
      'https://login.example kept',
    ],
    [
      'PLUMB_TOKEN before the kept token',
      { env: { PLUMB_TOKEN: 'given' }, files: login },
      [],
      'https://login.example given',
    ],
    [
      'a kept token for its own address',
      { files: login },
      ['--address', 'http://127.0.0.1:8200'],
      'http://127.0.0.1:8200 plain',
    ],
    [
      'no kept token for another address',
      { files: login },
      ['--address', 'https://login.example:444'],
      'error: not signed in to https://login.example:444',
    ],
    [
      'no kept token for a name that objects have',
      { files: login },
      ['--address', 'unix:/constructor'],
      'error: not signed in to unix:/constructor',
    ],
    [
      'plain http only if it is named',
      { files: { [state]: stored('http://127.0.0.1:8200', { 'http://127.0.0.1:8200': 'plain' }) } },
      [],
      'error: which server?',
    ],
    ['the development server of this folder', { files: development }, [], '/home/ada/app/.plumb/dev/plumb.sock beside'],
    [
      'or of one above',
      { files: development, cwd: '/home/ada/app/a/b' },
      [],
      '/home/ada/app/.plumb/dev/plumb.sock beside',
    ],
    [
      'but not in a folder that others may enter',
      { files: { ...development, '/home/ada/app/.plumb/dev': { text: '', kind: 'folder', mode: 0o755 } } },
      [],
      'error: which server?',
    ],
    [
      'nor one of another user',
      { files: { ...development, '/home/ada/app/.plumb/dev/plumb.sock': { ...socket, owner: 1 } } },
      [],
      'error: which server?',
    ],
    [
      'a token file that others may read',
      { files: { ...development, '/home/ada/app/.plumb/dev/token': { text: 'x', mode: 0o640 } } },
      [],
      'error: /home/ada/app/.plumb/dev/token may be read by other users, so it is not used',
    ],
    [
      'a state file that others may read',
      { files: { [state]: { text: stored('x', {}), mode: 0o644 } } },
      [],
      `error: ${state} may be read by other users, so it is not used`,
    ],
    [
      'a state file of another user',
      { files: { [state]: { text: stored('x', {}), owner: 0 } } },
      [],
      `error: ${state} belongs to another user, so it is not used`,
    ],
    [
      'a state file that is none',
      { files: { [state]: '{}' } },
      [],
      `error: ${state} is not a credentials file of this version`,
    ],
    [
      'the state folder of XDG',
      {
        env: { XDG_STATE_HOME: '/x' },
        files: { '/x/plumb/credentials.json': stored('unix:/s', { 'unix:/s': 'xdg' }) },
      },
      [],
      '/s xdg',
    ],
  ])('%s', async (_, options, flags, expected) => {
    expect(await asked(options, ...flags)).toBe(expected);
  });
});

describe('a project file', () => {
  const evil = { '/home/ada/app/plumb.yaml': 'address: https://evil.example\nenvironment: a/b\n' };

  test('never sends anything to an address that it names, with any token', async () => {
    expect(await asked({ env: { PLUMB_TOKEN: 'given' }, files: evil })).toBe('error: which server?');
    const login = { [state]: stored('unix:/s', { 'unix:/s': 'kept', 'https://evil.example': 'once' }) };
    expect(await asked({ env: { PLUMB_TOKEN: 'given' }, files: { ...evil, ...login } })).toBe('/s given');
    expect(await asked({ files: { ...evil, ...login } })).toBe('/s kept');
  });

  test('is told apart from the server in use', async () => {
    const terminal = new FakeTerminal({ answers, env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't' }, files: evil });
    expect((await terminal.run('whoami')).stderr).toBe(
      'note: plumb.yaml names the server https://evil.example; this command uses unix:/s\nhint: if you trust it: plumb login --address https://evil.example\n',
    );
  });

  test('is silent where it names the server in use', async () => {
    const files = { '/home/ada/plumb.yaml': 'address: unix:/s\n' };
    const terminal = new FakeTerminal({ answers, env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't' }, files });
    expect((await terminal.run('whoami')).stderr).toBe('');
  });

  test.each([
    ['token: x', ':', '"token" is not known here, expected environment, address or branches'],
    ['environment: [a]', ':', 'environment must be text'],
    ['environment: 5', ':', 'environment must be text'],
    ['branches: [main]', ':', 'branches must be a mapping of branches, such as feature/*, to folders'],
    ['branches: {main: 5}', ':', 'branches must be a mapping of branches, such as feature/*, to folders'],
    ['environment: a\nenvironment: b', ':2:1:', 'not valid YAML: duplicated mapping key'],
    ['a: &x 1\nb: *x', ':2:5:', 'not valid YAML: aliases exceeded maxAliases (0)'],
    ['{', ':1:2:', 'not valid YAML: unexpected end of the stream within a flow collection'],
  ])('%j is refused with its place', async (text, place, message) => {
    const terminal = new FakeTerminal({
      env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't' },
      files: { '/home/ada/app/plumb.yaml': text },
    });
    const { code, stderr } = await terminal.run('whoami');
    expect([code, stderr.split('\n')[0]]).toEqual([1, `/home/ada/app/plumb.yaml${place} ${message}`]);
    expect(terminal.requests).toEqual([]);
  });

  test.each<[what: string, env: Record<string, string>, argv: string[], expected: string]>([
    ['from the project file', {}, ['get', 'DB_HOST'], '/a/b/DB_HOST'],
    ['from PLUMB_ENV before it', { PLUMB_ENV: 'c/d/' }, ['get', 'DB_HOST'], '/c/d/DB_HOST'],
    ['from a flag before that', { PLUMB_ENV: 'c/d' }, ['get', '-e', 'e', 'DB_HOST'], '/e/DB_HOST'],
    ['not for a path in full', { PLUMB_ENV: 'c/d' }, ['get', 'x/DB_HOST'], '/x/DB_HOST'],
    ['not with -e /', { PLUMB_ENV: 'c/d' }, ['get', '-e', '/', 'DB_HOST'], '/DB_HOST'],
  ])('the environment of a single name: %s', async (_, env, argv, expected) => {
    const terminal = new FakeTerminal({
      env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't', ...env },
      files: { '/home/ada/plumb.yaml': 'environment: a/b' },
    });
    await terminal.run(...argv);
    expect(terminal.requests.map(({ url }) => new URL(url).pathname)).toEqual([`/api/v1/entries${expected}`]);
  });
});

describe('login', () => {
  test('tries the token, keeps it for exactly this address and makes it the default', async () => {
    const files = { [state]: stored('unix:/old', { 'unix:/old': 'old' }) };
    const terminal = new FakeTerminal({ answers, stdin: 'plumb.abc.def\n', files });
    const { code, stdout } = await terminal.run('login', '--address', 'https://plumb.example/');
    expect([code, stdout]).toEqual([0, 'signed in to https://plumb.example as person/ada\n']);
    expect(terminal.requests[0]?.headers['authorization']).toBe('Bearer plumb.abc.def');
    expect(JSON.parse(terminal.files.get(state)?.text ?? '')).toEqual({
      version: 1,
      default: 'https://plumb.example',
      tokens: {
        'unix:/old': { token: 'old', principal: 'person/ada' },
        'https://plumb.example': { token: 'plumb.abc.def', principal: 'person/ada' },
      },
    });
  });

  test('spends a bootstrap token without sending any other', async () => {
    const issued = { ...whoami, principal: 'person/root', token: 'plumb.new', created: 0 };
    const terminal = new FakeTerminal({
      answers: { 'POST /api/v1/bootstrap': issued },
      env: { PLUMB_TOKEN: 'other' },
      terminal: true,
      typed: ['once'],
    });
    expect((await terminal.run('login', '--address', 'unix:/s', '--bootstrap', '--name', 'root')).code).toBe(0);
    expect(terminal.requests[0]?.headers['authorization']).toBeUndefined();
    expect(terminal.requests[0]?.body).toBe('{"token":"once","name":"root"}');
    expect(terminal.files.get(state)?.text).toContain('plumb.new');
  });

  test.each([
    ['', 'error: expected a token, found nothing'],
    ['two words', 'error: expected a token, found something else'],
  ])('refuses %j', async (stdin, expected) => {
    const terminal = new FakeTerminal({ answers, stdin });
    expect((await terminal.run('login', '--address', 'unix:/s')).stderr.split('\n')[0]).toBe(expected);
    expect([terminal.requests.length, terminal.files.size]).toEqual([0, 0]);
  });

  test('keeps nothing when the server refuses', async () => {
    const refused = {
      'GET /api/v1/whoami': { status: 401, body: { code: 'unauthenticated', detail: 'the token is not known' } },
    };
    const terminal = new FakeTerminal({ answers: refused, stdin: 't' });
    expect((await terminal.run('login', '--address', 'unix:/s')).code).toBe(4);
    expect(terminal.files.size).toBe(0);
  });
});

describe('init', () => {
  test('writes a file that is then read', async () => {
    const terminal = new FakeTerminal();
    expect(await terminal.run('init', 'changelog/development')).toEqual({
      code: 0,
      stdout: 'wrote /home/ada/app/plumb.yaml\n',
      stderr: '',
    });
    expect(terminal.files.get('/home/ada/app/plumb.yaml')?.text).toMatchInlineSnapshot(`
      "# The folder that single names are looked up in. Neither values nor tokens belong here.
      environment: "changelog/development"
      "
    `);
    expect((await terminal.run('init', 'other')).stderr).toBe('error: /home/ada/app/plumb.yaml exists already\n');
  });
});
