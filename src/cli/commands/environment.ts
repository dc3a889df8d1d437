import type { Client, EnvironmentInput, Kind, NamedEnvironment } from '@plumbd/client';
import { textFlag } from '../command.ts';
import { UsageError } from '../failures.ts';
import { nameArgument, putFlags, putVerb, readingVerbs } from '../nouns.ts';

interface Flags {
  readonly extends?: string;
  readonly defaultKind?: Kind;
  readonly description?: string;
}

const texts = {
  noun: 'environment',
  placeholder: 'PROJECT/NAME',
  example: 'changelog/staging',
  check: (name: string): void => {
    if (name.split('/').length !== 2) throw new UsageError('an environment is named PROJECT/NAME');
  },
  heading: ['NAME', 'EXTENDS', 'DEFAULT', 'DESCRIPTION'],
  row: (record: NamedEnvironment) => [record.name, record.extends ?? '', record.defaultKind, record.description ?? ''],
};
const pick = (client: Client) => client.environments;

export const put = putVerb<NamedEnvironment, EnvironmentInput, Flags, []>(texts, {
  parameters: {
    flags: {
      ...putFlags,
      extends: textFlag('NAME', 'Environment of the same project whose entries it inherits'),
      defaultKind: {
        kind: 'enum',
        values: ['secret', 'config'],
        optional: true,
        brief: 'Kind of new entries. Default: secret',
      },
      description: textFlag('TEXT', 'What it is'),
    },
    positional: nameArgument(texts),
  },
  description: 'An environment is a declared second-level folder. What is not given is removed.',
  examples: [{ input: 'environment put changelog/staging --extends base', brief: '' }],
  input: (_, flags) => ({
    ...(flags.extends === undefined ? {} : { extends: flags.extends }),
    ...(flags.defaultKind === undefined ? {} : { defaultKind: flags.defaultKind }),
    ...(flags.description === undefined ? {} : { description: flags.description }),
  }),
  pick,
});

const { get, list, delete: remove } = readingVerbs(texts, pick);
export { get, list, remove as delete };
