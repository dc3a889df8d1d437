import type { Client, NamedProject, ProjectInput } from '@plumbd/client';
import { textFlag } from '../command.ts';
import { nameArgument, putFlags, putVerb, readingVerbs } from '../nouns.ts';

interface Flags {
  readonly owner?: string;
  readonly description?: string;
}

const texts = {
  noun: 'project',
  placeholder: 'NAME',
  example: 'changelog',
  heading: ['NAME', 'OWNER', 'DESCRIPTION'],
  row: ({ name, owner, description }: NamedProject) => [name, owner ?? '', description ?? ''],
};
const pick = (client: Client) => client.projects;

export const put = putVerb<NamedProject, ProjectInput, Flags, []>(texts, {
  parameters: {
    flags: { ...putFlags, owner: textFlag('WHO', 'Who answers for it'), description: textFlag('TEXT', 'What it is') },
    positional: nameArgument(texts),
  },
  description: 'A project is a declared first-level folder. What is not given is removed.',
  examples: [{ input: 'project put changelog --owner team/web --description "the Changelog application"', brief: '' }],
  input: (_, { owner, description }) => ({
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
  }),
  pick,
});

const { get, list, delete: remove } = readingVerbs(texts, pick);
export { get, list, remove as delete };
