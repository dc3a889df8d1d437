/** The variables that the command line reads, as help tells them. */
import type { ParametersShape } from './command.ts';

interface Variable {
  readonly name: string;
  readonly brief: string;
  /** Only commands with such a flag read it. Default: all. */
  readonly flag?: string;
}

export const variables: readonly Variable[] = [
  { name: 'PLUMB_ADDR', brief: 'The server, as --address takes it', flag: 'address' },
  { name: 'PLUMB_TOKEN', brief: 'The token, instead of the one that plumb login keeps', flag: 'address' },
  { name: 'PLUMB_ENV', brief: 'Folder of single names, as --environment takes it', flag: 'environment' },
  {
    name: 'PLUMB_PAGER, PAGER',
    brief: 'What shows long output on a terminal; empty or cat: nothing. Default: less -FRX',
  },
  { name: 'NO_COLOR', brief: 'Not empty: no colours' },
  { name: 'FORCE_COLOR, CLICOLOR_FORCE', brief: 'Not empty and not 0: colours everywhere' },
  { name: 'CLICOLOR', brief: '0: no colours' },
  { name: 'XDG_STATE_HOME', brief: 'Where tokens are kept. Default: ~/.local/state', flag: 'address' },
  {
    name: 'PLUMB_OFFLINE',
    brief: 'keep: what is read is kept for --offline; fallback: and stands in while the server does not answer',
    flag: 'offline',
  },
  { name: 'PLUMB_OFFLINE_MAX_AGE', brief: 'How old it may be. Default: 24h', flag: 'offline' },
  { name: 'NODE_EXTRA_CA_CERTS', brief: 'A file with authorities to trust besides the known ones', flag: 'address' },
];

/** Names and what they do, for commands with these flags. */
export function variablesOf({ flags = {} }: ParametersShape): readonly (readonly [name: string, brief: string])[] {
  return variables.filter(({ flag }) => flag === undefined || flag in flags).map(({ name, brief }) => [name, brief]);
}
