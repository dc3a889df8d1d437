import { describe, expect, test } from 'vitest';
import { alignedColumns } from './tables.ts';
import { padded, truncated, width, wrapped } from './width.ts';

describe('width', () => {
  test.each([
    ['', 0],
    ['plain', 5],
    ['žluť', 4],
    ['e\u0301', 1],
    ['日本語', 6],
    ['한글', 4],
    ['🌍', 2],
    ['👍🏽', 4],
    ['ﬁ', 1],
    ['Ａ', 2],
    ['\u001b[1mbold\u001b[22m', 4],
  ])('%j takes %d columns', (text, columns) => {
    expect(width(text)).toBe(columns);
  });

  test('texts are cut and filled by it', () => {
    expect(truncated('日本語', 4)).toBe('日…');
    expect(truncated('日本語', 5)).toBe('日本…');
    expect(truncated('日本語', 6)).toBe('日本語');
    expect(truncated('abc', 2)).toBe('a…');
    expect(padded('日', 4)).toBe('日  ');
    expect(wrapped('日本 語 ab', 5)).toEqual(['日本', '語 ab']);
  });
});

describe('a table', () => {
  const rows = [
    ['NAME', 'BY', 'REASON'],
    ['changelog/production/DATABASE_URL', 'person/ada', 'the new primary is there'],
    ['S', 'workload/deployer', ''],
  ];
  const widest = (text: string): number => Math.max(...text.split('\n').map(width));

  test('is whole where nothing is said about the room', () => {
    expect(widest(alignedColumns(rows))).toBe(33 + 2 + 17 + 2 + 24);
  });

  test('is not changed where it fits', () => {
    expect(alignedColumns(rows, 78)).toBe(alignedColumns(rows));
  });

  test.each([77, 60, 53])('fits into %d columns, and names stay whole', (room) => {
    const text = alignedColumns(rows, room);
    expect(widest(text)).toBeLessThanOrEqual(room);
    expect(text).toContain('changelog/production/DATABASE_URL');
    expect(text).toContain('…');
  });

  test.each([52, 40, 32])('fits into %d columns by cutting names too', (room) => {
    expect(widest(alignedColumns(rows, room))).toBe(room);
  });

  test('is cut no further than tells something', () => {
    expect(alignedColumns(rows, 10)).toBe(alignedColumns(rows, 20));
  });

  test('has no blanks at the end of a line', () => {
    expect(alignedColumns(rows, 60)).not.toMatch(/ $/m);
  });
});
