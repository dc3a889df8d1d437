import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultLimits } from './door.ts';
import type { Services } from '#service/services';
import { FakeClock } from '#testing/clock';
import { closeHandlers, good, makeHandler, send, stubServices } from '#testing/rest';

afterAll(closeHandlers);
const shared = await makeHandler(stubServices());

describe('conditions', () => {
  test.each([
    ['"1.3-abc"', 304],
    ['W/"1.3-abc"', 304],
    ['"0.0", "1.3-abc"', 304],
    ['*', 304],
    ['"1.2-abc"', 200],
  ])('a read with If-None-Match %s answers %d', async (tag, expected) => {
    const response = await send({ method: 'GET', url: '/api/v1/entries/a', headers: { 'if-none-match': tag } }, shared);
    expect([response.status, response.headers['etag'], response.text === '']).toEqual([
      expected,
      '"1.3-abc"',
      expected === 304,
    ]);
  });

  test.each([
    [{ 'if-match': '"1.3-abc"' }, 3, 1],
    [{ 'if-match': '"2.17"' }, 17, 2],
    [{ 'if-match': '"0.0"' }, 0, 0],
    [{ 'if-none-match': '*' }, 0, undefined],
    [{}, undefined, undefined],
  ])('a write with %j expects version %s of incarnation %s', async (conditions, version, incarnation) => {
    const seen: unknown[] = [];
    const handler = await makeHandler(stubServices(seen));
    const response = await send(
      { method: 'PUT', url: '/api/v1/entries/a', payload: { value: 'x' }, headers: conditions },
      handler,
    );
    expect(response.status).toBe(201);
    expect(response.headers['etag']).toBe('"1.1"');
    expect(seen).toEqual([
      [
        'changes.apply',
        { ops: [{ op: 'put', path: 'a', value: 'x', ...(version === undefined ? {} : { expect: version }) }] },
        incarnation,
      ],
    ]);
  });

  test('a record is created only where none is, when asked', async () => {
    const seen: unknown[] = [];
    const handler = await makeHandler(stubServices(seen));
    const response = await send(
      { method: 'PUT', url: '/api/v1/projects/p', payload: {}, headers: { 'if-none-match': '*' } },
      handler,
    );
    expect(response.status).toBe(201);
    expect(seen).toEqual([['projects.put', 'p', {}, { expectAbsent: true }]]);
  });
});

describe('paths', () => {
  test.each([
    ['a/b/C', 'a/b/C'],
    ['caf%C3%A9/%E2%82%AC', 'café/€'],
    ['a%20b', 'a b'],
    ["!$&'()*+,;=:@-._~", "!$&'()*+,;=:@-._~"],
    ['a%3Fb%23c%25d', 'a?b#c%d'],
    ['a//b', 'a//b'],
    ['x'.repeat(1024), 'x'.repeat(1024)],
  ])('%s is %s to the use-case', async (written, path) => {
    const seen: unknown[] = [];
    const handler = await makeHandler(stubServices(seen));
    const response = await send({ method: 'GET', url: `/api/v1/entries/${written}` }, handler);
    expect(response.status).toBe(200);
    expect(seen).toEqual([['entries.get', { path }]]);
  });
});

describe('the change stream', () => {
  test('sends events with their revision as id, and ends', async () => {
    const response = await send(
      { method: 'GET', url: '/api/v1/changes?after=3', headers: { 'last-event-id': '5' } },
      shared,
    );
    expect(response.headers['content-type']).toBe('text/event-stream');
    expect(response.text).toBe(
      'id: 5\nevent: bookmark\ndata: {"type":"bookmark","revision":5}\n\n' +
        'id: 8\nevent: change\ndata: {"type":"change","revision":8,"time":1,"author":"person/root","reason":"line\\nbreak","entries":[]}\n\n',
    );
  });

  test('says that something was missed', async () => {
    const services = stubServices();
    const changes: Services['changes'] = {
      ...services.changes,
      async *watch() {
        yield { type: 'truncated', revision: 9 };
      },
    };
    const response = await send(
      { method: 'GET', url: '/api/v1/changes?after=3' },
      await makeHandler({ ...services, changes }),
    );
    expect(response.text).toBe('id: 9\nevent: truncated\ndata: {"type":"truncated","revision":9}\n\n');
  });

  test('is limited in number', async () => {
    const services = stubServices();
    let open = 0;
    const opened = Promise.withResolvers<void>();
    const changes: Services['changes'] = {
      ...services.changes,
      async *watch(_caller, _request, signal) {
        open += 1;
        yield { type: 'bookmark', revision: 1 };
        if (open === 2) opened.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    };
    const handler = await makeHandler({ ...services, changes }, { streams: { total: 5, perPrincipal: 2 } });
    const first = [1, 2].map(() => send({ method: 'GET', url: '/api/v1/changes' }, handler));
    await opened.promise;
    const third = await send({ method: 'GET', url: '/api/v1/changes' }, handler);
    expect([third.status, third.headers['retry-after']]).toEqual([429, '5']);
    await handler.close();
    expect((await Promise.all(first)).map(({ status: answered }) => answered)).toEqual([200, 200]);
  });
});

describe('limits', () => {
  test('refused credentials of one address are counted; good ones from there go on working', async () => {
    const clock = new FakeClock();
    const limits = { ...defaultLimits, failures: { perSecond: 1, burst: 3 } };
    const handler = await makeHandler(stubServices(), { clock, limits });
    const attempt = (bearer: string) =>
      send({ method: 'GET', url: '/api/v1/whoami', headers: { authorization: `Bearer ${bearer}` } }, handler);
    const answers = [];
    for (const bearer of ['bad', 'bad', 'bad', 'bad', good, 'bad']) answers.push((await attempt(bearer)).status);
    expect(answers).toEqual([401, 401, 401, 429, 200, 429]);
    expect((await send({ method: 'GET', url: '/healthz' }, handler)).status).toBe(200);
    await clock.advance(1000);
    expect((await attempt('bad')).status).toBe(401);
  });

  test('a refused bootstrap token counts as a credential', async () => {
    const limits = { ...defaultLimits, failures: { perSecond: 1, burst: 1 } };
    const handler = await makeHandler(stubServices(), { limits });
    const attempt = (token: string) =>
      send({ method: 'POST', url: '/api/v1/bootstrap', payload: { token, name: 'eve' } }, handler);
    const answers = [];
    for (const token of ['bad', 'bad', good]) answers.push((await attempt(token)).status);
    expect(answers).toEqual([401, 429, 201]);
  });

  test('requests of one principal', async () => {
    const clock = new FakeClock();
    const handler = await makeHandler(stubServices(), {
      clock,
      limits: { ...defaultLimits, requests: { perSecond: 2, burst: 2 } },
    });
    const answers = [];
    for (let i = 0; i < 3; i += 1) answers.push(await send({ method: 'GET', url: '/api/v1/whoami' }, handler));
    expect(answers.map(({ status: answered }) => answered)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers['retry-after']).toBe('1');
  });
});

describe('health', () => {
  test.each([
    ['/healthz', true, 200],
    ['/readyz', true, 200],
    ['/healthz', false, 200],
    ['/readyz', false, 503],
  ])('%s of a server that is ready: %s answers %d', async (url, ready, expected) => {
    const services = stubServices();
    const system = {
      ...services.system,
      health: () => ({ live: true, ready, sealed: false, version: '0.1.0', revision: 7 }),
    };
    const handler = await makeHandler({ ...services, system });
    const response = await send({ method: 'GET', url, headers: { authorization: '' } }, handler);
    expect([response.status, response.json().ready]).toEqual([expected, ready]);
    expect((await send({ method: 'HEAD', url, headers: { authorization: '' } }, handler)).status).toBe(expected);
  });
});

test.each([
  ['/api/v1/entries/a', 'application/json'],
  ['/api/v1/entries/a?raw=false', 'application/json'],
  ['/api/v1/entries/a%2fb', 'application/problem+json'],
  ['/api/v1/entries/a%2fb?raw=false', 'application/problem+json'],
  ['/api/v1/nothing', 'application/problem+json'],
  ['/api/v1/entries/a%ff?raw=false', 'application/problem+json'],
])('%s is answered as %s, whichever way it takes', async (url, type) => {
  // Injection goes to the framework; what has no query, to a real server, does not.
  const server = createServer((asked, response) => shared.handle(asked, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const direct = request({ port, path: url, headers: { host: 'localhost', authorization: `Bearer ${good}` } }).end();
  const [answer] = (await once(direct, 'response')) as [IncomingMessage];
  answer.resume();
  const injected = await send({ method: 'GET', url }, shared);
  server.closeAllConnections();
  server.close();
  expect([answer.headers['content-type'], injected.headers['content-type']]).toEqual([type, type]);
});

test('every answer forbids to store it', async () => {
  const response = await send({ method: 'GET', url: '/api/v1/entries/a' }, shared);
  expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
});
