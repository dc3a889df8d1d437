import type { Protocol } from '../protocol.ts';
import { Handler } from './handler.ts';
import type { RestOptions } from './options.ts';
import { openapi } from './openapi.ts';
import { anonymousRoute, ok } from './route.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';
import { facts } from './schema.ts';
import { Nothing } from './schema-records.ts';

/** The REST API and its health endpoints. Resolves when requests may come. */
export async function createRest(options: RestOptions): Promise<Protocol> {
  const handler = new Handler([...routes, describe(options.services.system.health().version)], options);
  await handler.ready();
  return {
    name: 'rest',
    prefixes: ['/api/', '/healthz', '/readyz', '/metrics'],
    handle: (request, response) => handler.handle(request, response),
    close: () => handler.close(),
  };
}

/** The API's own description: made when it is first asked for. */
function describe(version: string): Route {
  let made: ReturnType<typeof openapi> | undefined;
  return anonymousRoute(
    {
      id: 'openapi',
      summary: 'This document',
      method: 'GET',
      url: '/api/v1/openapi.json',
      body: Nothing,
      answer: facts(),
    },
    async () => ok((made ??= openapi(routes, version))),
  );
}
