import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import type { Edit } from './format.ts';
import { toml } from './toml.ts';

const read = (text: string): readonly (readonly [string, string | null])[] =>
  toml.parse(text, 'f').entries.map(({ name, value }) => [name, value]);
const problems = (text: string): readonly string[] =>
  toml.parse(text, 'f.toml').diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);

describe('reading', () => {
  test('tables of every form, and scalars as text', () => {
    const text = `title = "a\\tb" # c
"quoted key" = 'C:\\x'
int = 1_000
hex = 0xFF
float = +1_0.50
yes = true
when = 1979-05-27T07:32:00Z
[db]
host = "h"
pool.max = 5
tls = {cert = "c", deep.er = "d"}
[db.extra]
text = """
one
two"""
[a."b.c"]
x = ''
`;
    expect(read(text)).toEqual([
      ['title', 'a\tb'],
      ['quoted key', 'C:\\x'],
      ['int', '1000'],
      ['hex', '255'],
      ['float', '10.50'],
      ['yes', 'true'],
      ['when', '1979-05-27T07:32:00Z'],
      ['db.host', 'h'],
      ['db.pool.max', '5'],
      ['db.tls.cert', 'c'],
      ['db.tls.deep.er', 'd'],
      ['db.extra.text', 'one\ntwo'],
      ['a.b.c.x', ''],
    ]);
    expect(problems(text)).toEqual([]);
    expect(toml.parse('\uFEFFa = 1\r\n[b]\r\nc = 2\r\n', 'f').entries).toMatchObject([
      { name: 'a', line: 1, column: 1 },
      { name: 'b.c', line: 3, column: 1 },
    ]);
  });

  test.each<[text: string, found: readonly string[]]>([
    ['a = [1, 2]\n', ['1:5 expected a string, a number, true, false or a table, found a list']],
    ['[[x]]\na = 1\n[[x]]\n[x.y]\nb = 2\n', ['1:3 a list of tables is not read']],
    ['a = 1\na = 2\n', ['2:1 defining a key multiple times is invalid']],
    ['[a.b]\nc = 1\n["a.b"]\nc = 2\n', ['4:1 a.b.c is set twice, first on line 2']],
    ['"" = 1\n', ['1:1 the key "" is empty']],
    ['__proto__ = 1\n', ['1:1 the key __proto__ cannot be a name']],
    ['a = "x\n', ['1:7 unterminated string constant']],
    ['a = "\\ud800"\n', ['1:11 invalid code point']],
    ['hidden secret\n', ['1:8 expected equal (=) token']],
    ['a\r= 1', ['1:2 a carriage return without a line feed is not allowed']],
    [`${'a.'.repeat(32)}b = 1\n`, ['1:1 more than 32 levels']],
    [`[a]\nb = {${'a.'.repeat(32)}b = 1}\n`, ['2:6 more than 32 levels']],
    [`[${'a.'.repeat(20)}b]\n${'a.'.repeat(20)}b = 1\n`, ['2:1 more than 32 levels']],
    [`a = "${'a.'.repeat(100)}" # ${'a.'.repeat(100)}\n`, []],
  ])('what is wrong is told with its place: %j', (text, found) => {
    expect(problems(text)).toEqual(found);
  });

  test('a key of a hundred thousand parts', () => {
    expect(problems(`a = 1\n ${'"a" . '.repeat(100_000)}b = 1\n`)).toEqual(['2:2 more than 32 levels']);
  });

  test.each([
    ['basic', (text: string) => `"${text}\\n\\"${text}"`, (text: string) => `${text}\n"${text}`],
    ['literal', (text: string) => `'${text}'`, (text: string) => text],
    ['lines', (text: string) => `"""\n${text}\n\\""\\"" ${text}"""`, (text: string) => `${text}\n"""" ${text}`],
    ['literal lines', (text: string) => `'''${text}\n'' '''`, (text: string) => `${text}\n'' `],
  ])('long strings: %s', (_, spelled, value) => {
    const long = 'x'.repeat(400_000);
    const text = `# ${long}\na = ${spelled(long)} # ${long}\nb = "c"\n`;
    expect([read(text), problems(text)]).toEqual([
      [
        ['a', value(long)],
        ['b', 'c'],
      ],
      [],
    ]);
    expect(toml.parse(text, 'f').entries[1]?.line).toBe(2 + spelled('').split('\n').length);
    expect(read(toml.edit(text, [['b', 'd']], 'f'))).toEqual([
      ['a', value(long)],
      ['b', 'd'],
    ]);
    expect(toml.edit(text, [['a', 'x']], 'f')).toBe(`# ${long}\na = "x" # ${long}\nb = "c"\n`);
    expect(toml.edit(text, [['a', null]], 'f')).toBe(`# ${long}\nb = "c"\n`);
    const last = `a = ${spelled(long)}`;
    expect(toml.edit(last, [['b', 'c']], 'f')).toBe(`${last}\nb = "c"\n`);
  });
});

test('printing: what stands in no table first, and what another reader makes of it', () => {
  const entries = ['db.host', 'B', 'db.tls.cert', 'A b', 'db.x'].map((name) => ({ name, value: `"\n\x7f${name}` }));
  const text = toml.print(entries);
  expect(text).toBe(`B = "\\"\\n\\u007FB"
"A b" = "\\"\\n\\u007FA b"

[db]
host = "\\"\\n\\u007Fdb.host"
x = "\\"\\n\\u007Fdb.x"

[db.tls]
cert = "\\"\\n\\u007Fdb.tls.cert"
`);
  expect(parse(text)).toMatchObject({ B: '"\n\x7fB', db: { tls: { cert: '"\n\x7fdb.tls.cert' } } });
  expect(toml.print([])).toBe('');
});

describe('editing', () => {
  const set = (name: string, value: string): Edit => [name, value];
  const gone = (name: string): Edit => [name, null];
  const table: readonly [what: string, before: string, edits: readonly Edit[], after: string][] = [
    ['a value', 'a  =  "x" # c\nb = 1\n', [set('a', 'y')], 'a  =  "y" # c\nb = 1\n'],
    ['a number stays one', 'a = 1\nb = 2\n', [set('a', '-3'), set('b', '03')], 'a = -3\nb = "03"\n'],
    ['a boolean stays one', 'a = true\n', [set('a', 'false')], 'a = false\n'],
    ['a literal stays one', `a = 'x'\nb = 'x'\n`, [set('a', 'C:\\y'), set('b', "'")], `a = 'C:\\y'\nb = "'"\n`],
    ['lines become a line', 'a = """\nx\ny"""\nb = 1\n', [set('a', 'z')], 'a = "z"\nb = 1\n'],
    [
      'into the root',
      'a = 1 # c\n\n# of t\n[t]\nx = 1\n',
      [set('b', '2')],
      'a = 1 # c\nb = "2"\n\n# of t\n[t]\nx = 1\n',
    ],
    [
      'into a root without keys',
      '# top\n\n# of t\n[t]\nx = 1\n',
      [set('b', '2')],
      '# top\n\nb = "2"\n\n# of t\n[t]\nx = 1\n',
    ],
    [
      'into a table',
      '[t]\nx = 1 # c\n\n# of u\n[u]\n',
      [set('t.y', '2'), set('u.z', '3')],
      '[t]\nx = 1 # c\ny = "2"\n\n# of u\n[u]\nz = "3"\n',
    ],
    ['a new table', 'a = 1\n', [set('t.u.x', '1'), set('t.y', '2')], 'a = 1\n\n[t]\ny = "2"\n\n[t.u]\nx = "1"\n'],
    ['above a table', '[t.u]\nx = 1\n', [set('t.y', '2')], '[t.u]\nx = 1\n\n[t]\ny = "2"\n'],
    [
      'between dotted keys',
      '[t]\na.x = 1\nb = 2\n',
      [set('t.a.y', '3'), set('t.a.z.w', '4')],
      '[t]\na.x = 1\na.y = "3"\na.z.w = "4"\nb = 2\n',
    ],
    ['into braces', 'a = {x = 1, y = 2}\n', [set('a.z.w', '3'), gone('a.x')], 'a = {y = 2, z.w = "3"}\n'],
    ['out of dotted keys in braces', 'a = {x.y = 1, l = [2], x.z = 3}\n', [gone('a.x.y')], 'a = {l = [2], x.z = 3}\n'],
    ['to dotted keys in braces', 'a = {x.y = 1}\n', [set('a.x.z.w', '2')], 'a = {x.y = 1, x.z.w = "2"}\n'],
    [
      'to several tables between the same braces',
      'a = {x.y.z = 1, x.v = 2, w = 3}\n',
      [set('a.x.y.n', '4'), set('a.x.n', '5'), set('a.n', '6'), gone('a.x.v')],
      'a = {x.y.z = 1, w = 3, x.n = "5", x.y.n = "4", n = "6"}\n',
    ],
    ['into empty braces', 'a = {}\n', [set('a.z', '3')], 'a = {z = "3"}\n'],
    ['one goes', 'a = 1 # c\n# b\nb = 2\n', [gone('a')], '# b\nb = 2\n'],
    ['lines go', 'a = """\nx\n"""\nb = 2\n', [gone('a')], 'b = 2\n'],
    ['the last of a table goes', '[t]\nx = 1\n[u]\n', [gone('t.x')], '[t]\n[u]\n'],
    ['empty braces become a name', 'a = {} # c\nb = 1\n', [set('a', '2')], 'a = "2" # c\nb = 1\n'],
    ['an empty table becomes a name', 'b = 1\n[a]\n[t]\nx = 1\n', [set('a', '2')], 'b = 1\na = "2"\n[t]\nx = 1\n'],
    ['a table becomes a name', 'a = 1\n[t]\nx = 1\n', [gone('t.x'), set('t', '2')], 'a = 1\nt = "2"\n'],
    [
      'CRLF and a mark',
      '\uFEFFa = 1\r\n',
      [set('b', 'x'), set('t.c', 'y')],
      '\uFEFFa = 1\r\nb = "x"\r\n\r\n[t]\r\nc = "y"\r\n',
    ],
    ['a missing line end', 'a = 1', [set('b', 'x')], 'a = 1\nb = "x"\n'],
    ['an empty text', '', [set('t.a', 'x')], '[t]\na = "x"\n'],
    ['a mark at the end of a comment', '#\uFEFF', [set('a', 'x')], '#\uFEFF\na = "x"\n'],
    ['comments only', '# c', [set('a', 'x')], '# c\na = "x"\n'],
    [
      'lists of others',
      '[[l]]\nx = 1\n[[l]]\nx = 2\n',
      [set('a', 'x'), set('t.b', 'y')],
      'a = "x"\n\n[[l]]\nx = 1\n[[l]]\nx = 2\n\n[t]\nb = "y"\n',
    ],
  ];
  test.each(table)('%s', (_, ...[before, edits, after]) => {
    expect(toml.edit(before, edits, 'f')).toBe(after);
    expect(() => parse(after.replace('\uFEFF', ''))).not.toThrow();
  });

  test.each<[what: string, text: string, edits: readonly Edit[], code: string]>([
    ['damage', 'a = \n', [set('b', '1')], 'corrupt'],
    ['a name in a value', 'a = 1\n', [set('a.b', '2')], 'invalid'],
    ['a table that has names', '[a]\nb = 1\n', [set('a', '2')], 'invalid'],
    ['two that exclude each other', 'a = {}\n', [set('a', '1'), set('a.b', '2')], 'invalid'],
    ['two that exclude each other, turned', 'a = {}\n', [set('a.b.c', '2'), set('a', '1')], 'invalid'],
    ['a name in a list', '[[l]]\nx = 1\n', [set('l.y', '2')], 'invalid'],
    [
      'to take out a list of tables, whose keys would be those of another',
      '[t]\n[[l]]\nx = 1\n',
      [gone('l')],
      'invalid',
    ],
  ])('refuses %s', (_, text, edits, code) => {
    expect(() => toml.edit(text, edits, 'f')).toThrow(expect.objectContaining({ code }));
  });
});
