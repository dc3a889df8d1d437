/** What goes over the wire beside the answers themselves, of whole servers. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { ROOT_CONTEXT, propagation, trace } from '@opentelemetry/api';
import type { Span, SpanOptions, TextMapPropagator, TracerProvider } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pythonProgram } from '../../tools/python.ts';
import { without } from '../fault/without.ts';
import { startServer } from '#testing/server';
import type { LocalServer } from '#testing/server';

const origin = 'https://app.example';
let server: LocalServer;
beforeAll(async () => {
  server = await startServer({ argv: ['--cors-origins', `${origin},http://localhost:5173`] });
});
afterAll(() => server.stop());

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
interface Answered {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

async function ask(path: string, { method = 'GET', headers = {}, body }: Asked = {}, on = server): Promise<Answered> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const sent =
    text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  const given = { authorization: `Bearer ${on.token}`, ...sent, ...headers };
  const asked = request(on.address + path, { method, headers: given });
  asked.end(text);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

const put = (path: string, value: string, headers: Record<string, string> = {}) =>
  ask(`/api/v1/entries/${path}`, { method: 'PUT', body: { value }, headers });

describe('other sites', () => {
  test.each(['/api/v1/whoami', '/api/v1/entries/none'])('%s tells its answer to those that are named', async (path) => {
    const named = await ask(path, { headers: { origin } });
    expect(named.headers['access-control-allow-origin']).toBe(origin);
    expect(named.headers['access-control-expose-headers']).toContain('ETag');
    expect(named.headers['vary']).toMatch(/^Origin/);
    expect(named.headers['access-control-allow-credentials']).toBeUndefined();
    const other = await ask(path, { headers: { origin: 'https://evil.example' } });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
    expect(other.headers['vary']).toMatch(/^Origin/);
  });

  test('a preflight is answered to them only, and only under a name of ours', async () => {
    const headers = { origin, 'access-control-request-method': 'PUT', authorization: '' };
    const named = await ask('/api/v1/entries/a', { method: 'OPTIONS', headers });
    expect([named.status, named.headers['access-control-allow-origin']]).toEqual([204, origin]);
    expect(named.headers['access-control-allow-headers']).toContain('Idempotency-Key');
    const evil = { ...headers, origin: 'https://evil.example' };
    expect((await ask('/api/v1/entries/a', { method: 'OPTIONS', headers: evil })).status).toBe(405);
    const rebound = { ...headers, host: 'evil.example' };
    expect((await ask('/api/v1/entries/a', { method: 'OPTIONS', headers: rebound })).status).toBe(421);
  });

  test('an event stream is for them too', async () => {
    const headers = { authorization: `Bearer ${server.token}`, origin };
    const asked = request(`${server.address}/api/v1/changes`, { headers }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    expect(response.headers['access-control-allow-origin']).toBe(origin);
    expect(response.headers['content-encoding']).toBeUndefined();
    asked.destroy();
  });
});

describe('conditions', () => {
  test('of two who read the same policy, one writes', async () => {
    const url = '/api/v1/policies/p';
    const text = 'allow read on a/**';
    const made = await ask(url, { method: 'PUT', body: { text }, headers: { 'if-none-match': '*' } });
    const read = await ask(url);
    expect([made.status, made.headers['etag'], made.headers['etag']]).toEqual([
      201,
      read.headers['etag'],
      expect.any(String),
    ]);
    const headers = { 'if-match': String(read.headers['etag']) };
    const writes = ['b', 'c'].map((name) =>
      ask(url, { method: 'PUT', body: { text: `allow read on ${name}/**` }, headers }),
    );
    expect((await Promise.all(writes)).map(({ status }) => status)).toEqual(
      expect.toSatisfy((all: number[]) => [200, 412].every((one) => all.includes(one))),
    );
    const gone = await ask(url, { method: 'DELETE', headers });
    expect([gone.status, JSON.parse(gone.text)]).toEqual([412, expect.objectContaining({ code: 'mismatch' })]);
    const present = String((await ask(url)).headers['etag']);
    expect((await ask(url, { method: 'DELETE', headers: { 'if-match': present } })).status).toBe(200);
  });

  test('a folder is sent again when one of its values is another one, not when others are', async () => {
    await put('w/e/A', '1');
    const first = await ask('/api/v1/values?folder=w/e');
    const headers = { 'if-none-match': String(first.headers['etag']) };
    await put('elsewhere/A', '1');
    expect((await ask('/api/v1/values?folder=w/e', { headers })).status).toBe(304);
    await put('w/e/A', '2');
    expect((await ask('/api/v1/values?folder=w/e', { headers })).status).toBe(200);
  });
});

describe('idempotency', () => {
  test('a write that is sent again makes no other version', async () => {
    const headers = { 'idempotency-key': '"one"' };
    const first = await put('i/A', 'x', headers);
    const again = await put('i/A', 'x', headers);
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
    expect(again.headers['idempotent-replayed']).toBe('true');
    const history = JSON.parse((await ask('/api/v1/history/i/A')).text) as { versions: unknown[] };
    expect(history.versions.length).toBe(1);
  });

  test('of many at once one is carried out', async () => {
    const headers = { 'idempotency-key': 'many' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => put('i/B', 'x', headers)));
    const made = answers.filter(
      ({ status, headers: { 'idempotent-replayed': again } }) => status === 201 && again === undefined,
    );
    expect([made.length, answers.every(({ status }) => status === 201 || status === 409)]).toEqual([1, true]);
    expect(answers.find(({ status }) => status === 409)?.headers['retry-after'] ?? '1').toBe('1');
    expect(JSON.parse((await ask('/api/v1/history/i/B')).text)).toMatchObject({ versions: [{ version: 1 }] });
  });

  test('a token is made once, and another one who may not ask for it is told nothing', async () => {
    const headers = { 'idempotency-key': 'token' };
    const make = (token = server.token) =>
      ask('/api/v1/tokens', {
        method: 'POST',
        body: { ttl: 60 },
        headers: { ...headers, authorization: `Bearer ${token}` },
      });
    const [first, again] = [await make(), await make()];
    const { token } = JSON.parse(first.text) as { token: string };
    expect(again.text).toBe(first.text);
    const other = await make(token);
    expect([other.status, other.text.includes(token)]).toEqual([409, false]);
  });
});

test('many values are read at once, each with a record of its own', async () => {
  await put('m/A', 'a');
  const before = server.running.services.system.health().revision;
  const paths = ['m/A', 'm/B', 'sys/x'];
  const answer = await ask('/api/v1/values/read', { method: 'POST', body: { paths } });
  expect(JSON.parse(answer.text)).toMatchObject({
    items: [
      { path: 'm/A', entry: { value: 'a' } },
      { path: 'm/B', problem: { status: 404, code: 'not-found' } },
      { path: 'sys/x', problem: { status: 400, code: 'invalid' } },
    ],
  });
  expect(server.running.services.system.health().revision).toBe(before);
  const id = String(answer.headers['x-request-id']);
  const lines = readFileSync(join(server.folder, '.plumb/server/audit.log'), 'utf8').split('\n');
  const records = lines.filter((line) => line.includes(id)).map((line) => JSON.parse(line) as { paths: string[] });
  expect(records.map((record) => record.paths)).toEqual([['m/A@1'], ['m/B']]);
});

test.skipIf(without('python3'))('PyYAML reads what JSON says', async () => {
  await put('y/A', 'no');
  await put('y/B', '12:30:45\n\tnel\u0085\u2028 é 🜂 "quoted" \\ # not a comment');
  const url = '/api/v1/values?folder=y&fields=path,value,version,secret,origin';
  const yaml = await ask(url, { headers: { accept: 'application/yaml' } });
  const program = 'import json,sys,yaml; json.dump(yaml.safe_load(sys.stdin.buffer), sys.stdout)';
  const read = execFileSync(pythonProgram(), ['-c', program], { input: yaml.text, encoding: 'utf8' });
  expect(yaml.headers['content-type']).toBe('application/yaml');
  expect(JSON.parse(read)).toEqual(JSON.parse((await ask(url)).text));
});

describe('the page of documentation', () => {
  test('asks for nothing, and lets nothing else run', async () => {
    const page = await ask('/docs', { headers: { authorization: '', accept: 'text/html' } });
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-.{44}'; script-src 'sha256-.{44}';/,
    );
    expect(page.text).not.toMatch(/(?:src|href)="(?![#/])|@import|url\(|\son\w+=/);
    const { paths } = JSON.parse((await ask('/openapi.json', { headers: { authorization: '' } })).text) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    for (const { operationId } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
      expect(page.text).toContain(`<section id="${operationId}">`);
    }
    expect((await ask('/openapi.yaml')).text).toMatch(/^openapi: "3\.1\.0"\n/);
  });
});

interface Ended {
  readonly name: string;
  readonly parent: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** As an SDK registers itself: keeps the spans that have ended. */
function register(ended: Ended[]): void {
  let count = 0;
  const startSpan = (first: string, options: SpanOptions = {}, context = ROOT_CONTEXT): Span => {
    const spanId = String((count += 1)).padStart(16, '0');
    let name = first;
    const attributes: Record<string, unknown> = { ...options.attributes };
    const span = {
      spanContext: () => ({ traceId: 'a'.repeat(32), spanId, traceFlags: 1 }),
      setAttribute: (key: string, value: unknown) => ((attributes[key] = value), span),
      setStatus: () => span,
      updateName: (next: string) => ((name = next), span),
      end: () => void ended.push({ name, parent: trace.getSpanContext(context)?.spanId, attributes }),
    } as unknown as Span;
    return span;
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) } as unknown as TracerProvider);
  propagation.setGlobalPropagator({
    fields: () => [],
    inject: () => undefined,
    extract: (context, carrier: Record<string, string>) => {
      const [, traceId = '', spanId = ''] = carrier['traceparent']?.split('-') ?? [];
      return spanId === '' ? context : trace.setSpanContext(context, { traceId, spanId, traceFlags: 1 });
    },
  } as TextMapPropagator);
}

test('an SDK that is registered when the server starts gets a span for each request', async () => {
  const ended: Ended[] = [];
  register(ended);
  const traced = await startServer();
  ended.splice(0);
  try {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await ask('/api/v1/entries/t/A', { method: 'PUT', body: { value: 'v4lue' } }, traced);
    await ask('/api/v1/entries/t/A', {}, traced);
    const answer = await ask('/api/v1/history/t/A', { headers: { traceparent } }, traced);
    await ask('/api/v1/nothing', {}, traced);
    await traced.stop();
    const own = String(answer.headers['traceresponse']);
    expect(own).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-0{10}\d{6}-01$/);
    expect(ended).toEqual(
      [
        ['PUT', '/api/v1/entries/{path}', 201, undefined],
        ['GET', '/api/v1/entries/{path}', 200, undefined],
        ['GET', '/api/v1/history/{path}', 200, '00f067aa0ba902b7'],
        ['GET', undefined, 404, undefined],
      ].map(([method, route, status, parent]) => ({
        name: route === undefined ? method : `${method} ${route}`,
        parent,
        attributes: {
          'http.request.method': method,
          'http.response.status_code': status,
          ...(route === undefined ? {} : { 'http.route': route }),
        },
      })),
    );
  } finally {
    trace.disable();
    propagation.disable();
    await traced.stop();
  }
});
