import type { Protocol } from '../protocol.ts';
import { describe } from './describe.ts';
import { Handler } from './handler.ts';
import type { RestOptions } from './options.ts';
import { routes } from './routes.ts';
import { Spans } from './spans.ts';

/** The REST API and its health endpoints. Resolves when requests may come. */
export async function createRest(options: RestOptions): Promise<Protocol> {
  const described = describe(options.services.system.health().version);
  const handler = new Handler([...routes, ...described], options, await Spans.open());
  await handler.ready();
  return {
    name: 'rest',
    prefixes: ['/api/', '/docs', '/openapi.json', '/openapi.yaml', '/healthz', '/readyz', '/metrics'],
    handle: (request, response) => handler.handle(request, response),
    close: () => handler.close(),
  };
}
