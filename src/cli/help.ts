/** Help about the program, groups of commands, commands and topics, made from the one table. */
import { UsageError } from './failures.ts';
import type { Called, Page, Row, Section } from './page.ts';
import { pageOf } from './page.ts';
import { pageText, sectionText } from './page-text.ts';
import type { CommandRow } from './command-row.ts';
import { areas } from './command-row.ts';
import { printable } from './style.ts';
import { topicPage, topics } from './topics.ts';

/** All commands. */
type Table = readonly CommandRow[];

const about = 'the one place where configuration and secrets are right';
const widest = 100;

/** What `plumb help WORDS` says, for a terminal of so many columns. Throws a usage error with the nearest name. */
export async function helpText(table: Table, words: readonly string[], columns: number = widest): Promise<string> {
  const [first, second] = words;
  const room = Math.max(40, Math.min(columns, widest));
  if (first === undefined) return overview(table, room);
  const group = table.find(({ name }) => name === first);
  if (group?.commands !== undefined && second === undefined) return groupText(group, room);
  const topic = group === undefined && second === undefined ? topicPage(first) : undefined;
  if (topic !== undefined) return pageText(topic, { columns });
  if (group !== undefined && group.load === undefined && group.commands === undefined)
    return `plumb ${group.name}: ${group.brief}\n\nIts options and examples: plumb ${group.name} --help\n`;
  return pageText(await commandPage(table, words), { columns });
}

/** The page of one command. Throws a usage error if there is no such command. */
export async function commandPage(table: Table, words: readonly string[]): Promise<Page> {
  const called = calledBy(table, words);
  const module = await called.row.load?.();
  if (module === undefined) throw new UsageError(`plumb ${called.words.join(' ')} is not one command`);
  return pageOf(called, module);
}

function calledBy(table: Table, words: readonly string[]): Called {
  const [first = '', second] = words;
  const row = table.find(({ name }) => name === first);
  if (row === undefined) throw unknownCommand(first, table, []);
  if (row.commands === undefined) return { words: [first], row, siblings: [] };
  if (second === undefined) {
    throw new UsageError(`${first} is a group of commands`, `name one of them: plumb ${first} --help lists them`);
  }
  const command = row.commands.find(({ name }) => name === second);
  if (command === undefined) throw unknownCommand(second, row.commands, [first]);
  const siblings = row.commands.filter((other) => other !== command).map(({ name }) => `${first} ${name}`);
  return { words: [first, command.name], row: command, siblings };
}

const usage = 'plumb COMMAND …';

/** The page of the program itself. */
export function programPage(table: Table): Page {
  return {
    name: 'plumb',
    brief: about,
    sections: [{ title: 'SYNOPSIS', lines: [usage] }, ...programSections(table)],
  };
}

function overview(table: Table, room: number): string {
  return help(`plumb: ${about}`, usage, room, programSections(table));
}

function programSections(table: Table): readonly Section[] {
  const sections = Object.entries(areas).map(([area, title]) => ({
    title,
    rows: rowsOf(table.filter((row) => row.area === area)),
  }));
  return [
    ...sections,
    { title: 'HELP TOPICS', rows: topics.map(({ name, brief }): Row => [name, brief]) },
    { title: 'MORE', lines: ['plumb COMMAND --help', 'plumb help TOPIC'] },
  ];
}

function groupText({ name, brief, commands = [] }: CommandRow, room: number): string {
  return help(`plumb ${name}: ${brief}`, `plumb ${name} COMMAND …`, room, [
    { title: 'COMMANDS', rows: rowsOf(commands) },
    { title: 'MORE', lines: [`plumb ${name} COMMAND --help`] },
  ]);
}

function rowsOf(rows: readonly CommandRow[]): readonly Row[] {
  return rows.map(({ name, brief }) => [name, brief]);
}

function help(title: string, synopsis: string, room: number, sections: readonly Section[]): string {
  const filled = sections.filter(({ rows, lines }) => (rows ?? lines ?? []).length > 0);
  const all = [{ title: 'USAGE', lines: [synopsis] }, ...filled];
  return `${[title, ...all.map((section) => sectionText(section, room))].join('\n\n')}\n`;
}

/** What users of other tools type first. */
const habits: Readonly<Record<string, string>> = {
  secrets: 'plumb list, get, set and export work with entries, secret or not',
  secret: 'plumb list, get, set and export work with entries, secret or not',
  kv: 'plumb get, set, list and delete work with entries',
  read: 'plumb get prints a value',
  write: 'plumb set puts values',
  put: 'plumb set puts values',
  rm: 'plumb delete ends entries',
  remove: 'plumb delete ends entries',
  env: 'plumb export writes the values of a folder, plumb environment declares environments',
  exec: 'plumb run runs a command with the values of a folder',
  apply: 'plumb sync apply carries a plan out',
  describe: 'plumb why tells where a value comes from, and where it goes',
  auth: 'plumb login signs in, plumb whoami shows as whom',
  config: 'plumb init writes plumb.yaml; plumb help variables lists what else is read',
};

/** With a hint at the nearest one. */
export function unknownCommand(word: string, rows: readonly CommandRow[], words: readonly string[]): UsageError {
  const habit = words.length === 0 && Object.hasOwn(habits, word) ? habits[word] : undefined;
  if (habit !== undefined) return new UsageError(`${printable(word)} is not a command`, habit);
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
