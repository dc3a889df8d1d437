import { Compile } from 'typebox/schema';
import { afterAll, describe, expect, test } from 'vitest';
import type { Route } from './route.ts';
import { routes } from './routes.ts';
import { closeHandlers, good, makeHandler, send, stubServices } from '#testing/rest';

afterAll(closeHandlers);
const shared = await makeHandler(stubServices());

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
        undefined,
      ],
    ],
    deleteEntry: [
      '/api/v1/entries/a/b/C?reason=why&force=true',
      undefined,
      ['changes.apply', { reason: 'why', force: true, ops: [{ op: 'delete', path: 'a/b/C' }] }, undefined],
    ],
    evaluateFolder: ['/api/v1/values?folder=a', undefined, ['entries.evaluate', { folder: 'a' }]],
    readValues: ['/api/v1/values/read', { paths: ['a/b/C'] }, ['entries.get', { path: 'a/b/C' }]],
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
    putTarget: [
      '/api/v1/targets/eu',
      { type: 'kubernetes', kubeconfig: 'k', context: 'c', namespaces: ['a'], watch: 'namespaces', reason: 'why' },
      [
        'targets.put',
        'eu',
        { type: 'kubernetes', kubeconfig: 'k', context: 'c', namespaces: ['a'], watch: 'namespaces' },
        { reason: 'why' },
      ],
    ],
    deleteTarget: ['/api/v1/targets/eu?reason=why', undefined, ['targets.delete', 'eu', { reason: 'why' }]],
    checkTarget: [
      '/api/v1/targets/eu/check',
      { namespaces: ['a'], objects: [{ kind: 'Secret', name: 's' }], restart: false },
      ['targets.check', 'eu', { namespaces: ['a'], objects: [{ kind: 'Secret', name: 's' }], restart: false }],
    ],
    listSyncs: ['/api/v1/syncs', undefined, ['syncs.list']],
    getSync: ['/api/v1/syncs/s', undefined, ['syncs.get', 's']],
    putSync: [
      '/api/v1/syncs/s?dryRun=true',
      { from: 'a', to: 'local:x', runAs: 'workload/x', options: { block: 'b' } },
      ['syncs.put', 's', { from: 'a', to: 'local:x', runAs: 'workload/x', options: { block: 'b' } }, { dryRun: true }],
    ],
    deleteSync: [
      '/api/v1/syncs/s?owned=delete&reason=why',
      undefined,
      ['syncs.delete', 's', { reason: 'why', deleteOwned: true }],
    ],
    pauseSync: [
      '/api/v1/syncs/s/pause',
      { for: '2h', reason: 'incident 88' },
      ['syncs.pause', 's', { for: '2h', reason: 'incident 88' }],
    ],
    resumeSync: ['/api/v1/syncs/s/resume', {}, ['syncs.resume', 's', {}]],
    planSync: ['/api/v1/syncs/s/plan?reveal=true', undefined, ['syncs.plan', 's', { reveal: true }]],
    applySync: ['/api/v1/syncs/s/apply', {}, ['syncs.apply', 's', {}]],
    metrics: ['/metrics', undefined, ['system.metrics']],
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
      const handler = await makeHandler(stubServices(seen));
      const response = await send(
        { method: route.method, url, ...(payload === undefined ? {} : { payload }) },
        handler,
      );
      expect(response.text).not.toContain('"code"');
      expect([200, ...(route.successes ?? [])]).toContain(response.status);
      expect(seen).toEqual([asked]);
      const body: unknown = route.media === undefined ? response.json() : response.text;
      expect(Compile(strict(route.answer) as object).Errors(body)).toEqual([true, []]);
    },
  );

  test.each(routes.filter(({ run }) => run.kind !== 'anonymous'))(
    '$id refuses without a token',
    async (route: Route) => {
      const [url] = calls[route.id] ?? [''];
      const response = await send({ method: route.method, url, headers: { authorization: '' } }, shared);
      expect([response.status, response.json().code]).toEqual([401, 'unauthenticated']);
      expect(response.headers['www-authenticate']).toContain('Bearer');
    },
  );

  test.each(routes)('$id refuses other methods and says which it has', async (route: Route) => {
    const url = route.url.replaceAll(/\{\w+\}/g, 'x');
    const response = await send({ method: 'PATCH', url, payload: 'not even JSON' }, shared);
    expect(response.status).toBe(405);
    expect(String(response.headers.allow).split(', ')).toContain(route.method);
  });
});
