/** What a format that makes a tree of a text takes, and what would not fit into the memory of a process. */
import { describe, expect, test } from 'vitest';
import type { Format } from '#format/format';
import { PlumbError } from '#domain/errors';
import { formatLimits } from '#format/format';
import { type FormatName, loadFormat } from '#format/formats';

const { names, depth } = formatLimits;
/** So many names with levels of their own are as large as a file may be. */
const deepNames = 7000;

describe('many names, each with all levels of its own, are read as they were printed:', () => {
  test.each<[FormatName, string, number]>([
    ['json-nested', '.', deepNames],
    ['dotnet', '__', deepNames],
    ['yaml', '.', names],
    ['toml', '.', names],
  ])('%s', async (formatName, separator, count) => {
    const format = await loadFormat(formatName);
    const levels = Array.from({ length: depth - 1 }, (_, level) => `${level}`);
    const entries = Array.from({ length: count }, (_, index) => ({
      name: [`N${index}`, ...levels].join(separator),
      value: `${index}`,
    }));
    const { entries: found, diagnostics } = format.parse(format.print(entries), 'f');
    expect(diagnostics).toEqual([]);
    expect(found.map(({ name, value }) => ({ name, value }))).toEqual(entries);
  });
});

const list = (elements: number): string => `[${'1,'.repeat(elements - 1)}1]`;

interface Limit {
  readonly formatName: FormatName;
  readonly most: number;
  /** A text with so many pieces, and a name `a` in it that can be read. */
  readonly text: (pieces: number) => string;
  /** What is wrong with one that has no more than the limit. */
  readonly wrong: readonly string[];
}

const limits: readonly Limit[] = [
  ...(['json-nested', 'dotnet'] as const).map((formatName) => ({
    formatName,
    most: 320_000,
    // The two brackets, the comma in front of the list, and those in it.
    text: (pieces: number) => `{"a": "x", "b": ${list(pieces - 2)}}`,
    wrong:
      formatName === 'dotnet'
        ? ['more than 10000 names in one file']
        : ['expected a string, a number, true, false or an object, found an array'],
  })),
  {
    formatName: 'toml',
    most: 100_000,
    // Two equals signs, the bracket, and the commas.
    text: (pieces) => `a = "x"\nb = ${list(pieces - 2)}\n`,
    wrong: ['expected a string, a number, true, false or a table, found a list'],
  },
  {
    formatName: 'yaml',
    most: 2_000_000,
    // The sign and the end of the line of each comment; eight for the start, the name and its value.
    text: (pieces) => `${'#\n'.repeat((pieces - 8) / 2)}a: x${pieces % 2 === 0 ? '\n' : '\n '}`,
    wrong: [],
  },
];

/** Of the piece that is one too many. */
const places: Partial<Record<FormatName, object>> = {
  'json-nested': { line: 1, column: 19 + 2 * 319_997 },
  dotnet: { line: 1, column: 19 + 2 * 319_997 },
  toml: { line: 2, column: 5 + 2 * 99_998 },
  yaml: { line: 999_998, column: 1 },
};

function messages(format: Format, text: string): readonly string[] {
  return format.parse(text, 'f').diagnostics.map(({ message }) => message);
}

describe.each(limits)('$formatName is read up to $most pieces', ({ formatName, most, text, wrong }) => {
  test('and at the limit', async () => {
    const format = await loadFormat(formatName);
    expect(messages(format, text(most))).toEqual(wrong);
    expect(format.parse(text(most), 'f').entries[0]).toMatchObject({ name: 'a', value: 'x' });
  });

  test('and refused above it, with the place, and not edited', async () => {
    const format = await loadFormat(formatName);
    const above = text(most + 1);
    const { entries, diagnostics } = format.parse(above, 'f');
    expect(entries).toEqual([]);
    expect(diagnostics).toEqual([
      {
        message: `more than ${most} keys, values, brackets and the like in one file`,
        subject: 'f',
        ...places[formatName],
      },
    ]);
    expect(() => format.edit(above, [['a', 'y']], 'f')).toThrow(PlumbError);
  });
});

const parts = 'a.'.repeat(depth - 2);

/** Each of these, as long as a file may be, once took all the memory of a process, gigabytes of it, or all its stack. */
const hostile: readonly (readonly [FormatName, start: string, again: (index: number) => string, wrong: RegExp])[] = [
  ['toml', 'a = [1', () => ',1', /^more than 100000 keys/],
  ['toml', '', (index) => `b${index}.${parts}a = 1\n`, /^more than 320000 keys/],
  ['toml', '', (index) => `[b${index}.${parts}a]\n`, /^more than 320000 keys/],
  ['toml', 'a = [', () => '#\n', /^more than 100000 keys/],
  ['yaml', 'a: [1', () => ',1', /^more than 2000000 keys/],
  ['yaml', 'a: [', () => ']', /^expected YAML/],
  ['kubernetes', 'a: [', () => ']', /^expected YAML/],
  ['json-nested', '{"a": "x"', () => ',"a":1', /^more than 320000 keys/],
  ['json', '{"a": "x"', () => '"a":"x"', /^expected , between/],
  ['dotnet', '{"a": [', () => '0', /^expected , between/],
  ['dotnet', '{"a": [', () => ',[}', /^more than 320000 keys/],
  ['json', `{"a": ${']'.repeat(20_000)}, "b": `, () => '[', /^more than 32 levels/],
];

test.each(hostile)('what is hostile is refused by %s, not the end of the process: %s…', async (...of) => {
  const [formatName, start, again, wrong] = of;
  const format = await loadFormat(formatName);
  const pieces = [start];
  for (let index = 0, left = formatLimits.file - start.length; left > 0; index += 1) {
    const piece = again(index).slice(0, left);
    pieces.push(piece);
    left -= piece.length;
  }
  expect(messages(format, pieces.join(''))).toEqual([expect.stringMatching(wrong)]);
});
