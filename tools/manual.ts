/** The manual pages of the package: what `plumb help --man` prints, for `man` to find. */
import { commandPage, programPage } from '../src/cli/help.ts';
import { manualName, manualPage } from '../src/cli/man.ts';
import type { CommandRow } from '../src/cli/table.ts';
import { commandTable } from '../src/cli/table.ts';
import { topicPage, topics } from '../src/cli/topics.ts';

/** Commands with the words that call them; groups are taken apart. */
export function commandWords(
  rows: readonly CommandRow[] = commandTable,
  words: readonly string[] = [],
): readonly (readonly string[])[] {
  return rows.flatMap((row) => {
    const path = [...words, row.name];
    if (row.commands !== undefined) return commandWords(row.commands, path);
    return row.load === undefined ? [] : [path];
  });
}

/** File name and text of the page of the program, and of every command and topic; by name. */
export async function manualPages(version: string): Promise<readonly (readonly [file: string, text: string])[]> {
  const commands = await Promise.all(commandWords().map((words) => commandPage(commandTable, words)));
  const pages = [programPage(commandTable), ...commands, ...topics.flatMap(({ name }) => topicPage(name) ?? [])];
  return pages
    .map((page) => [`${manualName(page)}.1`, manualPage(page, version)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
