import { describe, expect, test } from 'vitest';
import type { Edit } from './format.ts';
import { kubernetes } from './kubernetes.ts';

const file = `# of the platform
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: app # ours
data:
  HOST: db.internal # of the cluster
  app.conf: |
    a = 1
    b = 2
binaryData:
  BIN: aMOp
---
apiVersion: v1
kind: Secret
metadata: {name: app}
data:
  PASS: cGFzcw==
stringData:
  PLAIN: "5"
`;

const read = (text: string): unknown =>
  kubernetes.parse(text, 'f').entries.map(({ name, value, secret }) => [name, value, secret]);
const problems = (text: string): readonly string[] =>
  kubernetes.parse(text, 'f').diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
const object = (data: string, kind = 'ConfigMap'): string =>
  `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: x\n${data}`;

test('reading: every section as text, other objects passed over', () => {
  expect(read(file)).toEqual([
    ['HOST', 'db.internal', false],
    ['app.conf', 'a = 1\nb = 2\n', false],
    ['BIN', 'hé', false],
    ['PASS', 'pass', true],
    ['PLAIN', '5', true],
  ]);
  expect(kubernetes.parse(file, 'f')).toMatchObject({ diagnostics: [], entries: { 3: { line: 22, column: 3 } } });
  expect(read('')).toEqual([]);
  expect(read('{"apiVersion": "v1", "kind": "Secret", "data": {"A": "eA=="}}')).toEqual([['A', 'x', true]]);
});

test.each<[text: string, found: readonly string[]]>([
  [object('data:\n  A: 1\n'), ['6:6 the value must be a string: put it in quotes']],
  [object('data:\n  A: {b: c}\n'), ['6:6 expected a string, found a map']],
  [object('data:\n  A: "not base64"\n', 'Secret'), ['6:6 expected base64']],
  [object('data: x\n'), ['5:7 expected a map of names to values']],
  [object('data: [x]\n'), ['5:7 expected a map of names to values']],
  [object('data:\n  A: x\nimmutable: true\ndata: {}\n'), ['8:1 the key data is set twice']],
  [object('binaryData:\n  A: /w==\n'), ['6:6 the value is bytes that are not UTF-8 text']],
  [object('data:\n  A: x\nbinaryData:\n  A: eA==\n'), ['8:3 A is set twice, first on line 6']],
  [
    'apiVersion: v1\nkind: List\nitems: []\n',
    ['1:1 a List is not read: write its items as documents of their own', '3:8 expected a scalar'],
  ],
])('what is wrong is told with its place: %#', (text, found) => {
  expect(problems(text).slice(0, 1)).toEqual(found.slice(0, 1));
});

describe('printing', () => {
  test('config in a ConfigMap, secrets in a Secret', () => {
    const entries = [
      { name: 'PASS', value: 'pässword\n', secret: true },
      { name: 'PORT', value: '5432' },
      { name: 'app.conf', value: 'a = 1\nb = 2\n', secret: false },
    ];
    expect(kubernetes.print(entries, { title: 'app' })).toBe(`apiVersion: v1
kind: ConfigMap
metadata:
  name: app
data:
  PORT: "5432"
  app.conf: |
    a = 1
    b = 2
---
apiVersion: v1
kind: Secret
metadata:
  name: app
type: Opaque
data:
  PASS: cMOkc3N3b3JkCg==
`);
    expect(kubernetes.print([])).toBe(`apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: plumb\ndata: {}\n`);
  });

  test.each([
    ['a b', 'is not a key of 1 to 253 letters, digits, - _ and .'],
    ['..a', 'is not a key that a file could have'],
    ['', 'is not a key of 1 to 253 letters, digits, - _ and .'],
  ])('refuses the name %j', (name, problem) => {
    expect(kubernetes.problem(name, '')).toBe(problem);
  });

  test('refuses what an object cannot hold, and titles that are none', () => {
    const large = ['A', 'B'].map((name) => ({ name, value: 'x'.repeat(600_000) }));
    expect(() => kubernetes.print(large)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => kubernetes.print([], { title: 'Not_One' })).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe('editing', () => {
  const table: readonly [what: string, before: string, edits: readonly Edit[], after: string][] = [
    [
      'values in their sections',
      file,
      [
        ['HOST', 'h'],
        ['BIN', 'x'],
        ['PASS', 'y'],
        ['PLAIN', 'z'],
        ['app.conf', 'c = 1\nd = 2\n'],
      ],
      file
        .replace('db.internal', 'h')
        .replace('aMOp', 'eA==')
        .replace('cGFzcw==', 'eQ==')
        .replace('"5"', '"z"')
        .replace('a = 1\n    b', 'c = 1\n    d'),
    ],
    [
      'new ones by what they are',
      file,
      [
        ['S', 'x', true],
        ['C', 'y2', false],
      ],
      file.replace('b = 2\n', 'b = 2\n  C: y2\n').replace('cGFzcw==\n', 'cGFzcw==\n  S: eA==\n'),
    ],
    [
      'what has become a secret moves',
      file,
      [['HOST', 'h', true]],
      file.replace('  HOST: db.internal # of the cluster\n', '').replace('cGFzcw==\n', 'cGFzcw==\n  HOST: aA==\n'),
    ],
    ['a secret stays one', file, [['PASS', 'y', false]], file.replace('cGFzcw==', 'eQ==')],
    ['one goes', file, [['PLAIN', null]], file.replace('stringData:\n  PLAIN: "5"\n', 'stringData: {}\n')],
    ['a first name', object('data: {}\n'), [['A', 'x']], object('data:\n  A: x\n')],
    ['a section without anything', object('data:\n'), [['A', 'x']], object('data:\n  A: x\n')],
    [
      'a section without anything stays in its place',
      object('data: # c\nimmutable: false\n'),
      [
        ['A', 'x'],
        ['B', 'y2'],
      ],
      object('data: # c\n  A: x\n  B: y2\nimmutable: false\n'),
    ],
    ['a section with null', object('data: ~\n'), [['A', 'x']], object('data:\n  A: x\n')],
    ['no section', object('', 'Secret'), [['A', 'x']], object('data:\n  A: eA==\n', 'Secret')],
    [
      'only strings',
      object('stringData:\n  A: a\n', 'Secret'),
      [['B', 'x']],
      object('stringData:\n  A: a\n  B: x\n', 'Secret'),
    ],
    [
      'no object for it',
      object('data:\n  A: a\n'),
      [['B', 'x', true]],
      `${object('data:\n  A: a\n')}---\n${object('type: Opaque\ndata:\n  B: eA==\n', 'Secret')}`,
    ],
    [
      'an empty text',
      '',
      [['B', 'x', true]],
      object('type: Opaque\ndata:\n  B: eA==\n', 'Secret').replace('name: x', 'name: plumb'),
    ],
  ];
  test.each(table)('%s', (_, ...[before, edits, after]) => {
    expect(kubernetes.edit(before, edits, 'f')).toBe(after);
  });

  test.each(['a: &x 1\n', '# \u000f\n', object('data: x\n'), object('data: {}\ndata: {}\n')])(
    'refuses damage: %j',
    (text) => {
      expect(() => kubernetes.edit(text, [['A', 'x']], 'f')).toThrow(expect.objectContaining({ code: 'corrupt' }));
    },
  );
});
