/** Help about commands in general, made from their table; what one command takes is told by stricli. */
import { UsageError } from './failures.ts';
import { padded, printable } from './style.ts';
import type { CommandRow } from './table.ts';
import { commandTable } from './table.ts';

const about = 'the one place where configuration and secrets are right';

/**
 * The help that these arguments ask for, about the program or a group of commands. Throws a usage error with
 * the nearest name if they ask for a command that does not exist.
 */
export function generalHelp(argv: readonly string[]): string {
  const words = argv.filter((word) => word !== '--help' && word !== '-h');
  const [first, second] = words;
  if (first === undefined) return commandList(commandTable, [], about);
  const group = commandTable.find(({ name }) => name === first);
  if (group?.commands === undefined) throw unknownCommand(first, commandTable, []);
  if (second !== undefined) throw unknownCommand(second, group.commands, [first]);
  return commandList(group.commands, [first], group.brief);
}

/** The commands in one column with what they are for. */
function commandList(rows: readonly CommandRow[], words: readonly string[], brief: string): string {
  const wide = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map((row) => `  ${padded(row.name, wide)}  ${row.brief}`);
  const usage = ['plumb', ...words, 'COMMAND'].join(' ');
  const more = `Help about one command: ${usage} --help`;
  return `${[`plumb: ${brief}`, '', `USAGE\n  ${usage} …`, '', 'COMMANDS', ...lines, '', more].join('\n')}\n`;
}

function unknownCommand(word: string, rows: readonly CommandRow[], words: readonly string[]): UsageError {
  const near = rows
    .map(({ name }) => ({ name, distance: distance(word, name) }))
    .filter((row) => row.distance <= Math.max(1, Math.ceil(row.name.length / 3)))
    .toSorted((a, b) => a.distance - b.distance);
  const hint =
    near[0] === undefined ? `${['plumb', ...words].join(' ')} --help lists them` : `did you mean ${near[0].name}?`;
  return new UsageError(`${printable(word)} is not a command`, hint);
}

/** How many characters to insert, delete, replace, or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : replaced;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped));
    }
  }
  return at(a.length, b.length);
}
