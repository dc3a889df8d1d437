import { describe, expect, test } from 'vitest';
import { glob } from './glob.ts';

describe('patterns', () => {
  test.each([
    ['A', 'A', true],
    ['A', 'AB', false],
    ['*', '', true],
    ['A*', 'A', true],
    ['*_URL', 'DB_URL', true],
    ['*_URL', 'DB_URLS', false],
    ['A*B*C', 'AxBxC', true],
    ['A*B*C', 'ABC', true],
    ['A*B*C', 'ACB', false],
    ['AB*BA', 'ABA', false],
    ['a.c', 'abc', false],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(glob(pattern)(name)).toBe(expected);
  });
});
