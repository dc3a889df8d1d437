import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TaggedEntry } from './tagged.ts';
import { printTagged, readTagged } from './tagged.ts';
import { valueTypes } from '#domain/entry';

const secret = { kind: 'secret', type: 'string', form: 'literal' } as const;
const read = (text: string): readonly TaggedEntry[] => {
  const { entries, diagnostics } = readTagged(text, 'f');
  expect(diagnostics).toEqual([]);
  return entries.map(({ line: _l, column: _c, ...entry }) => entry);
};
const problems = (text: string): readonly string[] =>
  readTagged(text, 'f').diagnostics.map(({ line, column, message }) => `${line}:${column}: ${message}`);

describe('a text of entries', () => {
  test('says kind, form and type by tags', () => {
    const text = `# a comment
A: !config one
B: two   # and why
C: !config+expression https://\${HOST}/v1
D: !integer+config 8080
E: !unchanged
F: !config+unchanged
`;
    expect(read(text)).toEqual([
      { ...secret, name: 'A', kind: 'config', value: 'one' },
      { ...secret, name: 'B', value: 'two' },
      { ...secret, name: 'C', kind: 'config', form: 'expression', value: 'https://${HOST}/v1' },
      { ...secret, name: 'D', kind: 'config', type: 'integer', value: '8080' },
      { ...secret, name: 'E', value: undefined },
      { ...secret, name: 'F', kind: 'config', value: undefined },
    ]);
  });

  test('has text only, whatever it looks like', () => {
    const values = ['yes', 'no', 'null', '~', '010', '1e3', '1_000', '0x1F', '.inf', '2026-01-01', '<<'];
    expect(read(values.map((value, index) => `N${index}: ${value}`).join('\n')).map(({ value }) => value)).toEqual(
      values,
    );
  });

  test('takes JSON with brackets where JSON is asked for', () => {
    expect(read('A: !json {"a": [1, 2]}\nB: !json [1]\nC: !json\n  {"a": 1}')).toEqual([
      { ...secret, name: 'A', type: 'json', value: '{"a": [1, 2]}' },
      { ...secret, name: 'B', type: 'json', value: '[1]' },
      { ...secret, name: 'C', type: 'json', value: '{"a": 1}' },
    ]);
  });

  test.each(['', '\n', '# nothing\n', '---\n'])('may be empty: %j', (text) => {
    expect(read(text)).toEqual([]);
  });

  test.each([
    ['A: 1\nB: [1, 2]\n', '2:4: expected a text; one that starts with such a character must be in quotes'],
    ['A: 1\n  B: x\n', '1:4: expected NAME: value; a value with ": " in it must be in quotes'],
    ['A: !cofnig x\n', '1:4: unknown tag'],
    ['A: !config+secret x\n', '1:4: tags contradict each other: expected one kind, one type and one form'],
    ['A: !unchanged x\n', '1:4: !unchanged goes without a value'],
    ['A: "x\n', 'something is not closed'],
    ['A: 1\nA: 2\n', '2:1: the name stands twice'],
    ['A\n', 'expected'],
    [`${'- '.repeat(20_000)}\nA: 1\n`, '1:1: expected lines of NAME: value'],
    ['- A\n', '1:1: expected lines of NAME: value'],
    ['{A: 1}\n', '1:1: expected lines of NAME: value'],
    ['A: &x 1\n', 'anchors are not read here'],
    ['A: *x\n', 'expected'],
    ['A: `x`\n', '1:4: a value that starts with this character must be in quotes'],
  ])('says what is wrong with %j, and where', (text, problem) => {
    expect(problems(text).join('\n')).toContain(problem);
  });

  test('never says a value', () => {
    for (const text of [
      'A: "hunter2',
      'A: *hunter2',
      'A: !hunter2 x',
      'hunter2: [hunter2]',
      'A: @hunter2',
      'A: "\\hunter2"',
    ]) {
      expect(problems(text)).not.toEqual([]);
      expect(problems(text).join()).not.toContain('hunter2');
    }
  });
});

describe('printing', () => {
  test('uses quotes and blocks where they are needed', () => {
    const of = (value: string): string => printTagged({ ...secret, name: 'A', value });
    expect(of('http://x:80/?a=b')).toBe('A: http://x:80/?a=b\n');
    expect(of('a b')).toBe('A: "a b"\n');
    expect(of('')).toBe('A: ""\n');
    expect(of('-----BEGIN X-----\nabc\n-----END X-----\n')).toBe(
      'A: |\n  -----BEGIN X-----\n  abc\n  -----END X-----\n',
    );
    expect(of('a\nb')).toBe('A: |-\n  a\n  b\n');
    expect(printTagged({ ...secret, name: 'odd name', kind: 'config', value: undefined })).toBe(
      '"odd name": !config+unchanged\n',
    );
  });

  test('and reading again gives the same', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.stringMatching(/^[ -~\n\t]{0,40}$/),
      fc.constantFrom(
        '---',
        '...',
        '- a',
        '? x',
        'a: b',
        '# c',
        ' x ',
        'x\n\n',
        '\n',
        '|',
        '>',
        '!t x',
        '&a',
        '*a',
        '%',
        '@',
        'a #b',
        ':',
        'a:',
        '\r\n',
        'x\ty\n',
        'a\n b\n',
      ),
    );
    const entry = fc.record({
      name: text.filter((name) => name.length < 200 && name.isWellFormed()),
      kind: fc.constantFrom('secret' as const, 'config' as const),
      type: fc.constantFrom(...valueTypes),
      form: fc.constantFrom('literal' as const, 'expression' as const),
      value: fc.option(
        text.filter((value) => value.isWellFormed()),
        { nil: undefined },
      ),
    });
    const entries = fc.uniqueArray(entry, { selector: ({ name }) => name, maxLength: 6 });
    fc.assert(
      fc.property(entries, (given) => {
        expect(read(given.map(printTagged).join(''))).toEqual(given);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
