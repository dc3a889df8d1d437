/** Manual pages as a reader of them sees them. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commandPage, programPage } from '#cli/help';
import { manualPage } from '#cli/man';
import type { Page } from '#cli/page';
import { commandTable } from '#cli/table';
import { topicPage, topics } from '#cli/topics';
import { commandWords, manualPages } from '../../tools/manual.ts';

const pages: readonly (readonly [name: string, page: () => Promise<Page | undefined>])[] = [
  ['plumb', async () => programPage(commandTable)],
  ...commandWords().map((words) => [`plumb ${words.join(' ')}`, () => commandPage(commandTable, words)] as const),
  ...topics.map(({ name }) => [`plumb help ${name}`, async () => topicPage(name)] as const),
];

test.each(pages)('of %s is valid, and shows what --help shows', async (name, find) => {
  const page = await find();
  if (page === undefined) throw new Error('there is no such page');
  const input = manualPage(page, '0.0.0');
  const lint = spawnSync('mandoc', ['-Tlint', '-Wwarning'], { input, encoding: 'utf8' });
  // A page that is made when it is asked for has no date.
  expect(lint.stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([]);
  const shown = spawnSync('mandoc', ['-Tutf8', '-Owidth=200'], { input, encoding: 'utf8' }).stdout.replaceAll(
    /.\u0008/g,
    '',
  );
  for (const { title } of page.sections) expect(shown).toContain(`\n${title}\n`);
  expect(shown).toContain(`${name.replaceAll(' ', '-')} - `);
});

test('every one of them is in the package', async () => {
  const files = (await manualPages('0.0.0')).map(([file]) => file);
  expect(files).toEqual(pages.map(([name]) => `${name.replaceAll(' ', '-')}.1`).sort());
});
