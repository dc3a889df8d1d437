import fc from 'fast-check';
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { printYaml } from './yaml.ts';

test('lists and objects in blocks, texts in quotes', () => {
  const data = { name: 'a', none: null, list: [1, { b: true, c: ['x'] }, [[]], {}], no: 'no', absent: undefined };
  expect(printYaml(data)).toBe(
    'name: "a"\nnone: null\nlist:\n  - 1\n  - b: true\n    c:\n      - "x"\n  - - []\n  - {}\n"no": "no"\n',
  );
  expect([printYaml({}), printYaml([]), printYaml('a\u0085b'), printYaml(1e21)]).toEqual([
    '{}\n',
    '[]\n',
    '"a\\u0085b"\n',
    '1.0e+21\n',
  ]);
});

test('another parser reads the same', () => {
  const data = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  fc.assert(
    fc.property(data, (value) => {
      expect(load(printYaml(value))).toEqual(value);
    }),
    { numRuns: 300, seed: 1 },
  );
});
