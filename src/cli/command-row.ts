/** What a row of the table of commands is. */
import type { CommandModule } from './command.ts';

/** Under which headings `plumb --help` lists the commands. */
export const areas = {
  values: 'VALUES',
  work: 'WORK WITH THEM',
  places: 'KEEP PLACES IN AGREEMENT',
  access: 'WHO MAY DO WHAT',
  here: 'THIS MACHINE',
} as const;

/** One command, or a group of commands, in the order of `--help`. */
export interface CommandRow {
  readonly name: string;
  /** Of a command of the first level: where `plumb --help` lists it. */
  readonly area?: keyof typeof areas;
  /** One line, lower case, without a full stop. */
  readonly brief: string;
  /** Loads the command's file; only the command that is run, or asked for help, is ever loaded. */
  readonly load?: () => Promise<CommandModule>;
  readonly commands?: readonly CommandRow[];
}
