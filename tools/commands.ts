/** Every command line in the documentation names a command that exists, with flags that it has. */
import { type CommandRow, commandTable } from '../src/cli/table.ts';
import { optionNames as agentOptionNames } from '../src/agent/options.ts';
import { flagOf } from '../src/domain/options.ts';
import { optionNames } from '../src/server/options.ts';
import type { Finding, Tree } from './tree.ts';

/** Looks up the flags of a command. */
export type FlagsOf = (row: CommandRow) => Promise<ReadonlySet<string>>;

const everywhere = ['--help', '-h'];
const ofTheAgent = ['--config', '--check', '--once', '--json'];

/** The flags that a command declares, as they are written. */
export const declaredFlags: FlagsOf = async (row) => {
  if (row.name === 'server') return new Set([...optionNames.map(flagOf), '--dev', '--config', '--port', ...everywhere]);
  if (row.name === 'agent') return new Set([...agentOptionNames.map(flagOf), ...ofTheAgent, ...everywhere]);
  const command = (await row.load?.())?.build(row.brief);
  const { flags = {}, aliases = {} } = command?.parameters ?? {};
  return new Set([
    ...Object.keys(flags).map(flagOf),
    ...Object.keys(aliases).map((letter) => `-${letter}`),
    ...everywhere,
  ]);
};

interface Written {
  readonly path: string;
  readonly line: number;
  readonly words: readonly string[];
}

/** The words of a command, up to where `run` hands over to another program, or the shell to another command. */
function wordsOf(text: string): readonly string[] {
  const words = text.match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? [];
  const end = words.findIndex((word) => ['--', '|', ';', '&&', '>', '<', '#'].includes(word));
  return end < 0 ? words : words.slice(0, end);
}

function commandsIn(tree: Tree): readonly Written[] {
  return tree
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) =>
        [...line.matchAll(/(?:^|[`;&] ?|\$ )(?:\.\/)?plumb ([a-z][^`;&]*)/g)].map(([, command = '']) => ({
          path,
          line: index + 1,
          words: wordsOf(command),
        })),
      ),
    );
}

function rowOf(words: readonly string[], table: readonly CommandRow[]): CommandRow | undefined {
  const row = table.find(({ name }) => name === words[0]);
  return row?.commands === undefined ? row : rowOf(words.slice(1), row.commands);
}

async function judge({ words }: Written, table: readonly CommandRow[], flagsOf: FlagsOf): Promise<string | undefined> {
  const group = table.find(({ name }) => name === words[0]);
  // `plumb token` alone speaks of the group.
  if (group?.commands !== undefined && words.length === 1) return undefined;
  const row = rowOf(words, table);
  if (row === undefined) return `plumb ${words.slice(0, 2).join(' ')}: there is no such command`;
  const flags = await flagsOf(row);
  const wrong = words.filter((word) => /^--?[a-z]/.test(word)).find((word) => !flags.has(word.split('=')[0] ?? word));
  return wrong === undefined ? undefined : `plumb ${row.name} has no flag ${wrong}`;
}

export async function checkCommands(
  tree: Tree,
  table: readonly CommandRow[] = commandTable,
  flagsOf: FlagsOf = declaredFlags,
): Promise<readonly Finding[]> {
  const judged = commandsIn(tree).map(async (written): Promise<readonly Finding[]> => {
    const message = await judge(written, table, flagsOf);
    return message === undefined ? [] : [{ path: written.path, line: written.line, message, level: 'error' }];
  });
  return (await Promise.all(judged)).flat();
}
