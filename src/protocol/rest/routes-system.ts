import { anonymousRoute, ok, route } from './route.ts';
import type { Route } from './route.ts';
import { text } from './schema.ts';
import * as schema from './schema-records.ts';

/** Who calls, and with which tokens. */
export const sessionRoutes: readonly Route[] = [
  anonymousRoute(
    {
      id: 'bootstrap',
      summary: 'Spends the one-time bootstrap token: creates the first administrator',
      method: 'POST',
      url: '/api/v1/bootstrap',
      body: schema.BootstrapRequest,
      bodyLimit: 4096,
      answer: schema.IssuedToken,
      successes: [201],
      secret: true,
    },
    async ({ services, body, address, requestId, onRefusal }) => ({
      status: 201,
      body: await services.sessions.bootstrap({ ...body, address, requestId, onRefusal }),
    }),
  ),
  route(
    {
      id: 'whoami',
      summary: 'The principal behind the token',
      method: 'GET',
      url: '/api/v1/whoami',
      answer: schema.WhoAmI,
    },
    async ({ services, caller }) => ok(await services.sessions.whoami(caller)),
  ),
  route(
    {
      id: 'listTokens',
      summary: 'Tokens that the caller may see, oldest first; never the tokens themselves',
      method: 'GET',
      url: '/api/v1/tokens',
      answer: schema.listOf(schema.TokenSummary),
      packs: true,
    },
    async ({ services, caller }) => ok({ items: await services.tokens.list(caller) }),
  ),
  route(
    {
      id: 'createToken',
      summary: 'A token for the caller or, with admin on auth/tokens, for anyone; shown once',
      method: 'POST',
      url: '/api/v1/tokens',
      body: schema.TokenRequest,
      answer: schema.IssuedToken,
      successes: [201],
      secret: true,
    },
    async ({ services, caller, body }) => ({ status: 201, body: await services.tokens.create(caller, body) }),
  ),
  route(
    {
      id: 'revokeToken',
      summary: 'Revokes a token, its children, and theirs',
      method: 'DELETE',
      url: '/api/v1/tokens/{accessor}',
      answer: schema.Revoked,
    },
    async ({ services, caller, path }) => ok(await services.tokens.revoke(caller, path)),
  ),
];

/** The server itself. */
export const systemRoutes: readonly Route[] = [
  route(
    {
      id: 'verifyAudit',
      summary: 'Checks the chains of both streams and of the audit file against their anchors',
      method: 'POST',
      url: '/api/v1/audit/verify',
      answer: schema.VerifyReport,
      safe: true,
    },
    async ({ services, caller }) => ok(await services.system.verify(caller)),
  ),
  route(
    {
      id: 'metrics',
      summary: 'Metrics in the text format of Prometheus; takes audit or admin on sys/metrics',
      method: 'GET',
      url: '/metrics',
      answer: text(),
      media: 'text/plain; version=0.0.4; charset=utf-8',
      packs: true,
    },
    async ({ services, caller }) => ({ text: await services.system.metrics(caller) }),
  ),
  anonymousRoute(
    { id: 'live', summary: 'The process answers', method: 'GET', url: '/healthz', answer: schema.Health },
    async ({ services }) => ok(services.system.health()),
  ),
  anonymousRoute(
    {
      id: 'ready',
      summary: 'The store is open and the state folded; 503 when not',
      method: 'GET',
      url: '/readyz',
      answer: schema.Health,
      successes: [503],
    },
    async ({ services }) => {
      const health = services.system.health();
      return { status: health.ready ? 200 : 503, body: health };
    },
  ),
];
