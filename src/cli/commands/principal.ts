import type { Client, NamedPrincipal, PrincipalInput } from '@plumbd/client';
import { parsePrincipalName } from '#domain/principal';
import { switchFlag, textFlag, textsFlag } from '../command.ts';
import { nameArgument, putFlags, putVerb, readingVerbs } from '../nouns.ts';

interface Flags {
  readonly policy?: readonly string[];
  readonly disabled?: boolean;
  readonly description?: string;
}

const texts = {
  noun: 'principal',
  placeholder: 'KIND/NAME',
  example: 'workload/deployer',
  check: parsePrincipalName,
  heading: ['NAME', 'POLICIES', 'STATE', 'DESCRIPTION'],
  row: ({ name, policies, disabled, description }: NamedPrincipal) => [
    name,
    policies.join(', '),
    disabled ? 'disabled' : 'active',
    description ?? '',
  ],
};
const pick = (client: Client) => client.principals;

export const put = putVerb<NamedPrincipal, PrincipalInput, Flags, []>(texts, {
  parameters: {
    flags: {
      ...putFlags,
      policy: textsFlag('NAME', 'What it may do; may be given several times'),
      disabled: switchFlag('May not act, whatever its tokens; its syncs stall'),
      description: textFlag('TEXT', 'Who it is'),
    },
    positional: nameArgument(texts),
  },
  description: 'KIND is person, workload or ai-agent. What is not given is removed.',
  examples: [{ input: 'principal put workload/deployer --policy deploy --policy read-production', brief: '' }],
  input: (_, { policy, disabled = false, description }) => ({
    policies: policy ?? [],
    disabled,
    ...(description === undefined ? {} : { description }),
  }),
  pick,
});

const { get, list, delete: remove } = readingVerbs(texts, pick);
export { get, list, remove as delete };
