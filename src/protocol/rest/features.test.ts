import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { PlumbError } from '#domain/errors';
import { closeHandlers, faults, makeHandler, send, stubServices } from '#testing/rest';

afterAll(closeHandlers);
const shared = await makeHandler(stubServices());

describe('conditional reads', () => {
  test.each([
    '/api/v1/whoami',
    '/api/v1/tokens',
    '/api/v1/entries',
    '/api/v1/entries/a',
    '/api/v1/values?folder=a',
    '/api/v1/history/a',
    '/api/v1/why/a',
    '/api/v1/projects',
    '/api/v1/projects/p',
    '/api/v1/environments/p/e',
    '/api/v1/policies/p',
    '/api/v1/principals/person/x',
    '/api/v1/targets',
    '/api/v1/targets/eu',
    '/api/v1/syncs',
    '/api/v1/syncs/s',
  ])('%s has a tag, and is not sent to who names it', async (url) => {
    const first = await send({ method: 'GET', url }, shared);
    const etag = String(first.headers['etag']);
    const again = await send({ method: 'GET', url, headers: { 'if-none-match': etag } }, shared);
    expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', etag]);
    const other = await send({ method: 'GET', url, headers: { 'if-none-match': '"other"' } }, shared);
    expect([other.status, other.text]).toEqual([200, first.text]);
  });

  test('a tag knows neither a value nor the revision of the store', async () => {
    const services = stubServices();
    const { evaluate } = services.entries;
    const tagWith = async (change: object, entry: object) => {
      const entries = {
        ...services.entries,
        evaluate: async (...asked: Parameters<typeof evaluate>) => {
          const folder = await evaluate(...asked);
          return { ...folder, ...change, entries: folder.entries.map((one) => ({ ...one, ...entry })) };
        },
      };
      const handler = await makeHandler({ ...services, entries });
      return (await send({ method: 'GET', url: '/api/v1/values?folder=a' }, handler)).headers['etag'];
    };
    const tag = await tagWith({}, {});
    expect(await tagWith({ revision: 8 }, { value: 'other' })).toBe(tag);
    expect(await tagWith({}, { etag: '1.4' })).not.toBe(tag);
  });
});

test.each(['projects/p', 'policies/p', 'syncs/s', 'targets/eu'])('a write of %s expects what was read', async (url) => {
  const seen: unknown[][] = [];
  const handler = await makeHandler(stubServices(seen as unknown[]));
  const read = await send({ method: 'GET', url: `/api/v1/${url}` }, handler);
  const headers = { 'if-match': String(read.headers['etag']) };
  await send({ method: 'DELETE', url: `/api/v1/${url}`, headers }, handler);
  const options = seen.at(-1)?.at(-1) as { expect(present: object): boolean };
  const { status: _status, ...present } = read.json();
  const reversed = Object.fromEntries(Object.entries(present).toReversed());
  expect([options.expect(present), options.expect(reversed)]).toEqual([true, true]);
  expect(options.expect({ ...present, description: 'other' })).toBe(false);
});

test.each(['pause', 'resume', 'apply'])('where a sync is told to %s, what was read is expected', async (verb) => {
  const seen: unknown[][] = [];
  const handler = await makeHandler(stubServices(seen as unknown[]));
  const read = await send({ method: 'GET', url: '/api/v1/syncs/s' }, handler);
  const headers = { 'if-match': String(read.headers['etag']) };
  const payload = verb === 'pause' ? { reason: 'r' } : {};
  expect((await send({ method: 'POST', url: `/api/v1/syncs/s/${verb}`, payload, headers }, handler)).status).toBe(200);
  const options = seen.at(-1)?.at(-1) as { expect(present: object): boolean };
  const { status: _status, ...present } = read.json();
  expect([options.expect(present), options.expect({ ...present, mode: 'other' })]).toEqual([true, false]);
});

describe('forms', () => {
  test('YAML is sent to who prefers it, with the same tag', async () => {
    const headers = { accept: 'application/yaml, application/json;q=0.5' };
    const answer = await send({ method: 'GET', url: '/api/v1/entries/a', headers }, shared);
    expect([answer.headers['content-type'], answer.headers['etag']]).toEqual(['application/yaml', '"1.3-abc"']);
    expect(answer.text).toContain('value: "s3cret"\n');
    expect(answer.headers['vary']).toBe('Accept');
  });

  test('what nobody takes is refused before anything is done', async () => {
    const seen: unknown[] = [];
    const handler = await makeHandler(stubServices(seen));
    const asked = {
      method: 'PUT',
      url: '/api/v1/entries/a',
      payload: { value: 'x' },
      headers: { accept: 'text/html' },
    };
    const answer = await send(asked as never, handler);
    expect([answer.status, answer.json()['code'], seen]).toEqual([406, 'unsupported', []]);
  });

  test('names without values are compressed, values never', async () => {
    const services = stubServices();
    const page = await services.entries.list({} as never, {});
    const entries = {
      ...services.entries,
      list: async () => ({ ...page, folders: Array<string>(200).fill('folder') }),
    };
    const handler = await makeHandler({ ...services, entries });
    const ask = (url: string, encoding: string) =>
      handler.inject({
        url,
        headers: { authorization: 'Bearer good', host: 'localhost', 'accept-encoding': encoding },
      });
    const plain = await ask('/api/v1/entries', 'identity');
    const zstd = await ask('/api/v1/entries', 'gzip, zstd');
    const gzip = await ask('/api/v1/entries', 'gzip');
    expect([plain, zstd, gzip].map((one) => one.headers['content-encoding'])).toEqual([undefined, 'zstd', 'gzip']);
    expect(zstdDecompressSync(zstd.rawPayload).toString()).toBe(plain.body);
    expect(gunzipSync(gzip.rawPayload).toString()).toBe(plain.body);
    expect(zstd.rawPayload.length).toBeLessThan(plain.rawPayload.length / 2);
    expect(zstd.headers['vary']).toBe('Accept, Accept-Encoding');
    const value = 'v'.repeat(5000);
    const long = { ...services.entries, evaluate: async () => ({ folder: value, revision: 1, entries: [] }) };
    const other = await makeHandler({ ...services, entries: long });
    const folder = await other.inject({
      url: '/api/v1/values?folder=a',
      headers: { authorization: 'Bearer good', host: 'localhost', 'accept-encoding': 'gzip' },
    });
    expect([folder.headers['content-encoding'], folder.body.includes(value)]).toEqual([undefined, true]);
  });
});

describe('fields', () => {
  test.each([
    ['/api/v1/entries/a?fields=path,version', { path: 'a/b/C', version: 3 }],
    ['/api/v1/entries?fields=path', { entries: [{ path: 'a/b/C' }], folders: ['a'], cursor: 'next', revision: 7 }],
    ['/api/v1/projects?fields=name', { items: [{ name: 'projects' }] }],
    ['/api/v1/entries/a?fields=owner', {}],
  ])('%s', async (url, expected) => {
    const found = (await send({ method: 'GET', url }, shared)).json();
    if (url.includes('projects')) expect(Object.keys((found['items'] as object[])[0] ?? {})).toEqual(['name']);
    else expect(found).toEqual(expected);
  });

  test('a name that is none is told, with those that there are', async () => {
    const answer = await send({ method: 'GET', url: '/api/v1/entries/a?fields=path,valeu' }, shared);
    expect(answer.status).toBe(400);
    expect(answer.json()['diagnostics']).toEqual([
      { subject: 'query/fields/1', message: expect.stringContaining('expected one of path, ') as string },
    ]);
  });
});

describe('reading many', () => {
  test('each has its entry or its problem', async () => {
    const services = stubServices();
    const get: typeof services.entries.get = async (caller, request) => {
      if (request.path === 'gone') throw new PlumbError('not-found', 'nothing there', { hint: 'look elsewhere' });
      if (request.path === 'broken') throw new TypeError('s3cret');
      return services.entries.get(caller, request);
    };
    const handler = await makeHandler({ ...services, entries: { ...services.entries, get } });
    faults.length = 0;
    const paths = ['a/b/C', 'gone', 'broken'];
    const answer = await send({ method: 'POST', url: '/api/v1/values/read', payload: { paths } }, handler);
    expect(answer.json()['items']).toMatchObject([
      { path: 'a/b/C', entry: { value: 's3cret' } },
      { path: 'gone', problem: { status: 404, code: 'not-found', detail: 'nothing there', hint: 'look elsewhere' } },
      { path: 'broken', problem: { status: 500, code: 'internal' } },
    ]);
    expect(faults.length).toBe(1);
  });

  test.each([
    [0, 400],
    [1, 200],
    [1000, 200],
    [1001, 400],
  ])('%d paths: %d', async (count, status) => {
    const paths = Array.from({ length: count }, (_, i) => `a/${i}`);
    const answer = await send({ method: 'POST', url: '/api/v1/values/read', payload: { paths } }, shared);
    expect(answer.status).toBe(status);
  });

  test('none twice', async () => {
    const payload = { paths: ['a', 'a'] };
    expect((await send({ method: 'POST', url: '/api/v1/values/read', payload }, shared)).status).toBe(400);
  });
});

describe('idempotency', () => {
  const put = (value: string, headers: Record<string, string>) =>
    ({ method: 'PUT', url: '/api/v1/entries/a', payload: { value }, headers }) as const;

  test('a write that is sent again is answered again', async () => {
    const seen: unknown[] = [];
    const handler = await makeHandler(stubServices(seen));
    const headers = { 'idempotency-key': '"k1"' };
    const first = await send(put('x', headers), handler);
    const second = await send(put('x', headers), handler);
    expect([first.status, second.status, second.text === first.text, seen.length]).toEqual([201, 201, true, 1]);
    expect([second.headers['idempotent-replayed'], second.headers['etag']]).toEqual(['true', '"1.1"']);
    expect((await send(put('y', headers), handler)).status).toBe(422);
    expect((await send(put('x', { ...headers, 'if-match': '"1.1"' }), handler)).status).toBe(422);
    expect((await send(put('x', { 'idempotency-key': 'bad key' }), handler)).status).toBe(400);
  });

  test('a token is made once, and told again to who asked', async () => {
    const seen: unknown[] = [];
    const handler = await makeHandler(stubServices(seen));
    const headers = { 'idempotency-key': 'k' };
    const ask = () => send({ method: 'POST', url: '/api/v1/tokens', payload: { ttl: 60 }, headers }, handler);
    const answers = [await ask(), await ask()];
    expect(answers.map((one) => [one.status, one.json()['token']])).toEqual([
      [201, 'issued'],
      [201, 'issued'],
    ]);
    expect(seen.length).toBe(1);
  });

  test('a read takes no notice of it', async () => {
    const headers = { 'idempotency-key': 'not a key' };
    expect((await send({ method: 'GET', url: '/api/v1/entries/a', headers }, shared)).status).toBe(200);
  });
});

describe('other sites', () => {
  const origin = 'https://app.example';

  test('by default none is told anything', async () => {
    const answer = await send({ method: 'GET', url: '/api/v1/whoami', headers: { origin } }, shared);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });
});

test('every answer says how its principal stands, and 429 when to come back', async () => {
  const limits = { requests: { perSecond: 1, burst: 2 }, failures: { perSecond: 1, burst: 2 } };
  const handler = await makeHandler(stubServices(), { limits });
  const ask = () => send({ method: 'GET', url: '/api/v1/whoami' }, handler);
  const [first, , third] = [await ask(), await ask(), await ask()];
  expect(first?.headers['ratelimit-policy']).toBe('"requests";q=2;w=2');
  expect(first?.headers['ratelimit']).toBe('"requests";r=1;t=1');
  expect([third?.status, third?.headers['ratelimit'], third?.headers['retry-after']]).toEqual([
    429,
    '"requests";r=0;t=1',
    '1',
  ]);
});

test('a trace is answered with our part of it, and told with a fault', async () => {
  const services = stubServices();
  const get = () => Promise.reject(new TypeError('x'));
  const told: unknown[] = [];
  const onFault = (...fault: unknown[]): void => void told.push(fault[2]);
  const handler = await makeHandler({ ...services, entries: { ...services.entries, get } }, { onFault });
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const answer = await send({ method: 'GET', url: '/api/v1/entries/a', headers: { traceparent } }, handler);
  expect(answer.headers['traceresponse']).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
  expect(told).toEqual(['4bf92f3577b34da6a3ce929d0e0e4736']);
  const without = await send({ method: 'GET', url: '/api/v1/entries/a', headers: { traceparent: 'x' } }, handler);
  expect(without.headers['traceresponse']).toBeUndefined();
});
