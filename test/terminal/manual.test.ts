/** Manual pages as a reader of them sees them. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commandPage } from '#cli/help';
import { manualPage } from '#cli/man';
import type { CommandRow } from '#cli/table';
import { commandTable } from '#cli/table';

function leaves(rows: readonly CommandRow[], words: readonly string[] = []): readonly (readonly string[])[] {
  return rows.flatMap((row) => {
    const path = [...words, row.name];
    return row.commands === undefined ? (row.load === undefined ? [] : [path]) : leaves(row.commands, path);
  });
}

test.each(leaves(commandTable).map((words) => [words.join(' '), words] as const))(
  'of plumb %s is valid, and shows what --help shows',
  async (_, words) => {
    const page = await commandPage(commandTable, words);
    const input = manualPage(page, '0.0.0');
    const lint = spawnSync('mandoc', ['-Tlint', '-Wwarning'], { input, encoding: 'utf8' });
    // A page that is made when it is asked for has no date.
    expect(lint.stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([]);
    const shown = spawnSync('mandoc', ['-Tutf8', '-Owidth=200'], { input, encoding: 'utf8' }).stdout.replaceAll(
      /.\u0008/g,
      '',
    );
    for (const { title } of page.sections) expect(shown).toContain(`\n${title}\n`);
    expect(shown).toContain(`plumb-${words.join('-')} - `);
  },
);
