import type { TargetSummary } from '@plumbd/client';
import { readingVerbs } from '../nouns.ts';

const verbs = readingVerbs<TargetSummary>(
  {
    noun: 'target',
    placeholder: 'NAME',
    example: 'prod-eu',
    heading: ['NAME', 'TYPE', 'DECLARED', 'SERVER', 'NAMESPACES', 'DESCRIPTION'],
    row: ({ name, type, declared, server, namespaces, description }) => [
      name,
      type,
      declared === 'api' ? 'here' : "in the server's configuration",
      server ?? '',
      namespaces?.join(', ') ?? '',
      description ?? '',
    ],
  },
  (client) => client.targets,
);

export const { get, list } = verbs;
export const remove = verbs.delete;
