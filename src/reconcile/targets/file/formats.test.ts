import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileTarget } from './target.ts';
import type { DesiredItem, Reading, Step, TargetOptions } from '../../target.ts';

const signal = new AbortController().signal;
let root: string;
let target: FileTarget;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'plumb-formats-'));
  target = new FileTarget({ root });
});
afterEach(async () => {
  await target.close();
  await rm(root, { recursive: true });
});

type Items = Readonly<Record<string, string | DesiredItem>>;
interface Sync {
  readonly at: string;
  readonly options?: TargetOptions;
  readonly items: Items;
  readonly ours?: readonly string[];
}

const secret = (value: string): DesiredItem => ({ value, secret: true });

async function look({ at, options = {}, items, ours = [] }: Sync): Promise<Reading> {
  const place = await target.open({ sync: 's', at, options, fingerprint: (_, value) => value });
  const desired = Object.entries(items).map(
    ([name, item]) => [name, typeof item === 'string' ? { value: item, secret: false } : item] as const,
  );
  return await place.read({ desired: new Map(desired), ours: new Set(ours), lane: 'user' }, signal);
}

/** As the loop would, adopting what is there: what is wrong is put right, what is not wanted any more goes. */
async function sync(one: Sync): Promise<readonly string[]> {
  const { at, options = {}, ours = [] } = one;
  const place = await target.open({ sync: 's', at, options, fingerprint: (_, value) => value });
  const desired = Object.entries(one.items).map(
    ([name, item]) => [name, typeof item === 'string' ? { value: item, secret: false } : item] as const,
  );
  const { wanted, observed, obstacles } = await place.read(
    { desired: new Map(desired), ours: new Set(ours), lane: 'user' },
    signal,
  );
  expect(obstacles).toEqual([]);
  const steps: Step[] = [...wanted].flatMap(([name, item]) => {
    const present = observed?.names.get(name);
    if (present !== undefined && present.fingerprint === item.value) return [];
    return [{ do: present === undefined ? 'create' : 'update', name, item } satisfies Step];
  });
  for (const name of ours)
    if (!wanted.has(name) && observed?.names.has(name) === true) steps.push({ do: 'delete', name });
  if (steps.length > 0 || (observed?.flaws.length ?? 0) > 0) {
    await place.write({ steps, wanted, ours: new Set(ours), observed, blocked: new Set(), lane: 'user' }, signal);
  }
  return steps.map(({ do: what, name }) => `${what} ${name}`);
}

const put = (name: string, text: string): Promise<void> => writeFile(join(root, name), text);
const text = (name: string): Promise<string> => readFile(join(root, name), 'utf8');
const modeOf = async (name: string): Promise<string> => ((await stat(join(root, name))).mode & 0o777).toString(8);

describe('formats', () => {
  /** What others keep beside ours: it has to be there afterwards, to the byte, whatever was done to our names. */
  const table: readonly [at: string, options: TargetOptions, theirs: string, ours: string, damaged: string][] = [
    ['a.yaml', {}, '# top\nA: "1" # of A\nB:\n  c: 2\nlist: [1, 2]\n', '"1"', '"5"'],
    ['a.toml', {}, '# top\nA = "1" # of A\nlist = [1, 2]\n\n[B]\nc = 2\n', '"1"', '"5"'],
    [
      'appsettings.json',
      {},
      '{\n  // top\n  "A": "1", // of A\n  "B": { "c": 2 },\n  "list": [1, 2],\n}\n',
      '"1"',
      '"5"',
    ],
    ['a.json', { format: 'json-nested' }, '{\n\t"A": "1",\n\t"B": {"c": 2}, "list": [null]\n}', '"1"', '"5"'],
    ['a.json', {}, '{ "A": "1",\n\t"B": "x"\n}', '"1"', '"5"'],
    ['a.properties', {}, '# top\n! also\nA : 1\nB.c=2\\\n  3\n', ': 1', ': 5'],
    ['a.ini', {}, '; top\nA = 1\n\n[B]\n# of c\nc = 2\n', '= 1', '= 5'],
    ['a.tfvars', {}, '# top\nA = "1" // of A\nlist = [1, 2]\n', '"1"', '"5"'],
    ['a.sh', {}, "#!/bin/sh\n# top\nexport A='1' # of A\nB=2\n", "'1'", "'5'"],
    [
      'a.xml',
      {},
      '<?xml version="1.0"?>\n<!-- top -->\n<properties>\n  <entry key="A">1</entry> <!-- of A -->\n  <entry key="B">2</entry>\n</properties>\n',
      '>1<',
      '>5<',
    ],
    ['a.csv', {}, 'name,value\nA,1\n"B","2,3"\n', 'A,1', 'A,5'],
    ['a.list', { format: 'docker' }, '# top\nA=1\nB=2 # no comment\n', 'A=1', 'A=5'],
    [
      'a.yml',
      { format: 'kubernetes' },
      '# top\nkind: Other\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  A: "1" # of A\n  B: x\n',
      '"1"',
      '"5"',
    ],
  ];
  test.each(table)(
    '%s %j: a change by hand is put right, and nothing else is touched',
    async (at, ...[options, theirs, ours, damaged]) => {
      await put(at, theirs);
      const one = { at, options, items: { A: '1' }, ours: ['A'] };
      expect([await sync(one), await text(at)]).toEqual([[], theirs]);
      await put(at, theirs.replace(ours, damaged));
      expect([await sync(one), await text(at)]).toEqual([['update A'], theirs]);
      expect(await sync({ ...one, items: { A: '1', N: 'new value' } })).toEqual(['create N']);
      const added = await text(at);
      expect(await sync({ ...one, items: { A: '1' }, ours: ['A', 'N'] })).toEqual(['delete N']);
      expect((await look(one)).observed?.names.has('N')).toBe(false);
      for (const line of theirs.split('\n')) expect(added).toContain(line.trim().replace(/,$/, ''));
    },
  );

  test.each<[at: string, options: TargetOptions, start: string]>([
    ['app.env', {}, '# Kept in agreement'],
    ['app.txt', {}, '# Kept in agreement'],
    ['shared.json', { block: 'x' }, '# plumb: begin x'],
    ['app.json', {}, '{\n  "A.b": "1"'],
    ['app.json', { format: 'json-nested' }, '{\n  "A": {\n    "b": "1"'],
    ['app.yaml', {}, 'A:\n  b: "1"'],
    ['app.toml', {}, '[A]\nb = "1"'],
    ['app.properties', {}, 'A.b=1'],
    [
      'conf/My-App.yaml',
      { format: 'kubernetes' },
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: my-app\ndata:\n  A.b: "1"',
    ],
  ])('a new file %s %j is written as its name or its options say', async (at, options, start) => {
    const name = start.startsWith('#') ? 'A' : 'A.b';
    await sync({ at, options, items: { [name]: '1' } });
    expect((await text(at)).slice(0, start.length)).toBe(start);
  });

  test('a file that is too damaged to be edited stays as it is, and the error says where', async () => {
    await put('a.json', '{"A": "1"');
    await expect(sync({ at: 'a.json', items: { A: '2' } })).rejects.toMatchObject({
      code: 'corrupt',
      diagnostics: [{ subject: 'a.json', line: 1, column: 10 }],
    });
    expect([await text('a.json'), await readdir(root)]).toEqual(['{"A": "1"', ['a.json']]);
    expect((await look({ at: 'a.json', items: {} })).observed?.notes).toEqual(['line 1: expected , or }']);
  });

  test('names that exclude each other are told before anything is written', async () => {
    const { obstacles } = await look({ at: 'a.yaml', items: { a: 'the value', 'a.b': 'the value' } });
    expect(obstacles).toEqual([{ group: '', message: 'a.b cannot stand beside a' }]);
  });

  test('what has become a secret leaves the ConfigMap', async () => {
    const one = { at: 'm.yaml', options: { format: 'kubernetes' }, ours: ['A', 'B'] };
    await sync({ ...one, items: { A: 'x', B: 'y' } });
    expect(await modeOf('m.yaml')).toBe('644');
    expect(await sync({ ...one, items: { A: secret('x'), B: 'y' } })).toEqual(['update A']);
    expect([await text('m.yaml'), await modeOf('m.yaml')]).toEqual([
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: m\ndata:\n  B: "y"\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: m\ntype: Opaque\ndata:\n  A: eA==\n',
      '600',
    ]);
    expect(await sync({ ...one, items: { A: secret('x'), B: 'y' } })).toEqual([]);
  });

  test.each<[at: string, options: TargetOptions]>([
    ['a', { format: 'yml' }],
    ['a', { format: 1 }],
    ['a', { layout: 'folder' }],
    ['a', { layout: 'files', format: 'json' }],
    ['a', { layout: 'files', block: 'x' }],
    ['a', { block: 'x', format: 'yaml' }],
  ])('refuses %s %j', (at, options) => {
    expect(() => target.check(at, options)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe('one file for each name', () => {
  const options = { layout: 'files' };

  test('values to the byte, modes by what they are, and what others keep there', async () => {
    await mkdir(join(root, 'run/sub'), { recursive: true });
    await put('run/theirs', 'stays');
    await symlink('/etc/passwd', join(root, 'run/link'));
    const bytes = Buffer.from([0xff, 0, 1]).toString('base64');
    const items = { CONF: 'a\nb', PASS: secret('p'), BYTES: { value: bytes, secret: false, binary: true as const } };
    expect(await sync({ at: 'run', options, items })).toEqual(['create CONF', 'create PASS', 'create BYTES']);
    expect([await text('run/CONF'), await modeOf('run/CONF'), await modeOf('run/PASS')]).toEqual([
      'a\nb',
      '644',
      '600',
    ]);
    expect(await readFile(join(root, 'run/BYTES'))).toEqual(Buffer.from([0xff, 0, 1]));
    expect(await sync({ at: 'run', options, items })).toEqual([]);
    const { observed } = await look({ at: 'run', options, items: {} });
    expect([...(observed?.names.keys() ?? [])]).toEqual(['BYTES', 'CONF', 'PASS', 'theirs']);
    expect(await sync({ at: 'run', options, items: {}, ours: ['CONF', 'PASS', 'BYTES'] })).toEqual([
      'delete CONF',
      'delete PASS',
      'delete BYTES',
    ]);
    expect((await readdir(join(root, 'run'))).sort()).toEqual(['link', 'sub', 'theirs']);
  });

  test('a change by hand and a wrong mode are put right, one file each', async () => {
    const one = { at: 'run', options: { ...options, fileMode: '0640' }, items: { A: '1', B: '2' }, ours: ['A', 'B'] };
    await sync(one);
    await writeFile(join(root, 'run/A'), '1\n');
    await chmod(join(root, 'run/B'), 0o600);
    const before = await stat(join(root, 'run/A'));
    expect((await look(one)).observed?.flaws).toEqual([{ group: '', message: 'mode of B is 0600, expected 0640' }]);
    expect(await sync(one)).toEqual(['update A']);
    expect([await text('run/A'), await modeOf('run/A'), await modeOf('run/B')]).toEqual(['1', '640', '640']);
    const middle = await stat(join(root, 'run/A'));
    await sync(one);
    expect(middle.ino).not.toBe(before.ino);
    expect((await stat(join(root, 'run/A'))).ino).toBe(middle.ino);
  });

  test('a link or a folder in the place of a name of ours is an error, and stays', async () => {
    await mkdir(join(root, 'run'));
    await put('outside', 'stays');
    await symlink(join(root, 'outside'), join(root, 'run/A'));
    await expect(sync({ at: 'run', options, items: { A: '1' } })).rejects.toMatchObject({ code: 'forbidden' });
    await mkdir(join(root, 'run/B'));
    await expect(sync({ at: 'run', options, items: { B: '1' } })).rejects.toMatchObject({ code: 'forbidden' });
    expect(await text('outside')).toBe('stays');
  });

  test.each(['../x', 'a/b', '..', '.plumb-1-1.tmp', 'x'.repeat(256), 'a\\b', 'a\nb'])(
    'refuses the name %j',
    async (name) => {
      const { obstacles } = await look({ at: 'run', options, items: { [name]: 'the value' } });
      expect(obstacles).toEqual([{ group: '', message: expect.not.stringContaining('the value') }]);
    },
  );

  test('a folder that is kept as a whole is told from files in it, and a block from its file', () => {
    const claims = (at: string, given: TargetOptions): readonly { place: string; part?: string }[] =>
      target.identity(at, given).claims;
    const overlap = (a: ReturnType<typeof claims>, b: ReturnType<typeof claims>): boolean =>
      a.some((x) =>
        b.some((y) => x.place === y.place && (x.part === undefined || y.part === undefined || x.part === y.part)),
      );
    expect(overlap(claims('run', options), claims('run/A', {}))).toBe(true);
    expect(overlap(claims('run', options), claims('run/A', { block: 'x' }))).toBe(true);
    expect(overlap(claims('run', options), claims('run', options))).toBe(true);
    expect(overlap(claims('run/A', { block: 'x' }), claims('run/A', {}))).toBe(true);
    expect(overlap(claims('run/A', { block: 'x' }), claims('run/A', { block: 'y' }))).toBe(false);
    expect(overlap(claims('run/A', {}), claims('run/B', {}))).toBe(false);
    expect(overlap(claims('run', options), claims('run/sub/A', {}))).toBe(false);
  });
});
