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
        message: `more than ${most} keys, values and brackets in one file`,
        subject: 'f',
        line: expect.any(Number),
        column: expect.any(Number),
      },
    ]);
    expect(() => format.edit(above, [['a', 'y']], 'f')).toThrow(PlumbError);
  });
});

test.each<[FormatName, string, string]>([
  ['toml', 'a = [1', ',1'],
  ['yaml', 'a: [1', ',1'],
  ['json-nested', '{"a": "x"', ',"a":1'],
])('%s as large as a file may be is refused, not the end of the process', async (formatName, start, again) => {
  const format = await loadFormat(formatName);
  const text = start + again.repeat(Math.floor((formatLimits.file - start.length) / again.length));
  expect(messages(format, text)).toEqual([expect.stringMatching(/^more than \d+ keys, values and brackets/)]);
});
