import type { CommandModule } from './command.ts';
import type { CommandRow } from './command-row.ts';

export type { CommandRow } from './command-row.ts';

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
  {
    name: 'get',
    area: 'values',
    brief: 'print a value',
    load: async () => (await import('./commands/get.ts')).command,
  },
  { name: 'set', area: 'values', brief: 'put values', load: async () => (await import('./commands/set.ts')).command },
  {
    name: 'edit',
    area: 'values',
    brief: 'edit the entries of a folder in your editor',
    load: async () => (await import('./commands/edit.ts')).command,
  },
  {
    name: 'delete',
    area: 'values',
    brief: 'end entries; an inherited value shows again',
    load: async () => (await import('./commands/end.ts')).deleteCommand,
  },
  {
    name: 'unset',
    area: 'values',
    brief: 'hide inherited entries',
    load: async () => (await import('./commands/end.ts')).unsetCommand,
  },
  {
    name: 'list',
    area: 'values',
    brief: 'list entries, without values',
    load: async () => (await import('./commands/list.ts')).command,
  },
  {
    name: 'diff',
    area: 'values',
    brief: 'compare two folders or revisions',
    load: async () => (await import('./commands/diff.ts')).command,
  },
  {
    name: 'why',
    area: 'values',
    brief: 'tell where a value comes from, and where it goes',
    load: async () => (await import('./commands/why.ts')).command,
  },
  {
    name: 'history',
    area: 'values',
    brief: 'list the versions of an entry',
    load: async () => (await import('./commands/history.ts')).command,
  },
  {
    name: 'changes',
    area: 'values',
    brief: 'follow changes as they are made',
    load: async () => (await import('./commands/changes.ts')).command,
  },
  {
    name: 'run',
    area: 'work',
    brief: 'run a command with the values of a folder',
    load: async () => (await import('./commands/run.ts')).command,
  },
  {
    name: 'shell',
    area: 'work',
    brief: 'start a shell with the values of a folder',
    load: async () => (await import('./commands/shell.ts')).command,
  },
  {
    name: 'import',
    area: 'work',
    brief: 'put the values of a file',
    load: async () => (await import('./commands/import.ts')).command,
  },
  {
    name: 'export',
    area: 'work',
    brief: 'write the values of a folder as a file',
    load: async () => (await import('./commands/export.ts')).command,
  },
  {
    name: 'init',
    area: 'work',
    brief: 'write plumb.yaml, and find what can be imported',
    load: async () => (await import('./commands/init.ts')).command,
  },
  {
    name: 'open',
    area: 'work',
    brief: 'open the documentation of the server in a browser',
    load: async () => (await import('./commands/open.ts')).command,
  },
  {
    name: 'login',
    area: 'here',
    brief: 'sign in to a server',
    load: async () => (await import('./commands/login.ts')).command,
  },
  {
    name: 'logout',
    area: 'here',
    brief: 'end what login has kept here',
    load: async () => (await import('./commands/logout.ts')).command,
  },
  {
    name: 'whoami',
    area: 'here',
    brief: 'show who you are to the server',
    load: async () => (await import('./commands/whoami.ts')).command,
  },
  {
    name: 'project',
    area: 'access',
    brief: 'declare projects',
    commands: nounRows('project', () => import('./commands/project.ts')),
  },
  {
    name: 'environment',
    area: 'access',
    brief: 'declare environments',
    commands: nounRows('environment', () => import('./commands/environment.ts')),
  },
  {
    name: 'principal',
    area: 'access',
    brief: 'register who may act',
    commands: nounRows('principal', () => import('./commands/principal.ts')),
  },
  {
    name: 'policy',
    area: 'access',
    brief: 'say who may do what',
    commands: nounRows('policy', () => import('./commands/policy.ts')),
  },
  {
    name: 'token',
    area: 'access',
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
    area: 'places',
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
    area: 'places',
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
    area: 'access',
    brief: 'check the audit trail',
    commands: [
      {
        name: 'verify',
        brief: 'check the chains of store and audit file',
        load: async () => (await import('./commands/audit.ts')).verify,
      },
    ],
  },
  {
    name: 'doctor',
    area: 'here',
    brief: 'look whether this machine and the server are well',
    load: async () => (await import('./commands/doctor.ts')).command,
  },
  { name: 'server', area: 'here', brief: 'run the server' },
  { name: 'agent', area: 'here', brief: 'keep files of this machine in agreement' },
  {
    name: 'completion',
    area: 'here',
    brief: 'complete command lines in bash, zsh and fish',
    load: async () => (await import('./commands/completion.ts')).command,
  },
  {
    name: 'help',
    area: 'here',
    brief: 'tell about a command or a topic',
    load: async () => (await import('./commands/help.ts')).helpCommand(commandTable),
  },
];
