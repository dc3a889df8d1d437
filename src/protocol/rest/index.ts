import type { Protocol } from '../protocol.ts';
import { Handler } from './handler.ts';
import type { RestOptions } from './options.ts';
import { routes } from './routes.ts';

/** The REST API and its health endpoints. Resolves when requests may come. */
export async function createRest(options: RestOptions): Promise<Protocol> {
  const handler = new Handler(routes, options);
  await handler.ready();
  return {
    name: 'rest',
    prefixes: ['/api/', '/healthz', '/readyz'],
    handle: (request, response) => handler.handle(request, response),
    close: () => handler.close(),
  };
}
