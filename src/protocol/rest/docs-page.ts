/**
 * The API's documentation as one page: made from the same document as `openapi.json`, without a request to anywhere.
 * Its style and its script stand in it, and the policy of its header lets nothing else run.
 */
import { createHash } from 'node:crypto';
import { script, style } from './docs-parts.ts';
import type { JsonObject } from './openapi.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
  readonly example?: string | number | readonly string[];
}
type Content = Readonly<
  Record<string, { readonly schema: Schema; readonly examples?: Readonly<Record<string, Shown>> }>
>;
interface Shown {
  readonly summary: string;
  readonly value: unknown;
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** The page, and the headers that go with it. */
export function docsPage(
  openapi: JsonObject,
  version: string,
): { readonly text: string; readonly headers: Record<string, string> } {
  const document = openapi as unknown as Document;
  const operations = Object.entries(document.paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ url, method: method.toUpperCase(), operation })),
  );
  const schemas = Object.entries(document.components.schemas);
  const text = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Plumb API</title><style>${style}</style></head>
<body><nav aria-label="Operations"><h1>Plumb <small>${escape(version)}</small></h1>
<input id="search" type="search" placeholder="Search" aria-label="Search operations and schemas" autocomplete="off">
<ul>${operations.map(({ method, operation }) => link(operation.operationId, method)).join('')}</ul>
<h2>Schemas</h2><ul>${schemas.map(([name]) => link(name)).join('')}</ul></nav>
<main><p>A token goes into the header <code>Authorization: Bearer …</code>. Times are milliseconds since the epoch.
The same as a document: <a href="/openapi.json">openapi.json</a>, <a href="/openapi.yaml">openapi.yaml</a>.</p>
${operations.map(section).join('\n')}
<h2>Schemas</h2>
${schemas.map(([name, schema]) => schemaSection(name, schema)).join('\n')}
<p id="none" hidden>Nothing has these words in it.</p></main><script>${script}</script></body></html>
`;
  return { text, headers: { 'content-security-policy': policy, 'referrer-policy': 'no-referrer' } };
}

const hashed = (part: string): string => `'sha256-${createHash('sha256').update(part).digest('base64')}'`;
const policy = [
  "default-src 'none'",
  `style-src ${hashed(style)}`,
  `script-src ${hashed(script)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? '');
}

function link(id: string, method = ''): string {
  const badge = method === '' ? '' : `<b class="${method}">${method}</b>`;
  return `<li><a href="#${escape(id)}">${badge}${escape(id)}</a></li>`;
}

function section({ url, method, operation }: { url: string; method: string; operation: Operation }): string {
  const { operationId, summary, parameters = [], requestBody, responses, security } = operation;
  const [body] = Object.values(requestBody?.content ?? {});
  const answers = Object.entries(responses).flatMap(([status, { content }]) => {
    const [first] = Object.entries(content ?? {});
    return first === undefined ? [] : [`<tr><td>${status}<td>${escape(first[0])}<td>${typeOf(whole(first[1].schema))}`];
  });
  return `<section id="${escape(operationId)}"><h3><b class="${method}">${method}</b> <code>${escape(url)}</code></h3>
<p>${escape(summary)}.${security === undefined ? '' : ' <em>Takes no token.</em>'}</p>
${parameters.length === 0 ? '' : `<table><caption>Parameters</caption>${parameters.map(parameterRow).join('')}</table>`}
${body === undefined ? '' : `<table><caption>Body</caption><tr><td>${typeOf(body.schema)}</table>`}
<table><caption>Answers</caption>${answers.join('')}<tr><td>other<td>application/problem+json<td>${typeOf({ $ref: '/Problem' })}</table>
${examplesOf({ url, method, operation })}</section>`;
}

function parameterRow({ name, in: place, required, description = '', schema }: Parameter): string {
  const needed = required === true ? ' <em>required</em>' : '';
  return `<tr><td><code>${escape(name)}</code>${needed}<td>${place}<td>${typeOf(schema)}<td>${escape(description)}`;
}

function examplesOf({ url, method, operation }: { url: string; method: string; operation: Operation }): string {
  const [content] = Object.values(operation.requestBody?.content ?? {});
  const shown = Object.values(content?.examples ?? {});
  const bodies: readonly (Shown | undefined)[] = shown.length === 0 ? [undefined] : shown;
  return bodies
    .map(
      (body) =>
        `<details><summary>${escape(body?.summary ?? 'Example')}</summary><pre>${escape(command(body))}</pre></details>`,
    )
    .join('');

  function command(body: Shown | undefined): string {
    const given = (operation.parameters ?? []).filter(({ example }) => example !== undefined);
    const valueOf = ({ example = '' }: Parameter): string =>
      typeof example === 'object' ? example.join(',') : String(example);
    const path = given
      .filter((one) => one.in === 'path')
      .reduce((to, one) => to.replace(`{${one.name}}`, valueOf(one)), url);
    const query = given
      .filter((one) => one.in === 'query')
      .map((one) => `${one.name}=${encodeURIComponent(valueOf(one))}`);
    const address = `http://127.0.0.1:8200${path}${query.length === 0 ? '' : `?${query.join('&')}`}`;
    const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}'${address}'`, `-H "Authorization: Bearer $TOKEN"`];
    if (body === undefined) return lines.join(' \\\n  ');
    const data = JSON.stringify(body.value, undefined, 2).replaceAll("'", "'\\''");
    return [...lines, `-H 'Content-Type: application/json'`, `-d '${data}'`].join(' \\\n  ');
  }
}

function schemaSection(name: string, schema: Schema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([member, property]) => {
    const optional = schema.required?.includes(member) === true ? '' : ' <em>optional</em>';
    return `<tr><td><code>${escape(member)}</code>${optional}<td>${typeOf(property)}<td>${escape(property.description ?? '')}`;
  });
  const shape = rows.length === 0 ? `<p>${typeOf(schema)}</p>` : `<table>${rows.join('')}</table>`;
  return `<section id="${escape(name)}"><h3>${escape(name)}</h3>${shape}</section>`;
}

/** As HTML; schemas with a name are linked to. */
function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = escape(schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1));
    return `<a href="#${name}">${name}</a>`;
  }
  if (schema.anyOf !== undefined)
    return [...new Set(schema.anyOf.filter(isNamed).map(typeOf))].join(' or ') || 'object';
  if (schema.const !== undefined) return `<code>${escape(schema.const)}</code>`;
  if (schema.enum !== undefined) return schema.enum.map((word) => `<code>${escape(word)}</code>`).join(' ');
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  const type = [schema.type ?? 'anything'].flat().join(' or ');
  if (type !== 'object' || schema.properties === undefined) return `${escape(type)}${limitsOf(schema)}`;
  return `{ ${Object.entries(schema.properties)
    .map(([name, one]) => `${escape(name)}: ${typeOf(one)}`)
    .join(', ')} }`;
}

/** Of what can be asked for in part. */
function whole(schema: Schema): Schema {
  return schema.anyOf?.[0] ?? schema;
}

function isNamed({ $ref, properties }: Schema): boolean {
  return $ref !== undefined || properties?.['type'] !== undefined || properties?.['items'] !== undefined;
}

function limitsOf({ minimum, maximum, pattern }: Schema): string {
  if (pattern !== undefined) return ` <code class="any">${escape(pattern)}</code>`;
  const isPlain = (minimum ?? 0) === 0 && (maximum ?? Number.MAX_SAFE_INTEGER) === Number.MAX_SAFE_INTEGER;
  return isPlain ? '' : ` ${minimum ?? 0} to ${maximum === Number.MAX_SAFE_INTEGER ? '…' : maximum}`;
}
