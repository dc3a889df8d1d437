import type { Route } from './route.ts';
import { changeRoutes, entryRoutes } from './routes-entries.ts';
import { nounRoutes } from './routes-records.ts';
import { syncRoutes, targetRoutes } from './routes-syncs.ts';
import { sessionRoutes, systemRoutes } from './routes-system.ts';

/** Everything that the API answers, in the order of its documentation. */
export const routes: readonly Route[] = [
  ...sessionRoutes,
  ...entryRoutes,
  ...changeRoutes,
  ...nounRoutes,
  ...targetRoutes,
  ...syncRoutes,
  ...systemRoutes,
];
