import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxJsonDepth, parseJson } from './json.ts';
import { PlumbError } from '#domain/errors';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function refusal(text: string): string {
  try {
    parseJson(bytes(text));
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    return error.diagnostics.map(({ message, line, column }) => `${line}:${column} ${message}`).join();
  }
  return 'accepted';
}

const name = fc.string({ unit: 'grapheme' }).filter((text) => !['__proto__', 'constructor'].includes(text));
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.string({ unit: 'grapheme' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 20, noNullPrototype: true }),
  ),
})).value;

test('what JSON says is what is read, whatever the blanks', () => {
  fc.assert(
    fc.property(value, fc.constantFrom('', ' ', '\n\t'), (written, indent) => {
      expect(parseJson(bytes(JSON.stringify(written, undefined, indent)))).toEqual(written);
    }),
    { seed: 1 },
  );
});

test('a name given twice is found at any place, depth and number of names', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { minLength: 1, maxLength: 40 }),
      fc.nat(),
      fc.nat({ max: 3 }),
      (names, pick, depth) => {
        const members = names.map((each) => `${JSON.stringify(each)}:{"a":[1,"\\"b\\":",2]}`);
        const again = `${JSON.stringify(names[pick % names.length])}:0`;
        const text = `${'[{"x":'.repeat(depth)}{${[...members, again].join(',')}}${'}]'.repeat(depth)}`;
        expect(refusal(text)).toContain('a name is given twice in one object');
      },
    ),
    { seed: 1 },
  );
});

/** What a parser makes of a text, as something to compare. */
function outcome(parse: () => unknown): unknown {
  try {
    return { value: parse() };
  } catch (error) {
    return error instanceof PlumbError || error instanceof SyntaxError ? 'refused' : error;
  }
}

test('on any text it answers or refuses, as JSON.parse does', () => {
  const pieces = fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '1', 'null', ' ', '"a"', '"b":');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      fc.pre(!refusal(text).includes('twice'));
      expect(outcome(() => parseJson(bytes(text)))).toEqual(outcome(() => JSON.parse(text)));
    }),
    { seed: 1 },
  );
});

describe('places', () => {
  test.each([
    ['', '1:1 the JSON text ends too early'],
    ['{"a":1', '1:7 the JSON text ends too early'],
    ['{\n  "a": 1,\n  "a": 2\n}', '3:3 a name is given twice in one object'],
    ['{"a":{"b":1},"b":{"a":1}}', 'accepted'],
    ['[{"a":1},{"a":1}]', 'accepted'],
    ['["a","a",{"a":["a"]}]', 'accepted'],
    ['{"a":"x\\\\","a":1}', '1:12 a name is given twice in one object'],
    ['{"a" : 1, "\\u0061"\n: 2}', '1:11 a name is given twice in one object'],
    ['{"__proto__":1}', '1:2 __proto__ cannot be a name'],
    ['{"\\u005f_proto__":1}', '1:2 __proto__ cannot be a name'],
    ['{"a":{"constructor":1}}', '1:7 constructor cannot be a name'],
    ['["__proto__","constructor"]', 'accepted'],
    ['{"a":"__proto__"}', 'accepted'],
    [`${'['.repeat(maxJsonDepth)}${']'.repeat(maxJsonDepth)}`, 'accepted'],
    [
      `${'['.repeat(maxJsonDepth + 1)}${']'.repeat(maxJsonDepth + 1)}`,
      `1:${maxJsonDepth + 1} nested deeper than ${maxJsonDepth} levels`,
    ],
    ['{"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}', 'accepted'],
  ])('%s', (text, said) => {
    expect(refusal(text)).toBe(said);
  });
});
