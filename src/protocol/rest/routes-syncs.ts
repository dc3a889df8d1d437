import { ok, route } from './route.ts';
import type { Route } from './route.ts';
import { record, splitPut } from './routes-records.ts';
import * as schema from './schema-records.ts';
import * as syncs from './schema-syncs.ts';
import { expectedRecord } from './tags.ts';

/** Places that can be kept equal. */
export const targetRoutes: readonly Route[] = [
  route(
    {
      id: 'listTargets',
      summary: 'Places that can be kept equal',
      method: 'GET',
      url: '/api/v1/targets',
      answer: schema.listOf(syncs.TargetSummary),
      packs: true,
    },
    async ({ services, caller }) => ok({ items: await services.targets.list(caller) }),
  ),
  route(
    {
      id: 'getTarget',
      summary: 'One target',
      method: 'GET',
      url: '/api/v1/targets/{name}',
      answer: syncs.TargetSummary,
      packs: true,
      tagged: true,
    },
    async ({ services, caller, path }) => record(await services.targets.get(caller, path)),
  ),
  route(
    {
      id: 'putTarget',
      summary: 'Adds or replaces one; If-None-Match: * refuses when it is there',
      method: 'PUT',
      url: '/api/v1/targets/{name}',
      body: syncs.TargetInput,
      answer: syncs.TargetPutResult,
      successes: [201],
      tagged: true,
    },
    async ({ services, caller, path, body, headers }) => {
      const { input, options } = splitPut(body, expectedRecord(headers));
      const result = await services.targets.put(caller, path, input, options);
      return { ...record(result), status: options.expectAbsent === true ? 201 : 200 };
    },
  ),
  route(
    {
      id: 'deleteTarget',
      summary: 'Removes one that was added, and ends its credential; refused as long as syncs write there',
      method: 'DELETE',
      url: '/api/v1/targets/{name}',
      query: schema.ReasonQuery,
      answer: schema.Revision,
      tagged: true,
    },
    async ({ services, caller, path, query, headers }) =>
      ok(await services.targets.delete(caller, path, { ...query, ...expectedRecord(headers) })),
  ),
  route(
    {
      id: 'checkTarget',
      summary: 'Asks the other side what it is, as whom it knows us, and which rights are held and missing',
      method: 'POST',
      url: '/api/v1/targets/{name}/check',
      body: syncs.TargetCheckRequest,
      answer: syncs.TargetReport,
      safe: true,
    },
    async ({ services, caller, path, body }) => ok(await services.targets.check(caller, path, body)),
  ),
];

/** The syncs that are kept in them. */
export const syncRoutes: readonly Route[] = [
  route(
    {
      id: 'listSyncs',
      summary: 'Every sync that the caller may list, with its status',
      method: 'GET',
      url: '/api/v1/syncs',
      answer: schema.listOf(syncs.SyncView),
      packs: true,
    },
    async ({ services, caller }) => ok({ items: await services.syncs.list(caller) }),
  ),
  route(
    {
      id: 'getSync',
      summary: 'One sync: spec and status',
      method: 'GET',
      url: '/api/v1/syncs/{name}',
      answer: syncs.SyncView,
      packs: true,
      tagged: true,
    },
    async ({ services, caller, path }) => record(await services.syncs.get(caller, path)),
  ),
  route(
    {
      id: 'putSync',
      summary: 'Creates or replaces; with dryRun answers the plan and writes nothing',
      method: 'PUT',
      url: '/api/v1/syncs/{name}',
      query: syncs.SyncPutQuery,
      body: syncs.SyncInput,
      answer: syncs.SyncPutResult,
      successes: [201],
      tagged: true,
    },
    async ({ services, caller, path, query, body, headers }) => {
      const { input, options } = splitPut(body, expectedRecord(headers));
      const result = await services.syncs.put(caller, path, input, { ...options, ...query });
      const made = options.expectAbsent === true && query.dryRun !== true;
      return { ...record(result), status: made ? 201 : 200 };
    },
  ),
  route(
    {
      id: 'deleteSync',
      summary: 'Removes the sync; what it has written stays, unless owned=delete',
      method: 'DELETE',
      url: '/api/v1/syncs/{name}',
      query: syncs.SyncDeleteQuery,
      answer: schema.Revision,
      tagged: true,
    },
    async ({ services, caller, path, query: { owned, ...options }, headers }) => {
      const asked = { ...options, ...expectedRecord(headers) };
      return ok(
        await services.syncs.delete(caller, path, owned === 'delete' ? { ...asked, deleteOwned: true } : asked),
      );
    },
  ),
  route(
    {
      id: 'pauseSync',
      summary: 'Nothing is looked at or written until it is resumed, or for a time; mode and generation stay',
      method: 'POST',
      url: '/api/v1/syncs/{name}/pause',
      body: syncs.SyncPauseRequest,
      answer: syncs.SyncChanged,
      tagged: true,
    },
    async ({ services, caller, path, body, headers }) =>
      ok(await services.syncs.pause(caller, path, { ...body, ...expectedRecord(headers) })),
  ),
  route(
    {
      id: 'resumeSync',
      summary: 'Ends a pause',
      method: 'POST',
      url: '/api/v1/syncs/{name}/resume',
      body: syncs.Reasoned,
      answer: syncs.SyncChanged,
      tagged: true,
    },
    async ({ services, caller, path, body, headers }) =>
      ok(await services.syncs.resume(caller, path, { ...body, ...expectedRecord(headers) })),
  ),
  route(
    {
      id: 'planSync',
      summary: 'What it would create, change and delete, name by name; values only of config, and only with reveal',
      method: 'POST',
      url: '/api/v1/syncs/{name}/plan',
      query: syncs.SyncPlanQuery,
      answer: syncs.Plan,
      safe: true,
    },
    async ({ services, caller, path, query }) => ok(await services.syncs.plan(caller, path, query)),
  ),
  route(
    {
      id: 'applySync',
      summary: 'Carries the plan out now, whatever the mode but paused',
      method: 'POST',
      url: '/api/v1/syncs/{name}/apply',
      answer: syncs.AppliedPlan,
      tagged: true,
    },
    async ({ services, caller, path, headers }) =>
      ok(await services.syncs.apply(caller, path, expectedRecord(headers))),
  ),
];
