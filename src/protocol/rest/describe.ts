/** The API's own description, as documents and as a page; each is made when it is first asked for. */
import { createHash } from 'node:crypto';
import { quoteTag } from './codec.ts';
import { docsPage } from './docs-page.ts';
import { openapi } from './openapi.ts';
import { anonymousRoute } from './route.ts';
import type { Answer, Route } from './route.ts';
import { routes } from './routes.ts';
import { text } from './schema.ts';
import { Nothing } from './schema-records.ts';
import { printYaml } from './yaml.ts';

/** What stays the same as long as the server runs. */
function document(url: string, media: string, make: () => Made): Route {
  let made: Answer<string> | undefined;
  return anonymousRoute(
    {
      id: url,
      summary: 'The description of this API',
      method: 'GET',
      url,
      body: Nothing,
      answer: text(),
      media,
      packs: true,
    },
    async () => (made ??= answerOf(make())),
  );
}

interface Made {
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function answerOf(made: Made): Answer<string> {
  const etag = quoteTag(createHash('sha256').update(made.text).digest('base64url').slice(0, 22));
  return { text: made.text, headers: { etag, ...made.headers } };
}

/** `/openapi.json` and `.yaml`, and `/docs`, a page that asks for nothing else. */
export function describe(version: string): readonly Route[] {
  const json = (): Made => ({ text: JSON.stringify(openapi(routes, version)) });
  return [
    document('/api/v1/openapi.json', 'application/json', json),
    document('/openapi.json', 'application/json', json),
    document('/openapi.yaml', 'application/yaml', () => ({ text: printYaml(openapi(routes, version)) })),
    document('/docs', 'text/html; charset=utf-8', () => docsPage(openapi(routes, version), version)),
  ];
}
