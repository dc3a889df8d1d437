import type { Route } from './route.ts';
import { Problem } from './schema-records.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

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
  const stream = route.run.kind === 'stream';
  const type = stream ? 'text/event-stream' : (route.media ?? 'application/json');
  const success = { description: 'done', content: { [type]: { schema: named(route.answer) } } };
  const others = (route.successes ?? []).map((status): readonly [string, Json] => [
    String(status),
    status === 304 ? { description: 'unchanged since the ETag given' } : success,
  ]);
  const parameters = [...pathParameters(route), ...queryParameters(route, named), ...conditions(route)];
  return {
    operationId: route.id,
    summary: route.summary,
    ...(route.run.kind === 'anonymous' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: named(route.body) } } } }),
    responses: { '200': success, ...Object.fromEntries(others), default: { $ref: '#/components/responses/Problem' } },
  };
}

function pathParameters({ url }: Route): Json[] {
  return [...url.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
    ...(name === 'path' ? { description: 'segments, percent-encoded one by one, joined by /' } : {}),
  }));
}

function queryParameters({ query }: Route, named: (schema: unknown) => Json): Json[] {
  if (query === undefined) return [];
  const required: readonly string[] = query.required ?? [];
  return Object.entries(query.properties).map(([name, property]) => {
    const { description, ...schema } = named(property) as { description?: string };
    return {
      name,
      in: 'query',
      ...(required.includes(name) ? { required: true } : {}),
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

const condition = (name: string, description: string): Json => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string' },
});

function conditions({ id, method }: Route): Json[] {
  const absent = condition('If-None-Match', '* refuses when it is there');
  if (['getEntry', 'listSyncs', 'getSync'].includes(id))
    return [condition('If-None-Match', 'ETags of which none should be sent again')];
  if (id === 'watchChanges') return [condition('Last-Event-ID', 'the revision to go on from')];
  if (id === 'putEntry') return [condition('If-Match', 'the ETag that is expected'), absent];
  if (id === 'deleteEntry') return [condition('If-Match', 'the ETag that is expected')];
  return method === 'PUT' ? [absent] : [];
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
