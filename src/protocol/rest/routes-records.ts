import type { TObject, TSchema } from 'typebox/type';
import { ok, route } from './route.ts';
import type { Answer, Route } from './route.ts';
import * as schema from './schema-records.ts';
import { expectedRecord, recordTag } from './tags.ts';
import type { RecordExpectation } from './tags.ts';
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
        packs: true,
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
        packs: true,
        tagged: true,
      },
      async ({ services, caller, path }) => record(await use(services).get(caller, path)),
    ),
    route(
      {
        id: `put${one}`,
        summary:
          'Creates or replaces; If-None-Match: * refuses when it is there, If-Match when it is not the one expected',
        method: 'PUT',
        url: `${url}/${name}`,
        body: schemas.Input,
        answer: schemas.Put,
        successes: [201],
        tagged: true,
      },
      async ({ services, caller, path, body, headers }) => {
        const { input, options } = splitPut(body as Reasoned, expectedRecord(headers));
        const made = await use(services).put(caller, path, input, options);
        return { ...record(made), status: options.expectAbsent === true ? 201 : 200 };
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
        tagged: true,
      },
      async ({ services, caller, path, query, headers }) =>
        ok(await use(services).delete(caller, path, { ...query, ...expectedRecord(headers) })),
    ),
  ];
}

interface Reasoned {
  readonly reason?: string;
}

/** A record with its tag. */
export function record<T extends object>(body: T): Answer<T> {
  return { headers: { etag: recordTag(body) }, body };
}

/** What is declared, and how. */
export function splitPut<B extends Reasoned>(
  body: B,
  expectation: RecordExpectation,
): { input: Omit<B, 'reason'>; options: NounPutOptions } {
  const { reason, ...input } = body;
  return { input, options: { ...(reason === undefined ? {} : { reason }), ...expectation } };
}
