import type { SyncView } from '@plumbd/client';
import { readingVerbs } from '../nouns.ts';
import { stateText } from '../syncs.ts';

const verbs = readingVerbs<SyncView>(
  {
    noun: 'sync',
    placeholder: 'NAME',
    example: 'laptop',
    heading: ['NAME', 'FROM', 'TO', 'RUNS-AS', 'MODE', 'OPTIONS', 'STATE'],
    row: (sync) => [
      sync.name,
      sync.from,
      `${sync.target}:${sync.at}`,
      sync.runAs,
      sync.mode,
      Object.entries(sync.options)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(' '),
      stateText(sync),
    ],
  },
  (client) => client.syncs,
);

export const { get, list } = verbs;
