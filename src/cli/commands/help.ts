import type { CommandModule } from '../command.ts';
import type { CommandRow } from '../command-row.ts';
import { argument, defineCommand, switchFlag } from '../command.ts';
import { commandPage, helpText, programPage } from '../help.ts';
import { topicPage } from '../topics.ts';

interface Flags {
  readonly man?: boolean;
}

/** The table is handed in: it names this command too. */
export const helpCommand = (table: readonly CommandRow[]): CommandModule =>
  defineCommand<Flags, string[]>({
    parameters: {
      flags: { man: switchFlag('Print the page of the program, a command or a topic as a manual page, for man(1)') },
      positional: {
        kind: 'array',
        parameter: argument('WORD', 'A command with its words, or a topic. Default: all of them'),
      },
    },
    description: 'The same as --help behind a command. Topics tell what concerns many commands.',
    examples: [
      { input: 'help get', brief: '' },
      { input: 'help paths', brief: 'a topic' },
      { input: 'help --man sync create | man -l -', brief: 'as a manual page' },
    ],
    paged: true,
    async run(session, flags, ...words) {
      if (flags.man !== true) return session.print(await helpText(table, words, session.room));
      const { manualPage } = await import('../man.ts');
      const [first] = words;
      const page = first === undefined ? programPage(table) : words.length === 1 ? topicPage(first) : undefined;
      session.print(manualPage(page ?? (await commandPage(table, words)), session.io.version));
    },
  });
