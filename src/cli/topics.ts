/** Topics of `plumb help`: what concerns many commands. */
import { exitCodes } from './failures.ts';
import type { Page, Row } from './page.ts';
import { variables } from './variables.ts';

interface Topic {
  readonly name: string;
  readonly brief: string;
  readonly paragraphs?: readonly string[];
  readonly rows?: readonly Row[];
}

export const topics: readonly Topic[] = [
  {
    name: 'paths',
    brief: 'how entries, folders and environments are named',
    paragraphs: [
      'A path in full, such as changelog/production/DB_HOST, always wins. A single name is looked up in the environment. A folder is always given in full.',
      'The environment is -e FOLDER, else PLUMB_ENV, else what branches in plumb.yaml says for the branch of git, else environment there, else the root. -e / is the root whatever else is said.',
      'A branch never decides where something is written: set, delete, unset and edit want -e, PLUMB_ENV or a path in full, unless environment in plumb.yaml names the same folder.',
      '    # plumb.yaml\n    environment: changelog/development\n    branches:\n      main: changelog/production\n      feature/*: changelog/development',
    ],
  },
  {
    name: 'output',
    brief: 'what is printed where, and how programs read it',
    paragraphs: [
      'Results go to standard output; notes, warnings and errors to standard error.',
      'Values of secrets are masked on a terminal and refused in pipes, unless --reveal is given. Commands whose purpose is to hand values on (run, export to a file or a pipe) do so.',
      '--json prints what the API answers, --format yaml the same as YAML; a masked value is left out, and masked is true. What goes on and on (changes, --watch) is one JSON document a line. -o is always a file.',
      'On a terminal, tables are cut to its width and long output goes through a pager: PLUMB_PAGER, PAGER, else less. In pipes nothing is cut and nothing is paged.',
    ],
  },
  {
    name: 'servers',
    brief: 'which server and which token a command uses',
    paragraphs: [
      'The server: --address, else PLUMB_ADDR, else that of the last plumb login, else the development server of this folder or one above (.plumb/dev).',
      'The token: PLUMB_TOKEN, else what plumb login has kept for exactly this address, else for a unix socket the file token beside it.',
      'A project file can name a server for people to see; it is never followed.',
    ],
  },
  {
    name: 'exit-codes',
    brief: 'what the exit codes mean',
    rows: Object.values(exitCodes).map(({ code, means }) => [String(code), means.replaceAll('`', '')]),
  },
  {
    name: 'variables',
    brief: 'the variables that commands read',
    rows: variables.map(({ name, brief }) => [name, brief]),
  },
];

/** As the page of a command. `undefined`: there is no such topic. */
export function topicPage(name: string): Page | undefined {
  const found = topics.find((topic) => topic.name === name);
  if (found === undefined) return undefined;
  const { brief, paragraphs = [], rows = [] } = found;
  return { name: `plumb help ${name}`, brief, sections: [{ title: name.toUpperCase(), paragraphs, rows }] };
}
