import { describe, expect, test } from 'vitest';
import type { Edit } from './format.ts';
import { yaml } from './yaml-format.ts';

const read = (text: string): readonly (readonly [string, string | null])[] =>
  yaml.parse(text, 'f').entries.map(({ name, value }) => [name, value]);
const problems = (text: string): readonly string[] =>
  yaml.parse(text, 'f.yaml').diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);

describe('reading', () => {
  test('levels, quotes, blocks and comments', () => {
    const text = `# head
---
plain: two words # not this
"quoted key": "a\\tb\\u00e9"
'it''s': 'a "b" ''c'''
url: http://h:80/x#y
db:
  port: 5432
  pi: -3.140
  tls: true
  deep: {a: 1, "b": x y}
cert: |
  -----BEGIN X-----
  abc

folded: >-
  one
  line
tagged: !!str yes
`;
    expect(read(text)).toEqual([
      ['plain', 'two words'],
      ['quoted key', 'a\tbé'],
      ["it's", `a "b" 'c'`],
      ['url', 'http://h:80/x#y'],
      ['db.port', '5432'],
      ['db.pi', '-3.140'],
      ['db.tls', 'true'],
      ['db.deep.a', '1'],
      ['db.deep.b', 'x y'],
      ['cert', '-----BEGIN X-----\nabc\n'],
      ['folded', 'one line'],
      ['tagged', 'yes'],
    ]);
    expect(problems(text)).toEqual([]);
  });

  test('places, a byte order mark and CRLF', () => {
    expect(yaml.parse('\uFEFFa: x\r\nb:\r\n  c: z\r\n', 'f')).toMatchObject({
      entries: [
        { name: 'a', line: 1, column: 1 },
        { name: 'b.c', line: 3, column: 3 },
      ],
      diagnostics: [],
    });
  });

  test.each(['', '\n', '# only\n', '---\n', '{}', '--- {}\n'])('nothing is in %j', (text) => {
    expect(yaml.parse(text, 'f')).toEqual({ entries: [], diagnostics: [] });
  });

  test.each([
    ...['yes', 'No', 'ON', 'y', 'True', '0123', '08', '+1', '1_000', '0x1F', '0o17', '1e3', '.5', '1.', '22:22'],
    ...['190:20:30', '.inf', '-.Inf', '.NaN', '2001-12-14', '2001-12-14 21:59:43', '='],
  ])('readers disagree about %s', (scalar) => {
    const message = 'readers of YAML disagree about this value: put it in quotes';
    expect([read(`a: ${scalar}\n`), problems(`a: ${scalar}\n`)]).toEqual([[['a', null]], [`1:4 ${message}`]]);
    expect(read(`a: "${scalar}"\n`)).toEqual([['a', scalar]]);
    expect(yaml.print([{ name: 'a', value: scalar }])).toBe(`a: "${scalar}"\n`);
  });

  test('a directive without a document is damage with a place', () => {
    expect(problems('# c\n%YAML 1.2')).toEqual(['2:1 expected --- behind a directive']);
    expect(problems('%YAML 1.2\n---\na: b\n')).toEqual([]);
    expect(() => yaml.edit('%YAML 1.2', [], 'f')).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  test.each([
    ['a: 1\n\n# c\n: x\n', '4:1'],
    ['a:\n  b: 1\n   :\n', '3:4'],
    ['{a: 1, : x}', '1:8'],
    ['- : x\n', '1:3'],
  ])('a colon without a key is damage where it stands: %j', (text, place) => {
    expect(problems(text)).toEqual([`${place} expected a key in front of this colon`]);
  });

  test('an edit that would change another value is refused, and says which', () => {
    const diagnostics = [{ message: 'a would change with it', subject: 'f' }];
    const refusal = expect.objectContaining({ code: 'invalid', diagnostics }) as Error;
    expect(() => yaml.edit('a: >\n :\n  ', [['N', '']], 'f')).toThrow(refusal);
  });

  test.each(['? ', '- ', '? - '])('levels beyond what any reader takes are refused: %j', (level) => {
    for (const text of [level.repeat(100), `${level.repeat(20_000)}\na: b\n`]) {
      expect(problems(text)).toEqual([
        expect.stringMatching(/^1:\d+ (?:more than 32 levels|keys with \? are not read.*)$/),
      ]);
      expect(() => yaml.edit(text, [['a', 'x']], 'f')).toThrow(expect.objectContaining({ code: 'corrupt' }));
    }
  });

  const noValue = 'null is no value: write "" or leave the name out';
  test.each<[text: string, found: readonly string[]]>([
    ['a:\nb: ~\nc: null\n', [`1:3 ${noValue}`, `2:4 ${noValue}`, `3:4 ${noValue}`]],
    ['a: [1, 2]\n', ['1:4 expected a scalar or a map, found a list']],
    ['- a\n', ['1:1 expected a map of names to values']],
    ['text\n', ['1:1 expected a map of names to values']],
    ['a: &x 1\nb: *x\n', ['1:4 anchors and aliases are not read: write the value where it is meant']],
    ['a: *x\n', ['1:4 anchors and aliases are not read: write the value where it is meant']],
    ['<<: {a: 1}\n', ['1:1 the key "<<" merges another map, which is not read']],
    ['a: !vault x\n', ['1:11 a tag that is not read here: expected none, or !!str']],
    ['on: 1\n', ['1:1 the key on must be in quotes: readers of YAML disagree about it']],
    ['a: 1\n---\nb: 2\n', ['3:1 expected one document']],
    ['%YAML 1.1\n---\na: 1\n', ['1:1 not a directive that is read here']],
    ['? a\n: b\n', ['1:1 keys with ? are not read: write key: value']],
    ['a: 1\nb: 2\na: 3\n', ['3:1 a is set twice, first on line 1']],
    ['a: {b: 1}\na.b: 2\n', ['2:1 a.b is set twice, first on line 1']],
    ['a: b: c\n', ['1:4 expected one key: value on this line; a value with : in it must be in quotes']],
    ['a: "x\n', ['2:1 something is not closed, or a : is missing']],
    ['a: "\\y"\n', ['1:5 unknown escape in double quotes; single quotes take a backslash as it is']],
    ['a:\n\tb: 1\n', ['2:1 expected blanks, found a tab, which is not allowed as indentation']],
    ['a: 1\rb: 2\n', ['1:5 the character U+000D must be escaped, in double quotes']],
    ['a: "x\u2028y"\n', ['1:6 the character U+2028 must be escaped, in double quotes']],
    [`${']\n'.repeat(1100)}a: x\n`, ['1:1 expected YAML']],
    [`a: x\n${']\n'.repeat(1100)}`, ['2:1 expected YAML']],
    [`a: ${'['.repeat(2_000)}`, ['1:35 more than 32 levels']],
    [`a: ${'{a: '.repeat(2_000)}`, ['1:128 more than 32 levels']],
    ['- '.repeat(2_000), ['1:65 more than 32 levels']],
  ])('what is wrong is told with its place: %#', (text, found) => {
    expect(problems(text)).toEqual(found);
  });

  test('a bomb of aliases is not even built', () => {
    const lines = ['a0: &a0 x', ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)];
    expect(problems(lines.join('\n'))).toHaveLength(1);
  });

  test('no value is told', () => {
    const text = 'a: hidden: hidden\nhidden hidden: : x\n  - hidden\n"hidden\n';
    expect(problems(text).join()).not.toContain('hidden');
  });
});

test('printing: levels together, quotes where a reader might see something else', () => {
  const entries = [
    ['db.host', 'db.internal'],
    ['TEXT', 'two words'],
    ['db.port', '5432'],
    ['URL', 'https://h:80/x?y'],
    ['no', ''],
    ['PEM', 'a\n\nb\n'],
    ['EDGE', 'a\n b\n\n'],
    ['null.x', '#'],
  ] as const;
  expect(yaml.print(entries.map(([name, value]) => ({ name, value })))).toBe(`db:
  host: db.internal
  port: "5432"
TEXT: two words
URL: "https://h:80/x?y"
"no": ""
PEM: |
  a

  b
EDGE: "a\\n b\\n\\n"
"null":
  x: "#"
`);
  expect(yaml.print([])).toBe('{}\n');
});

describe('editing', () => {
  const set = (name: string, value: string): Edit => [name, value];
  const gone = (name: string): Edit => [name, null];
  const table: readonly [what: string, before: string, edits: readonly Edit[], after: string][] = [
    ['a bare value', 'a: x # c\nb: y\n', [set('a', 'two words')], 'a: two words # c\nb: y\n'],
    ['a number stays one', 'a: 1\nb: 2\n', [set('a', '3'), set('b', '03')], 'a: 3\nb: "03"\n'],
    ['a boolean stays one', 'a: true\nb: true\n', [set('a', 'false'), set('b', 'yes')], 'a: false\nb: "yes"\n'],
    ['quotes stay', `a: 'x'\nb: "y"\n`, [set('a', "it's"), set('b', 'z')], `a: 'it''s'\nb: "z"\n`],
    ['a block stays', 'a: |\n   x\n   y\n\nb: 1\n', [set('a', 'p\nq\n')], 'a: |\n   p\n   q\n\nb: 1\n'],
    ['a block becomes a line', 'a: |\n  x\n  y\nb: 1\n', [set('a', 'z')], 'a: z\nb: 1\n'],
    ['a folded text', 'a: >\n  x\n  y\nb: 1\n', [set('a', 'z')], 'a: z\nb: 1\n'],
    ['a text over lines', 'a: x\n  y\nb: 1\n', [set('a', 'z')], 'a: z\nb: 1\n'],
    ['nothing becomes something', 'a:\nb: ~ # c\n', [set('a', '1'), set('b', 'x')], 'a: "1"\nb: x # c\n'],
    ['a new one at the end', '# top\na: 1\n\n# end\n', [set('b', 'x')], '# top\na: 1\nb: x\n\n# end\n'],
    ['a missing line end', 'a: 1', [set('b', 'x')], 'a: 1\nb: x\n'],
    ['CRLF and a mark', '\uFEFFa: 1\r\n', [set('b', 'x\ny')], '\uFEFFa: 1\r\nb: |-\r\n  x\r\n  y\r\n'],
    [
      'into a level',
      'a:\n    b: 1 # c\nd: 2\n',
      [set('a.c', 'x'), set('e.f.g', 'h')],
      'a:\n    b: 1 # c\n    c: x\nd: 2\ne:\n  f:\n    g: h\n',
    ],
    [
      'into two levels that end together',
      'a:\n  b:\n    c: 1\n',
      [set('x', '1'), set('a.w', '2'), set('a.b.z', '3')],
      'a:\n  b:\n    c: 1\n    z: "3"\n  w: "2"\nx: "1"\n',
    ],
    ['one goes with its comment', 'a: 1 # of a\n# above b\nb: 2\n', [gone('a')], '# above b\nb: 2\n'],
    ['a block goes', 'a: |\n  x\n\n  y\nb: 2\n', [gone('a')], 'b: 2\n'],
    ['all go', '# c\na: 1\nb: 2\n', [gone('a'), gone('b')], '# c\n'],
    ['the last of a level goes', 'a: # c\n  # d\n  b: 1\ne: 2\n', [gone('a.b')], 'a: {} # c\n  # d\ne: 2\n'],
    ['into an empty level', 'a: {}\ne: 2\n', [set('a.b', 'x')], 'a:\n  b: x\ne: 2\n'],
    ['into an empty document', '---\n', [set('a', 'x')], '---\na: x\n'],
    ['into an empty text', '', [set('a.b', 'x')], 'a:\n  b: x\n'],
    ['into comments', '# c', [set('a', 'x')], '# c\na: x\n'],
    ['into braces', 'a: {b: 1, c: 2}\n', [set('a.b', 'x'), set('a.d', 'z'), gone('a.c')], 'a: {b: x, d: z}\n'],
    [
      'into braces over lines',
      '{\n  "a": "1", # c\n  "b": "2"\n}\n',
      [gone('b'), set('c', 'x')],
      '{\n  "a": "1", c: x # c\n}\n',
    ],
    ['a name becomes a level', 'a: 1\nb: 2\n', [gone('a'), set('a.c', 'x')], 'b: 2\na:\n  c: x\n'],
    ['an empty level becomes a name', 'a: {} # c\nb: 1\n', [set('a', 'x')], 'a: x # c\nb: 1\n'],
    ['empty levels become a name', 'a:\n  c: {}\nb: 1\n', [set('a', 'x')], 'a: x\nb: 1\n'],
    ['empty braces in braces', '{"a":{},b: 1}\n', [set('a', 'x')], '{"a": x,b: 1}\n'],
    ['a level becomes a name', 'a:\n  b: 1\n', [gone('a.b'), set('a', 'x')], 'a: x\n'],
    [
      'lists and tags of others',
      'l:\n- a: 1\n  b: !x 2\nc: 3\n',
      [set('c', '4'), set('d', 'x')],
      'l:\n- a: 1\n  b: !x 2\nc: 4\nd: x\n',
    ],
    ['the end of a document', 'a: 1\n...\n', [set('b', 'x')], 'a: 1\nb: x\n...\n'],
    ['kept blank lines', 'a: |+\n  x\n\nb: 1\n', [set('b', '2'), set('c', 'x')], 'a: |+\n  x\n\nb: 2\nc: x\n'],
  ];
  test.each(table)('%s', (_, ...[before, edits, after]) => {
    expect(yaml.edit(before, edits, 'f')).toBe(after);
  });

  test.each<[what: string, text: string, edit: Edit, code: string]>([
    ['damage', 'a: "x\n', set('b', '1'), 'corrupt'],
    ['a colon without a key', 'a: 1\n: x\n', set('b', '1'), 'corrupt'],
    ['a character in a comment', '# \u000f\n', set('b', '1'), 'corrupt'],
    ['anchors', 'a: &x 1\n', set('b', '1'), 'corrupt'],
    ['two documents', 'a: 1\n---\nb: 1\n', set('b', '2'), 'corrupt'],
    ['a list', '- a\n', set('b', '2'), 'corrupt'],
    ['a name in a value', 'a: 1\n', set('a.b', '2'), 'invalid'],
    ['a level that has names', 'a:\n  b: 1\n', set('a', '2'), 'invalid'],
    ['a value with a tag', 'a: !x 1\n', set('a', '2'), 'corrupt'],
  ])('refuses %s', (_, text, edit, code) => {
    expect(() => yaml.edit(text, [edit], 'f')).toThrow(expect.objectContaining({ code }));
  });
});
