/** Every example of `proto/openapi.json`, made of a real server that has loaded the sample project. */
import { readFileSync } from 'node:fs';
import { Compile } from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examples } from '#protocol/rest/examples';
import type { Example } from '#protocol/rest/examples';
import { routes } from '#protocol/rest/routes';
import { startServer } from '#testing/server';
import type { LocalServer } from '#testing/server';

let server: LocalServer;
beforeAll(async () => {
  server = await startServer({ dev: true });
});
afterAll(() => server.stop());

function urlOf({ path = {}, query = {} }: Example, url: string): string {
  const filled = url.replaceAll(/\{(\w+)\}/g, (_, name: string) => path[name] ?? `{${name}}`);
  const asked = new URLSearchParams(query).toString();
  return asked === '' ? filled : `${filled}?${asked}`;
}

describe('each does what it says', () => {
  test.each(examples.map((example, i) => [i, example.id, example.summary, example] as const))(
    '%d %s: %s',
    async (_i, id, _summary, example) => {
      const route = routes.find((one) => one.id === id);
      if (route === undefined) throw new Error(`there is no operation ${id}`);
      const { body, headers = {}, status = 200 } = example;
      const ended = new AbortController();
      const response = await fetch(server.address + urlOf(example, route.url), {
        method: route.method,
        headers: {
          authorization: `Bearer ${server.token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: ended.signal,
      });
      if (route.run.kind === 'stream') {
        expect(response.status).toBe(status);
        return ended.abort();
      }
      const text = await response.text();
      expect(response.status, text).toBe(status);
      if (status >= 400 || route.media !== undefined || example.query?.['fields'] !== undefined) return;
      expect(Compile(route.answer).Errors(JSON.parse(text))).toEqual([true, []]);
    },
  );
});

test('every operation has one', () => {
  expect(new Set(examples.map(({ id }) => id))).toEqual(new Set(routes.map(({ id }) => id)));
});

interface Parameter {
  readonly name: string;
  readonly example?: string | number | readonly string[];
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Record<string, { readonly examples?: Record<string, { value: unknown }> }>;
  };
}

test('the document holds no other', () => {
  const document = JSON.parse(readFileSync('proto/openapi.json', 'utf8')) as {
    paths: Record<string, Record<string, Operation>>;
  };
  let count = 0;
  for (const operation of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
    const mine = examples.filter(({ id }) => id === operation.operationId);
    const bodies = Object.values(operation.requestBody?.content ?? {}).flatMap((one) =>
      Object.values(one.examples ?? {}),
    );
    for (const { value } of bodies) {
      expect(mine.map(({ body }) => body)).toContainEqual(value);
      count += 1;
    }
    for (const { name, example } of operation.parameters ?? []) {
      if (example === undefined) continue;
      const given = mine.map(({ path = {}, query = {} }) => path[name] ?? query[name]);
      expect(given).toContain(typeof example === 'object' ? example.join(',') : String(example));
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(50);
});
