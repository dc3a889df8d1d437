import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MaskedStream, MaskPatterns } from './masker.ts';
import { mask } from './style.ts';

/** What is written when the text comes in pieces of these sizes, again and again. */
function masked(values: readonly string[], text: string, sizes: readonly number[] = [text.length || 1]): string {
  const written: Buffer[] = [];
  const stream = new MaskedStream(new MaskPatterns(values), (bytes) => written.push(Buffer.from(bytes)));
  const bytes = Buffer.from(text);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    stream.push(bytes.subarray(at, at + size));
    at += size;
  }
  stream.end();
  return Buffer.concat(written).toString();
}

/** The same by trying every value at every place. */
function maskedSlowly(values: readonly string[], text: string): string {
  const bytes = Buffer.from(text);
  const hidden = Array.from(bytes, () => false);
  const starts = new Set<number>();
  const patterns = values.flatMap((value) => [value, ...value.split(/\r?\n/)]).map((value) => Buffer.from(value));
  const spans = patterns
    .filter(({ length }) => length >= 8)
    .flatMap((pattern) =>
      [...bytes.keys()]
        .filter((at) => bytes.subarray(at, at + pattern.length).equals(pattern))
        .map((at) => [at, at + pattern.length] as const),
    )
    .toSorted(([a], [b]) => a - b);
  let end = 0;
  for (const [from, to] of spans) {
    if (from >= end) starts.add(from);
    end = Math.max(end, to);
    hidden.fill(true, from, to);
  }
  const pieces = [...bytes].map((byte, at) =>
    starts.has(at) ? Buffer.from(mask) : hidden[at] ? Buffer.alloc(0) : Buffer.of(byte),
  );
  return Buffer.concat(pieces).toString();
}

describe('a masked stream', () => {
  test.each<[what: string, values: string[], text: string, expected: string]>([
    ['nothing to hide', [], 'as it is\n', 'as it is\n'],
    ['a value', ['hunter2!'], 'pass=hunter2! ok', `pass=${mask} ok`],
    ['seven bytes are too short', ['hunter2'], 'hunter2', 'hunter2'],
    ['eight bytes in seven characters', ['hunterž'], 'hunterž', mask],
    ['twice, next to each other', ['abcdefgh'], 'abcdefghabcdefgh', mask + mask],
    ['values that overlap', ['abcdefgh', 'ghijklmn'], 'xabcdefghijklmny', `x${mask}y`],
    ['a value overlapping itself', ['aaaaaaaa'], 'aaaaaaaaaaab', `${mask}b`],
    [
      'a value inside a value',
      ['12345678', 'x12345678y'],
      'x12345678y 12345678 x12345678z',
      `${mask} ${mask} x${mask}z`,
    ],
    ['a beginning without the rest', ['abcdefgh'], 'abcdefg abcdefgh abcd', `abcdefg ${mask} abcd`],
    ['several lines', ['first line\nsecond line'], '> first line\nsecond line\n', `> ${mask}\n`],
    [
      'its lines one by one',
      ['first line\nsecond line'],
      '1: first line\n2: second line\n',
      `1: ${mask}\n2: ${mask}\n`,
    ],
    [
      'a value with CRLF, printed with LF',
      ['first line\r\nsecond line'],
      'first line\nsecond line',
      `${mask}\n${mask}`,
    ],
  ])('hides %s', (_, values, text, expected) => {
    expect(masked(values, text)).toBe(expected);
    expect(masked(values, text, [1])).toBe(expected);
    expect(maskedSlowly(values, text)).toBe(expected);
  });

  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 14 });
  test('hides the same however the stream is cut', () => {
    const cases = fc.tuple(
      fc.array(letters, { maxLength: 4 }),
      fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 80 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
    );
    fc.assert(
      fc.property(cases, ([values, text, sizes]) => {
        expect(masked(values, text, sizes)).toBe(maskedSlowly(values, text));
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  test('passes on at once what cannot be a value, and holds back no more than one', () => {
    const written: string[] = [];
    const stream = new MaskedStream(new MaskPatterns(['abcdefgh']), (bytes) =>
      written.push(Buffer.from(bytes).toString()),
    );
    stream.push(Buffer.from('password: '));
    expect(written.join('')).toBe('password: ');
    stream.push(Buffer.from('abcdefg'));
    expect(written.join('')).toBe('password: ');
    stream.push(Buffer.from('X'));
    expect(written.join('')).toBe('password: abcdefgX');
  });

  test('holds back no more although values overlap without an end', () => {
    const written: string[] = [];
    const stream = new MaskedStream(new MaskPatterns(['aaaaaaaa']), (bytes) =>
      written.push(Buffer.from(bytes).toString()),
    );
    for (let turn = 0; turn < 100; turn += 1) stream.push(Buffer.from('a'.repeat(100)));
    expect(written).toEqual([mask]);
    stream.push(Buffer.from('b'));
    expect(written).toEqual([mask, 'b']);
  });

  test('takes values as large as a variable can be', () => {
    const values = Array.from({ length: 16 }, (_, index) =>
      String(index)
        .repeat(64 * 1024)
        .slice(0, 128 * 1024),
    );
    expect(masked(values, `<${values.join('|')}>`, [65_536])).toBe(`<${values.map(() => mask).join('|')}>`);
  });
});
