import { examples } from './examples.ts';
import type { Example } from './examples.ts';
import { partial } from './fields.ts';
import type { Route } from './route.ts';
import { Problem } from './schema-records.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** OpenAPI 3.1 of the routes, from the schemas that validate. */
export function openapi(routes: readonly Route[], version: string): JsonObject {
  const components = new Map<string, Json>();
  const named = (schema: unknown): Json => reference(schema as Json, components);
  const problem = {
    description: 'a problem (RFC 9457)',
    content: { 'application/problem+json': { schema: named(Problem) } },
  };
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    paths[route.url] = { ...paths[route.url], [route.method.toLowerCase()]: operation(route, named) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Plumb', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: { Problem: problem },
      schemas: Object.fromEntries([...components].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function operation(route: Route, named: (schema: unknown) => Json): JsonObject {
  const success = { description: 'done', ...headersOf(route), content: contentOf(route, named) };
  const others = (route.successes ?? []).map((status): readonly [string, Json] => [String(status), success]);
  const isConditional = route.method === 'GET' && route.run.kind === 'caller' && route.media === undefined;
  const shown = examples.filter(({ id }) => id === route.id);
  const parameters = [
    ...pathParameters(route, shown[0]),
    ...queryParameters(route, { named, example: shown[0] }),
    ...conditions(route, isConditional),
  ];
  return {
    operationId: route.id,
    summary: route.summary,
    ...(route.run.kind === 'anonymous' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: requestBody(named(route.body), shown) }),
    responses: {
      '200': success,
      ...Object.fromEntries(others),
      ...(isConditional ? { '304': { description: 'unchanged since the ETag given' } } : {}),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function requestBody(schema: Json, shown: readonly Example[]): Json {
  const named = shown.map(({ summary, body }, i) => [`example${i + 1}`, { summary, value: body as Json }] as const);
  return { required: true, content: { 'application/json': { schema, examples: Object.fromEntries(named) } } };
}

function contentOf({ run, media, answer, selectable }: Route, named: (schema: unknown) => Json): Json {
  const whole = named(answer);
  if (run.kind === 'stream') return { 'text/event-stream': { schema: eventOf(whole) } };
  if (media !== undefined) return { [media]: { schema: whole } };
  const schema = selectable === undefined ? whole : { anyOf: [whole, named(partial(answer, selectable))] };
  return { 'application/json': { schema }, 'application/yaml': { schema } };
}

/** One server-sent event. */
function eventOf(contentSchema: Json): Json {
  const data = { type: 'string', contentMediaType: 'application/json', contentSchema };
  const properties = { id: { type: 'string' }, event: { type: 'string' }, data };
  return { type: 'object', properties, required: ['id', 'event', 'data'] };
}

function headersOf({ tagged, method, run, media, changes }: Route): JsonObject {
  const hasTag = method === 'GET' ? run.kind === 'caller' && media === undefined : tagged === true && method === 'PUT';
  const text = (description: string): Json => ({ description, schema: { type: 'string' } });
  return {
    headers: {
      'X-Request-Id': text('names the request in the audit and the log'),
      ...(hasTag
        ? { ETag: text('of the present state; passes as If-None-Match and, where it is known, If-Match') }
        : {}),
      ...(changes ? { 'Idempotent-Replayed': text('true: carried out before, under the same Idempotency-Key') } : {}),
    },
  };
}

function pathParameters({ url }: Route, example: Example | undefined): Json[] {
  return [...url.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: schemaOfName(url, name),
    ...(name === 'path' ? { description: 'segments, percent-encoded one by one, joined by /' } : {}),
    ...(example?.path?.[name] === undefined ? {} : { example: example.path[name] }),
  }));
}

interface QueryContext {
  readonly named: (schema: unknown) => Json;
  readonly example: Example | undefined;
}

function queryParameters({ query }: Route, { named, example }: QueryContext): Json[] {
  if (query === undefined) return [];
  const required: readonly string[] = query.required ?? [];
  return Object.entries(query.properties).map(([name, property]) => {
    const { description, ...schema } = named(property) as { description?: string; type?: string };
    const written = example?.query?.[name];
    return {
      name,
      in: 'query',
      ...(required.includes(name) ? { required: true } : {}),
      ...(description === undefined ? {} : { description }),
      ...(schema.type === 'array' ? { style: 'form', explode: false } : {}),
      schema,
      ...(written === undefined ? {} : { example: typed(written, schema.type) }),
    };
  });
}

function typed(written: string, type: string | undefined): Json {
  if (type === 'integer') return Number(written);
  return type === 'array' ? written.split(',') : written;
}

const header = (name: string, description: string, schema: JsonObject = {}): Json => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string', ...schema },
});

const entryTag = { pattern: '^"[0-9]{1,15}[.][0-9]{1,15}(-[A-Za-z0-9_-]{1,64})?"$' };
const recordTag = { pattern: '^([*]|"[A-Za-z0-9_-]{22}([.][A-Za-z0-9_-]{22})?")$' };
const keys = { pattern: '^("[ !#-\\[\\]-~]{1,255}"|[!#-+--~]{1,255})$' };
/** Of the parameters of a URL, by the resource in front of them. */
const names: Readonly<Record<string, string>> = {
  projects: '^[a-z0-9-]{1,63}$',
  environments: '^[a-z0-9-]{1,63}$',
  policies: '^[a-z0-9][a-z0-9._-]{0,62}$',
  principals: '^[a-z0-9][a-z0-9._@-]{0,62}$',
  targets: '^[a-z0-9][a-z0-9-]{0,62}$',
  syncs: '^[a-z0-9][a-z0-9._-]{0,62}$',
};

function schemaOfName(url: string, name: string): Json {
  if (name === 'kind') return { type: 'string', enum: ['person', 'workload', 'ai-agent'] };
  const pattern = name === 'path' ? undefined : names[url.split('/')[3] ?? ''];
  return { type: 'string', ...(pattern === undefined ? {} : { pattern }) };
}

const repeating = 'sent again with it, the request is answered again, and not carried out again';

function conditions({ id, method, tagged, changes }: Route, isConditional: boolean): Json[] {
  const match = tagged === true && method !== 'GET';
  return [
    ...(isConditional ? [header('If-None-Match', 'ETags of which none should be sent again')] : []),
    ...(id === 'watchChanges'
      ? [header('Last-Event-ID', 'the revision to go on from', { pattern: '^[0-9]{0,15}$' })]
      : []),
    ...(match ? [header('If-Match', 'the ETag that is expected', id.endsWith('Entry') ? entryTag : recordTag)] : []),
    ...(match && method === 'PUT' ? [header('If-None-Match', 'refuses when it is there', { enum: ['*'] })] : []),
    ...(changes ? [header('Idempotency-Key', repeating, keys)] : []),
  ];
}

/** The schema as plain JSON; every schema with a title becomes a component and is referred to. */
function reference(schema: Json, components: Map<string, Json>): Json {
  if (Array.isArray(schema)) return (schema as readonly Json[]).map((member) => reference(member, components));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { title, description, ...rest } = schema as JsonObject;
  const described = description === undefined ? {} : { description };
  const plain = mapValues(rest, (member, name) =>
    // What stands under `properties` are names, not keywords.
    name === 'properties'
      ? mapValues(member as JsonObject, (property) => reference(property, components))
      : reference(member, components),
  );
  if (typeof title !== 'string') return { ...plain, ...described };
  const known = components.get(title);
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(plain)) {
    throw new Error(`two schemas are named ${title}`);
  }
  components.set(title, plain);
  return { $ref: `#/components/schemas/${title}`, ...described };
}

function mapValues(object: JsonObject, map: (member: Json, name: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, member]) => [name, map(member, name)]));
}
