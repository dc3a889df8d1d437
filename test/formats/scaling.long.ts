/** A format takes time in proportion to what it is given, whatever that is: for twice as much at most two and a half times. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Format } from '#format/format';
import { type FormatName, formatNames, loadFormat } from '#format/formats';
import { measureGrowth, type Steep } from './growth.ts';

/** In MiB of one of the two halves of new memory: more than any format takes for a text that is measured. */
const halves = 1024;

/**
 * In a process that does not collect memory meanwhile. Once new memory is full, V8 copies what is still in use of it:
 * nothing of a small text, nearly all of a tree of a larger one. That makes a step at one size, which is not growth: a TOML
 * text of `x = "y"` takes 14 ms for 64 KiB, 70 for 128, 151 for 256, 314 for 512; with this much 18, 37, 70 and 66 to 147.
 */
async function withoutCollection(format: FormatName, steep: readonly Steep[]): Promise<readonly Steep[]> {
  if (steep.length === 0) return [];
  const program = fileURLToPath(new URL('growth-process.ts', import.meta.url));
  const memory = [`--min-semi-space-size=${halves}`, `--max-semi-space-size=${halves}`];
  const command = [...memory, '--conditions=plumb-source', program, format, ...steep.map(({ what }) => what)];
  const { stdout } = await promisify(execFile)(process.execPath, command);
  return JSON.parse(stdout) as readonly Steep[];
}

test.each(formatNames)('%s takes at most two and a half times the time for twice as much', async (name) => {
  const { count, steep, worst } = measureGrowth(await loadFormat(name));
  console.log(`${name}: ${count} shapes read, edited and printed; of the good ones the worst is ${worst}`);
  for (const { what, found } of steep) console.log(`${name}: ${found.toFixed(2)} with collection: ${what}`);
  expect(await withoutCollection(name, steep)).toEqual([]);
  expect(count).toBeGreaterThan(300);
});

test('what grows with the square of its text is found', async () => {
  const format = await loadFormat('csv');
  let work = 0;
  const square: Format = {
    ...format,
    parse: (text, subject) => {
      for (let left = text.length ** 2 / 100_000; left > 0; left -= 1) work = (work + left) % 7919;
      return format.parse(text, subject);
    },
  };
  const what = 'parse {"again":"x"}';
  const { count, steep } = measureGrowth(square, new Set([what]));
  expect([count, steep]).toEqual([1, [{ what, found: expect.closeTo(4, 0) }]]);
  expect(work).toBeGreaterThanOrEqual(0);
  // The format as it is, in the other process.
  expect(await withoutCollection('csv', steep)).toEqual([]);
});
