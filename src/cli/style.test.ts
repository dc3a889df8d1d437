import { describe, expect, test } from 'vitest';
import { parseDuration, parseMoment } from './duration.ts';
import { columns, count, printable, printableLines, quoted, styleFor, timeText, width } from './style.ts';

describe('text from elsewhere', () => {
  test.each([
    ['plain žluť 🌍', 'plain žluť 🌍'],
    ['a\u001b[31mb', 'a\\u{1b}[31mb'],
    ['a\nb\tc\rd', 'a\\u{a}b\\u{9}c\\u{d}d'],
    ['right\u202eleft', 'right\\u{202e}left'],
    ['zero\u200bwidth\u2028', 'zero\\u{200b}width\\u{2028}'],
    ['\u0085\u009b', '\\u{85}\\u{9b}'],
    ['\ud800', '\\u{d800}'],
  ])('%j is printed as %s', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test('as a whole value keeps its lines', () => {
    expect(printableLines('a\n\tb\u001bc')).toBe('a\n\tb\\u{1b}c');
  });

  test('as a value in a table is one line in quotes', () => {
    expect(quoted('a\n"b"\u202e')).toBe('"a\\n\\"b\\"\\u{202e}"');
  });
});

test('columns are aligned, and colours have no width', () => {
  expect(
    columns([
      ['a', 'b'],
      ['\u001b[1maa\u001b[22m', ''],
      ['', 'x'],
    ]),
  ).toBe('a   b\n\u001b[1maa\u001b[22m\n    x\n');
  expect(width('\u001b[1m🌍\u001b[22m')).toBe(2);
});

test('times are in UTC, numbers of things in words', () => {
  expect(timeText(Date.UTC(2026, 10, 22, 16, 5, 9, 999))).toBe('2026-11-22 16:05:09Z');
  expect([count(1, 'name'), count(0, 'name'), count(2, 'entry', 'entries')]).toEqual([
    '1 name',
    '0 names',
    '2 entries',
  ]);
});

describe('colours', () => {
  test.each<[what: string, isTerminal: boolean, env: Record<string, string>, coloured: boolean]>([
    ['on a terminal', true, {}, true],
    ['not elsewhere', false, {}, false],
    ['not with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['not on a dumb terminal', true, { TERM: 'dumb' }, false],
    ['not with CLICOLOR=0', true, { CLICOLOR: '0' }, false],
    ['everywhere with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
    ['everywhere with CLICOLOR_FORCE', false, { CLICOLOR_FORCE: '1', CLICOLOR: '0' }, true],
    ['not with FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, false],
    ['NO_COLOR is stronger than FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ])('%s', async (_, isTerminal, env, coloured) => {
    expect((await styleFor(isTerminal, env)).red('x') !== 'x').toBe(coloured);
  });
});

test('--no-color is stronger than the rest', async () => {
  expect((await styleFor(true, { FORCE_COLOR: '1' }, true)).red('x')).toBe('x');
});

describe('durations and moments', () => {
  test.each([
    ['90s', 90],
    ['15m', 900],
    ['12h', 43_200],
    ['30d', 2_592_000],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each(['', '5', 'm', '-5m', '1.5h', '5y', '5 m', '9999999999s'])('%j is no duration', (text) => {
    expect(() => parseDuration(text)).toThrow('a duration is a number with');
  });

  test.each([
    ['2027-01-31', Date.UTC(2027, 0, 31)],
    ['2027-01-31T12:00:00Z', Date.UTC(2027, 0, 31, 12)],
    ['2027-01-31T12:00:00+02:00', Date.UTC(2027, 0, 31, 10)],
    ['1h', 1000 + 3_600_000],
  ])('%s is a moment', (text, expected) => {
    expect(parseMoment(text, 1000)).toBe(expected);
  });

  test.each(['', 'soon', '2027-13-01', '31.1.2027', '2027-01-31T12:00', '2027'])('%j is none', (text) => {
    expect(() => parseMoment(text, 0)).toThrow('a time is a date such as');
  });
});
