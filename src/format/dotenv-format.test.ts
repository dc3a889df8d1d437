import { expect, test } from 'vitest';
import { dotenv, dotenvExport } from './dotenv-format.ts';
import { formatOfFile, isFormatName, loadFormat } from './formats.ts';

test.each([
  ['keeps comments and blanks', 'A = 1 # c\n', 'A = 2 # c\n'],
  ['stays in front of a comment', 'A= # c\n', 'A=2 # c\n'],
  ['replaces quotes', 'export A="x\ny" # c', 'export A=2 # c'],
  ['knows a name that is export', 'export = 1\nexport  t\t=\t1\nA=', 'export = 1\nexport  t\t=\t1\nA=2'],
  ['keeps a byte order mark', '\uFEFFA=1\r\nB=3\r\n', '\uFEFFA=2\r\nB=3\r\n'],
  ['adds what is not there', '\uFEFF', '\uFEFFA=2\n'],
  ['takes twice together', 'A=1\nB=1\nA=3\n', 'A=2\nB=1\n'],
  ['mends a damaged line', '  export t="1\nA=\'\nB=2\n', '  export t="1\nA=2\nB=2\n'],
])('edit: %s', (_, text, expected) => {
  expect(dotenv.edit(text, [['A', '2']], 'f')).toBe(expected);
});

test('edit: takes lines away, and does nothing for what is not there', () => {
  expect(
    dotenv.edit(
      'A="1\n2"\nB=1\n',
      [
        ['A', null],
        ['C', null],
      ],
      'f',
    ),
  ).toBe('B=1\n');
});

test('edit: says where the damage is that keeps it from being read', () => {
  expect(() => dotenv.edit("A=1\nZ='open\n", [['B', "it's"]], 'f')).toThrow(
    expect.objectContaining({ code: 'corrupt', diagnostics: [expect.objectContaining({ line: 2, column: 3 })] }),
  );
  expect(() => dotenv.edit('', [['A-B', '1']], 'f')).toThrow(expect.objectContaining({ code: 'invalid' }));
});

test('a damaged line has its name and no value', () => {
  const { entries, diagnostics } = dotenv.parse('A=1\nexport B="x\n', 'f');
  expect(entries).toMatchObject([
    { name: 'A', value: '1', line: 1, column: 1 },
    { name: 'B', value: null, line: 2, column: 8 },
  ]);
  expect(diagnostics).toHaveLength(1);
});

test('dotenv-export writes export, and keeps lines without it', () => {
  expect(dotenvExport.print([{ name: 'A', value: 'x y' }])).toBe("export A='x y'\n");
  expect(
    dotenvExport.edit(
      'A=1',
      [
        ['A', '2'],
        ['B', '3'],
      ],
      'f',
    ),
  ).toBe('A=2\nexport B=3\n');
});

test.each([
  ['.env', 'dotenv'],
  ['a/prod.env', 'dotenv'],
  ['.env.local', 'dotenv'],
  ['notes.txt', undefined],
])('%s is taken for %s', (file, expected) => {
  expect(formatOfFile(file)).toBe(expected);
});

test('formats are found by name', async () => {
  expect(isFormatName('dotenv') && !isFormatName('constructor')).toBe(true);
  expect(await loadFormat('dotenv')).toBe(dotenv);
});

test('any number of damaged lines is read', () => {
  expect(dotenv.parse('A\n'.repeat(300_000), 'f').diagnostics).toHaveLength(101);
});
