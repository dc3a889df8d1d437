import { Compile } from 'typebox/schema';
import type { InjectOptions } from 'fastify';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultLimits } from './door.ts';
import { Handler } from './handler.ts';
import { maxJsonDepth } from './json.ts';
import type { RestOptions } from './options.ts';
import { defaultBodyLimit } from './route.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';
import { defaultStreamLimits } from './streams.ts';
import { errorCodes, PlumbError } from '#domain/errors';
import type { ErrorCode } from '#domain/errors';
import { parsePrincipalName } from '#domain/principal';
import type { Caller, Services, WatchEvent } from '#service/services';
import { FakeClock } from '#testing/clock';

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
const token = { accessor: 'acc', principal: 'person/root', created: 1 };
const applied = {
  revision: 8,
  dryRun: false,
  entries: [{ path: 'a/b/C', effect: 'create', version: 1, etag: '1.1' }],
  warnings: [],
} as const;
const good = 'good';

/** What the use-cases were called with, and answers that need no store. */
function stub(seen: unknown[] = []): Services {
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
      async authenticate(credential, requestId) {
        if (credential.token !== good) throw new PlumbError('unauthenticated', 'the token is unknown or was revoked');
        const identity = { principal: parsePrincipalName('person/root'), policies: ['admin'], accessor: 'acc' };
        return { identity, requestId, address: credential.address };
      },
      async bootstrap(request) {
        seen.push(['bootstrap', request]);
        if (request.token !== good) throw new PlumbError('unauthenticated', 'the bootstrap token is wrong or spent');
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
      list: answer('targets.list', [{ name: 'local', type: 'file' }]),
      get: answer('targets.get', { name: 'local', type: 'file' }),
    },
    syncs: {
      put: answer('syncs.put', { ...sync, revision: 9 }),
      get: answer('syncs.get', { ...sync, status }),
      list: answer('syncs.list', [sync]),
      delete: answer('syncs.delete', { revision: 9 }),
      plan: answer('syncs.plan', plan),
      apply: answer('syncs.apply', { ...plan, status }),
    },
    system: {
      verify: answer('system.verify', {
        ok: true,
        chains: [{ name: 'truth' as const, ok: true, records: 1, anchored: 1 }],
      }),
      health: () => ({ live: true, ready: true, sealed: false, version: '0.1.0', revision: 7 }),
    },
  };
}

const faults: unknown[] = [];
const made: Handler[] = [];

async function makeHandler(services: Services, options: Partial<RestOptions> = {}): Promise<Handler> {
  let requests = 0;
  const handler = new Handler(routes, {
    services,
    allowedHosts: ['localhost', 'plumb.example'],
    onFault: (requestId, cause) => faults.push([requestId, cause]),
    requestId: () => `r${(requests += 1)}`,
    clock: new FakeClock(),
    limits: defaultLimits,
    streams: defaultStreamLimits,
    ...options,
  });
  await handler.ready();
  made.push(handler);
  return handler;
}

const headers = { authorization: `Bearer ${good}`, host: 'localhost:8200' };
const shared = await makeHandler(stub());
afterAll(() => Promise.all(made.map((handler) => handler.close())));

async function send(request: InjectOptions, handler = shared) {
  const response = await handler.inject({ ...request, headers: { ...headers, ...request.headers } });
  return { status: response.statusCode, headers: response.headers, text: response.body, json: () => response.json() };
}

/** How to call each route, and what its use-case must then have been asked. */
const calls: Readonly<Record<string, readonly [url: string, payload: object | undefined, asked: readonly unknown[]]>> =
  {
    bootstrap: [
      '/api/v1/bootstrap',
      { token: good, name: 'root' },
      ['bootstrap', { token: good, name: 'root', address: '127.0.0.1', requestId: 'r1' }],
    ],
    whoami: ['/api/v1/whoami', undefined, ['whoami']],
    listTokens: ['/api/v1/tokens', undefined, ['tokens.list']],
    createToken: [
      '/api/v1/tokens',
      { ttl: 60, uses: 1, policies: ['p'] },
      ['tokens.create', { ttl: 60, uses: 1, policies: ['p'] }],
    ],
    revokeToken: ['/api/v1/tokens/acc', undefined, ['tokens.revoke', 'acc']],
    listEntries: [
      '/api/v1/entries?folder=a%2Fb&recursive=true&limit=1000&cursor=c',
      undefined,
      ['entries.list', { folder: 'a/b', recursive: true, limit: 1000, cursor: 'c' }],
    ],
    getEntry: [
      '/api/v1/entries/a/b/C?version=2&raw=false',
      undefined,
      ['entries.get', { path: 'a/b/C', version: 2, raw: false }],
    ],
    putEntry: [
      '/api/v1/entries/a/b/C',
      { value: 'x', kind: 'config', owner: null, tags: ['t'], reason: 'why', force: true },
      [
        'changes.apply',
        {
          reason: 'why',
          force: true,
          ops: [{ op: 'put', path: 'a/b/C', value: 'x', kind: 'config', owner: null, tags: ['t'] }],
        },
      ],
    ],
    deleteEntry: [
      '/api/v1/entries/a/b/C?reason=why&force=true',
      undefined,
      ['changes.apply', { reason: 'why', force: true, ops: [{ op: 'delete', path: 'a/b/C' }] }],
    ],
    evaluateFolder: ['/api/v1/values?folder=a', undefined, ['entries.evaluate', { folder: 'a' }]],
    getHistory: [
      '/api/v1/history/a?limit=1&before=2',
      undefined,
      ['entries.history', { path: 'a', limit: 1, before: 2 }],
    ],
    explainEntry: ['/api/v1/why/a', undefined, ['entries.why', { path: 'a' }]],
    diffFolders: [
      '/api/v1/diff',
      { left: { folder: 'a', revision: 1 }, right: { folder: 'b' } },
      ['entries.diff', { left: { folder: 'a', revision: 1 }, right: { folder: 'b' } }],
    ],
    applyChange: [
      '/api/v1/changes',
      { dryRun: true, ops: [{ op: 'unset', path: 'a', expect: 0 }] },
      ['changes.apply', { dryRun: true, ops: [{ op: 'unset', path: 'a', expect: 0 }] }],
    ],
    watchChanges: ['/api/v1/changes?under=a&after=5', undefined, ['changes.watch', { under: 'a', after: 5 }]],
    listProjects: ['/api/v1/projects', undefined, ['projects.list']],
    getProject: ['/api/v1/projects/p', undefined, ['projects.get', 'p']],
    putProject: [
      '/api/v1/projects/p',
      { owner: 'o', reason: 'why' },
      ['projects.put', 'p', { owner: 'o' }, { reason: 'why' }],
    ],
    deleteProject: ['/api/v1/projects/p?reason=why', undefined, ['projects.delete', 'p', { reason: 'why' }]],
    listEnvironments: ['/api/v1/environments', undefined, ['environments.list']],
    getEnvironment: ['/api/v1/environments/p/e', undefined, ['environments.get', 'p/e']],
    putEnvironment: [
      '/api/v1/environments/p/e',
      { extends: 'base', protected: false },
      ['environments.put', 'p/e', { extends: 'base', protected: false }, {}],
    ],
    deleteEnvironment: ['/api/v1/environments/p/e', undefined, ['environments.delete', 'p/e', {}]],
    listPolicies: ['/api/v1/policies', undefined, ['policies.list']],
    getPolicy: ['/api/v1/policies/p', undefined, ['policies.get', 'p']],
    putPolicy: [
      '/api/v1/policies/p',
      { text: 'allow read on **' },
      ['policies.put', 'p', { text: 'allow read on **' }, {}],
    ],
    deletePolicy: ['/api/v1/policies/p', undefined, ['policies.delete', 'p', {}]],
    listPrincipals: ['/api/v1/principals', undefined, ['principals.list']],
    getPrincipal: ['/api/v1/principals/person/a%40b', undefined, ['principals.get', 'person/a@b']],
    putPrincipal: [
      '/api/v1/principals/person/a',
      { policies: ['p'], disabled: true },
      ['principals.put', 'person/a', { policies: ['p'], disabled: true }, {}],
    ],
    deletePrincipal: ['/api/v1/principals/person/a', undefined, ['principals.delete', 'person/a', {}]],
    listTargets: ['/api/v1/targets', undefined, ['targets.list']],
    getTarget: ['/api/v1/targets/local', undefined, ['targets.get', 'local']],
    listSyncs: ['/api/v1/syncs', undefined, ['syncs.list']],
    getSync: ['/api/v1/syncs/s', undefined, ['syncs.get', 's']],
    putSync: [
      '/api/v1/syncs/s?dryRun=true',
      { from: 'a', to: 'local:x', runAs: 'workload/x', options: { block: 'b' } },
      ['syncs.put', 's', { from: 'a', to: 'local:x', runAs: 'workload/x', options: { block: 'b' } }, { dryRun: true }],
    ],
    deleteSync: ['/api/v1/syncs/s', undefined, ['syncs.delete', 's', {}]],
    planSync: ['/api/v1/syncs/s/plan', undefined, ['syncs.plan', 's']],
    applySync: ['/api/v1/syncs/s/apply', {}, ['syncs.apply', 's']],
    verifyAudit: ['/api/v1/audit/verify', undefined, ['system.verify']],
  };

/** Every object closed, so that an answer with more than the schema says is found. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const members = Object.fromEntries(Object.entries(schema).map(([name, member]) => [name, strict(member)]));
  return 'properties' in members ? { ...members, additionalProperties: false } : members;
}

describe('every route', () => {
  const health = new Set(['live', 'ready']);
  test('is in the table below', () => {
    expect(Object.keys(calls).toSorted()).toEqual(
      routes
        .map(({ id }) => id)
        .filter((id) => !health.has(id))
        .toSorted(),
    );
  });

  test.each(routes.filter(({ id, run }) => !health.has(id) && run.kind !== 'stream'))(
    '$id asks its use-case and answers its schema',
    async (route: Route) => {
      const seen: unknown[] = [];
      const [url, payload, asked] = calls[route.id] ?? ['', undefined, []];
      const handler = await makeHandler(stub(seen));
      const response = await send(
        { method: route.method, url, ...(payload === undefined ? {} : { payload }) },
        handler,
      );
      expect(response.text).not.toContain('"code"');
      expect([200, ...(route.successes ?? [])]).toContain(response.status);
      expect(seen).toEqual([asked]);
      expect(Compile(strict(route.answer) as object).Errors(response.json())).toEqual([true, []]);
    },
  );

  test.each(routes.filter(({ run }) => run.kind !== 'anonymous'))(
    '$id refuses without a token',
    async (route: Route) => {
      const [url] = calls[route.id] ?? [''];
      const response = await send({ method: route.method, url, headers: { authorization: '' } });
      expect([response.status, response.json().code]).toEqual([401, 'unauthenticated']);
      expect(response.headers['www-authenticate']).toContain('Bearer');
    },
  );

  test.each(routes)('$id refuses other methods and says which it has', async (route: Route) => {
    const url = route.url.replaceAll(/\{\w+\}/g, 'x');
    const response = await send({ method: 'PATCH', url, payload: 'not even JSON' });
    expect(response.status).toBe(405);
    expect(String(response.headers.allow).split(', ')).toContain(route.method);
  });
});

describe('errors', () => {
  const statuses: Readonly<Record<ErrorCode, number>> = {
    invalid: 400,
    'not-found': 404,
    exists: 409,
    mismatch: 412,
    conflict: 409,
    unevaluable: 422,
    unauthenticated: 401,
    forbidden: 403,
    'too-large': 413,
    'rate-limited': 429,
    sealed: 503,
    unavailable: 503,
    unknown: 500,
    corrupt: 500,
    unsupported: 501,
    internal: 500,
  };
  test.each(Object.keys(errorCodes) as ErrorCode[])('%s has a status and a problem', async (code) => {
    const services = stub();
    const error = new PlumbError(code, 'what was wrong', {
      hint: 'what to do',
      details: { version: 3 },
      diagnostics: [{ message: 'here', line: 1 }],
    });
    const handler = await makeHandler({
      ...services,
      entries: { ...services.entries, get: () => Promise.reject(error) },
    });
    const response = await send({ method: 'GET', url: '/api/v1/entries/a' }, handler);
    expect(response.status).toBe(statuses[code]);
    expect(response.headers['content-type']).toContain('application/problem+json');
    const hidden = code === 'internal';
    expect(response.json()).toMatchObject({
      type: `urn:plumb:problem:${code}`,
      status: statuses[code],
      code,
      requestId: 'r1',
    });
    expect(response.text.includes('what was wrong')).toBe(!hidden);
    expect(response.text.includes('what to do')).toBe(!hidden);
    expect(response.headers['x-request-id']).toBe('r1');
  });

  test('a fault of ours hides its message and logs its cause under the request id', async () => {
    const services = stub();
    const cause = new TypeError('s3cret');
    const handler = await makeHandler({
      ...services,
      entries: { ...services.entries, get: () => Promise.reject(cause) },
    });
    faults.length = 0;
    const response = await send({ method: 'GET', url: '/api/v1/entries/a' }, handler);
    expect([response.status, response.json().code]).toEqual([500, 'internal']);
    expect(response.text).not.toContain('s3cret');
    expect(faults).toEqual([['r1', cause]]);
  });
});

describe('bad requests', () => {
  const nested = (depth: number): string =>
    `{"left":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)},"right":{"folder":"b"}}`;
  const put = { method: 'PUT', url: '/api/v1/entries/a' } as const;
  const json = { 'content-type': 'application/json' };
  const cases: readonly [name: string, request: InjectOptions, status: number, said: string][] = [
    ['unknown resource', { method: 'GET', url: '/api/v1/nothing' }, 404, 'no such resource'],
    [
      'unknown resource with a body of another type',
      { method: 'POST', url: '/nothing', payload: 'x' },
      404,
      'no such resource',
    ],
    ['encoded slash', { method: 'GET', url: '/api/v1/entries/a%2fb' }, 400, 'encoded slash'],
    ['invalid UTF-8 in the path', { method: 'GET', url: '/api/v1/entries/a%ff' }, 400, 'malformed'],
    ['broken percent-encoding', { method: 'GET', url: '/api/v1/entries/a%zz' }, 400, 'malformed'],
    ['character that must be encoded', { method: 'GET', url: '/api/v1/entries/a|b' }, 400, 'percent-encoded'],
    ['another spelling of a resource', { method: 'GET', url: '/api/v1/%65ntries/a' }, 404, 'no such resource'],
    ['too many segments', { method: 'GET', url: '/api/v1/environments/a/b/c' }, 404, 'no such resource'],
    ['foreign host', { method: 'GET', url: '/api/v1/whoami', headers: { host: 'evil.example' } }, 421, 'host'],
    ['foreign host, unknown resource', { method: 'GET', url: '/x', headers: { host: 'evil.example' } }, 421, 'host'],
    [
      'other scheme of authorization',
      { method: 'GET', url: '/api/v1/whoami', headers: { authorization: 'Basic eA==' } },
      401,
      'Bearer',
    ],
    [
      'unknown token',
      { method: 'GET', url: '/api/v1/whoami', headers: { authorization: 'Bearer bad' } },
      401,
      'unknown',
    ],
    ['unknown name in the query', { method: 'GET', url: '/api/v1/entries?folders=a' }, 400, 'query/folders'],
    ['query given twice', { method: 'GET', url: '/api/v1/entries?folder=a&folder=b' }, 400, 'query/folder'],
    ['number out of bounds', { method: 'GET', url: '/api/v1/entries?limit=1001' }, 400, 'at most 1000'],
    ['number that is none', { method: 'GET', url: '/api/v1/entries?limit=1e2' }, 400, 'expected integer'],
    ['flag that is none', { method: 'GET', url: '/api/v1/entries?recursive=yes' }, 400, 'expected boolean'],
    ['missing query', { method: 'GET', url: '/api/v1/values' }, 400, 'query/folder'],
    ['no content type', { ...put, payload: Buffer.from('{"value":"s3cret"}') }, 415, 'application/json'],
    [
      'wrong content type',
      { ...put, payload: 's3cret', headers: { 'content-type': 'text/plain' } },
      415,
      'application/json',
    ],
    ['empty body', { ...put, payload: '', headers: json }, 400, 'body'],
    ['no body', put, 400, 'expected object'],
    ['broken JSON', { ...put, payload: '{"value":"s3cret"', headers: json }, 400, 'ends too early'],
    ['JSON with a comment', { ...put, payload: '{"value":"s3cret" /* */}', headers: json }, 400, 'not JSON'],
    ['body is no object', { ...put, payload: '["s3cret"]', headers: json }, 400, 'expected object'],
    ['name given twice', { ...put, payload: '{"value":"s3cret","value":"s3cret"}', headers: json }, 400, 'twice'],
    [
      'name given twice in another spelling',
      { ...put, payload: '{"value":"s3cret","\\u0076alue":"s3cret"}', headers: json },
      400,
      'twice',
    ],
    ['__proto__', { ...put, payload: '{"value":"s3cret","__proto__":{}}', headers: json }, 400, '__proto__'],
    ['constructor', { ...put, payload: '{"value":"s3cret","constructor":{}}', headers: json }, 400, 'constructor'],
    ['unpaired surrogate', { ...put, payload: '{"value":"s3cret\\ud800"}', headers: json }, 400, 'surrogate'],
    [
      'invalid UTF-8 in the body',
      { ...put, payload: Buffer.from('{"value":"s3cret\xff"}', 'latin1'), headers: json },
      400,
      'UTF-8',
    ],
    [
      'nested too deep',
      { method: 'POST', url: '/api/v1/diff', payload: nested(maxJsonDepth + 1), headers: json },
      400,
      'deeper',
    ],
    [
      'nested to the limit',
      { method: 'POST', url: '/api/v1/diff', payload: nested(maxJsonDepth), headers: json },
      400,
      'expected object',
    ],
    ['unknown name in the body', { ...put, payload: { value: 's3cret', valeu: 's3cret' } }, 400, 'body/valeu'],
    ['wrong word', { ...put, payload: { value: 's3cret', kind: 's3cret' } }, 400, 'secret, config'],
    [
      'body where none belongs',
      { method: 'POST', url: '/api/v1/syncs/s/plan', payload: { value: 's3cret' } },
      400,
      'body/value',
    ],
    [
      'both conditions',
      { ...put, payload: { value: 's3cret' }, headers: { 'if-match': '"1.1"', 'if-none-match': '*' } },
      400,
      'not both',
    ],
    [
      'tag of another server',
      { ...put, payload: { value: 's3cret' }, headers: { 'if-match': 'W/"1.1"' } },
      400,
      'entity tag',
    ],
    [
      'tag on a write',
      { ...put, payload: { value: 's3cret' }, headers: { 'if-none-match': '"1.1"' } },
      400,
      'only be *',
    ],
    [
      'condition on a record',
      { method: 'PUT', url: '/api/v1/projects/p', payload: {}, headers: { 'if-match': '"1"' } },
      501,
      'no versions',
    ],
    [
      'Last-Event-ID that is none',
      { method: 'GET', url: '/api/v1/changes', headers: { 'last-event-id': 'x' } },
      400,
      'revision',
    ],
    ['watch that is refused', { method: 'GET', url: '/api/v1/changes?under=forbidden' }, 403, 'no'],
    [
      'CORS preflight',
      { method: 'OPTIONS', url: '/api/v1/whoami', headers: { origin: 'https://evil.example' } },
      405,
      'method',
    ],
  ];
  test.each(cases)('%s', async (_name, request, expected, said) => {
    const response = await send(request);
    expect(response.status).toBe(expected);
    expect(response.text).toContain(said);
    expect(response.text).not.toContain('s3cret');
    expect(response.json()).toMatchObject({ status: expected });
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('every mistake of a body is told, each with its place', async () => {
    const ops = [
      { op: 'put', path: 1 },
      { op: 'puts' },
      { op: 'delete', path: 'a', value: 'x' },
      7,
      { op: 'destroy', path: 'a', versions: [] },
    ];
    const response = await send({ method: 'POST', url: '/api/v1/changes', payload: { ops, dryrun: true, reason: 5 } });
    expect(response.json().diagnostics).toEqual([
      { subject: 'body/dryrun', message: 'there is no such name here' },
      { subject: 'body/reason', message: 'expected string' },
      { subject: 'body/ops/0/value', message: 'is missing' },
      { subject: 'body/ops/0/path', message: 'expected string' },
      { subject: 'body/ops/1/op', message: 'expected one of put, delete, unset, describe, destroy' },
      { subject: 'body/ops/2/value', message: 'there is no such name here' },
      { subject: 'body/ops/3', message: 'expected object' },
      { subject: 'body/ops/4/versions', message: 'expected at least 1' },
    ]);
  });

  test.each([
    ['/api/v1/diff', defaultBodyLimit],
    ['/api/v1/changes', 16 * 1024 * 1024],
    ['/api/v1/bootstrap', 4096],
  ])('%s takes a body of %d bytes and no more', async (url, limit) => {
    const body = (size: number): string => JSON.stringify({ x: 'y'.repeat(size - 8) });
    const at = await send({ method: 'POST', url, payload: body(limit), headers: json });
    const above = await send({ method: 'POST', url, payload: body(limit + 1), headers: json });
    expect([at.status, at.json().detail]).toEqual([400, 'the body is not what this resource takes']);
    expect([above.status, above.json().code, above.headers.connection]).toEqual([413, 'too-large', 'close']);
  });

  test('a body is not read for somebody without a token', async () => {
    const response = await send({
      method: 'POST',
      url: '/api/v1/changes',
      payload: 'not JSON',
      headers: { ...json, authorization: 'Bearer bad' },
    });
    expect(response.status).toBe(401);
  });
});

describe('conditions', () => {
  test.each([
    ['"1.3-abc"', 304],
    ['W/"1.3-abc"', 304],
    ['"0.0", "1.3-abc"', 304],
    ['*', 304],
    ['"1.2-abc"', 200],
  ])('a read with If-None-Match %s answers %d', async (tag, expected) => {
    const response = await send({ method: 'GET', url: '/api/v1/entries/a', headers: { 'if-none-match': tag } });
    expect([response.status, response.headers['etag'], response.text === '']).toEqual([
      expected,
      '"1.3-abc"',
      expected === 304,
    ]);
  });

  test.each([
    [{ 'if-match': '"1.3-abc"' }, 3],
    [{ 'if-match': '"2.17"' }, 17],
    [{ 'if-match': '"0.0"' }, 0],
    [{ 'if-none-match': '*' }, 0],
    [{}, undefined],
  ])('a write with %j expects version %s', async (conditions, version) => {
    const seen: unknown[] = [];
    const handler = await makeHandler(stub(seen));
    const response = await send(
      { method: 'PUT', url: '/api/v1/entries/a', payload: { value: 'x' }, headers: conditions },
      handler,
    );
    expect(response.status).toBe(201);
    expect(response.headers['etag']).toBe('"1.1"');
    expect(seen).toEqual([
      [
        'changes.apply',
        { ops: [{ op: 'put', path: 'a', value: 'x', ...(version === undefined ? {} : { expect: version }) }] },
      ],
    ]);
  });

  test('a record is created only where none is, when asked', async () => {
    const seen: unknown[] = [];
    const handler = await makeHandler(stub(seen));
    const response = await send(
      { method: 'PUT', url: '/api/v1/projects/p', payload: {}, headers: { 'if-none-match': '*' } },
      handler,
    );
    expect(response.status).toBe(201);
    expect(seen).toEqual([['projects.put', 'p', {}, { expectAbsent: true }]]);
  });
});

describe('paths', () => {
  test.each([
    ['a/b/C', 'a/b/C'],
    ['caf%C3%A9/%E2%82%AC', 'café/€'],
    ['a%20b', 'a b'],
    ["!$&'()*+,;=:@-._~", "!$&'()*+,;=:@-._~"],
    ['a%3Fb%23c%25d', 'a?b#c%d'],
    ['a//b', 'a//b'],
    ['x'.repeat(1024), 'x'.repeat(1024)],
  ])('%s is %s to the use-case', async (written, path) => {
    const seen: unknown[] = [];
    const handler = await makeHandler(stub(seen));
    const response = await send({ method: 'GET', url: `/api/v1/entries/${written}` }, handler);
    expect(response.status).toBe(200);
    expect(seen).toEqual([['entries.get', { path }]]);
  });
});

describe('the change stream', () => {
  test('sends events with their revision as id, and ends', async () => {
    const response = await send({ method: 'GET', url: '/api/v1/changes?after=3', headers: { 'last-event-id': '5' } });
    expect(response.headers['content-type']).toBe('text/event-stream');
    expect(response.text).toBe(
      'id: 5\nevent: bookmark\ndata: {"type":"bookmark","revision":5}\n\n' +
        'id: 8\nevent: change\ndata: {"type":"change","revision":8,"time":1,"author":"person/root","reason":"line\\nbreak","entries":[]}\n\n',
    );
  });

  test('is limited in number', async () => {
    const services = stub();
    let open = 0;
    const opened = Promise.withResolvers<void>();
    const changes: Services['changes'] = {
      ...services.changes,
      async *watch(_caller, _request, signal) {
        open += 1;
        yield { type: 'bookmark', revision: 1 };
        if (open === 2) opened.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    };
    const handler = await makeHandler({ ...services, changes }, { streams: { total: 5, perPrincipal: 2 } });
    const first = [1, 2].map(() => send({ method: 'GET', url: '/api/v1/changes' }, handler));
    await opened.promise;
    const third = await send({ method: 'GET', url: '/api/v1/changes' }, handler);
    expect([third.status, third.headers['retry-after']]).toEqual([429, '5']);
    await handler.close();
    expect((await Promise.all(first)).map(({ status: answered }) => answered)).toEqual([200, 200]);
  });
});

describe('limits', () => {
  test('refused credentials of one address are answered up to a number, then nobody from there', async () => {
    const clock = new FakeClock();
    const limits = { ...defaultLimits, failures: { perSecond: 1, burst: 3 } };
    const handler = await makeHandler(stub(), { clock, limits });
    const attempt = (bearer: string) =>
      send({ method: 'GET', url: '/api/v1/whoami', headers: { authorization: `Bearer ${bearer}` } }, handler);
    const answers = [];
    for (const bearer of ['bad', 'bad', 'bad', 'bad', good]) answers.push((await attempt(bearer)).status);
    expect(answers).toEqual([401, 401, 401, 429, 429]);
    await clock.advance(1000);
    expect((await attempt(good)).status).toBe(200);
  });

  test('requests of one principal', async () => {
    const clock = new FakeClock();
    const handler = await makeHandler(stub(), {
      clock,
      limits: { ...defaultLimits, requests: { perSecond: 2, burst: 2 } },
    });
    const answers = [];
    for (let i = 0; i < 3; i += 1) answers.push(await send({ method: 'GET', url: '/api/v1/whoami' }, handler));
    expect(answers.map(({ status: answered }) => answered)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers['retry-after']).toBe('1');
  });
});

describe('health', () => {
  test.each([
    ['/healthz', true, 200],
    ['/readyz', true, 200],
    ['/healthz', false, 200],
    ['/readyz', false, 503],
  ])('%s of a server that is ready: %s answers %d', async (url, ready, expected) => {
    const services = stub();
    const system = {
      ...services.system,
      health: () => ({ live: true, ready, sealed: false, version: '0.1.0', revision: 7 }),
    };
    const handler = await makeHandler({ ...services, system });
    const response = await send({ method: 'GET', url, headers: { authorization: '' } }, handler);
    expect([response.status, response.json().ready]).toEqual([expected, ready]);
    expect((await send({ method: 'HEAD', url, headers: { authorization: '' } }, handler)).status).toBe(expected);
  });
});

test('every answer forbids to store it', async () => {
  const response = await send({ method: 'GET', url: '/api/v1/entries/a' });
  expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
});
