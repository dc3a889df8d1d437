import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printFlatJson, readFlatJson } from './json.ts';

const problems = (text: string): string[] => {
  try {
    return [`read: ${[...readFlatJson(text, 'f.json').keys()].join()}`];
  } catch (error) {
    const { diagnostics } = error as { diagnostics: { line: number; column: number; message: string }[] };
    return diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
};

describe('reading', () => {
  test('names and values in their order', () => {
    const text = '\uFEFF{ "B": "1",\n "A": "\\u00e9\\n\\"", "10": "" }\n';
    expect([...readFlatJson(text, 'f')]).toEqual([
      ['B', '1'],
      ['A', 'é\n"'],
      ['10', ''],
    ]);
    expect([...readFlatJson(' {} ', 'f')]).toEqual([]);
  });

  test.each<[what: string, text: string, expected: string[]]>([
    ['nothing', '', ['1:1 expected an object']],
    ['an array', '["a"]', ['1:1 expected an object']],
    ['a name twice', '{"A": "1",\n "B": "2", "A": "3"}', ['2:12 "A" is given twice']],
    ['a name twice in other words', '{"A": "1", "\\u0041": "2"}', ['1:12 "A" is given twice']],
    ['__proto__', '{"__proto__": "x"}', ['1:2 __proto__ cannot be a name']],
    [
      'scalars, all of them',
      '{"A": 1, "B": true, "C": null}',
      ['A', 'B', 'C'].map(
        (name, index) =>
          `1:${[7, 15, 26][index] ?? 0} the value of "${name}" must be a string: put it in double quotes`,
      ),
    ],
    [
      'depth',
      '{"A": {"B": ["}"]}, "C": []}',
      [
        '1:7 the value of "A" must be a string, found an object; only one level is read',
        '1:26 the value of "C" must be a string, found an array; only one level is read',
      ],
    ],
    ['a comma too many', '{"A": "1",}', ['1:11 expected a name in double quotes']],
    ['no comma', '{"A": "1" "B": "2"}', ['1:11 expected , or }']],
    ['no colon', '{"A" "1"}', ['1:6 expected :']],
    ['an open string', '{"A": "1}', ['1:7 expected a value in double quotes']],
    ['a control character', '{"A": "1\n"}', ['1:7 expected a value in double quotes']],
    ['a bad escape', '{"A": "\\x"}', ['1:7 expected a value in double quotes']],
    ['something behind', '{} {}', ['1:4 expected nothing behind the object']],
    ['a comment', '{"A": "1"} // c', ['1:12 expected nothing behind the object']],
    [
      'an end too early',
      '{"A": ["1"',
      [
        '1:7 the value of "A" must be a string, found an array; only one level is read',
        '1:11 expected a closing bracket',
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  test('many values deep inside each other', () => {
    expect(problems(`{"A": ${'['.repeat(100_000)}`)).toHaveLength(2);
  });
});

describe('printing', () => {
  test('one name a line, in the order given', () => {
    expect(
      printFlatJson([
        ['B', '1'],
        ['A', '"'],
      ]),
    ).toBe('{\n  "B": "1",\n  "A": "\\""\n}\n');
    expect(printFlatJson([])).toBe('{}\n');
  });

  test.each([
    [[['__proto__', '']]],
    [
      [
        ['A', ''],
        ['A', ''],
      ],
    ],
  ] as [string, string][][][])('refuses %j', (entries) => {
    expect(() => printFlatJson(entries)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  test('what was printed is read as the same', () => {
    const name = fc.string({ unit: 'binary' }).filter((text) => text !== '__proto__');
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, fc.string({ unit: 'binary' })), { selector: ([key]) => key }),
        (entries) => {
          expect([...readFlatJson(printFlatJson(entries), 'f')]).toEqual(entries);
        },
      ),
    );
  });
});
