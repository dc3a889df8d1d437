/** Help about commands in general, made from their table; what one command takes is told by stricli. */
import { padded } from './style.ts';
import type { CommandRow } from './table.ts';
import { commandTable } from './table.ts';

/** The commands of a table, in one column with what they are for. `words`: what stands before them. */
export function commandList(rows: readonly CommandRow[], words: readonly string[], brief: string): string {
  const wide = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map((row) => `  ${padded(row.name, wide)}  ${row.brief}`);
  const usage = ['plumb', ...words, 'COMMAND'].join(' ');
  const more = `Help about one command: ${usage} --help`;
  return `${[`plumb: ${brief}`, '', `USAGE\n  ${usage} …`, '', 'COMMANDS', ...lines, '', more].join('\n')}\n`;
}

/** The help that these arguments ask for, if it is about the program or a group of commands; else `undefined`. */
export function generalHelp(argv: readonly string[], about: string): string | undefined {
  const words = argv.filter((word) => !isHelp(word));
  const asked = words.length < argv.length;
  if (words.length === 0) return commandList(commandTable, [], about);
  const group = words.length === 1 ? commandTable.find(({ name }) => name === words[0]) : undefined;
  if (group?.commands === undefined || (!asked && argv.length > 1)) return undefined;
  return commandList(group.commands, [group.name], group.brief);
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}
