import type { EvaluatedEntry } from '@plumbd/client';
import { describe, expect, test } from 'vitest';
import type { TerminalOptions } from '#testing/terminal';
import { FakeTerminal } from '#testing/terminal';
import { parseAssignment, readValue } from './values.ts';

const env = { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't', PLUMB_ENV: 'a/b' };
const terminal = (options: TerminalOptions = {}) => new FakeTerminal({ ...options, env: { ...env, ...options.env } });

function entry(name: string, value: string, more: Partial<EvaluatedEntry> = {}): EvaluatedEntry {
  const stamp = { version: 1, incarnation: 1, revision: 1, time: 0, author: 'person/ada', reason: '' };
  return {
    path: `a/b/${name}`,
    kind: 'config',
    type: 'string',
    form: 'literal',
    ...stamp,
    value,
    secret: false,
    origin: [],
    etag: '"1"',
    ...more,
  };
}
const secret = (name: string, value: string): EvaluatedEntry => entry(name, value, { kind: 'secret', secret: true });
const folder = (...entries: EvaluatedEntry[]) => ({ 'GET /api/v1/values': { folder: 'a/b', revision: 1, entries } });

describe('get', () => {
  const answers = {
    'GET /api/v1/entries/a/b/PASS': secret('PASS', 'hunter2'),
    'GET /api/v1/entries/a/b/HOST': entry('HOST', 'db\u001b[2J'),
  };

  test.each<[what: string, onTerminal: boolean, argv: string[], code: number, stdout: string, stderr: string]>([
    ['config, to the byte', false, ['HOST'], 0, 'db\u001b[2J\n', ''],
    ['config on a terminal, escaped', true, ['HOST'], 0, 'db\\u{1b}[2J\n', ''],
    ['a secret on a terminal, masked', true, ['PASS'], 0, '••••••••\n', 'hint: --reveal shows it\n'],
    [
      'no mask where a program would take it for the value',
      false,
      ['PASS'],
      1,
      '',
      'error: a/b/PASS is a secret, which is not printed unasked\nhint: --reveal prints it\n',
    ],
    ['a secret when asked', false, ['PASS', '--reveal'], 0, 'hunter2\n', ''],
  ])('prints %s', async (_, onTerminal, argv, code, stdout, stderr) => {
    expect(await terminal({ answers, terminal: onTerminal }).run('get', ...argv)).toEqual({ code, stdout, stderr });
  });

  test('as JSON has the value of a secret only when asked', async () => {
    const masked = await terminal({ answers }).run('get', 'PASS', '--json');
    expect(JSON.parse(masked.stdout)).toMatchObject({ path: 'a/b/PASS', secret: true, masked: true });
    expect(masked.stdout).not.toContain('hunter2');
    expect(JSON.parse((await terminal({ answers }).run('get', 'PASS', '--json', '--reveal')).stdout)).toMatchObject({
      value: 'hunter2',
    });
  });
});

describe('the value of an assignment', () => {
  const io = (stdin: string | Uint8Array, text: string | Uint8Array = '') => ({
    cwd: '/home',
    stdin: { read: async () => Buffer.from(stdin), readHidden: async (prompt: string) => `typed at ${prompt}` },
    files: { read: (path: string) => (path === '/home/f' ? Buffer.from(text) : null) },
  });
  const read = (assignment: string, given: ReturnType<typeof io>, bytes = false) =>
    readValue(given as unknown as Parameters<typeof readValue>[0], parseAssignment(assignment), bytes);

  test.each<[what: string, assignment: string, stdin: string, file: string, expected: string]>([
    ['stands behind the first =', 'A=b=c', '', '', 'b=c'],
    ['may be empty', 'A=', '', '', ''],
    ['comes from standard input without the line end', 'A=-', 'x y \n', '', 'x y '],
    ['or without a CRLF', 'A=-', 'x\r\n', '', 'x'],
    ['keeps the last line end of several lines', 'A=-', 'x\ny\n', '', 'x\ny\n'],
    ['comes from a file', 'A=@f', '', 'x\n', 'x'],
    ['is asked for', 'A', '', '', 'typed at value of A: '],
  ])('%s', async (_, assignment, stdin, file, expected) => {
    expect(await read(assignment, io(stdin, file))).toBe(expected);
  });

  test('of type bytes is any bytes', async () => {
    expect(await read('A=-', io(Buffer.of(255, 10)), true)).toBe('/wo=');
  });

  test('is refused where it is no text, or no file', async () => {
    await expect(read('A=-', io(Buffer.of(255)))).rejects.toThrow('standard input is not UTF-8 text');
    await expect(read('A=@g', io(''))).rejects.toThrow('g does not exist');
  });
});

describe('set', () => {
  const notFound = { status: 404, body: { code: 'not-found', detail: 'x' } };
  const result = {
    revision: 7,
    dryRun: false,
    entries: [{ path: 'a/b/X', effect: 'update', version: 2, etag: '"1.2"' }],
    warnings: ['w'],
  };
  const history = (kind: string) => ({
    'GET /api/v1/history/a/b/X': { path: 'a/b/X', versions: [{ kind, state: 'deleted' }] },
  });
  const none = { 'GET /api/v1/history/a/b/X': notFound };
  const listed = (...entries: object[]) => ({ 'GET /api/v1/entries': { entries, folders: [], revision: 1 } });
  const environment = (defaultKind: string) => ({ 'GET /api/v1/environments/a/b': { name: 'a/b', defaultKind } });
  const apply = { 'POST /api/v1/changes': result };
  const sent = async (answers: object, ...argv: string[]) => {
    const used = terminal({ answers: { ...answers, ...apply }, stdin: 'hunter2\n' });
    const outcome = await used.run('set', ...argv);
    const change = used.requests.find(({ url }) => url.endsWith('/changes'));
    return { outcome, body: change === undefined ? undefined : (JSON.parse(change.body ?? '') as { ops: object[] }) };
  };

  test.each<[what: string, answers: object, argv: string[]]>([
    ['an entry that is one', history('secret'), ['X=hunter2']],
    [
      'a new entry where nothing else is said',
      { ...none, ...listed(), 'GET /api/v1/environments/a/b': notFound },
      ['X=hunter2'],
    ],
    ['an inherited one', { ...none, ...listed({ path: 'a/b/X', kind: 'secret' }) }, ['X=hunter2']],
    ['one asked for', history('config'), ['X=hunter2', '--kind', 'secret']],
    ['an expression without a reference', history('secret'), ['X=hunter2', '--expression']],
  ])('refuses a secret on the command line: %s', async (_, answers, argv) => {
    const { outcome, body } = await sent(answers, ...argv);
    expect(body).toBeUndefined();
    expect(outcome.stderr).toBe(
      'error: a/b/X is a secret, and a secret must not stand on the command line: the shell keeps it and other users see it\nhint: plumb set a/b/X asks for it; a/b/X=- reads it from standard input, a/b/X=@FILE from a file; --kind config if it is none\n',
    );
  });

  test.each<[what: string, answers: object, argv: string[], op: object]>([
    ['config that is there', history('config'), ['X=v'], { value: 'v', kind: 'config' }],
    [
      'config that is inherited',
      { ...none, ...listed({ path: 'a/b/X', kind: 'config' }) },
      ['X=v'],
      { value: 'v', kind: 'config' },
    ],
    [
      'new config in an environment of it',
      { ...none, ...listed(), ...environment('config') },
      ['X=v'],
      { value: 'v', kind: 'config' },
    ],
    ['config asked for', {}, ['X=v', '--kind', 'config'], { value: 'v', kind: 'config' }],
    ['an expression with references', {}, ['X=${Y}', '--expression'], { value: '${Y}', form: 'expression' }],
    ['a secret from standard input', {}, ['X=-'], { value: 'hunter2' }],
    [
      'everything that is known of it',
      {},
      [
        'X=-',
        '--type',
        'url',
        '--owner',
        'team/web',
        '--description',
        'd',
        '--tag',
        'p',
        '--tag',
        'q',
        '--expires',
        '1d',
        '--if-version',
        '3',
      ],
      {
        value: 'hunter2',
        type: 'url',
        owner: 'team/web',
        description: 'd',
        tags: ['p', 'q'],
        expires: Date.UTC(2026, 0, 2),
        expect: 3,
      },
    ],
  ])('puts %s', async (_, answers, argv, op) => {
    const { outcome, body } = await sent(answers, ...argv);
    expect(outcome).toEqual({ code: 0, stdout: 'updated a/b/X (version 2)\nrevision 7\n', stderr: 'warning: w\n' });
    expect(body?.ops).toEqual([{ op: 'put', path: 'a/b/X', ...op }]);
  });
});

describe('export', () => {
  const answers = folder(entry('HOST', 'db host'), secret('PASS', 'hunter2'));

  test('writes values into pipes and files', async () => {
    expect((await terminal({ answers }).run('export')).stdout).toBe("HOST='db host'\nPASS=hunter2\n");
    expect((await terminal({ answers }).run('export', 'a/b', '--format', 'json')).stdout).toBe(
      '{\n  "HOST": "db host",\n  "PASS": "hunter2"\n}\n',
    );
    const used = terminal({ answers, terminal: true });
    expect(await used.run('export', '-o', 'x.env')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'note: wrote 2 names to x.env\n',
    });
    expect(used.files.get('/home/ada/app/x.env')?.text).toBe("HOST='db host'\nPASS=hunter2\n");
  });

  test('shows no secret on a terminal unasked', async () => {
    expect(await terminal({ answers, terminal: true }).run('export')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: 1 of 2 values are secrets, which are not shown on a terminal unasked\nhint: -o FILE writes them to a file, --reveal shows them\n',
    });
    expect((await terminal({ answers, terminal: true }).run('export', '--reveal')).stdout).toContain('hunter2');
  });

  test('refuses names that the format does not have', async () => {
    const { code, stderr } = await terminal({ answers: folder(entry('A.B', 'x')) }).run('export');
    expect([code, stderr.split('\n')[0]]).toEqual([
      1,
      'A.B is not a name of 1 to 255 letters, digits and _ that starts without a digit',
    ]);
  });
});

describe('run', () => {
  const answers = folder(entry('HOST', 'db'), secret('PASS', 'hunter2!'));

  test('gives the command its values and passes its exit code on', async () => {
    const used = terminal({ answers, env: { HOME: '/home/ada' }, child: () => ({ code: 42 }) });
    expect(await used.run('run', '--', 'printenv', '--json', 'HOST')).toEqual({ code: 42, stdout: '', stderr: '' });
    expect(used.spawned).toEqual([
      {
        command: 'printenv',
        args: ['--json', 'HOST'],
        env: { PLUMB_ADDR: 'unix:/s', PLUMB_ENV: 'a/b', HOME: '/home/ada', HOST: 'db', PASS: 'hunter2!' },
        output: 'inherit',
      },
    ]);
    expect(used.signals.size).toBe(0);
  });

  test('says by the exit code which signal ended it', async () => {
    expect((await terminal({ answers, child: () => ({ signal: 15 }) }).run('run', '--', 'x')).code).toBe(143);
  });

  test('hides secrets in the output when asked', async () => {
    const used = terminal({
      answers,
      child: ({ output }) => {
        const streams = output as { stdout: (chunk: Uint8Array) => void; stderr: (chunk: Uint8Array) => void };
        streams.stdout(Buffer.from('db hun'));
        streams.stderr(Buffer.from('hunter2! hunt'));
        streams.stdout(Buffer.from('ter2!\n'));
        return { code: 0 };
      },
    });
    expect(await used.run('run', '--mask', '--', 'x')).toEqual({
      code: 0,
      stdout: 'db ••••••••\n',
      stderr: '•••••••• hunt',
    });
  });

  test('starts nothing with a name that programs take orders from', async () => {
    const used = terminal({ answers: folder(entry('NODE_OPTIONS', '--require=x')) });
    const { code, stderr } = await used.run('run', '--', 'x');
    expect([code, used.spawned]).toEqual([125, []]);
    expect(stderr).toBe(
      'NODE_OPTIONS: makes programs run code or trust a place; allow it by name if that is meant\nerror: not every name can be given to the command\nhint: --allow-name NAME allows a name that other programs take orders from\n',
    );
    expect((await used.run('run', '--allow-name', 'NODE_OPTIONS', '--', 'x')).code).toBe(0);
  });

  test('exits with 125 when the server refuses', async () => {
    expect((await terminal().run('run', '--', 'x')).code).toBe(125);
  });
});

describe('import', () => {
  const there = {
    ...folder(
      entry('HOST', 'old'),
      secret('PASS', 'hunter2'),
      entry('SAME', 'same'),
      entry('LOWER', 'base', { inheritedFrom: 'a/base/LOWER' }),
    ),
    'GET /api/v1/environments/a/b': { name: 'a/b', defaultKind: 'secret' },
  };
  const files = { '/home/ada/app/x.env': 'HOST=new\nPASS=hunter3\nSAME=same\nLOWER=own\nNEW=fresh\nPORT=80\n' };
  const apply = { 'POST /api/v1/changes': { revision: 9, dryRun: false, entries: [], warnings: [] } };

  test('says what would be created and changed, and sends one change', async () => {
    const used = terminal({ answers: { ...there, ...apply }, files });
    expect(await used.run('import', 'a/b', 'x.env', '--config', 'P*RT', '--reason', 'r')).toEqual({
      code: 0,
      stdout:
        '~ HOST   "old"  →  "new"\n~ PASS   ••••••••\n~ LOWER  "base"  →  "own"\n+ NEW    ••••••••\n+ PORT   "80"\n2 created, 3 changed, 1 the same; revision 9\n',
      stderr: '',
    });
    expect(JSON.parse(used.requests.at(-1)?.body ?? '')).toEqual({
      dryRun: false,
      reason: 'r',
      ops: [
        { op: 'put', path: 'a/b/HOST', value: 'new', expect: 1 },
        { op: 'put', path: 'a/b/PASS', value: 'hunter3', expect: 1 },
        { op: 'put', path: 'a/b/LOWER', value: 'own' },
        { op: 'put', path: 'a/b/NEW', value: 'fresh' },
        { op: 'put', path: 'a/b/PORT', value: '80', kind: 'config' },
      ],
    });
  });

  test('sends nothing where nothing differs', async () => {
    const used = terminal({ answers: there, stdin: '{"SAME": "same"}' });
    expect((await used.run('import', 'a/b', '-', '--format', 'json')).stdout).toBe(
      '0 created, 0 changed, 1 the same; nothing to write\n',
    );
  });

  test('works for who may write and not read', async () => {
    const forbidden = { status: 403, body: { code: 'forbidden', detail: 'x' } };
    const listed = { entries: [entry('HOST', '')], folders: [], revision: 1 };
    const answers = {
      ...apply,
      'GET /api/v1/values': forbidden,
      'GET /api/v1/entries': listed,
      'GET /api/v1/environments/a/b': forbidden,
    };
    const outcome = await terminal({ answers, stdin: 'HOST=new\nX=y\n' }).run(
      'import',
      'a/b',
      '-',
      '--format',
      'dotenv',
    );
    expect(outcome.stdout).toBe(
      '~ HOST  "new"\n+ X     ••••••••\n1 created, 0 changed, 0 the same, 1 replaced (you may not read what is there); revision 9\n',
    );
  });

  test('reports every mistake of the file and asks the server nothing', async () => {
    const used = terminal({ files: { '/home/ada/app/bad.env': 'A\nB="x' } });
    expect(await used.run('import', 'a/b', 'bad.env')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'bad.env:1:1: expected NAME=value\nbad.env:2:3: the quote " is not closed\nerror: bad.env cannot be read as dotenv\nhint: docs/formats.md describes the formats\n',
    });
    expect(used.requests).toEqual([]);
  });
});
