import { describe, expect, test } from 'vitest';
import { mapNames, parseMapping } from './mapping.ts';

const names = (option: unknown, entries: readonly string[]): readonly string[] => {
  const desired = new Map(entries.map((name) => [name, { value: name, secret: false }]));
  return [...mapNames(parseMapping(option), desired).desired].map(([name, { entry = name }]) => `${entry}>${name}`);
};

describe('names', () => {
  test.each([
    [undefined, ['A>A', 'b>b']],
    [{ prefix: 'APP_' }, ['A>APP_A', 'b>APP_b']],
    [{ case: 'upper' }, ['A>A', 'b>B']],
    [{ case: 'lower', template: 'app.{name}.x' }, ['A>app.a.x', 'b>app.b.x']],
    [{ only: ['A*'] }, ['A>A']],
    [{ except: ['A'] }, ['b>b']],
    [{ only: ['*'], except: ['b'] }, ['A>A']],
  ])('%j', (option, expected) => {
    expect(names(option, ['A', 'b'])).toEqual(expected);
  });

  test('a template is no pattern of replacement', () => {
    expect(names({ template: '{name}_$&' }, ["$'"])).toEqual(["$'>$'_$&"]);
  });

  test('two entries under one name are in the way of all', () => {
    const desired = new Map(['A', 'a'].map((name) => [name, { value: '', secret: false }]));
    expect(mapNames(parseMapping({ case: 'upper' }), desired).obstacles).toEqual([
      { group: '', message: 'a and A would both be called A' },
    ]);
  });
});

describe('the option', () => {
  test.each([
    [[], 'must be a mapping'],
    [{ no: 1 }, 'names.no'],
    [{ case: 'UPPER' }, 'names.case'],
    [{ prefix: '' }, 'names.prefix'],
    [{ prefix: 'x'.repeat(257) }, 'names.prefix'],
    [{ template: 'no name' }, 'names.template'],
    [{ template: '{name}{name}' }, 'names.template'],
    [{ prefix: 'a', template: '{name}' }, 'exclude'],
    [{ only: [] }, 'names.only'],
    [{ only: Array.from({ length: 101 }, () => 'a') }, 'names.only'],
    [{ except: [1] }, 'names.except'],
  ])('%j is refused', (option, text) => {
    const found = (): unknown => {
      try {
        return parseMapping(option);
      } catch (error) {
        return error;
      }
    };
    expect(JSON.stringify(found(), ['code', 'message', 'diagnostics'])).toContain(text);
  });
  test('at its limits it is taken', () => {
    const option = { prefix: 'x'.repeat(256), only: Array.from({ length: 100 }, () => 'a') };
    expect(parseMapping(option)).toEqual({ template: `${'x'.repeat(256)}{name}`, only: option.only });
  });
});
