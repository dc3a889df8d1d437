/** A parser takes time in proportion to its text, whatever the text is: twice the text, at most two and a half times the time. */
import { expect, test } from 'vitest';
import { formatNames, loadFormat } from '#format/formats';
import { steepShapes } from './growth.ts';

test.each(formatNames)('%s takes at most two and a half times the time for twice the text', async (name) => {
  expect(steepShapes(await loadFormat(name))).toEqual([]);
});
