/** docs/formats.md has the formats that there are, and says of them what they say of themselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatNames, formatOfFile, isFormatName, loadFormat } from '#format/formats';

const page = readFileSync(join(import.meta.dirname, '../../docs/formats.md'), 'utf8');
const rows = [...page.matchAll(/^\| \[`([a-z-]+)`\]\(#([a-z]+)\) \| (.*?) \| (.*?) \|/gm)].map(
  ([, name = '', section = '', files = '', brief = '']) => ({ name, section, files, brief }),
);

test('the table has every format, in the order of help, each with its section', () => {
  expect(rows.map(({ name }) => name)).toEqual(formatNames);
  const sections = new Set([...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title));
  expect(rows.map(({ section }) => section).filter((section) => !sections.has(section))).toEqual([]);
});

test.each(rows)('$name is what it says it is', async ({ name, files, brief }) => {
  expect(isFormatName(name)).toBe(true);
  expect((await loadFormat(isFormatName(name) ? name : 'dotenv')).brief).toBe(brief);
  for (const [, pattern = ''] of files.matchAll(/`([^`]+)`/g)) {
    expect(formatOfFile(`folder/${pattern.replace('*', pattern.startsWith('*') ? 'x' : '.Development')}`)).toBe(name);
  }
});
