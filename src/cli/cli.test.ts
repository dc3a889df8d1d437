import { describe, expect, test } from 'vitest';
import { FakeTerminal } from '#testing/terminal';
import { exitCodeOf, failureText } from './failures.ts';
import type { CommandRow } from './table.ts';
import { commandTable } from './table.ts';
import { unreachable } from './unreachable.ts';

const run = (...argv: string[]) => new FakeTerminal().run(...argv);

/** Every command with the words that call it. */
function leaves(
  rows: readonly CommandRow[],
  words: readonly string[] = [],
): (readonly [words: string, row: CommandRow])[] {
  return rows.flatMap((row) => {
    const path = [...words, row.name];
    return row.commands === undefined ? [[path.join(' '), row] as const] : leaves(row.commands, path);
  });
}
const commands = leaves(commandTable).filter(([, { load }]) => load !== undefined);

describe('help', () => {
  test.each([[[]], [['--help']], [['-h']], [['help']]])('plumb %j lists the commands', async (argv) => {
    const { code, stdout, stderr } = await run(...argv);
    expect([code, stderr]).toEqual([0, '']);
    expect(commandTable.filter(({ name }) => !stdout.includes(`\n  ${name} `))).toEqual([]);
  });

  test('of a group lists its commands', async () => {
    const asked = await run('sync', '--help');
    expect(asked.stdout).toContain('  status   tell whether syncs are in agreement\n');
    expect(await run('sync')).toEqual(asked);
    expect(await run('help', 'sync')).toEqual(asked);
  });

  test.each(commands)('of %s says what it takes, with examples of itself', async (words, row) => {
    const { code, stdout } = await run(...words.split(' '), '--help');
    const module = await row.load?.();
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^plumb ${words}: ${row.brief}\n\nSYNOPSIS\n  plumb ${words} `));
    expect(stdout).toContain('\n  -h, --help ');
    expect(module?.examples.length).toBeGreaterThan(0);
    expect(
      module?.examples.filter(
        ({ input }) => !`${input} `.startsWith(`${words} `) || !stdout.includes(`  plumb ${input}`),
      ),
    ).toEqual([]);
  });

  test('the version', async () => {
    expect(await run('--version')).toEqual({ code: 0, stdout: '0.0.0\n', stderr: '' });
  });
});

describe('a wrong command line exits with 2', () => {
  test.each<[argv: string[], stderr: string]>([
    [['gte', 'x'], 'error: gte is not a command\nhint: did you mean get?\n'],
    [['zzzzzzzzzzzz'], 'error: zzzzzzzzzzzz is not a command\nhint: plumb --help lists them\n'],
    [['sync', 'crate'], 'error: crate is not a command\nhint: did you mean create?\n'],
    [
      ['get', 'a/b', '--revel'],
      'error: there is no flag --revel; did you mean --reveal?\nhint: --help describes the command\n',
    ],
    [['get', 'a/b', '-x'], 'error: there is no flag -x\nhint: --help describes the command\n'],
    [['get'], 'error: PATH is missing\nhint: --help describes the command\n'],
    [['run', '-e', 'a/b'], 'error: COMMAND is missing\nhint: --help describes the command\n'],
    [['get', 'a/b', 'hunter2'], 'error: too many arguments, expected 1\nhint: --help describes the command\n'],
    [['whoami', 'hunter2'], 'error: no argument is expected\nhint: --help describes the command\n'],
    [
      ['get', 'a/b', '--version', '0'],
      'error: --version: expected a whole number of at least 1\nhint: --help describes the command\n',
    ],
    [
      ['set', 'a/b=c', '--kind', 'hunter2'],
      'error: --kind must be secret, config\nhint: --help describes the command\n',
    ],
    [['get', 'a/b', '--address'], 'error: --address needs a value\nhint: --help describes the command\n'],
    [['get', 'a/b', '--json', '--json'], 'error: --json is given more than once\nhint: --help describes the command\n'],
    [
      ['token', 'create', '--ttl', '5y'],
      'error: --ttl: a duration is a number with s, m, h or d, such as 90s, 15m, 12h or 30d\nhint: --help describes the command\n',
    ],
    [
      ['sync', 'create', 'x', '--from', 'a', '--to', 'b'],
      'error: --run-as needs a value\nhint: --help describes the command\n',
    ],
    [
      ['list'],
      'error: which server?\nhint: name it by --address or PLUMB_ADDR, or sign in once with plumb login --address\n',
    ],
    [
      ['list', '--address', 'http://db.internal'],
      'error: plain http is for this machine only\nhint: use https://, or a tunnel to 127.0.0.1\n',
    ],
    [
      ['export', '--address', 'unix:/s'],
      'error: which folder?\nhint: give it as -e FOLDER, in PLUMB_ENV, or as environment in plumb.yaml\n',
    ],
    [
      ['set', 'a/b'],
      'error: argument 1 has no value\nhint: PATH=- reads it from standard input, PATH=@FILE from a file; on a terminal it is asked for\n',
    ],
    [['set', 'a/b=-', 'a/c=-'], 'error: only one value can come from standard input\n'],
    [['set', '=x'], 'error: argument 1 has no path before its =\n'],
    [['set', 'a/b=1', 'a/c=2', '--if-version', '1'], 'error: --if-version goes with one path only\n'],
    [['delete', 'a/b', 'a/c', '--if-version', '1'], 'error: --if-version goes with one path only\n'],
    [
      ['import', 'a', 'values.txt'],
      'error: the name values.txt does not say which format it is\nhint: --format dotenv, dotenv-export, docker, shell, properties, xml, ini, csv, tfvars, json, json-nested, dotnet, yaml, toml, kubernetes\n',
    ],
    [['policy', 'put', 'p', 'rules'], 'error: the rules are given as @FILE, or - for standard input\n'],
    [['login', '--name', 'ada'], 'error: --name goes with --bootstrap\n'],
    [
      [
        'sync',
        'create',
        'x',
        '--from',
        'a',
        '--to',
        'b',
        '--run-as',
        'workload/c',
        '--option',
        'block',
        '--address',
        'unix:/s',
      ],
      'error: not signed in to unix:/s\nhint: plumb login --address unix:/s, or put a token into PLUMB_TOKEN\n',
    ],
  ])('%j', async (argv, stderr) => {
    const code = stderr.includes('not signed in') ? 4 : 2;
    expect(await run(...argv)).toEqual({ code, stdout: '', stderr });
  });
});

describe('errors', () => {
  test('a fault of ours shows its place and not its message', () => {
    const text = failureText(new SyntaxError('Unexpected token h in JSON: "hunter2"'));
    expect(text).toMatch(/^error: a fault of plumb itself \(SyntaxError at [\w.-]+:\d+\)$/);
    expect(exitCodeOf(new Error('x'))).toBe(1);
  });

  test('of the server: diagnostics, message, hint and request, on a line each and without control characters', async () => {
    const problem = {
      status: 500,
      body: {
        code: 'internal',
        detail: 'a fault\u001b[2J of the server',
        hint: 'look into its log',
        requestId: 'r-1',
        diagnostics: [{ subject: 'a/b', line: 2, column: 3, message: 'wrong\nhere' }, { message: 'and there' }],
      },
    };
    const terminal = new FakeTerminal({
      env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't' },
      answers: { 'GET /api/v1/whoami': problem },
    });
    const { code, stderr } = await terminal.run('whoami');
    expect(code).toBe(1);
    expect(stderr).toBe(
      'a/b:2:3: wrong\\u{a}here\nand there\nerror: a fault\\u{1b}[2J of the server (request r-1)\nhint: look into its log\n',
    );
  });

  test.each([
    ['unauthenticated', 4],
    ['forbidden', 4],
    ['not-found', 1],
    ['mismatch', 1],
    ['sealed', 5],
    ['unavailable', 5],
  ])('%s exits with %d', async (problem, expected) => {
    const answers = { 'GET /api/v1/whoami': { status: 400, body: { code: problem, detail: 'x' } } };
    const terminal = new FakeTerminal({ env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't' }, answers });
    expect((await terminal.run('whoami')).code).toBe(expected);
  });

  test('no answer', async () => {
    const terminal = new FakeTerminal({ env: { PLUMB_ADDR: 'unix:/run/s', PLUMB_TOKEN: 't' } });
    expect(await terminal.run('whoami')).toEqual({
      code: 5,
      stdout: '',
      stderr: 'error: the server at unix:/run/s does not answer\nhint: is it running? plumb server\n',
    });
  });

  test.each([
    ['ECONNREFUSED', 'the server at https://plumb.example does not answer'],
    ['CERT_HAS_EXPIRED', 'the certificate of https://plumb.example has expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate of https://plumb.example is for another host name'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'the certificate of https://plumb.example is signed by nobody known here'],
    ['EACCES', 'you may not use https://plumb.example'],
  ])('%s is told', (code, message) => {
    const told = unreachable('https://plumb.example', Object.assign(new Error('x'), { code }));
    expect(told).toMatchObject({ code: 'unavailable', message });
  });

  test.each(['two\nlines', 'a b', 'ä'])('a token that no header could carry: %j', async (token) => {
    const terminal = new FakeTerminal({ env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: token } });
    const { code, stderr } = await terminal.run('whoami');
    expect(code).toBe(4);
    expect(stderr).toContain('error: the token is malformed\n');
  });
});
