import type { SyncView } from '@plumbd/client';
import { readingVerbs } from '../nouns.ts';
import { placeText, stateText } from '../syncs.ts';

const verbs = readingVerbs<SyncView>(
  {
    noun: 'sync',
    placeholder: 'NAME',
    example: 'laptop',
    heading: ['NAME', 'FROM', 'TO', 'RUNS-AS', 'MODE', 'OPTIONS', 'STATE'],
    row: (sync) => [
      sync.name,
      sync.from,
      placeText(sync),
      sync.runAs,
      sync.mode,
      Object.entries(sync.options)
        .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(' '),
      stateText(sync),
    ],
  },
  (client) => client.syncs,
);

export const { get, list } = verbs;
