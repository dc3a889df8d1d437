import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Root } from './folder.ts';
import { replaceFile } from './replace.ts';
import { FileTarget } from './target.ts';
import type { Observed, Place, Step, TargetOptions, WriteRequest } from '../../target.ts';

const signal = new AbortController().signal;
let folder: string;
let root: string;
let target: FileTarget;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumb-place-'));
  root = join(folder, 'root');
  await mkdir(root);
  target = new FileTarget({ root });
});
afterEach(async () => {
  await target.close();
  await rm(folder, { recursive: true });
});

const put = (name: string, value: string, secret = false): Step => ({
  do: 'create',
  name,
  item: { value, secret, entry: name },
});
const gone = (name: string): Step => ({ do: 'delete', name });
const open = (at: string, options: TargetOptions = {}): Promise<Place> =>
  target.open({ sync: 's', at, options, fingerprint: (_, value) => value });

/** What is there, for a sync that has a secret to put there, or none. */
async function find(place: Place, secret = false): Promise<Observed | null> {
  const desired = new Map(secret ? [['S', { value: '', secret }]] : []);
  return (await place.read({ desired, ours: new Set(), lane: 'user' }, signal)).observed;
}

async function read(at: string, options: TargetOptions = {}, secret = false): Promise<Observed | null> {
  return await find(await open(at, options), secret);
}

/** Names and values: fingerprints are the values here. */
const valuesOf = (observed: Observed | null): Record<string, string | null> =>
  Object.fromEntries([...(observed?.names ?? [])].map(([name, { fingerprint }]) => [name, fingerprint]));

function request(steps: readonly Step[], observed: Observed | null, secret = false): WriteRequest {
  const items = steps.flatMap((step) => (step.do === 'delete' ? [] : [[step.name, step.item] as const]));
  const wanted = new Map([...items, ...(secret ? [['S', { value: '', secret, entry: 'S' }] as const] : [])]);
  return { steps, wanted, ours: new Set(), observed, blocked: new Set(), lane: 'user' };
}

async function write(at: string, steps: readonly Step[], options: TargetOptions = {}): Promise<void> {
  const place = await open(at, options);
  const secret = steps.some((step) => step.do !== 'delete' && step.item.secret);
  await place.write(request(steps, await find(place, secret), secret), signal);
}

async function modeOf(name: string): Promise<string> {
  return ((await stat(join(root, name))).mode & 0o777).toString(8);
}

describe('contents', () => {
  const block = { block: 'x' };
  const table: readonly [
    what: string,
    options: TargetOptions,
    before: string,
    steps: readonly Step[],
    after: string,
  ][] = [
    ['keeps comments and order', {}, '# a\nB=1 # b\n\nA=2\n', [put('B', '3')], '# a\nB=3 # b\n\nA=2\n'],
    ['keeps export', {}, 'export A=1\n', [put('A', 'x y')], "export A='x y'\n"],
    ['keeps a missing last line end', {}, 'A=1', [put('A', '2')], 'A=2'],
    ['adds a line end in front of what is new', {}, 'A=1', [put('B', '2')], 'A=1\nB=2\n'],
    ['writes the line ends that are there', {}, 'A=1\r\n', [put('B', 'x\ny')], "A=1\r\nB='x\r\ny'\r\n"],
    ['keeps a byte order mark', {}, '\uFEFFA=1\n', [put('A', '2')], '\uFEFFA=2\n'],
    ['deletes the lines of a value', {}, "A='1\n2' # c\nB=1\n", [gone('A')], 'B=1\n'],
    ['takes a name that stands twice together', {}, 'A=1\nB=1\nA=2\n', [put('A', '3')], 'A=3\nB=1\n'],
    ['mends a line whose quote is open', {}, 'A="1\nB=2\n', [put('A', '3')], 'A=3\nB=2\n'],
    ['mends lines that an open quote ran together', {}, 'A="1\nB="2"\n', [put('A', '3'), put('B', '4')], 'A=3\nB=4\n'],
    ['keeps lines that are nothing', {}, 'what is this\nA=1\n', [put('A', '2')], 'what is this\nA=2\n'],
    ['appends a block', block, 'Z=1', [put('A', '2')], 'Z=1\n# plumb: begin x\nA=2\n# plumb: end x\n'],
    ['appends a block to an empty file', block, '', [put('A', '2')], '# plumb: begin x\nA=2\n# plumb: end x\n'],
    [
      'edits only its block',
      block,
      'Z=1\r\n# plumb: begin x\r\nA=1\r\n# plumb: end x\r\ny\xff',
      [put('A', '2'), put('B', '3')],
      'Z=1\r\n# plumb: begin x\r\nA=2\r\nB=3\r\n# plumb: end x\r\ny\xff',
    ],
    [
      'keeps the blocks of others',
      block,
      '# plumb: begin w\nW=1\n# plumb: end w\n# plumb: begin x\n# plumb: end x\n',
      [put('A', '2')],
      '# plumb: begin w\nW=1\n# plumb: end w\n# plumb: begin x\nA=2\n# plumb: end x\n',
    ],
  ];
  test.each(table)('%s', async (_, ...[options, before, steps, after]) => {
    await writeFile(join(root, 'f.env'), Buffer.from(before, before.includes('\xff') ? 'latin1' : 'utf8'));
    await write('f.env', steps, options);
    expect(await readFile(join(root, 'f.env'), before.includes('\xff') ? 'latin1' : 'utf8')).toBe(after);
  });

  test('a new file says who keeps it', async () => {
    await write('f.env', [put('A', '1')]);
    expect(await readFile(join(root, 'f.env'), 'utf8')).toMatch(/^# Kept in agreement by plumb.*\nA=1\n$/);
  });

  const damaged: readonly [what: string, text: string, lines: readonly number[]][] = [
    ['a begin without an end', 'a\n# plumb: begin x\nA=1\n', [2]],
    ['an end without a begin', '# plumb: end x\n', [1]],
    ['an end of another name', '# plumb: begin x\n# plumb: end y\n', [2]],
    ['a block twice', '# plumb: begin x\n# plumb: end x\n# plumb: begin x\n# plumb: end x\n', [3]],
    ['a block inside', '# plumb: begin x\n# plumb: begin y\n# plumb: end y\n# plumb: end x\n', [2, 4]],
  ];
  test.each(damaged)('refuses damaged markers: %s', async (_, text, lines) => {
    await writeFile(join(root, 'f.env'), text);
    const error: unknown = await read('f.env', { block: 'x' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'corrupt', diagnostics: lines.map((line) => ({ line, subject: 'f.env' })) });
    expect(await readFile(join(root, 'f.env'), 'utf8')).toBe(text);
  });

  test('tells what others define around the block, what is damaged, and what is nothing', async () => {
    await writeFile(
      join(root, 'f.env'),
      'A=1\n# plumb: begin x\nB="\nC=1\nC=2\nD=1\nD=1\nno\n# plumb: end x\nexport E = 1\n',
    );
    const observed = await read('f.env', { block: 'x' });
    expect(valuesOf(observed)).toEqual({ B: null, C: null, D: '1' });
    expect(observed).toMatchObject({
      outside: new Map([
        ['A', 'line 1'],
        ['E', 'line 10'],
      ]),
      notes: ['line 8 is not NAME=value and stays as it is'],
    });
  });

  test('refuses to write what a reader could not see', async () => {
    await writeFile(join(root, 'f.env'), "A=1\nZ='open\n");
    await expect(write('f.env', [put('B', 'x y')])).rejects.toMatchObject({ code: 'corrupt' });
    expect(await readFile(join(root, 'f.env'), 'utf8')).toBe("A=1\nZ='open\n");
  });

  test('refuses text that is not UTF-8', async () => {
    await writeFile(join(root, 'f.env'), Buffer.from('A=\xff\n', 'latin1'));
    await expect(read('f.env')).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('a value that reads as a marker cannot stand in a block', async () => {
    const value = 'x\n# plumb: end x\n';
    const desired = new Map([['A', { value, secret: false }]]);
    const problems = await Promise.all(
      [{}, block].map(async (options) => {
        const place = await open('f.env', options);
        return (await place.read({ desired, ours: new Set(), lane: 'user' }, signal)).obstacles;
      }),
    );
    expect(problems).toEqual([[], [{ group: '', message: expect.stringContaining('marker') }]]);
  });
});

describe('mode and owner', () => {
  interface Given {
    readonly before?: number;
    readonly options?: TargetOptions;
    readonly secret: boolean;
  }
  const modes: readonly [what: string, given: Given, after: string][] = [
    ['of a new file with a secret', { secret: true }, '600'],
    ['of a new file without one', { secret: false }, '644'],
    ['that the spec names', { options: { fileMode: '0640' }, secret: true }, '640'],
    ['kept without a secret', { before: 0o664, secret: false }, '664'],
    ['narrowed with a secret', { before: 0o644, secret: true }, '600'],
    ['kept when narrower', { before: 0o400, secret: true }, '400'],
    ['changed to what the spec names', { before: 0o600, options: { fileMode: '640' }, secret: true }, '640'],
  ];
  test.each(modes)('%s', async (_, { before, options = {}, secret }, after) => {
    const file = join(root, 'f.env');
    await (before === undefined ? undefined : writeFile(file, 'Z=1\n').then(() => chmod(file, before)));
    await write('f.env', [put('A', '1', secret)], options);
    expect(await modeOf('f.env')).toBe(after);
  });

  test('a file that others may read is a flaw once it holds a secret, and a write without steps mends it', async () => {
    await writeFile(join(root, 'f.env'), 'A=1\n');
    await chmod(join(root, 'f.env'), 0o644);
    expect((await read('f.env', {}, false))?.flaws).toEqual([]);
    expect((await read('f.env', {}, true))?.flaws).toEqual([{ group: '', message: 'mode is 0644, expected 0600' }]);
    const place = await open('f.env');
    await place.write(request([], await find(place, true), true), signal);
    expect([await modeOf('f.env'), await readFile(join(root, 'f.env'), 'utf8')]).toEqual(['600', 'A=1\n']);
  });

  test.runIf(process.getuid?.() === 0)('owner and group are kept', async () => {
    await writeFile(join(root, 'f.env'), 'A=1\n');
    execFileSync('chown', ['12345:54321', join(root, 'f.env')]);
    await write('f.env', [put('A', '2')]);
    expect(await stat(join(root, 'f.env'))).toMatchObject({ uid: 12345, gid: 54321 });
  });

  test('hard links are noted', async () => {
    await writeFile(join(root, 'f.env'), 'A=1\n');
    await link(join(root, 'f.env'), join(root, 'g.env'));
    expect((await read('f.env'))?.notes).toEqual([expect.stringContaining('2 hard links')]);
  });
});

describe('staying inside the root', () => {
  test.each([
    '/etc/x',
    '../x',
    'a/../x',
    './x',
    'a//x',
    'a/',
    'a\0b',
    'a\\b',
    'a\nb',
    '.plumb-1-1.tmp',
    'x'.repeat(256),
  ])('refuses %j', (at) => expect(() => target.check(at, {})).toThrow(expect.objectContaining({ code: 'invalid' })));

  test.each([
    ['file', async () => symlink(join(folder, 'outside.env'), join(root, 'f.env')), 'f.env'],
    ['folder', async () => symlink(folder, join(root, 'sub')), 'sub/outside.env'],
    ['folder that leads back inside', async () => symlink('.', join(root, 'sub')), 'sub/f.env'],
  ])('a symbolic link as %s is never followed', async (_, make, at) => {
    await writeFile(join(folder, 'outside.env'), 'A=outside\n');
    await make();
    await expect(read(at)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('symbolic link'),
    });
    await expect(write(at, [put('A', 'x')])).rejects.toMatchObject({ code: 'forbidden' });
    const place = await open(at);
    await expect(place.write(request([put('A', 'x')], null), signal)).rejects.toThrow();
    expect(await readFile(join(folder, 'outside.env'), 'utf8')).toBe('A=outside\n');
  });

  test.runIf(process.platform === 'linux')('exchanging a folder for a link meanwhile leads nowhere else', async () => {
    const [inner, away, outside] = [join(root, 'sub'), join(folder, 'away'), join(folder, 'outside')];
    await mkdir(outside);
    await mkdir(inner);
    const held = new Root(root);
    await held.within(['sub', 'f.env'], false, async (opened) => {
      await rename(inner, away);
      await symlink(outside, inner);
      const replacement = { name: 'f.env', bytes: Buffer.from('A=1\n'), mode: 0o600 };
      await replaceFile(opened, replacement, { before: undefined, unchanged: async () => undefined });
    });
    await held.close();
    expect([await readdir(outside), await readdir(away)]).toEqual([[], ['f.env']]);
  });

  test.each([
    ['a folder', (at: string) => mkdir(at)],
    ['a pipe', async (at: string) => void execFileSync('mkfifo', [at])],
  ])('%s is no file', async (_, make) => {
    await make(join(root, 'f.env'));
    await expect(read('f.env')).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('regular file'),
    });
  });

  test('a root that is not there is not an empty one', async () => {
    await rename(root, join(folder, 'away'));
    await expect(read('f.env')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('a root that was exchanged is found', async () => {
    await write('f.env', [put('A', '1')]);
    await rename(root, join(folder, 'away'));
    await mkdir(root);
    expect(await read('f.env')).toBeNull();
    await write('f.env', [put('A', '2')]);
    expect(await readFile(join(folder, 'away', 'f.env'), 'utf8')).toContain('A=1');
  });
});

describe('replacing', () => {
  test('missing folders are made for us alone', async () => {
    await write('a/b/f.env', [put('A', '1')]);
    expect([await modeOf('a'), await modeOf('a/b')]).toEqual(['700', '700']);
  });

  test('leaves nothing half-written, and removes what an earlier process left', async () => {
    await writeFile(join(root, '.plumb-1-1.tmp'), 'SECRET=half');
    await writeFile(join(root, '.plumb-keep'), '');
    await write('f.env', [put('A', '1')]);
    expect((await readdir(root)).sort()).toEqual(['.plumb-keep', 'f.env']);
  });

  test('a file that is right keeps its inode', async () => {
    await write('f.env', [put('A', '1')]);
    const before = await lstat(join(root, 'f.env'));
    await read('f.env');
    expect((await lstat(join(root, 'f.env'))).ino).toBe(before.ino);
  });

  test('a failed write leaves the file and no other', async () => {
    await writeFile(join(root, 'f.env'), 'A=1\n');
    const place = await open('f.env');
    const steps = [put('A', 'lone \uD800 surrogate')];
    await expect(place.write(request(steps, await find(place)), signal)).rejects.toMatchObject({
      code: 'invalid',
    });
    expect([await readFile(join(root, 'f.env'), 'utf8'), await readdir(root)]).toEqual(['A=1\n', ['f.env']]);
  });
});

test.each([
  { block: 'a b' },
  { block: '' },
  { block: 1 },
  { fileMode: '0777' },
  { fileMode: '0602' },
  { fileMode: 416 },
  { mode: '0600' },
])('refuses options %j', (options) =>
  expect(() => target.check('f.env', options)).toThrow(expect.objectContaining({ code: 'invalid' })),
);
