/** Where completion finds names: on the server, as far as this person may list them. Never a value. */
import type { Client } from '@plumbd/client';
import { readCredentials } from './credentials.ts';
import type { Session } from './session.ts';

export interface Candidate {
  readonly text: string;
  readonly brief?: string;
}

export type Wanted = keyof typeof sources;

/** The command line so far. */
export interface Around {
  readonly session: Session;
  /** Of the command. */
  readonly words: readonly string[];
  readonly flags: ReadonlyMap<string, string>;
  readonly arguments: readonly string[];
}

const shells = ['bash', 'zsh', 'fish'];

/** What an argument is, by its placeholder and its command. */
export function sourceOfArgument(words: readonly string[], placeholder: string): Wanted {
  const byPlaceholder: Readonly<Record<string, Wanted>> = {
    PATH: 'path',
    'PATH=VALUE': 'assignment',
    FOLDER: 'folder',
    LEFT: 'folder',
    RIGHT: 'folder',
    FILE: 'files',
    '@FILE': 'atFile',
    COMMAND: 'commands',
    SHELL: 'shell',
    'PROJECT/NAME': 'environment',
    'KIND/NAME': 'principal',
    ACCESSOR: 'token',
  };
  const byNoun: Readonly<Record<string, Wanted>> = {
    project: 'project',
    policy: 'policy',
    target: 'target',
    sync: 'sync',
  };
  return byPlaceholder[placeholder] ?? (placeholder === 'NAME' ? byNoun[words[0] ?? ''] : undefined) ?? 'nothing';
}

/** What the value of a flag is, by its name and its placeholder. */
export function sourceOfFlag(name: string, placeholder: string): Wanted {
  const byName: Readonly<Record<string, Wanted>> = {
    address: 'address',
    policy: 'policy',
    principal: 'principal',
    runAs: 'principal',
    extends: 'sibling',
    to: 'place',
    title: 'nothing',
  };
  const byPlaceholder: Readonly<Record<string, Wanted>> = { FOLDER: 'folder', FILE: 'files', SIGNAL: 'signal' };
  return byName[name] ?? byPlaceholder[placeholder] ?? 'nothing';
}

/** Throws what the server answers: the caller keeps silent about it. */
export async function fromSource(source: Wanted, around: Around, typed: string): Promise<readonly Candidate[]> {
  return sources[source](around, typed);
}

const sources = {
  nothing: async () => [],
  files: async () => [{ text: ':files' }],
  commands: async ({ arguments: before }: Around) => [{ text: before.length === 0 ? ':commands' : ':files' }],
  atFile: async () => [{ text: '@' }, { text: ':files' }],
  shell: async () => shells.map((text) => ({ text })),
  signal: async () => ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGINT', 'SIGQUIT'].map((text) => ({ text })),
  address: async ({ session }: Around) => Object.keys(readCredentials(session.io).tokens).map((text) => ({ text })),
  path: async (around: Around, typed: string) => entriesAt(around, typed, ''),
  assignment: async (around: Around, typed: string) => {
    const equals = typed.indexOf('=');
    if (equals < 0) return entriesAt(around, typed, '=');
    return typed[equals + 1] === '@' ? [{ text: ':files' }] : [];
  },
  folder: async (around: Around, typed: string) => foldersAt(around, typed),
  environment: async (around: Around) =>
    named((await connect(around)).environments.list(), ({ description }) => description),
  sibling: async (around: Around) => {
    const project = around.arguments[0]?.split('/')[0];
    const all = await (await connect(around)).environments.list();
    return all.flatMap(({ name }) => (name.split('/')[0] === project ? [{ text: name.split('/')[1] ?? '' }] : []));
  },
  project: async (around: Around) => named((await connect(around)).projects.list(), ({ description }) => description),
  policy: async (around: Around) => named((await connect(around)).policies.list(), () => undefined),
  principal: async (around: Around) =>
    named((await connect(around)).principals.list(), ({ description }) => description),
  target: async (around: Around) => named((await connect(around)).targets.list(), ({ type }) => type),
  sync: async (around: Around) =>
    named((await connect(around)).syncs.list(), ({ from, target }) => `${from} → ${target}`),
  place: async (around: Around) =>
    (await (await connect(around)).targets.list()).map(({ name, type }) => ({ text: `${name}:`, brief: type })),
  token: async (around: Around) => {
    const tokens = await (await connect(around)).tokens.list();
    return tokens.map(({ accessor, principal }) => ({ text: accessor, brief: principal }));
  },
} satisfies Record<string, (around: Around, typed: string) => Promise<readonly Candidate[]>>;

async function named<Named extends { readonly name: string }>(
  listed: Promise<readonly Named[]>,
  brief: (record: Named) => string | undefined,
): Promise<readonly Candidate[]> {
  return (await listed).map((record) => {
    const told = brief(record);
    return { text: record.name, ...(told === undefined ? {} : { brief: told }) };
  });
}

/** For the server and the environment that the command line names. */
async function connect({ session, flags }: Around): Promise<Client> {
  return session.connect(placeOf(flags));
}

function placeOf(flags: Around['flags']): { readonly address?: string; readonly environment?: string } {
  const [address, environment] = [flags.get('address'), flags.get('environment')];
  return { ...(address === undefined ? {} : { address }), ...(environment === undefined ? {} : { environment }) };
}

/** Entries and folders one level below what is typed so far; without a slash, those of the environment first. */
async function entriesAt(around: Around, typed: string, behind: string): Promise<readonly Candidate[]> {
  const client = await connect(around);
  const slash = typed.lastIndexOf('/');
  if (slash >= 0) return level(client, typed.slice(0, slash), { prefix: typed.slice(0, slash + 1), behind });
  const environment = await around.session.environment(placeOf(around.flags));
  const single = environment === undefined ? [] : await level(client, environment, { prefix: '', behind });
  const root = await level(client, '', { prefix: '', behind });
  return [...single.filter(({ text }) => !text.endsWith('/')), ...root];
}

/** A folder is given in full; behind a complete one, another level may follow. */
async function foldersAt(around: Around, typed: string): Promise<readonly Candidate[]> {
  const client = await connect(around);
  const slash = typed.lastIndexOf('/');
  const parent = slash < 0 ? '' : typed.slice(0, slash);
  const below = await level(client, parent, { prefix: slash < 0 ? '' : `${parent}/`, behind: '' });
  return below.filter(({ text }) => text.endsWith('/'));
}

/** The first thousand: whoever has more types another letter, and looks at a level that is no list any more. */
async function level(
  client: Client,
  folder: string,
  { prefix, behind }: { readonly prefix: string; readonly behind: string },
): Promise<readonly Candidate[]> {
  const { folders, entries } = await client.entries.list({ limit: 1000, ...(folder === '' ? {} : { folder }) });
  const from = folder === '' ? 0 : folder.length + 1;
  return [
    ...entries.map(({ path, kind, type }) => ({
      text: `${prefix}${path.slice(from)}${behind}`,
      brief: type === 'string' ? kind : `${kind}, ${type}`,
    })),
    ...folders.map((name) => ({ text: `${prefix}${name}/` })),
  ];
}
