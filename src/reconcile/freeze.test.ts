import { describe, expect, test } from 'vitest';
import { parseFreezes } from './freeze.ts';

const holds = (text: string, at: string): boolean => parseFreezes([text])[0]?.holds(Date.parse(at)) ?? false;

describe('a window', () => {
  test.each([
    // 2026-11-20 is a Friday.
    ['fri 16:00 - mon 08:00', '2026-11-20T15:59Z', false],
    ['fri 16:00 - mon 08:00', '2026-11-20T16:00Z', true],
    ['fri 16:00 - mon 08:00', '2026-11-22T00:00Z', true],
    ['fri 16:00 - mon 08:00', '2026-11-23T07:59Z', true],
    ['fri 16:00 - mon 08:00', '2026-11-23T08:00Z', false],
    ['mon 08:00 - mon 09:00', '2026-11-23T08:30Z', true],
    ['mon 09:00 - mon 08:00', '2026-11-23T08:30Z', false],
    ['fri 16:00 - mon 08:00 Europe/Berlin', '2026-11-20T15:00Z', true],
    ['fri 16:00 - mon 08:00 Europe/Berlin', '2026-11-20T14:59Z', false],
    // An hour later in summer time.
    ['fri 16:00 - mon 08:00 Europe/Berlin', '2026-07-03T14:00Z', true],
    ['2026-12-20T00:00Z - 2027-01-02T00:00Z', '2026-12-20T00:00Z', true],
    ['2026-12-20T00:00Z - 2027-01-02T00:00Z', '2027-01-02T00:00Z', false],
  ])('%s at %s: %s', (text, at, expected) => {
    expect(holds(text, at)).toBe(expected);
  });
});

describe('the option', () => {
  test.each([
    ['fri'],
    [['fri 16:00']],
    [['fry 16:00 - mon 08:00']],
    [['fri 24:00 - mon 08:00']],
    [['fri 16:00 - fri 16:00']],
    [['fri 16:00 - mon 08:00 Nowhere/Land']],
    [['2027-01-02T00:00Z - 2026-12-20T00:00Z']],
    [['2026-13-01T00:00Z - 2027-12-20T00:00Z']],
    [[7]],
    [Array.from({ length: 21 }, () => 'fri 16:00 - mon 08:00')],
  ])('%j is refused', (option) => {
    expect(() => parseFreezes(option)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
  test('twenty windows are taken', () => {
    expect(parseFreezes(Array.from({ length: 20 }, () => 'fri 16:00 - mon 08:00'))).toHaveLength(20);
  });
});
