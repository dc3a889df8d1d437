import type { Static } from 'typebox/type';
import { expectedVersion, quoteTag, resumeAfter } from './codec.ts';
import { problemOf } from './errors.ts';
import { ok, route, streamRoute } from './route.ts';
import type { Answer, CallerCall, Immutable, Route } from './route.ts';
import * as changes from './schema-changes.ts';
import * as schema from './schema-entries.ts';
import { changeLimits } from '#domain/change';
import type { ChangeResult } from '#service/services';

/** A value of 1 MiB in the longest JSON escape of each byte, and everything else that a put carries. */
const entryBodyLimit = changeLimits.value * 6 + 64 * 1024;
/** All the values of a change, and paths and what describes them beside. */
const changeBodyLimit = changeLimits.bytes + 8 * 1024 * 1024;

/** 1,000 paths of 1,024 bytes, each in the longest JSON escape. */
const readBodyLimit = 7 * 1024 * 1024;

/** A put as its route takes it. */
export type PutBody = Static<typeof changes.EntryInput>;

/** What the route `putEntry` does, whichever way a request came to it. */
export async function put({
  services,
  caller,
  path,
  body,
  headers,
}: Pick<CallerCall<unknown, PutBody>, 'services' | 'caller' | 'path' | 'body' | 'headers'>): Promise<
  Answer<ChangeResult>
> {
  const { reason, force, ...written } = body;
  const expect = expectedVersion(headers['if-match'], headers['if-none-match']);
  const op = { op: 'put' as const, path, ...written, ...(expect === undefined ? {} : { expect: expect.version }) };
  const said = { ...(reason === undefined ? {} : { reason }), ...(force === undefined ? {} : { force }) };
  return changed(await services.changes.apply(caller, { ...said, ops: [op] }, expect?.incarnation));
}

export const putEntry = route(
  {
    id: 'putEntry',
    summary: 'A change of one put; If-Match takes the ETag, If-None-Match: * expects none of its own',
    method: 'PUT',
    url: '/api/v1/entries/{path}',
    body: changes.EntryInput,
    bodyLimit: entryBodyLimit,
    answer: changes.ChangeResult,
    successes: [201],
    tagged: true,
  },
  put,
);

/** Entries: one by one, as lists, as folders of evaluated values. */
export const entryRoutes: readonly Route[] = [
  route(
    {
      id: 'listEntries',
      summary: 'Names and metadata in a folder, never values; in path order',
      method: 'GET',
      url: '/api/v1/entries',
      query: schema.ListQuery,
      answer: schema.ListPage,
      packs: true,
    },
    async ({ services, caller, query }) => ok(await services.entries.list(caller, query)),
  ),
  route(
    {
      id: 'getEntry',
      summary: 'One evaluated value',
      method: 'GET',
      url: '/api/v1/entries/{path}',
      query: schema.GetQuery,
      answer: schema.EvaluatedEntry,
      tagged: true,
    },
    async ({ services, caller, path, query }) => {
      const entry = await services.entries.get(caller, { path, ...query });
      return { headers: { etag: quoteTag(entry.etag) }, body: entry };
    },
  ),
  putEntry,
  route(
    {
      id: 'deleteEntry',
      summary: 'A change of one delete; an inherited entry shows again',
      method: 'DELETE',
      url: '/api/v1/entries/{path}',
      query: changes.EndQuery,
      answer: changes.ChangeResult,
      tagged: true,
    },
    async ({ services, caller, path, query, headers }) => {
      const expect = expectedVersion(headers['if-match'], undefined);
      const op = { op: 'delete' as const, path, ...(expect === undefined ? {} : { expect: expect.version }) };
      const result = await services.changes.apply(caller, { ...query, ops: [op] }, expect?.incarnation);
      return { ...changed(result), status: 200 };
    },
  ),
  route(
    {
      id: 'evaluateFolder',
      summary: 'Every direct entry of a folder, own and inherited, evaluated; all or an error',
      method: 'GET',
      url: '/api/v1/values',
      query: schema.FolderQuery,
      answer: schema.EvaluatedFolder,
    },
    async ({ services, caller, query }) => ok(await services.entries.evaluate(caller, query)),
  ),
  route(
    {
      id: 'readValues',
      summary: 'Up to 1,000 values by their paths; each is there or has a problem of its own, and a record of its own',
      method: 'POST',
      url: '/api/v1/values/read',
      body: schema.ReadRequest,
      bodyLimit: readBodyLimit,
      answer: schema.ReadResult,
      safe: true,
    },
    async ({ services, caller, body, onFault }) => {
      const read = async (path: string): Promise<Immutable<Static<typeof schema.ReadItem>>> => {
        try {
          return { path, entry: await services.entries.get(caller, { path }) };
        } catch (error) {
          return { path, problem: problemOf(error, onFault) };
        }
      };
      return ok({ items: await Promise.all(body.paths.map(read)) });
    },
  ),
  route(
    {
      id: 'getHistory',
      summary: 'Versions of an entry, newest first, without values',
      method: 'GET',
      url: '/api/v1/history/{path}',
      query: schema.HistoryQuery,
      answer: schema.HistoryPage,
      packs: true,
    },
    async ({ services, caller, path, query }) => ok(await services.entries.history(caller, { path, ...query })),
  ),
  route(
    {
      id: 'explainEntry',
      summary: 'What is this, who owns it, why is it this value here, what needs it, where was it delivered',
      method: 'GET',
      url: '/api/v1/why/{path}',
      answer: schema.Why,
    },
    async ({ services, caller, path }) => ok(await services.entries.why(caller, { path })),
  ),
  route(
    {
      id: 'diffFolders',
      summary: 'Two folders or revisions, name by name; values of secrets are never in a diff',
      method: 'POST',
      url: '/api/v1/diff',
      body: schema.DiffRequest,
      answer: schema.Diff,
      safe: true,
    },
    async ({ services, caller, body }) => ok(await services.entries.diff(caller, body)),
  ),
];

/** Changes: applied whole, and watched. */
export const changeRoutes: readonly Route[] = [
  route(
    {
      id: 'applyChange',
      summary: 'Everything or nothing, one revision',
      method: 'POST',
      url: '/api/v1/changes',
      body: changes.ChangeRequest,
      bodyLimit: changeBodyLimit,
      answer: changes.ChangeResult,
    },
    async ({ services, caller, body }) => ok(await services.changes.apply(caller, body)),
  ),
  streamRoute(
    {
      id: 'watchChanges',
      summary: 'Changes as server-sent events; the id of an event is its revision, and Last-Event-ID resumes after it',
      method: 'GET',
      url: '/api/v1/changes',
      query: changes.WatchQuery,
      answer: changes.WatchEvent,
    },
    ({ services, caller, query, headers }, signal) => {
      const after = resumeAfter(lastOf(headers['last-event-id']), query.after);
      return services.changes.watch(caller, { ...query, ...(after === undefined ? {} : { after }) }, signal);
    },
  ),
];

function changed(result: ChangeResult): Answer<ChangeResult> {
  const [entry] = result.entries;
  return {
    status: entry?.effect === 'create' && !result.dryRun ? 201 : 200,
    ...(entry === undefined ? {} : { headers: { etag: quoteTag(entry.etag) } }),
    body: result,
  };
}

function lastOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.at(-1) : header;
}
