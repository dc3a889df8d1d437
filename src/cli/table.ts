import type { CommandModule } from './command.ts';

/** One command, or a group of commands, in the order of `--help`. */
export interface CommandRow {
  readonly name: string;
  /** One line, lower case, without a full stop. */
  readonly brief: string;
  /** Loads the command's file; only the command that is run, or asked for help, is ever loaded. */
  readonly load?: () => Promise<CommandModule>;
  readonly commands?: readonly CommandRow[];
}

type NounFile = 'put' | 'get' | 'list' | 'delete';
type NounModule = Readonly<Record<NounFile, CommandModule>>;

/** The four verbs that every plain record has. */
function nounRows(noun: string, load: () => Promise<NounModule>): readonly CommandRow[] {
  const verb = (name: NounFile, brief: string): CommandRow => ({ name, brief, load: async () => (await load())[name] });
  return [
    verb('put', `create or replace a ${noun}`),
    verb('get', `show a ${noun}`),
    verb('list', `list what you may see`),
    verb('delete', `remove a ${noun}`),
  ];
}

/** The one table of commands: dispatch, help and docs/cli.md are made from it. */
export const commandTable: readonly CommandRow[] = [
  { name: 'get', brief: 'print a value', load: async () => (await import('./commands/get.ts')).command },
  { name: 'set', brief: 'put values', load: async () => (await import('./commands/set.ts')).command },
  {
    name: 'delete',
    brief: 'end entries; an inherited value shows again',
    load: async () => (await import('./commands/end.ts')).deleteCommand,
  },
  {
    name: 'unset',
    brief: 'hide inherited entries',
    load: async () => (await import('./commands/end.ts')).unsetCommand,
  },
  {
    name: 'list',
    brief: 'list entries, without values',
    load: async () => (await import('./commands/list.ts')).command,
  },
  {
    name: 'diff',
    brief: 'compare two folders or revisions',
    load: async () => (await import('./commands/diff.ts')).command,
  },
  {
    name: 'why',
    brief: 'tell where a value comes from, and where it goes',
    load: async () => (await import('./commands/why.ts')).command,
  },
  {
    name: 'history',
    brief: 'list the versions of an entry',
    load: async () => (await import('./commands/history.ts')).command,
  },
  {
    name: 'changes',
    brief: 'follow changes as they are made',
    load: async () => (await import('./commands/changes.ts')).command,
  },
  {
    name: 'run',
    brief: 'run a command with the values of a folder',
    load: async () => (await import('./commands/run.ts')).command,
  },
  {
    name: 'import',
    brief: 'put the values of a file',
    load: async () => (await import('./commands/import.ts')).command,
  },
  {
    name: 'export',
    brief: 'write the values of a folder as a file',
    load: async () => (await import('./commands/export.ts')).command,
  },
  { name: 'init', brief: 'write plumb.yaml', load: async () => (await import('./commands/init.ts')).command },
  { name: 'login', brief: 'sign in to a server', load: async () => (await import('./commands/login.ts')).command },
  {
    name: 'whoami',
    brief: 'show who you are to the server',
    load: async () => (await import('./commands/whoami.ts')).command,
  },
  { name: 'project', brief: 'declare projects', commands: nounRows('project', () => import('./commands/project.ts')) },
  {
    name: 'environment',
    brief: 'declare environments',
    commands: nounRows('environment', () => import('./commands/environment.ts')),
  },
  {
    name: 'principal',
    brief: 'register who may act',
    commands: nounRows('principal', () => import('./commands/principal.ts')),
  },
  { name: 'policy', brief: 'say who may do what', commands: nounRows('policy', () => import('./commands/policy.ts')) },
  {
    name: 'token',
    brief: 'make, list and revoke tokens',
    commands: [
      {
        name: 'create',
        brief: 'make a token; it is shown once',
        load: async () => (await import('./commands/token.ts')).create,
      },
      { name: 'list', brief: 'list tokens', load: async () => (await import('./commands/token.ts')).list },
      {
        name: 'revoke',
        brief: 'end a token and those made with it',
        load: async () => (await import('./commands/token.ts')).revoke,
      },
    ],
  },
  {
    name: 'target',
    brief: 'say which places can be kept equal',
    commands: [
      {
        name: 'add',
        brief: 'add a cluster',
        load: async () => (await import('./commands/target-add.ts')).command,
      },
      {
        name: 'check',
        brief: 'ask a cluster as whom it knows us, and what we may do there',
        load: async () => (await import('./commands/target-check.ts')).command,
      },
      { name: 'list', brief: 'list targets', load: async () => (await import('./commands/target.ts')).list },
      { name: 'get', brief: 'show a target', load: async () => (await import('./commands/target.ts')).get },
      {
        name: 'delete',
        brief: 'remove a target that was added, and its credential',
        load: async () => (await import('./commands/target.ts')).remove,
      },
    ],
  },
  {
    name: 'sync',
    brief: 'keep a place in agreement with a folder',
    commands: [
      {
        name: 'create',
        brief: 'declare a sync',
        load: async () => (await import('./commands/sync-create.ts')).command,
      },
      {
        name: 'plan',
        brief: 'show what applying a sync would do',
        load: async () => (await import('./commands/sync-plan.ts')).plan,
      },
      {
        name: 'diff',
        brief: 'show what differs, as kubectl diff does',
        load: async () => (await import('./commands/sync-plan.ts')).diff,
      },
      {
        name: 'apply',
        brief: 'carry the plan out now',
        load: async () => (await import('./commands/sync-plan.ts')).apply,
      },
      {
        name: 'status',
        brief: 'tell whether syncs are in agreement',
        load: async () => (await import('./commands/sync-status.ts')).command,
      },
      {
        name: 'watch',
        brief: 'show the status of syncs whenever it changes',
        load: async () => (await import('./commands/sync-status.ts')).watch,
      },
      {
        name: 'explain',
        brief: 'tell what a sync delivers, from where, and what is wrong with it',
        load: async () => (await import('./commands/sync-explain.ts')).command,
      },
      { name: 'list', brief: 'list syncs', load: async () => (await import('./commands/sync.ts')).list },
      { name: 'get', brief: 'show a sync', load: async () => (await import('./commands/sync.ts')).get },
      {
        name: 'delete',
        brief: 'remove a sync',
        load: async () => (await import('./commands/sync-delete.ts')).command,
      },
      {
        name: 'pause',
        brief: 'leave a place alone for a while',
        load: async () => (await import('./commands/sync-pause.ts')).pause,
      },
      {
        name: 'resume',
        brief: 'end a pause',
        load: async () => (await import('./commands/sync-pause.ts')).resume,
      },
    ],
  },
  {
    name: 'audit',
    brief: 'check the audit trail',
    commands: [
      {
        name: 'verify',
        brief: 'check the chains of store and audit file',
        load: async () => (await import('./commands/audit.ts')).verify,
      },
    ],
  },
  { name: 'server', brief: 'run the server' },
];
