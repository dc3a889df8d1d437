import type { InjectOptions } from 'fastify';
import { afterAll, describe, expect, test } from 'vitest';
import { maxJsonDepth } from './json.ts';
import { defaultBodyLimit } from './route.ts';
import { errorCodes, PlumbError } from '#domain/errors';
import type { ErrorCode } from '#domain/errors';
import { closeHandlers, faults, makeHandler, send, stubServices } from '#testing/rest';

afterAll(closeHandlers);
const shared = await makeHandler(stubServices());

describe('errors', () => {
  const statuses: Readonly<Record<ErrorCode, number>> = {
    invalid: 400,
    'not-found': 404,
    exists: 409,
    mismatch: 412,
    conflict: 409,
    unevaluable: 422,
    unauthenticated: 401,
    forbidden: 403,
    'too-large': 413,
    'rate-limited': 429,
    sealed: 503,
    unavailable: 503,
    unknown: 500,
    corrupt: 500,
    unsupported: 422,
    internal: 500,
  };
  test.each(Object.keys(errorCodes) as ErrorCode[])('%s has a status and a problem', async (code) => {
    const services = stubServices();
    const error = new PlumbError(code, 'what was wrong', {
      hint: 'what to do',
      details: { version: 3 },
      diagnostics: [{ message: 'here', line: 1 }],
    });
    const handler = await makeHandler({
      ...services,
      entries: { ...services.entries, get: () => Promise.reject(error) },
    });
    const response = await send({ method: 'GET', url: '/api/v1/entries/a' }, handler);
    expect(response.status).toBe(statuses[code]);
    expect(response.headers['content-type']).toBe('application/problem+json');
    const hidden = code === 'internal';
    expect(response.json()).toMatchObject({
      type: `urn:plumb:problem:${code}`,
      status: statuses[code],
      code,
      requestId: 'r1',
    });
    expect(response.text.includes('what was wrong')).toBe(!hidden);
    expect(response.text.includes('what to do')).toBe(!hidden);
    expect(response.headers['x-request-id']).toBe('r1');
  });

  test('a fault of ours hides its message and logs its cause under the request id', async () => {
    const services = stubServices();
    const cause = new TypeError('s3cret');
    const handler = await makeHandler({
      ...services,
      entries: { ...services.entries, get: () => Promise.reject(cause) },
    });
    faults.length = 0;
    const response = await send({ method: 'GET', url: '/api/v1/entries/a' }, handler);
    expect([response.status, response.json().code]).toEqual([500, 'internal']);
    expect(response.text).not.toContain('s3cret');
    expect(faults).toEqual([['r1', cause]]);
  });
});

describe('bad requests', () => {
  const nested = (depth: number): string =>
    `{"left":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)},"right":{"folder":"b"}}`;
  const put = { method: 'PUT', url: '/api/v1/entries/a' } as const;
  const json = { 'content-type': 'application/json' };
  const cases: readonly [name: string, request: InjectOptions, status: number, said: string][] = [
    ['unknown resource', { method: 'GET', url: '/api/v1/nothing' }, 404, 'no such resource'],
    [
      'unknown resource with a body of another type',
      { method: 'POST', url: '/nothing', payload: 'x' },
      404,
      'no such resource',
    ],
    ['encoded slash', { method: 'GET', url: '/api/v1/entries/a%2fb' }, 400, 'encoded slash'],
    ['invalid UTF-8 in the path', { method: 'GET', url: '/api/v1/entries/a%ff' }, 400, 'malformed'],
    ['broken percent-encoding', { method: 'GET', url: '/api/v1/entries/a%zz' }, 400, 'malformed'],
    ['character that must be encoded', { method: 'GET', url: '/api/v1/entries/a|b' }, 400, 'percent-encoded'],
    ['another spelling of a resource', { method: 'GET', url: '/api/v1/%65ntries/a' }, 404, 'no such resource'],
    ['too many segments', { method: 'GET', url: '/api/v1/environments/a/b/c' }, 404, 'no such resource'],
    ['foreign host', { method: 'GET', url: '/api/v1/whoami', headers: { host: 'evil.example' } }, 421, 'host'],
    ['foreign host, unknown resource', { method: 'GET', url: '/x', headers: { host: 'evil.example' } }, 421, 'host'],
    [
      'other scheme of authorization',
      { method: 'GET', url: '/api/v1/whoami', headers: { authorization: 'Basic eA==' } },
      401,
      'Bearer',
    ],
    [
      'unknown token',
      { method: 'GET', url: '/api/v1/whoami', headers: { authorization: 'Bearer bad' } },
      401,
      'unknown',
    ],
    ['unknown name in the query', { method: 'GET', url: '/api/v1/entries?folders=a' }, 400, 'query/folders'],
    ['query given twice', { method: 'GET', url: '/api/v1/entries?folder=a&folder=b' }, 400, 'query/folder'],
    ['number out of bounds', { method: 'GET', url: '/api/v1/entries?limit=1001' }, 400, 'at most 1000'],
    ['number that is none', { method: 'GET', url: '/api/v1/entries?limit=1e2' }, 400, 'expected integer'],
    ['flag that is none', { method: 'GET', url: '/api/v1/entries?recursive=yes' }, 400, 'expected boolean'],
    ['missing query', { method: 'GET', url: '/api/v1/values' }, 400, 'query/folder'],
    ['no content type', { ...put, payload: Buffer.from('{"value":"s3cret"}') }, 415, 'application/json'],
    [
      'wrong content type',
      { ...put, payload: 's3cret', headers: { 'content-type': 'text/plain' } },
      415,
      'application/json',
    ],
    ['empty body', { ...put, payload: '', headers: json }, 400, 'body'],
    ['no body', put, 400, 'expected object'],
    ['broken JSON', { ...put, payload: '{"value":"s3cret"', headers: json }, 400, 'ends too early'],
    ['JSON with a comment', { ...put, payload: '{"value":"s3cret" /* */}', headers: json }, 400, 'not JSON'],
    ['body is no object', { ...put, payload: '["s3cret"]', headers: json }, 400, 'expected object'],
    ['name given twice', { ...put, payload: '{"value":"s3cret","value":"s3cret"}', headers: json }, 400, 'twice'],
    [
      'name given twice in another spelling',
      { ...put, payload: '{"value":"s3cret","\\u0076alue":"s3cret"}', headers: json },
      400,
      'twice',
    ],
    ['__proto__', { ...put, payload: '{"value":"s3cret","__proto__":{}}', headers: json }, 400, '__proto__'],
    ['constructor', { ...put, payload: '{"value":"s3cret","constructor":{}}', headers: json }, 400, 'constructor'],
    ['unpaired surrogate', { ...put, payload: '{"value":"s3cret\\ud800"}', headers: json }, 400, 'surrogate'],
    [
      'invalid UTF-8 in the body',
      { ...put, payload: Buffer.from('{"value":"s3cret\xff"}', 'latin1'), headers: json },
      400,
      'UTF-8',
    ],
    [
      'nested too deep',
      { method: 'POST', url: '/api/v1/diff', payload: nested(maxJsonDepth + 1), headers: json },
      400,
      'deeper',
    ],
    [
      'nested to the limit',
      { method: 'POST', url: '/api/v1/diff', payload: nested(maxJsonDepth), headers: json },
      400,
      'expected object',
    ],
    ['unknown name in the body', { ...put, payload: { value: 's3cret', valeu: 's3cret' } }, 400, 'body/valeu'],
    ['wrong word', { ...put, payload: { value: 's3cret', kind: 's3cret' } }, 400, 'secret, config'],
    [
      'body where none belongs',
      { method: 'POST', url: '/api/v1/syncs/s/plan', payload: { value: 's3cret' } },
      400,
      'body/value',
    ],
    [
      'both conditions',
      { ...put, payload: { value: 's3cret' }, headers: { 'if-match': '"1.1"', 'if-none-match': '*' } },
      400,
      'not both',
    ],
    [
      'tag of another server',
      { ...put, payload: { value: 's3cret' }, headers: { 'if-match': 'W/"1.1"' } },
      400,
      'entity tag',
    ],
    [
      'tag on a write',
      { ...put, payload: { value: 's3cret' }, headers: { 'if-none-match': '"1.1"' } },
      400,
      'only be *',
    ],
    [
      'tag of something else on a record',
      { method: 'PUT', url: '/api/v1/projects/p', payload: {}, headers: { 'if-match': '"1"' } },
      400,
      'entity tag',
    ],
    [
      'condition where none is known',
      { method: 'POST', url: '/api/v1/tokens', payload: {}, headers: { 'if-none-match': '*' } },
      422,
      'no conditions',
    ],
    [
      'Last-Event-ID that is none',
      { method: 'GET', url: '/api/v1/changes', headers: { 'last-event-id': 'x' } },
      400,
      'revision',
    ],
    ['watch that is refused', { method: 'GET', url: '/api/v1/changes?under=forbidden' }, 403, 'no'],
    [
      'CORS preflight',
      { method: 'OPTIONS', url: '/api/v1/whoami', headers: { origin: 'https://evil.example' } },
      405,
      'method',
    ],
  ];
  test.each(cases)('%s', async (_name, request, expected, said) => {
    const response = await send(request, shared);
    expect(response.status).toBe(expected);
    expect(response.text).toContain(said);
    expect(response.text).not.toContain('s3cret');
    expect(response.json()).toMatchObject({ status: expected });
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test.each([
    [{ ...json, 'content-encoding': 'gzip' }, 'the body has a content encoding, expected it as it is'],
    [{ ...json, 'content-encoding': 'identity, br' }, 'the body has a content encoding, expected it as it is'],
    [{ 'content-type': 'application/json; charset=iso-8859-1' }, 'the body must be of charset utf-8'],
    [{ 'content-type': 'application/json;Charset="UTF-16"' }, 'the body must be of charset utf-8'],
    [{ 'content-type': 'application/json; charset=utf-8; charset=latin1' }, 'the body must be of charset utf-8'],
  ])('a body with %j is refused, whoever sends it', async (headers, detail) => {
    const stranger = { ...headers, authorization: '' };
    const bootstrap = { method: 'POST', url: '/api/v1/bootstrap', payload: '{}', headers: stranger } as const;
    for (const request of [{ ...put, payload: '{"value":"x"}', headers }, bootstrap]) {
      const response = await send(request, shared);
      expect([response.status, response.json().code, response.json().detail]).toEqual([415, 'unsupported', detail]);
    }
  });

  test.each([
    { 'content-type': 'application/json;charset=UTF-8' },
    { 'content-type': 'application/json; charset="utf-8"' },
    { ...json, 'content-encoding': 'identity' },
  ])('a body with %j is taken', async (headers) => {
    expect((await send({ ...put, payload: '{"value":"x"}', headers }, shared)).status).toBe(201);
  });

  test('every mistake of a body is told, each with its place', async () => {
    const ops = [
      { op: 'put', path: 1 },
      { op: 'puts' },
      { op: 'delete', path: 'a', value: 'x' },
      7,
      { op: 'destroy', path: 'a', versions: [] },
    ];
    const response = await send(
      { method: 'POST', url: '/api/v1/changes', payload: { ops, dryrun: true, reason: 5 } },
      shared,
    );
    expect(response.json().diagnostics).toEqual([
      { subject: 'body/dryrun', message: 'there is no such name here' },
      { subject: 'body/reason', message: 'expected string' },
      { subject: 'body/ops/0/value', message: 'is missing' },
      { subject: 'body/ops/0/path', message: 'expected string' },
      { subject: 'body/ops/1/op', message: 'expected one of put, delete, unset, describe, destroy' },
      { subject: 'body/ops/2/value', message: 'there is no such name here' },
      { subject: 'body/ops/3', message: 'expected object' },
      { subject: 'body/ops/4/versions', message: 'expected at least 1' },
    ]);
  });

  test.each([
    ['/api/v1/diff', defaultBodyLimit],
    ['/api/v1/changes', 24 * 1024 * 1024],
    ['/api/v1/bootstrap', 4096],
  ])('%s takes a body of %d bytes and no more', async (url, limit) => {
    const body = (size: number): string => JSON.stringify({ x: 'y'.repeat(size - 8) });
    const at = await send({ method: 'POST', url, payload: body(limit), headers: json }, shared);
    const above = await send({ method: 'POST', url, payload: body(limit + 1), headers: json }, shared);
    expect([at.status, at.json().detail]).toEqual([400, 'the body is not what this resource takes']);
    expect([above.status, above.json().code, above.headers.connection]).toEqual([413, 'too-large', 'close']);
  });

  test('a body is not read for somebody without a token', async () => {
    const response = await send(
      {
        method: 'POST',
        url: '/api/v1/changes',
        payload: 'not JSON',
        headers: { ...json, authorization: 'Bearer bad' },
      },
      shared,
    );
    expect(response.status).toBe(401);
  });
});
