/** A format takes time in proportion to what it is given, whatever that is: for twice as much at most two and a half times. */
import { expect, test } from 'vitest';
import { formatNames, loadFormat } from '#format/formats';
import { measureGrowth } from './growth.ts';

test.each(formatNames)('%s takes at most two and a half times the time for twice as much', async (name) => {
  const { count, steep, worst } = measureGrowth(await loadFormat(name));
  console.log(`${name}: ${count} shapes read, edited and printed; of the good ones the worst is ${worst}`);
  expect(steep).toEqual([]);
  expect(count).toBeGreaterThan(300);
});
