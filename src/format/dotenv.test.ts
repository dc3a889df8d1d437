import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlumbError } from '#domain/errors';
import { dotenvLimits } from './dotenv-grammar.ts';
import { parseDotenv, printDotenv, readDotenv } from './dotenv.ts';

const values = (text: string): Record<string, string> => {
  const { assignments, diagnostics } = parseDotenv(text, 'f.env');
  expect(diagnostics).toEqual([]);
  return Object.fromEntries(assignments.map(({ name, value }) => [name, value]));
};
const problems = (text: string): string[] =>
  parseDotenv(text, 'f.env').diagnostics.map(
    ({ subject, line, column, message }) => `${subject}:${line}:${column}: ${message}`,
  );

describe('what is accepted', () => {
  test.each<[what: string, text: string, expected: Record<string, string>]>([
    ['nothing', '', {}],
    ['blank lines and comments', '\n  \t\n# A=b\n  # c', {}],
    ['a plain value', 'A=b', { A: 'b' }],
    ['several', 'A=1\nB=2\n', { A: '1', B: '2' }],
    ['an empty value', 'A=\nB= \nC= # c\nD=""\nE=\'\'', { A: '', B: '', C: '', D: '', E: '' }],
    ['blanks around', ' \tA\t = b c \t', { A: 'b c' }],
    ['export', 'export A=1\nexport\tB=2\nexport=3', { A: '1', B: '2', export: '3' }],
    ['a byte order mark', '\uFEFFA=1', { A: '1' }],
    ['CRLF', 'A=1\r\n\r\n# c\r\nB="x\r\ny"\r\nC=\'\r\n\'\r\n', { A: '1', B: 'x\ny', C: '\n' }],
    ['an inline comment', 'A=1 # c\nB="2" # c\nC=\'3\'\t#', { A: '1', B: '2', C: '3' }],
    ['a # inside a word', 'A=#fff\nB=a#b', { A: '#fff', B: 'a#b' }],
    ['quotes inside a word', 'A=it\'s\nB=a"b"', { A: "it's", B: 'a"b"' }],
    ['a second =', 'A=b=c==', { A: 'b=c==' }],
    ['a dollar', 'A=$B\nB="${A}"\nC=\'$(x)\'', { A: '$B', B: '${A}', C: '$(x)' }],
    ['single quotes as they are', "A='a\\n\"b' ", { A: 'a\\n"b' }],
    ['every escape', 'A="\\n\\r\\t\\\\\\"\\$\\`"', { A: '\n\r\t\\"$`' }],
    ['several lines in quotes', 'A="b\n# c\nD=e"\nF=\'g\n\'', { A: 'b\n# c\nD=e', F: 'g\n' }],
    ['Unicode', 'A=žluť 🌍\nB="\u2028"', { A: 'žluť 🌍', B: '\u2028' }],
  ])('%s', (_, text, expected) => {
    expect(values(text)).toEqual(expected);
  });
});

describe('what is refused', () => {
  const name = 'expected a name of 1 to 255 letters, digits and _ that starts without a digit';
  test.each<[what: string, text: string, expected: string[]]>([
    ['no =', 'A\nB=1\nC', ['f.env:1:1: expected NAME=value', 'f.env:3:1: expected NAME=value']],
    [
      'bad names',
      '1A=b\n  A-B=c\n=d\nA B=e\nexport =f',
      [1, 2, 3, 4].map((line) => `f.env:${line}:${line === 2 ? 3 : 1}: ${name}`),
    ],
    ['a name twice', 'A=1\nB=2\nexport A=3', ['f.env:3:8: A is set twice, first on line 1']],
    ['an open single quote', "A=1\nB='x\nC=2", ["f.env:2:3: the quote ' is not closed"]],
    ['an open double quote', 'A="x\\"\nC=2', ['f.env:1:3: the quote " is not closed']],
    [
      'text behind a quote',
      'A="b"c\nB=\'b\'#c',
      [1, 2].map(
        (line) => `f.env:${line}:6: unexpected text behind the closing quote; a comment needs a blank before its #`,
      ),
    ],
    [
      'an unknown escape, at its place',
      'A="b\n\\d"\nB=1\nB=2',
      [
        'f.env:2:1: unknown escape, expected one of \\n \\r \\t \\\\ \\" \\$ \\`; single quotes take a backslash as it is',
        'f.env:4:1: B is set twice, first on line 3',
      ],
    ],
    [
      'a backtick',
      'A=`b`',
      ['f.env:1:3: a value that starts with a backtick must be in quotes: readers disagree about it'],
    ],
    ['NUL', 'A="b\n\0"', ['f.env:2:1: a NUL character is not allowed']],
    ['a lone carriage return', 'A=1\rB=2\n', ['f.env:1:4: a carriage return without a line feed is not allowed']],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  test('all at once, as one error', () => {
    expect(() => readDotenv('A\nB', 'f.env')).toThrow(
      expect.objectContaining({ code: 'invalid', diagnostics: [expect.anything(), expect.anything()] }),
    );
  });

  test('no more than a hundred, and how many more', () => {
    const { diagnostics } = parseDotenv('x\n'.repeat(1000), 'f.env');
    expect(diagnostics).toHaveLength(101);
    expect(diagnostics.at(-1)?.message).toBe('and 900 more problems');
  });

  test.each<[what: string, fits: string, exceeds: string, message: string]>([
    ['a name', `${'A'.repeat(255)}=`, `${'A'.repeat(256)}=`, name],
    [
      'a value',
      `A=${'x'.repeat(dotenvLimits.value)}`,
      `A=${'x'.repeat(dotenvLimits.value - 1)}é`,
      'the value is larger than 1048576 bytes',
    ],
    [
      'a file',
      `#${'x'.repeat(dotenvLimits.file - 1)}`,
      `#${'x'.repeat(dotenvLimits.file)}`,
      'the file is larger than 16777216 bytes',
    ],
    ['the number of names', names(10_000), names(10_001), 'more than 10000 names in one file'],
  ])('the limit of %s', (_, fits, exceeds, message) => {
    expect(parseDotenv(fits, 'f').diagnostics).toEqual([]);
    expect(parseDotenv(exceeds, 'f').diagnostics.map((problem) => problem.message)).toEqual([message]);
  });
});

function names(count: number): string {
  return Array.from({ length: count }, (_, index) => `N${index}=\n`).join('');
}

describe('places', () => {
  test('of an assignment and a comment', () => {
    const text = '\uFEFF# first\r\n  export A = "x\r\ny" # c\r\nB=z';
    const { assignments, comments } = parseDotenv(text, 'f.env');
    const [a, b] = assignments;
    expect(text.slice(a?.start, a?.end)).toBe('export A = "x\r\ny"');
    expect(text.slice(a?.lineStart, a?.lineEnd)).toBe('  export A = "x\r\ny" # c\r\n');
    expect(text.slice(b?.lineStart, b?.lineEnd)).toBe('B=z');
    expect([a?.line, a?.column, b?.line, b?.column]).toEqual([2, 10, 4, 1]);
    expect(comments.map((comment) => [comment.text, comment.line])).toEqual([['# first', 1]]);
    expect(text.slice(comments[0]?.lineStart, comments[0]?.lineEnd)).toBe('# first\r\n');
  });
});

describe('printing', () => {
  test.each([
    ['', 'A=\n'],
    ['postgres://u:p@db.internal:5432/app?x=1', "A='postgres://u:p@db.internal:5432/app?x=1'\n"],
    ['db.internal', 'A=db.internal\n'],
    ['a b', "A='a b'\n"],
    ['$x\\n"', "A='$x\\n\"'\n"],
    ["it's", 'A="it\'s"\n'],
    ['\'$`\\"\r\n', 'A="\'\\$\\`\\\\\\"\\r\n"\n'],
  ])('%j', (value, expected) => {
    expect(printDotenv([['A', value]])).toBe(expected);
  });

  test('refuses what it cannot write, all of it, without values', () => {
    const print = (): string =>
      printDotenv([
        ['A-B', 'hush'],
        ['A', 'hu\0sh'],
        ['B', '\ud800'],
        ['C', '1'],
        ['C', '2'],
        ['D', 'x'.repeat(dotenvLimits.value + 1)],
      ]);
    expect(print).toThrow(PlumbError);
    expect(print).toThrow(
      expect.objectContaining({
        diagnostics: [
          { message: `"A-B" is not a name of 1 to 255 letters, digits and _ that starts without a digit` },
          { message: '"A" has a value with a NUL character' },
          { message: '"B" has a value that is not valid Unicode' },
          { message: '"C" is given twice' },
          { message: '"D" has a value over 1 MiB' },
        ],
      }),
    );
  });

  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/);
  const tricky = fc.array(
    fc.constantFrom('\n', '\r', '\r\n', "'", '"', '`', '$', '\\', '#', ' ', '\t', '=', 'x', '\uFEFF', '\u2028'),
    { maxLength: 12 },
  );
  const value = fc.oneof(
    fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')),
    tricky.map((parts) => parts.join('')),
  );

  test('what was printed is read as the same', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value), (entries) => {
        expect([...readDotenv(printDotenv(Object.entries(entries)), 'f')]).toEqual(Object.entries(entries));
      }),
      { seed: 1 },
    );
  });

  test('any text is read to its end, and every place is inside it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          tricky.map((parts) => `A=${parts.join('')}`),
        ),
        (text) => {
          const { assignments, diagnostics } = parseDotenv(text, 'f');
          for (const { start, end, lineStart, lineEnd } of assignments) {
            expect([lineStart <= start, start < end, end <= lineEnd, lineEnd <= text.length]).toEqual([
              true,
              true,
              true,
              true,
            ]);
          }
          expect(diagnostics.every(({ line, column }) => (line ?? 0) > 0 && (column ?? 0) > 0)).toBe(true);
        },
      ),
      { seed: 1 },
    );
  });
});

describe('docs/dotenv.md', () => {
  const text = readFileSync(new URL('../../docs/dotenv.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `+ ?(.+?) ?`+ \| (.+?) \|/gm)].map(([, written = '', here = '']) => [
    written,
    here,
  ]);

  test('has the table', () => {
    expect(rows.length).toBeGreaterThan(25);
  });

  test.each(rows)('%s is %s here', (written = '', here = '') => {
    const { assignments, diagnostics } = parseDotenv(written.replaceAll('⏎', '\n'), 'f');
    const found = diagnostics.length > 0 ? 'refused' : `\`${assignments[0]?.value.replaceAll('\n', '⏎')}\``;
    expect(found).toBe(here);
  });
});
