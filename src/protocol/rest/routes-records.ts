import type { TObject, TSchema } from 'typebox/type';
import { expectAbsent, ok, route } from './route.ts';
import type { Route } from './route.ts';
import * as schema from './schema-records.ts';
import type { NounPutOptions, Nouns, Services } from '#service/services';

interface NounSpec {
  /** First segment of the URL, and the use-case. */
  readonly noun: 'projects' | 'environments' | 'policies' | 'principals';
  /** In the singular, as operations are named. */
  readonly one: string;
  /** Parameters of the URL that name one. */
  readonly name: string;
  readonly schemas: { readonly Input: TObject; readonly Named: TSchema; readonly Put: TSchema };
}

/** What is declared: the same four verbs for each. */
const nouns: readonly NounSpec[] = [
  { noun: 'projects', one: 'Project', name: '{name}', schemas: schema.Project },
  { noun: 'environments', one: 'Environment', name: '{project}/{environment}', schemas: schema.Environment },
  { noun: 'policies', one: 'Policy', name: '{name}', schemas: schema.Policy },
  { noun: 'principals', one: 'Principal', name: '{kind}/{name}', schemas: schema.Principal },
];
export const nounRoutes: readonly Route[] = nouns.flatMap(routesOfNoun);

function routesOfNoun({ noun, one, name, schemas }: NounSpec): Route[] {
  const url = `/api/v1/${noun}`;
  const use = (services: Services) => services[noun] as Nouns<object, object>;
  return [
    route(
      {
        id: `list${one === 'Policy' ? 'Policies' : `${one}s`}`,
        summary: `Every ${one.toLowerCase()} that the caller may list, by name`,
        method: 'GET',
        url,
        answer: schema.listOf(schemas.Named),
      },
      async ({ services, caller }) => ok({ items: await use(services).list(caller) }),
    ),
    route(
      {
        id: `get${one}`,
        summary: `One ${one.toLowerCase()}`,
        method: 'GET',
        url: `${url}/${name}`,
        answer: schemas.Named,
      },
      async ({ services, caller, path }) => ok(await use(services).get(caller, path)),
    ),
    route(
      {
        id: `put${one}`,
        summary: 'Creates or replaces; If-None-Match: * refuses when it is there',
        method: 'PUT',
        url: `${url}/${name}`,
        body: schemas.Input,
        answer: schemas.Put,
        successes: [201],
      },
      async ({ services, caller, path, body, headers }) => {
        const { input, options } = splitPut(body as Reasoned, expectAbsent(headers));
        const record = await use(services).put(caller, path, input, options);
        return { status: options.expectAbsent === true ? 201 : 200, body: record };
      },
    ),
    route(
      {
        id: `delete${one}`,
        summary: 'Removes the declaration',
        method: 'DELETE',
        url: `${url}/${name}`,
        query: schema.ReasonQuery,
        answer: schema.Revision,
      },
      async ({ services, caller, path, query }) => ok(await use(services).delete(caller, path, query)),
    ),
  ];
}

interface Reasoned {
  readonly reason?: string;
}

function splitPut<B extends Reasoned>(body: B, absent: boolean): { input: Omit<B, 'reason'>; options: NounPutOptions } {
  const { reason, ...input } = body;
  return {
    input,
    options: { ...(reason === undefined ? {} : { reason }), ...(absent ? { expectAbsent: true } : {}) },
  };
}

/** Targets, and the syncs that are kept in them. */
export const syncRoutes: readonly Route[] = [
  route(
    {
      id: 'listTargets',
      summary: 'Places that can be kept equal',
      method: 'GET',
      url: '/api/v1/targets',
      answer: schema.listOf(schema.TargetSummary),
    },
    async ({ services, caller }) => ok({ items: await services.targets.list(caller) }),
  ),
  route(
    {
      id: 'getTarget',
      summary: 'One target',
      method: 'GET',
      url: '/api/v1/targets/{name}',
      answer: schema.TargetSummary,
    },
    async ({ services, caller, path }) => ok(await services.targets.get(caller, path)),
  ),
  route(
    {
      id: 'listSyncs',
      summary: 'Every sync that the caller may list, with its status',
      method: 'GET',
      url: '/api/v1/syncs',
      answer: schema.listOf(schema.SyncView),
    },
    async ({ services, caller }) => ok({ items: await services.syncs.list(caller) }),
  ),
  route(
    {
      id: 'getSync',
      summary: 'One sync: spec and status',
      method: 'GET',
      url: '/api/v1/syncs/{name}',
      answer: schema.SyncView,
    },
    async ({ services, caller, path }) => ok(await services.syncs.get(caller, path)),
  ),
  route(
    {
      id: 'putSync',
      summary: 'Creates or replaces; with dryRun answers the plan and writes nothing',
      method: 'PUT',
      url: '/api/v1/syncs/{name}',
      query: schema.SyncPutQuery,
      body: schema.SyncInput,
      answer: schema.SyncPutResult,
      successes: [201],
    },
    async ({ services, caller, path, query, body, headers }) => {
      const { input, options } = splitPut(body, expectAbsent(headers));
      const result = await services.syncs.put(caller, path, input, { ...options, ...query });
      return { status: options.expectAbsent === true && query.dryRun !== true ? 201 : 200, body: result };
    },
  ),
  route(
    {
      id: 'deleteSync',
      summary: 'Removes the sync; what it has written stays',
      method: 'DELETE',
      url: '/api/v1/syncs/{name}',
      query: schema.ReasonQuery,
      answer: schema.Revision,
    },
    async ({ services, caller, path, query }) => ok(await services.syncs.delete(caller, path, query)),
  ),
  route(
    {
      id: 'planSync',
      summary: 'What it would create, change and delete, name by name, without values',
      method: 'POST',
      url: '/api/v1/syncs/{name}/plan',
      answer: schema.Plan,
    },
    async ({ services, caller, path }) => ok(await services.syncs.plan(caller, path)),
  ),
  route(
    {
      id: 'applySync',
      summary: 'Carries the plan out now, whatever the mode but paused',
      method: 'POST',
      url: '/api/v1/syncs/{name}/apply',
      answer: schema.AppliedPlan,
    },
    async ({ services, caller, path }) => ok(await services.syncs.apply(caller, path)),
  ),
];
