/** The formats of lines one by one; what all of them promise, and what other readers make of their files, is in test/formats. */
import { describe, expect, test } from 'vitest';
import type { Edit, Format } from './format.ts';
import { csv } from './csv.ts';
import { docker } from './docker.ts';
import { ini } from './ini.ts';
import { properties } from './properties.ts';
import { shell } from './shell.ts';
import { tfvars } from './tfvars.ts';
import { xml } from './xml.ts';

const formats = { csv, docker, ini, properties, shell, tfvars, xml } satisfies Record<string, Format>;
type Name = keyof typeof formats;

function problems(format: Format, text: string): string[] {
  return format.parse(text, 'f').diagnostics.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

describe('reading', () => {
  test.each<[Name, text: string, expected: Record<string, string>]>([
    ['docker', '# c\n  A= x # y \r\nB="z"\n', { A: ' x # y ', B: '"z"' }],
    ['shell', "export A='it'\\''s' # c\nB=\"\\$x \\d\"\\ y;\nC=#d\n", { A: "it's", B: '$x \\d y', C: '#d' }],
    ['shell', "A='x\ny'\\\nz\n", { A: 'x\nyz' }],
    ['properties', 'a.b = x\\\n   y\n! c\nd\\:e:\\u00e9\\q\nf\rg 1', { 'a.b': 'xy', 'd:e': 'éq', f: '', g: '1' }],
    ['ini', 'a=1\n; c\n[s]\nb.c = x y \nd="\\n\\"" \n', { a: '1', 's.b.c': 'x y', 's.d': '\n"' }],
    ['csv', 'name,value\r\nA,"x, ""y""\r\n"\nB,\n', { A: 'x, "y"\r\n', B: '' }],
    [
      'tfvars',
      'a = "$${x}\\u00e9" // c\nb = <<-E\n   x\n    y\n  E\nc = 3 # d\n',
      { a: '${x}é', b: 'x\n y\n', c: '3' },
    ],
    ['xml', '<properties><entry key="a">&lt;<![CDATA[<]]></entry><entry key="b"/></properties>', { a: '<<', b: '' }],
  ])('%s: %j', (name, text, expected) => {
    expect(problems(formats[name], text)).toEqual([]);
    const { entries } = formats[name].parse(text, 'f');
    expect(Object.fromEntries(entries.map((one) => [one.name, one.value]))).toEqual(expected);
  });
});

describe('refusing, with places', () => {
  test.each<[Name, text: string, expected: string[]]>([
    [
      'docker',
      'A\nB C=1\nD=x\ry\n',
      [
        '1:1: a name without = takes its value from the environment of docker, expected NAME=value',
        '2:1: expected a name without blanks in front of =',
        '3:1: a carriage return inside a line',
      ],
    ],
    [
      'shell',
      'A=$(x)\nB="`y`"\ntrue\nC=1 D=2\nE=~\nF="\n',
      [
        '1:3: the shell would put something in the place of $: put the word in single quotes',
        '2:4: the shell would run what is in backticks: put the word in single quotes',
        '3:1: expected NAME=word or export NAME=word',
        '4:4: expected the end of the line: one assignment a line',
        '5:3: the shell would put a folder in the place of ~: put the word in single quotes',
        '6:3: the quote " is not closed',
      ],
    ],
    [
      'properties',
      'a=\\u00g1\r=2\na=\\ud800\n',
      [
        '1:3: expected four hexadecimal digits behind \\u',
        '2:1: expected a name in front of = or :',
        '3:1: the value is not valid Unicode',
        '3:1: a is set twice, first on line 1',
      ],
    ],
    [
      'ini',
      "[s]\na = 1 ; c\n  b = 2\n[s]\nc: 3\nd = 'x'\n",
      [
        '2:5: readers disagree about ; and # behind a blank: use double quotes',
        '3:7: a line further in than the name in front of it: some readers take it for more of that value',
        '4:1: section s stands twice, first on line 1',
        '5:1: expected name = value',
        '6:5: readers disagree about single quotes: use double quotes',
      ],
    ],
    [
      'csv',
      'key,value\nA\nB,x"y\n,1\n',
      [
        '1:1: expected the header name,value',
        '2:1: expected two fields in a row, a name and a value',
        '3:4: a quote inside a field without quotes: put the field in quotes and double it',
        '4:1: expected a name',
      ],
    ],
    [
      'tfvars',
      'a = ["x",\n "y"]\nb = "${c}"\nd = 1e3\ne f\ng = "x" "y"\n',
      [
        '1:5: a list or a map cannot be read, expected a string in double quotes',
        '3:6: an expression cannot be read; $${ stands for ${',
        '4:5: Terraform would write this number in another way: put it in double quotes',
        '5:1: expected name = "value"',
        '6:9: expected the end of the line',
      ],
    ],
    [
      'xml',
      '<!DOCTYPE properties [<!ENTITY x SYSTEM "file:///x">]>\n<properties><entry>1</entry><entry key="a">&x;</entry></properties>',
      [
        '1:1: a document type is refused, but for <!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">',
        '2:13: expected an attribute key with a name',
        '2:46: not well-formed XML: undefined entity',
      ],
    ],
  ])('%s', (name, text, expected) => {
    expect(problems(formats[name], text)).toEqual(expected);
  });

  test.each<[Name, name: string, value: string, expected: string]>([
    ['docker', 'A', 'x\ny', 'has a value with a line break, which an environment file of docker cannot have'],
    ['docker', 'A', 'x'.repeat(65_535), 'makes a line over 65535 bytes, which docker does not read'],
    ['shell', 'A-B', '', 'is not a name of a shell: letters, digits and _ that start without a digit'],
    ['shell', 'A', 'x\0', 'has a value with a NUL character'],
    ['ini', 'a.', '', 'is not a name of an INI file: section.name without any of = : ; # [ ] " \' \\'],
    [
      'tfvars',
      'a',
      'e\u0301',
      'has a value that is not in the normal form C of Unicode, to which Terraform would change it',
    ],
    ['xml', 'a', '\u0001', 'has a value with a character that XML cannot have'],
    ['xml', 'a', '🌍', 'has a character above U+FFFF, which Java cannot read from XML'],
  ])('%s cannot carry %j', (format, name, value, expected) => {
    expect(formats[format].problem(name, value)).toBe(expected);
  });
});

describe('editing', () => {
  const set: readonly Edit[] = [
    ['a', "it's"],
    ['gone', null],
    ['s.new', 'x'],
  ];
  test.each<[Name, before: string, edits: readonly Edit[], after: string]>([
    [
      'docker',
      '# c\r\n  a=1\r\ngone=2',
      [
        ['a', ' "x" '],
        ['gone', null],
        ['b', ''],
      ],
      '# c\r\n  a= "x" \r\nb=\r\n',
    ],
    [
      'shell',
      'export a="1"; # c\ngone=\'x\ny\'\nb=2\n',
      [
        ['a', "it's"],
        ['gone', null],
        ['c', ''],
      ],
      "export a='it'\\''s'; # c\nb=2\nexport c=''\n",
    ],
    ['shell', 'a=$(x) # c\n', [['a', '1']], "a='1'\n"],
    ['properties', '# c\na : 1\ngone = x\\\n  y\nb\\', set, "# c\na : it's\nb\\\n\ns.new=x\n"],
    [
      'properties',
      'a\nb',
      [
        ['a', '1'],
        ['b', ' é'],
      ],
      'a=1\nb=\\ \\u00E9',
    ],
    [
      'ini',
      'a=1 \n[t]\ngone = 2\n\n[s] \n; c\nb=1\n[u]\nc=2',
      [
        ['a', "it's"],
        ['t.gone', null],
        ['s.new', 'x'],
      ],
      "a=it's \n[t]\n\n[s] \n; c\nb=1\nnew = x\n[u]\nc=2",
    ],
    [
      'ini',
      'a=1\n\n[u]\nc = 2',
      [
        ['u.d', ';'],
        ['b', '2'],
        ['v.e', ''],
      ],
      'a=1\nb = 2\n\n[u]\nc = 2\nd = ";"\n\n[v]\ne = \n',
    ],
    ['csv', '', [['a', 'x,y']], 'name,value\r\na,"x,y"\r\n'],
    ['csv', '\uFEFFname,value\na,"1\n2"\ngone,x', set, "\uFEFFname,value\na,it's\ns.new,x\n"],
    [
      'tfvars',
      'a    = <<E\nx\nE\ngone = "x" /* y\nz */\n# c\n',
      [
        ['a', '${x}'],
        ['gone', null],
        ['b', '\n'],
      ],
      'a    = "$${x}"\n# c\nb = "\\n"\n',
    ],
    [
      'xml',
      '<properties>\n\t<entry key="a"/>\n\t<entry key="gone">x\ny</entry>\n</properties>',
      set,
      '<properties>\n\t<entry key="a">it\'s</entry>\n\t<entry key="s.new">x</entry>\n</properties>',
    ],
    [
      'xml',
      '<properties><entry key="gone">1</entry><entry key="a"><!-- c -->2</entry></properties>',
      [['gone', null]],
      '<properties><entry key="a"><!-- c -->2</entry></properties>',
    ],
    [
      'xml',
      '<properties><entry key="a">1</entry></properties>',
      [
        ['a', ''],
        ['b', '2'],
      ],
      '<properties><entry key="a"></entry>\n<entry key="b">2</entry>\n</properties>',
    ],
    ['xml', '<properties/>', [['a', '<\r>']], '<properties>\n  <entry key="a">&lt;&#13;&gt;</entry>\n</properties>'],
  ])('%s: %j', (name, before, edits, after) => {
    expect(formats[name].edit(before, edits, 'f')).toBe(after);
  });

  test('what is behind an open quote or comment is not written into', () => {
    for (const [name, text] of [
      ['shell', "a='x\n"],
      ['tfvars', 'a = "x" /* y\n'],
      ['xml', '<properties><b>'],
    ] as const) {
      expect(() => formats[name].edit(text, [['n', '"']], 'f')).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(corrupt|invalid)$/) }),
      );
    }
  });
});

test('where XML lacks its end is said', () => {
  const diagnostics = [expect.objectContaining({ subject: 'f', line: 1 })];
  expect(() => xml.edit(';', [['A', '']], 'f')).toThrow(expect.objectContaining({ code: 'corrupt', diagnostics }));
});

test.each([1, 2, 4095, 4096, 4097, 5001])(
  '%i backslashes at the end of a properties file take nothing that is new',
  (count) => {
    const before = `a=${'\\'.repeat(count)}`;
    for (const end of ['', '\n', '\r\n']) {
      const edited = properties.edit(before + end, [['n', 'x']], 'f');
      const [a, n] = properties.parse(edited, 'f').entries;
      expect([a?.value, n]).toEqual([
        '\\'.repeat(Math.floor(count / 2)),
        expect.objectContaining({ name: 'n', value: 'x' }),
      ]);
    }
  },
);

test.each([':', '=x', ' a'])('what would be a separator behind a blank is kept in a properties file: %j', (value) => {
  const edited = properties.edit('k before\n', [['k', value]], 'f');
  expect(properties.parse(edited, 'f').entries).toMatchObject([{ name: 'k', value }]);
});
