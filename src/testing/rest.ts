/** The REST API over use-cases that need no store. */
import { randomBytes } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import { FakeClock } from './clock.ts';
import { PlumbError } from '#domain/errors';
import { parsePrincipalName } from '#domain/principal';
import { defaultLimits } from '#protocol/rest/door';
import { Handler } from '#protocol/rest/handler';
import type { RestOptions } from '#protocol/rest/options';
import { routes } from '#protocol/rest/routes';
import { defaultStreamLimits } from '#protocol/rest/streams';
import type { Caller, Services, WatchEvent } from '#service/services';

const summary = {
  path: 'a/b/C',
  kind: 'secret',
  type: 'string',
  form: 'literal',
  version: 3,
  incarnation: 1,
  revision: 7,
  time: 1,
  author: 'person/root',
  reason: '',
} as const;
const entry = {
  ...summary,
  value: 's3cret',
  secret: true,
  origin: [{ path: 'a/b/C', version: 3, revision: 7 }],
  etag: '1.3-abc',
};
const plan = {
  sync: 's',
  revision: 7,
  target: 'local',
  at: 'x.env',
  steps: [],
  foreign: [],
  remarks: [],
  problems: [],
  inAgreement: true,
};
const status = { generation: 1, conditions: [], agree: 1, total: 1 };
const sync = {
  name: 's',
  from: 'a/b',
  target: 'local',
  at: 'x.env',
  runAs: parsePrincipalName('workload/x'),
  mode: 'repair',
  options: {},
  generation: 1,
} as const;
const paused = { ...sync, pause: { until: 5, reason: 'why', by: parsePrincipalName('person/root') } };
const target = {
  name: 'eu',
  type: 'kubernetes',
  declared: 'api',
  description: 'd',
  server: 'https://eu:6443',
  ca: 'pem',
  serverName: 'eu',
  context: 'c',
  namespaces: ['a'],
  watch: 'names',
  generation: 1,
  credentialVersion: 1,
} as const;
const token = { accessor: 'acc', principal: 'person/root', created: 1 };
const applied = {
  revision: 8,
  dryRun: false,
  entries: [{ path: 'a/b/C', effect: 'create', version: 1, etag: '1.1' }],
  warnings: [],
} as const;
/** The one token that is known. */
export const good = 'good';

/** What the use-cases were called with, and answers that need no store. */
export function stubServices(seen: unknown[] = []): Services {
  const answer =
    <T>(name: string, result: T) =>
    async (_caller: Caller, ...rest: readonly unknown[]): Promise<T> => {
      seen.push([name, ...rest]);
      return result;
    };
  const noun = <R extends object>(name: string, record: R) => ({
    get: answer(`${name}.get`, { name, ...record }),
    list: answer(`${name}.list`, [{ name, ...record }]),
    put: answer(`${name}.put`, { name, ...record, revision: 9 }),
    delete: answer(`${name}.delete`, { revision: 9 }),
  });
  return {
    sessions: {
      async authenticate(credential, requestId, onRefusal) {
        if (credential.token !== good) {
          onRefusal?.();
          throw new PlumbError('unauthenticated', 'the token is unknown or was revoked');
        }
        const identity = { principal: parsePrincipalName('person/root'), policies: ['admin'], accessor: 'acc' };
        return { identity, requestId, address: credential.address };
      },
      async bootstrap({ onRefusal, ...request }) {
        seen.push(['bootstrap', request]);
        if (request.token !== good) {
          onRefusal?.();
          throw new PlumbError('unauthenticated', 'the bootstrap token is wrong or spent');
        }
        return { ...token, token: 'issued' };
      },
      whoami: answer('whoami', { principal: parsePrincipalName('person/root'), policies: ['admin'], accessor: 'acc' }),
    },
    entries: {
      get: answer('entries.get', entry),
      list: answer('entries.list', { entries: [summary], folders: ['a'], cursor: 'next', revision: 7 }),
      evaluate: answer('entries.evaluate', { folder: 'a', revision: 7, entries: [entry] }),
      history: answer('entries.history', {
        path: 'a',
        versions: [
          {
            version: 1,
            incarnation: 1,
            state: 'present' as const,
            kind: 'secret' as const,
            type: 'string' as const,
            form: 'literal' as const,
            reason: '',
            author: 'person/root',
            time: 1,
            revision: 1,
            destroyed: false,
          },
        ],
        next: 1,
      }),
      why: answer('entries.why', {
        entry: summary,
        secret: true,
        lookup: [],
        origin: [],
        referrers: [],
        inheritedBy: [],
        deliveries: [],
      }),
      diff: answer('entries.diff', {
        left: { folder: 'a' },
        right: { folder: 'b' },
        rows: [{ name: 'X', status: 'same' as const, secret: true }],
        counts: { same: 1, differs: 0, onlyLeft: 0, onlyRight: 0, unknown: 0 },
      }),
    },
    changes: {
      apply: answer('changes.apply', applied),
      async *watch(_caller, request): AsyncGenerator<WatchEvent> {
        seen.push(['changes.watch', request]);
        if (request.under === 'forbidden') throw new PlumbError('forbidden', 'no');
        yield { type: 'bookmark', revision: request.after ?? 7 };
        yield { type: 'change', revision: 8, time: 1, author: 'person/root', reason: 'line\nbreak', entries: [] };
      },
    },
    projects: noun('projects', {}),
    environments: noun('environments', { defaultKind: 'secret' as const }),
    policies: noun('policies', { grammar: 'plumb' as const, text: '' }),
    principals: noun('principals', { policies: [], disabled: false }),
    tokens: {
      create: answer('tokens.create', { ...token, token: 'issued' }),
      list: answer('tokens.list', [token]),
      revoke: answer('tokens.revoke', { revoked: 1 }),
    },
    targets: {
      list: answer('targets.list', [{ name: 'local', type: 'file', declared: 'configuration' as const }]),
      get: answer('targets.get', target),
      put: answer('targets.put', { ...target, revision: 9 }),
      delete: answer('targets.delete', { revision: 9 }),
      check: answer('targets.check', {
        version: 'v1.37.2',
        identity: 'system:serviceaccount:plumb:sync',
        namespaces: [{ namespace: 'a', may: ['patch secrets/s'], lacks: ['patch configmaps/c'] }],
      }),
    },
    syncs: {
      put: answer('syncs.put', { ...sync, revision: 9 }),
      get: answer('syncs.get', { ...sync, status }),
      list: answer('syncs.list', [sync]),
      delete: answer('syncs.delete', { revision: 9 }),
      plan: answer('syncs.plan', plan),
      apply: answer('syncs.apply', { ...plan, status }),
      pause: answer('syncs.pause', { ...paused, revision: 9 }),
      resume: answer('syncs.resume', { ...sync, revision: 9 }),
    },
    system: {
      verify: answer('system.verify', {
        ok: true,
        chains: [{ name: 'truth' as const, ok: true, records: 1, anchored: 1 }],
      }),
      metrics: answer('system.metrics', '# TYPE plumb_revision gauge\nplumb_revision 7\n'),
      health: () => ({ live: true, ready: true, sealed: false, version: '0.1.0', revision: 7 }),
    },
  };
}

/** What was told as a fault, of every handler. */
export const faults: (readonly [requestId: string, cause: unknown])[] = [];
const made: Handler[] = [];

/** Request ids are r1, r2 … */
export async function makeHandler(services: Services, options: Partial<RestOptions> = {}): Promise<Handler> {
  let requests = 0;
  const handler = new Handler(routes, {
    services,
    allowedHosts: ['localhost', 'plumb.example'],
    onFault: (requestId, cause) => faults.push([requestId, cause]),
    requestId: () => `r${(requests += 1)}`,
    clock: new FakeClock(),
    limits: defaultLimits,
    streams: defaultStreamLimits,
    random: { bytes: (length) => new Uint8Array(randomBytes(length)), next: Math.random },
    corsOrigins: [],
    ...options,
  });
  await handler.ready();
  made.push(handler);
  return handler;
}

/** Of every handler made so far. */
export async function closeHandlers(): Promise<void> {
  await Promise.all(made.splice(0).map((handler) => handler.close()));
}

/** As somebody with the good token, unless the request says otherwise. */
export async function send(request: InjectOptions, handler: Handler) {
  const headers = { authorization: `Bearer ${good}`, host: 'localhost:8200', ...request.headers };
  const response = await handler.inject({ ...request, headers });
  return {
    status: response.statusCode,
    headers: response.headers,
    text: response.body,
    json: () => JSON.parse(response.body) as Record<string, unknown>,
  };
}
