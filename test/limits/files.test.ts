/** Files that people hand in, and files that stand where Plumb writes. */
import { once } from 'node:events';
import { link, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attacked, canary } from './attempts.ts';
import { realIo } from '../../src/main-io.ts';
import { runCli } from '#cli/cli';
import { startServer } from '#testing/server';

const { server, snapshot, refusedInVain } = attacked({ dev: true });
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumb-limits-'));
  await server().client.changes.apply({
    ops: ['OK', 'NODE_OPTIONS', 'LD_PRELOAD', 'PATH'].map((name) => ({
      op: 'put',
      path: `run/e/${name}`,
      value: canary,
    })),
  });
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line over the real wire, as somebody in a folder that holds these files. */
async function plumb(
  argv: readonly string[],
  files: Readonly<Record<string, string | Uint8Array>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const streams = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    write: (text: string | Uint8Array) => void (streams[name] += Buffer.from(text as string).toString()),
  });
  const stated = { PLUMB_ADDR: `unix:${server().socket}`, PLUMB_TOKEN: server().token, PATH: '/usr/bin:/bin', ...env };
  const code = await runCli({
    ...realIo(process, '0.0.0'),
    argv,
    env: Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== '')),
    cwd: folder,
    home: folder,
    stdout: output('stdout'),
    stderr: output('stderr'),
  });
  return { code, ...streams };
}

describe('a .env file is refused whole:', () => {
  const mebi = 1024 * 1024;
  test.each<[string, string | Uint8Array, string]>([
    ['a name twice', `A=1\nB=${canary}\nA=2\n`, 'bad.env:3:1: A is set twice, first on line 1'],
    ['an unclosed quote', `A=1\nB="${canary}\nC=2\n`, 'bad.env:2:3: the quote " is not closed'],
    ['text behind a quote', `A="1"${canary}\n`, 'bad.env:1:6'],
    ['a NUL', `A=1\nB=${canary}\0\n`, 'a NUL character is not allowed'],
    ['a lone carriage return', `A=1\rB=${canary}\n`, 'a carriage return without a line feed is not allowed'],
    ['no UTF-8', Buffer.from(`A=\xff${canary}\n`, 'latin1'), 'bad.env is not UTF-8 text'],
    ['no assignment', `${canary}\n`, 'expected NAME=value'],
    ['a name with a slash', `../../sys/X=${canary}\n`, 'expected a name of 1 to 255'],
    ['a name with a hyphen', `A-B=${canary}\n`, 'expected a name of 1 to 255'],
    ['a name of 256 letters', `${'N'.repeat(256)}=${canary}\n`, 'expected a name of 1 to 255'],
    ['a value of 1 MiB and a byte', `A=${'x'.repeat(mebi + 1)}\n`, 'the value is larger than 1048576 bytes'],
    ['10,001 names', names(10_001), 'more than 10000 names in one file'],
    ['more than 16 MiB', `#${'x'.repeat(16 * mebi)}\n`, 'bad.env is larger than 16777216 bytes'],
  ])('%s', async (_name, content, expected) => {
    const before = await snapshot();
    const ran = await plumb(['import', 'imported/e', 'bad.env'], { 'bad.env': content });
    expect([ran.code, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain(expected);
    expect(ran.stderr).not.toContain(canary);
    expect(await snapshot()).toBe(before);
  });

  test.each<[string, string, Readonly<Record<string, string>>]>([
    ['CRLF, a byte order mark and export', '\ufeffexport A=1\r\nB="2"\r\n', { A: '1', B: '2' }],
    ['inline comments', 'A=1 # c\nB="x # y" # z\nC=a#b\n', { A: '1', B: 'x # y', C: 'a#b' }],
    ['values of several lines', 'A="l1\nl2"\n', { A: 'l1\nl2' }],
    [
      'names that are members of every object',
      '__proto__=p\nconstructor=c\n',
      { ['__proto__']: 'p', constructor: 'c' },
    ],
    ['a name of 255 letters', `${'N'.repeat(255)}=1\n`, { ['N'.repeat(255)]: '1' }],
    ['what a shell would run', "A='$(id)'\nB='${X}'\n", { A: '$(id)', B: '${X}' }],
  ])('but not for %s', async (name, content, expected) => {
    const path = `good/${name.replaceAll(/\W/g, '-').toLowerCase()}`;
    const ran = await plumb(['import', path, 'good.env'], { 'good.env': content });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const { entries } = await server().client.entries.evaluate({ folder: path });
    const found = new Map(entries.map((entry) => [entry.path.slice(path.length + 1), entry.value]));
    expect(found).toEqual(new Map(Object.entries(expected)));
  });

  test('but not for 10,000 names', async () => {
    const ran = await plumb(['import', 'many/e', 'good.env'], { 'good.env': names(10_000) });
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('10000 created')]);
  });
});

function names(count: number): string {
  return Array.from({ length: count }, (_, i) => `K${i}=v\n`).join('');
}

describe('a JSON file is refused whole:', () => {
  test.each([
    ['a name twice', `{"A":"1","A":"${canary}"}`, 'A is set twice'],
    ['__proto__', `{"__proto__":"${canary}"}`, '__proto__ cannot be a name'],
    ['an object inside', `{"A":{"B":"${canary}"}}`, 'must be a string, found an object'],
    ['a list', `["${canary}"]`, 'bad.json'],
    ['cut off', `{"A":"${canary}`, 'bad.json'],
  ])('%s', async (_name, content, expected) => {
    const before = await snapshot();
    const ran = await plumb(['import', 'imported/e', 'bad.json'], { 'bad.json': content });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(expected);
    expect(ran.stderr).not.toContain(canary);
    expect(await snapshot()).toBe(before);
  });
});

describe('plumb run', () => {
  test('refuses names that become code, unless the command line names each', async () => {
    const refused = await plumb(['run', '-e', 'run/e', '--', 'true']);
    expect(refused.code).not.toBe(0);
    for (const name of ['NODE_OPTIONS', 'LD_PRELOAD', 'PATH']) expect(refused.stderr).toContain(`${name}: `);
    expect(refused.stderr).not.toContain(canary);
    const some = await plumb(['run', '-e', 'run/e', '--allow-name', 'NODE_OPTIONS', '--', 'true']);
    expect([some.code, some.stderr.includes('NODE_OPTIONS: '), some.stderr.includes('PATH: ')]).toEqual([
      125,
      false,
      true,
    ]);
  });

  test('takes no such permission from plumb.yaml', async () => {
    const ran = await plumb(['run', '--', 'true'], { 'plumb.yaml': 'environment: run/e\nallowName: [PATH]\n' });
    await rm(join(folder, 'plumb.yaml'));
    expect(ran.code).toBe(125);
    expect(ran.stderr).toContain('"allowName" is not known here, expected environment, address or branches');
  });
});

describe('plumb.yaml', () => {
  test.each([
    ['by the variable', {}],
    ['by the files of a development server', { PLUMB_ADDR: '', PLUMB_TOKEN: '' }],
    ['with a token but without an address', { PLUMB_ADDR: '' }],
  ])('never makes anything be sent to an address that it names, signed in %s', async (_name, env) => {
    const received: Buffer[] = [];
    const listener = createServer((socket) => socket.on('data', (chunk) => received.push(Buffer.from(chunk))));
    let connections = 0;
    listener.on('connection', () => (connections += 1)).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const files = { 'plumb.yaml': `address: ${address}\nenvironment: run/e\n` };
    for (const argv of [['whoami'], ['list'], ['get', 'OK'], ['run', '--', 'true'], ['sync', 'status']]) {
      await plumb(argv, files, env);
    }
    await rm(join(folder, 'plumb.yaml'));
    listener.close();
    await once(listener, 'close');
    expect([connections, Buffer.concat(received).toString()]).toEqual([0, '']);
  });

  test.each([
    ['&a [*a, *a]\n', 'not valid YAML'],
    ['!!js/function "x"\n', 'not valid YAML'],
    ['environment: ../../sys\n', 'a segment must not be . or ..'],
    ['environment: a\nenvironment: b\n', 'plumb.yaml'],
    [`${'['.repeat(5000)}\n`, 'plumb.yaml'],
  ])('of %j is refused', async (content, expected) => {
    const ran = await plumb(['list'], { 'plumb.yaml': content });
    await rm(join(folder, 'plumb.yaml'));
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(expected);
  });
});

test('text that others wrote moves no terminal', async () => {
  const wild = '\u001b[2J\u009b31m\u202e\r\nX';
  const op = { op: 'put', path: 'wild/e/V', value: wild, kind: 'config', owner: wild, description: wild } as const;
  await server().client.changes.apply({ reason: wild, ops: [op] });
  for (const argv of [
    ['why', 'wild/e/V'],
    ['history', 'wild/e/V'],
    ['list', 'wild/e'],
    ['diff', 'wild/e', 'run/e'],
  ]) {
    const { stdout, stderr } = await plumb(argv);
    expect(stdout + stderr).not.toMatch(/[\u001b\u009b\u202e\r]/);
  }
});

describe('the place of a sync', () => {
  const sync = (at: string, options: Readonly<Record<string, unknown>> = {}) => ({
    method: 'PUT',
    url: '/syncs/bad?dryRun=true',
    body: { from: 'changelog/production', to: `local:${at}`, runAs: 'workload/laptop', options },
  });
  const out = (): string => join(server().folder, '.plumb/dev/out');

  test.each([
    ['../x.env', 'the segments . and .. are not allowed'],
    ['a/../../x.env', 'the segments . and .. are not allowed'],
    ['./x.env', 'the segments . and .. are not allowed'],
    ['/etc/x.env', 'expected a name relative to the root of the target'],
    ['a//b', 'expected a file name without an empty segment'],
    ['a/', 'expected a file name without an empty segment'],
    ['a\\b', 'control characters and backslashes are not allowed'],
    ['a\0b', 'control characters and backslashes are not allowed'],
    ['a\nb', 'control characters and backslashes are not allowed'],
    ['.plumb-1-1.tmp', 'names like .plumb-1-1.tmp are ours'],
    ['a'.repeat(256), 'a segment of more than 255 bytes'],
    ['a/'.repeat(520), 'a file name of more than 1024 bytes'],
    ['', 'needs a place of the form <target>:<where>'],
  ])('%j', async (at, expected) => {
    expect(await refusedInVain(sync(at))).toContain(expected);
  });

  test.each<[Readonly<Record<string, unknown>>, string]>([
    [{ mode: '0777' }, 'mode'],
    [{ mode: '4755' }, 'mode'],
    [{ block: '../x' }, 'block'],
    [{ block: 'b'.repeat(65) }, 'block'],
    [{ root: '/etc' }, 'root'],
    [{ exec: 'id' }, 'exec'],
  ])('with the options %j', async (options, expected) => {
    expect(await refusedInVain(sync('x.env', options))).toContain(expected);
  });

  test('behind a symbolic link is not followed, and nothing is written there', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'plumb-outside-'));
    await writeFile(join(outside, 'x.env'), 'KEEP=1\n');
    await symlink(outside, join(out(), 'folder'));
    await symlink(join(outside, 'x.env'), join(out(), 'file.env'));
    for (const at of ['folder/x.env', 'file.env']) {
      expect(await refusedInVain(sync(at))).toContain('a symbolic link is never followed');
    }
    expect(await readFile(join(outside, 'x.env'), 'utf8')).toBe('KEEP=1\n');
    await rm(outside, { recursive: true, maxRetries: 10 });
  });

  test.each([
    ['a begin without an end', 'A=1\n# plumb: begin b\nB=2\n'],
    ['an end without a begin', 'A=1\n# plumb: end b\n'],
    ['two blocks of a name', '# plumb: begin b\n# plumb: end b\n# plumb: begin b\n# plumb: end b\n'],
    ['one block in another', '# plumb: begin b\n# plumb: begin c\n# plumb: end c\n# plumb: end b\n'],
  ])('whose markers are damaged stays as it is: %s', async (_name, content) => {
    const file = join(out(), 'shared.env');
    await writeFile(file, content, { mode: 0o600 });
    const { body } = sync('shared.env', { block: 'b' });
    const made = await server()
      .client.syncs.put('damaged', body)
      .catch((error: unknown) => error);
    const applied = await server()
      .client.syncs.apply('damaged')
      .catch((error: unknown) => error);
    expect(JSON.stringify([String(made), applied])).toMatch(/marker|block|begin|end/);
    expect([made, applied]).toContainEqual(expect.objectContaining({ code: 'conflict', status: 409 }));
    expect(await readFile(file, 'utf8')).toBe(content);
    await server()
      .client.syncs.delete('damaged')
      .catch(() => undefined);
  });

  test('that is another name of a file elsewhere leaves that file alone', async () => {
    const outside = join(out(), '..', 'outside.env');
    await writeFile(outside, 'KEEP=1\n', { mode: 0o600 });
    await link(outside, join(out(), 'hard.env'));
    const { body } = sync('hard.env');
    await server().client.syncs.put('hard', body);
    await server().client.syncs.apply('hard');
    expect(await readFile(outside, 'utf8')).toBe('KEEP=1\n');
    await server().client.syncs.delete('hard');
  });
});

test('a second server on the folder of a running one is refused, and the first goes on', async () => {
  const before = await snapshot();
  await expect(startServer({ folder: server().folder, dev: true })).rejects.toThrow(
    'another server has this store open',
  );
  expect(await snapshot()).toBe(before);
});
