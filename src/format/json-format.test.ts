import { describe, expect, test } from 'vitest';
import type { Edit } from './format.ts';
import { dotnet, json, jsonNested } from './json-format.ts';

const formats = { json, jsonNested, dotnet };
type Name = keyof typeof formats;

const valuesOf = (format: Name, text: string): readonly (readonly [string, string | null])[] =>
  formats[format].parse(text, 'f').entries.map(({ name, value }) => [name, value]);
const problemsOf = (format: Name, text: string): readonly string[] =>
  formats[format].parse(text, 'f.json').diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);

describe('reading', () => {
  const plain = '\uFEFF{ "B": "1",\n "A": "\\u00e9\\n\\"", "10": "" }\n';
  test.each(['json', 'jsonNested', 'dotnet'] as const)('names and values in their order, with places: %s', (format) => {
    expect(formats[format].parse(plain, 'f').entries).toMatchObject([
      { name: 'B', value: '1', line: 1, column: 3 },
      { name: 'A', value: 'é\n"', line: 2, column: 2 },
      { name: '10', value: '', line: 2, column: 21 },
    ]);
    expect(valuesOf(format, ' {} ')).toEqual([]);
  });

  test('levels, numbers and booleans as they are written', () => {
    const nested = '{"db": {"host": "h", "port": 5432, "tls": true, "pi": 3.140}, "db.user": "u", "none": {}}';
    expect(valuesOf('jsonNested', nested)).toEqual([
      ['db.host', 'h'],
      ['db.port', '5432'],
      ['db.tls', 'true'],
      ['db.pi', '3.140'],
      ['db.user', 'u'],
    ]);
  });

  test('comments, commas, colons and lists as .NET reads them', () => {
    const settings = `{
      // how much is said
      "Logging": { "LogLevel": { "Default": "Warning", }, },
      "Kestrel:Endpoints": { "Http": /* here */ "x" },
      "Hosts": ["a", { "Name": "b" }],
    }`;
    expect(valuesOf('dotnet', settings)).toEqual([
      ['Logging__LogLevel__Default', 'Warning'],
      ['Kestrel__Endpoints__Http', 'x'],
      ['Hosts__0', 'a'],
      ['Hosts__1__Name', 'b'],
    ]);
    expect(problemsOf('dotnet', settings)).toEqual([]);
  });

  const mistakes: readonly [format: Name, text: string, problems: readonly string[]][] = [
    ['json', '', ['1:1 expected an object']],
    ['json', '["a"]', ['1:1 expected an object']],
    ['json', '{"A": "1",\n "B": "2", "A": "3"}', ['2:12 A is set twice, first on line 1']],
    ['json', '{"A": "1", "\\u0041": "2"}', ['1:12 A is set twice, first on line 1']],
    ['json', '{"__proto__": "x"}', ['1:2 the key __proto__ cannot be a name']],
    ['jsonNested', '{"a": {"__proto__": "x"}}', ['1:8 the key __proto__ cannot be a name']],
    ['jsonNested', '{"": "x"}', ['1:2 the key "" is empty']],
    ['json', '{"A": 1, "B": true}', [7, 15].map((at) => `1:${at} the value must be a string: put it in double quotes`)],
    [
      'json',
      '{"A": {"B": ["}"]}, "C": []}',
      [
        '1:7 the value of A must be a string, found an object; only one level is read',
        '1:26 the value of C must be a string, found an array; only one level is read',
      ],
    ],
    ['jsonNested', '{"A": null}', ['1:7 null is no value: write "" or leave the name out']],
    ['jsonNested', '{"A": [1]}', ['1:7 expected a string, a number, true, false or an object, found an array']],
    ['dotnet', '{"A": "1", "a": "2"}', ['1:12 a is A again']],
    ['json', '{"A": "1",}', ['1:11 expected a name in double quotes']],
    ['json', '{"A": "1" "B": "2"}', ['1:11 expected , between two members']],
    ['json', '{"A" "1"}', ['1:6 expected :']],
    ['json', '{"A": "1\n"}', ['1:7 the string is not closed on its line']],
    ['json', '{"A": "\\x"}', ['1:7 unknown escape, expected one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX']],
    ['json', '{} {}', ['1:4 expected nothing behind the object']],
    ['json', '{"A": "1"} // c', ['1:12 comments are not allowed in JSON']],
    ['json', '{ // c\n"A" "1"}', ['1:3 comments are not allowed in JSON']],
    ['json', '{"A" "1"} // c', ['1:6 expected :']],
    ['dotnet', '{"A": "1" /* c', ['1:11 the comment is not closed']],
    ['json', '{"A": "\\ud800"}', ['1:2 the value is not valid Unicode']],
    ['jsonNested', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`, ['1:161 more than 32 levels']],
    ['dotnet', '['.repeat(1_000_000), ['1:33 more than 32 levels']],
    // What stands in a string or a comment is no level; a lone carriage return ends both.
    ['dotnet', `{"a": "${'['.repeat(40)}" /* ${'['.repeat(40)} */}// ${'['.repeat(40)}`, []],
    ['dotnet', `// x\r${'['.repeat(33)}`, ['1:38 more than 32 levels']],
    ['dotnet', `{"a\r${'['.repeat(33)}`, ['1:36 more than 32 levels']],
    ['dotnet', `/${'['.repeat(33)}`, ['1:34 more than 32 levels']],
    ['dotnet', `{"\\"${'['.repeat(40)}": "x"}`, []],
    // Behind the first mistake the parser would skip what does not fit, and go deeper than was counted.
    ['dotnet', `{"a":${']'.repeat(20_000)},"b":${'['.repeat(20_000)}`, ['1:6 expected a value']],
    ['jsonNested', `{"a":[${'}'.repeat(5000)},${'{"b":'.repeat(5000)}`, ['1:7 expected a value']],
    ['json', `{"a":[${',[}'.repeat(5000)}`, ['1:7 expected a value']],
  ];
  test.each(mistakes)('what is wrong is told with its place: %s %#', (format, text, problems) => {
    expect(problemsOf(format, text)).toEqual(problems);
  });
});

test.each(['json', 'jsonNested', 'dotnet'] as const)('a run of blanks, however long, is nothing: %s', (format) => {
  for (const length of [999, 1000, 1001, 1002, 3000]) {
    const gap = ' \t'.repeat(length).slice(0, length);
    const text = `${gap}{${gap}"a"${gap}:${gap}"${' '.repeat(length)}",${gap}"b": "x"${gap}}${gap}`;
    expect(problemsOf(format, text)).toEqual([]);
    expect(formats[format].parse(text, 'f').entries).toMatchObject([
      { name: 'a', value: ' '.repeat(length), column: 2 * length + 2 },
      { name: 'b', value: 'x', column: 6 * length + 9 },
    ]);
    expect(formats[format].edit(text, [['b', 'y']], 'f')).toBe(text.replace('"x"', '"y"'));
    // A slash in front of it, or a comment not closed, is what it was.
    expect(problemsOf(format, `{"a": "x" /${gap}}`)).toHaveLength(1);
    expect(problemsOf(format, `{"a": "x"}/*${gap}`)).toHaveLength(1);
    expect(problemsOf(format, `{"a": "x"}${gap}*/`)).toHaveLength(1);
  }
  const commented = `{"a": "x" /* ${' '.repeat(2000)} */ // ${' '.repeat(2000)}\n, "b": "y"}`;
  expect(valuesOf('dotnet', commented)).toEqual([
    ['a', 'x'],
    ['b', 'y'],
  ]);
  expect(problemsOf('dotnet', commented)).toEqual([]);
});

describe('printing', () => {
  test('in the order given, levels together', () => {
    const entries = ['b', 'a.x', 'c', 'a.y'].map((name) => ({ name, value: `"${name}` }));
    expect(jsonNested.print(entries)).toBe(
      '{\n  "b": "\\"b",\n  "a": {\n    "x": "\\"a.x",\n    "y": "\\"a.y"\n  },\n  "c": "\\"c"\n}\n',
    );
    expect(json.print(entries.slice(0, 2))).toBe('{\n  "b": "\\"b",\n  "a.x": "\\"a.x"\n}\n');
    expect(json.print([])).toBe('{}\n');
  });

  const refused: readonly [format: Name, names: readonly string[], problem: string][] = [
    ['json', ['A', 'A'], 'A is given twice'],
    ['json', ['__proto__'], '__proto__ cannot be a name'],
    ['jsonNested', ['a', 'a.b'], 'a.b cannot stand beside a'],
    ['jsonNested', ['a.b', 'a'], 'a cannot stand beside a.b'],
    ['jsonNested', ['a..b'], 'a..b has an empty part beside .'],
    [
      'jsonNested',
      ['x'.repeat(33).split('').join('.')],
      `${'x'.repeat(33).split('').join('.')} has more than 32 levels`,
    ],
    ['dotnet', ['Key', 'KEY'], 'KEY cannot stand beside Key'],
    ['dotnet', ['A:B'], 'A:B has a colon, which separates levels in .NET'],
  ];
  test.each(refused)('%s refuses %j', (format, names, problem) => {
    const entries = names.map((name) => ({ name, value: 'v' }));
    expect(() => formats[format].print(entries)).toThrow(
      expect.objectContaining({ code: 'invalid', diagnostics: [{ message: problem }] }),
    );
  });
});

describe('editing', () => {
  const set = (name: string, value: string): Edit => [name, value];
  const gone = (name: string): Edit => [name, null];
  const table: readonly [what: string, format: Name, before: string, edits: readonly Edit[], after: string][] = [
    ['a value', 'json', '{ "A" :"1" }', [set('A', '2')], '{ "A" :"2" }'],
    ['a byte order mark stays', 'json', '\uFEFF{"A":"1"}', [set('A', '2')], '\uFEFF{"A":"2"}'],
    [
      'a number stays one',
      'jsonNested',
      '{"A": 1, "B": 2}',
      [set('A', '-3.5'), set('B', '05')],
      '{"A": -3.5, "B": "05"}',
    ],
    [
      'a boolean stays one',
      'jsonNested',
      '{"A": true, "B": true}',
      [set('A', 'false'), set('B', 'no')],
      '{"A": false, "B": "no"}',
    ],
    ['a new one on its line', 'json', '{\n  "A": "1"\n}\n', [set('B', '2')], '{\n  "A": "1",\n  "B": "2"\n}\n'],
    ['a new one in the line', 'json', '{"A": "1"}', [set('B', '2')], '{"A": "1", "B": "2"}'],
    ['the first one', 'json', '{}\n', [set('A', '1'), set('B', '2')], '{\n  "A": "1",\n  "B": "2"\n}\n'],
    ['an empty text', 'json', '', [set('A', '1')], '{\n  "A": "1"\n}\n'],
    ['only comments', 'dotnet', '// ours', [set('A', '1')], '// ours\n{\n  "A": "1"\n}\n'],
    ['line ends and tabs', 'json', '{\r\n\t"A": "1"\r\n}', [set('B', '2')], '{\r\n\t"A": "1",\r\n\t"B": "2"\r\n}'],
    ['the first goes', 'json', '{\n  "A": "1",\n  "B": "2"\n}', [gone('A')], '{\n  "B": "2"\n}'],
    ['the last goes', 'json', '{\n  "A": "1",\n  "B": "2"\n}', [gone('B')], '{\n  "A": "1"\n}'],
    ['all go', 'json', '{"A": "1", "B": "2"}', [gone('A'), gone('B')], '{}'],
    ['one in a line goes', 'json', '{"A": "1", "B": "2", "C": "3"}', [gone('B')], '{"A": "1", "C": "3"}'],
    ['the last in a line goes', 'json', '{"A": "1", "B": "2"}', [gone('B')], '{"A": "1"}'],
    ['one goes, one comes', 'json', '{"A": "1", "B": "2"}', [gone('B'), set('C', '3')], '{"A": "1", "C": "3"}'],
    ['the only one goes, one comes', 'json', '{\n "A": "1"\n}', [gone('A'), set('C', '3')], '{\n "C": "3"\n}'],
    ['one that is not there goes', 'json', '{"A": "1"}', [gone('B')], '{"A": "1"}'],
    [
      'into a level that is there',
      'jsonNested',
      '{\n  "db": {\n    "host": "h"\n  },\n  "x": "y"\n}\n',
      [set('db.port', '1'), set('log.level', 'l'), set('log.file', 'f')],
      '{\n  "db": {\n    "host": "h",\n    "port": "1"\n  },\n  "x": "y",\n  "log": {\n    "level": "l",\n    "file": "f"\n  }\n}\n',
    ],
    [
      'a level in one line',
      'jsonNested',
      '{"a": {"b": "1"}}',
      [set('c.d', '2')],
      '{"a": {"b": "1"}, "c": { "d": "2" }}',
    ],
    [
      'an empty level becomes a name',
      'jsonNested',
      '{"a": {"b": {}}, "c": "1"}',
      [set('a', '2')],
      '{"a": "2", "c": "1"}',
    ],
    ['an empty list becomes a name', 'dotnet', '{"a": [], "c": "1"}', [set('a', '2')], '{"a": "2", "c": "1"}'],
    ['lists of others', 'jsonNested', '{"a": [1, 2], "b": "x"}', [set('b', 'y')], '{"a": [1, 2], "b": "y"}'],
    [
      'keys with full stops',
      'jsonNested',
      '{"a.b": {"c": "1"}}',
      [set('a.b.c', '2'), set('a.b.d', '3')],
      '{"a.b": {"c": "2", "d": "3"}}',
    ],
    [
      'an element of a list',
      'dotnet',
      '{"A": ["x", {"B": 1}]}',
      [set('A__0', 'y'), set('A__1__B', '2')],
      '{"A": ["y", {"B": 2}]}',
    ],
    [
      'comments and commas of others',
      'dotnet',
      '{\n  // one\n  "A": "1", // a, b\n  /* two */ "B": "2", // of B\n}\n',
      [set('A', '3'), set('C', '4')],
      '{\n  // one\n  "A": "3", // a, b\n  /* two */ "B": "2", // of B\n  "C": "4"\n}\n',
    ],
    [
      'a comment goes with its line',
      'dotnet',
      '{\n  // one\n  "A": "1", // of A\n  "B": "2" // of B\n}\n',
      [gone('B'), set('C', '3')],
      '{\n  // one\n  "A": "1", // of A\n  "C": "3"\n}\n',
    ],
    [
      'a comma before a comment',
      'dotnet',
      '{\n  "A": "1" // a\n}',
      [set('B', '2')],
      '{\n  "A": "1", // a\n  "B": "2"\n}',
    ],
  ];
  test.each(table)('%s: %s', (_, ...[format, before, edits, after]) => {
    expect(formats[format].edit(before, edits, 'f')).toBe(after);
  });

  const refused: readonly [what: string, format: Name, text: string, edit: Edit, code: string][] = [
    ['damage', 'json', '{"A": "1"', set('A', '2'), 'corrupt'],
    ['a name in a value', 'jsonNested', '{"a": "1"}', set('a.b', '2'), 'invalid'],
    ['a new element', 'dotnet', '{"A": ["x"]}', set('A__1', '2'), 'invalid'],
    ['an element that goes', 'dotnet', '{"A": ["x", "y"]}', gone('A__0'), 'invalid'],
    ['another case', 'dotnet', '{"Key": "x"}', set('KEY', 'y'), 'invalid'],
    ['a name that cannot be one', 'json', '{}', set('__proto__', 'x'), 'invalid'],
  ];
  test.each(refused)('refuses %s', (_, ...[format, text, edit, code]) => {
    expect(() => formats[format].edit(text, [edit], 'f')).toThrow(expect.objectContaining({ code }));
  });
});
