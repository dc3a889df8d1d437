import { constants } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { namespaces, secrets } from './resources.ts';
import { newAuthority } from '#testing/certificates';
import { type ApiRequest, authority } from '#testing/http2-api';
import { accept, connect, errorOf, isWatch, listen, query, serve } from '#testing/http2-cluster';
import { systemClock } from '#util/clock';
import type { Timer } from '#util/clock';

const signal = new AbortController().signal;
const context = { lane: 'user', signal } as const;
const app = { resource: secrets, namespace: 'n', name: 'app' };
const object = { metadata: { name: 'app', namespace: 'n', resourceVersion: '7' }, data: { A: 'aGlkZGVu' } };

describe('requests', () => {
  test('say who we are and what is to be done', async () => {
    const api = await serve((request) => request.answer(200, object));
    const cluster = connect(`${api.address}/k8s/c1/`);
    const options = { ...context, fieldManager: 'plumb/a b' };
    await cluster.apply(app, { data: { A: 'é' } }, { ...options, force: true });
    await cluster.patch(app, { data: null }, options);
    await cluster.create({ ...app, name: 'ignored' }, {}, options);
    await cluster.delete(app, { ...context, uid: 'u1', resourceVersion: '7' });
    expect(await cluster.get({ resource: namespaces, name: 'n' }, context)).toEqual(object);
    expect(api.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PATCH /k8s/c1/api/v1/namespaces/n/secrets/app?fieldManager=plumb%2Fa+b&force=true',
      'PATCH /k8s/c1/api/v1/namespaces/n/secrets/app?fieldManager=plumb%2Fa+b',
      'POST /k8s/c1/api/v1/namespaces/n/secrets?fieldManager=plumb%2Fa+b',
      'DELETE /k8s/c1/api/v1/namespaces/n/secrets/app',
      'GET /k8s/c1/api/v1/namespaces/n',
    ]);
    expect(api.requests.map(({ headers }) => headers['content-type'])).toEqual([
      'application/apply-patch+yaml',
      'application/merge-patch+json',
      'application/json',
      'application/json',
      undefined,
    ]);
    expect(new Set(api.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer t0ken']));
    expect(JSON.parse(api.requests[3]?.body ?? '')).toMatchObject({
      preconditions: { uid: 'u1', resourceVersion: '7' },
    });
    expect(cluster.id).toBe(`${api.address}/k8s/c1`);
    expect(Object.fromEntries(cluster.requests)).toEqual({
      'patch secrets': 2,
      'create secrets': 1,
      'delete secrets': 1,
      'get namespaces': 1,
    });
    expect(api.sessions).toHaveLength(1);
  });

  test.each(['', '.', '..', 'a\nb'])('a name that leads elsewhere is refused: %j', async (name) => {
    const api = await serve((request) => request.answer(200, object));
    const cluster = connect(api.address);
    expect((await errorOf(cluster.get({ ...app, name }, context))).code).toBe('invalid');
    expect((await errorOf(cluster.get({ ...app, namespace: name }, context))).code).toBe('invalid');
    await cluster.get({ ...app, name: 'a/b' }, context);
    expect(api.requests.map(({ path }) => path)).toEqual(['/api/v1/namespaces/n/secrets/a%2Fb']);
  });

  test('a list is read page by page, in smaller ones where a page is too large', async () => {
    const api = await serve((request) => {
      const limit = Number(query(request).get('limit'));
      const at = Number(query(request).get('continue') ?? 0);
      if (limit > 10) return request.answer(200, { filler: 'x'.repeat(17 * 1024 * 1024) });
      const items = [{ metadata: { name: `s${at}` } }];
      request.answer(200, { metadata: { continue: at < 2 ? String(at + 1) : '' }, items });
    });
    const found = await connect(api.address).list({ resource: secrets, labels: 'a=b' }, context);
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['s0', 's1', 's2']);
    expect(query(api.requests[1] as ApiRequest).get('labelSelector')).toBe('a=b');
  });

  test('an object that is too large, or not JSON, or elsewhere, is an error without a word of it', async () => {
    const answers = [
      (request: ApiRequest) => request.answer(200, { ...object, data: { A: 'hidden'.repeat(200_000) } }),
      ({ stream }: ApiRequest) => {
        stream.respond({ ':status': 200 });
        stream.end('{"data": {"A": "hidden"');
      },
      (request: ApiRequest) => request.answer(307, 'hidden', { location: '/elsewhere' }),
    ];
    const api = await serve((request) => answers[api.requests.length - 1]?.(request));
    const cluster = connect(api.address, { maxObjectBytes: 1_000_000 });
    const errors = [];
    for (const _ of answers) errors.push(await errorOf(cluster.get(app, context)));
    expect(errors.map(({ code }) => code)).toEqual(['too-large', 'unavailable', 'unavailable']);
    expect(errors[2]?.message).toContain('a redirect, which is never followed');
    expect(errors.map(({ message }) => message).join()).not.toContain('hidden');
    expect(api.requests).toHaveLength(3);
  });

  test('a refusal for too many is repeated after the time it names, and holds everyone up', async () => {
    const at: number[] = [];
    const api = await serve((request) => {
      at.push(performance.now());
      if (api.requests.length === 1) request.answer(429, { reason: 'TooManyRequests' }, { 'retry-after': '1' });
      else request.answer(200, object);
    });
    const refused = Promise.withResolvers<void>();
    // The pause that the answer asks for is the only timer as short as that.
    const timer = (ms: number, fire: () => void): Timer => {
      if (ms <= 1000) refused.resolve();
      return systemClock.timer(ms, fire);
    };
    const cluster = connect(api.address, { clock: { ...systemClock, timer } });
    const first = cluster.get(app, context);
    await refused.promise;
    await Promise.all([first, cluster.get(app, context)]);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(900);
    expect(at).toHaveLength(3);
  });

  test('an answer that asks for a longer wait is the caller’s business', async () => {
    const api = await serve((request) => request.answer(503, {}, { 'retry-after': '120' }));
    const error = await errorOf(connect(api.address).get(app, context));
    expect(error).toMatchObject({ code: 'unavailable', details: { retryAfterMs: 120_000 } });
    expect(api.requests).toHaveLength(1);
  });

  test('who is not accepted asks for another credential, once', async () => {
    let tokens = 0;
    const clock = { ...systemClock, monotonic: () => performance.now() * 1000 };
    const api = await serve((request) => {
      if (request.headers.authorization === 'Bearer 2') request.answer(200, object);
      else request.answer(401, { reason: 'Unauthorized' });
    });
    const credential = () => Promise.resolve({ type: 'token', token: String((tokens += 1)) } as const);
    const cluster = connect(api.address, { clock, access: { credential } });
    expect(await cluster.get(app, context)).toEqual(object);
    expect(tokens).toBe(2);
    const refused = connect(api.address, { access: { credential: () => Promise.resolve({ type: 'none' }) } });
    expect(await errorOf(refused.get(app, context))).toMatchObject({
      code: 'forbidden',
      message: 'get secrets app in namespace n: the credential is not accepted: there is none',
    });
  });

  test('a slow server is given up, and one that gives up is told', async () => {
    const closed: number[] = [];
    const api = await serve(({ stream }) => stream.on('close', () => closed.push(stream.rstCode)));
    // A request waits twice for half of its time; here that has passed when the test says so.
    const due: (() => void)[] = [];
    const timer = (ms: number, fire: () => void): Timer => {
      if (ms !== 50) return systemClock.timer(ms, fire);
      due.push(fire);
      return { cancel: () => undefined };
    };
    const cluster = connect(api.address, { clock: { ...systemClock, timer }, requestTimeoutMs: 100 });
    const slow = errorOf(cluster.get(app, context));
    await expect.poll(() => api.requests.length).toBe(1);
    for (let fire = due.shift(); fire !== undefined; fire = due.shift()) fire();
    expect(await slow).toMatchObject({ code: 'unavailable' });
    const giving = new AbortController();
    const asked = cluster.get(app, { lane: 'user', signal: giving.signal });
    await expect.poll(() => api.requests.length).toBe(2);
    giving.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    await expect.poll(() => closed).toEqual([constants.NGHTTP2_CANCEL, constants.NGHTTP2_CANCEL]);
  });
});

describe('connections', () => {
  test('one that goes away is left, and what it did not take is sent again', async () => {
    const api = await serve((request) => {
      if (api.requests.length === 1) return request.stream.close(constants.NGHTTP2_REFUSED_STREAM);
      if (api.requests.length === 2) request.session.goaway(constants.NGHTTP2_NO_ERROR);
      request.answer(200, object);
    });
    const cluster = connect(api.address);
    for (let i = 0; i < 3; i += 1) expect(await cluster.get(app, context)).toEqual(object);
    expect(api.requests).toHaveLength(4);
    expect(api.sessions.length).toBeGreaterThan(1);
  });

  test('a cut one fails what was under way, since it may have been done, and the next request gets through', async () => {
    const api = await serve((request) => {
      if (api.requests.length === 1) request.session.destroy();
      else request.answer(200, object);
    });
    const cluster = connect(api.address);
    const options = { ...context, fieldManager: 'plumb', force: false };
    expect((await errorOf(cluster.apply(app, {}, options))).code).toBe('unavailable');
    expect(await cluster.get(app, context)).toEqual(object);
  });

  test('no more streams than the server allows; watches never take the place of requests', async () => {
    let most = 0;
    const perSession = new Map<unknown, number>();
    const api = await serve(
      (request) => {
        const streams = (perSession.get(request.session) ?? 0) + 1;
        perSession.set(request.session, streams);
        request.stream.on('close', () => perSession.set(request.session, (perSession.get(request.session) ?? 1) - 1));
        most = Math.max(most, streams);
        if (isWatch(request)) accept(request, '5');
        else setImmediate(() => request.answer(200, object));
      },
      { streams: 3 },
    );
    const cluster = connect(api.address);
    const { told, listener, until } = listen();
    for (let i = 0; i < 10; i += 1) cluster.follow({ ...app, name: `s${i}` }, listener);
    await until(() => told.length === 10);
    expect(api.open).toHaveLength(4);
    await Promise.all(Array.from({ length: 50 }, () => cluster.get(app, context)));
    expect(most).toBe(3);
    expect(api.open.length).toBeLessThanOrEqual(4 + 4);
    const ofWatches = new Set(api.requests.filter(isWatch).map(({ session }) => session));
    const ofRequests = new Set(api.requests.filter((request) => !isWatch(request)).map(({ session }) => session));
    expect([...ofWatches].filter((session) => ofRequests.has(session))).toEqual([]);
  });

  test.each([
    ['another authority', { access: { ca: newAuthority('other').ca } }, /not signed by the authority/],
    ['other names', { access: { serverName: 'elsewhere.test' } }, /is for other names/],
  ])('%s: unavailable, and said which', async (_what, options, message) => {
    const api = await serve((request) => request.answer(200, object));
    const error = await errorOf(connect(api.address, options).get(app, context));
    expect(error.code).toBe('unavailable');
    expect(error.message).toMatch(message);
    expect(api.requests).toEqual([]);
  });

  test('an expired certificate of the server is said to be that', async () => {
    const certificate = authority.issue({ name: 'api', hosts: ['127.0.0.1'], until: Date.now() - 1000 });
    const api = await serve((request) => request.answer(200, object), { certificate });
    const error = await errorOf(connect(api.address).get(app, context));
    expect(error).toMatchObject({
      code: 'unavailable',
      message: `API server ${api.address}: its certificate has expired`,
    });
  });

  test('while nothing listens calls fail at once; then they work, and who follows is told', async () => {
    const first = await serve((request) => (isWatch(request) ? accept(request, '5') : request.answer(200, object)));
    const { address, port } = first;
    const cluster = connect(address);
    const { told, listener, until } = listen();
    cluster.follow(app, listener);
    await until(() => told.includes('ready'));
    await first.stop();
    expect((await errorOf(cluster.get(app, context))).code).toBe('unavailable');
    await until(() => told.length > 1);
    expect(told[1]).toBe(`lost: API server ${address}: nothing listens there`);
    let turns = 0;
    const turn = setImmediate(() => (turns += 1));
    for (let i = 0; i < 100; i += 1) expect((await errorOf(cluster.get(app, context))).code).toBe('unavailable');
    expect(turns).toBe(0);
    clearImmediate(turn);
    await serve((request) => (isWatch(request) ? accept(request, '6') : request.answer(200, object)), { port });
    await until(() => told.filter((text) => text === 'ready').length === 2);
    expect(await cluster.get(app, context)).toEqual(object);
  });

  test('after it is closed nothing is sent, and nothing is left open', async () => {
    const api = await serve((request) => isWatch(request) && accept(request, '5'));
    const cluster = connect(api.address);
    const { told, listener, until } = listen();
    cluster.follow(app, listener);
    await until(() => told.includes('ready'));
    const asked = cluster.get(app, context);
    await expect.poll(() => api.requests.length).toBe(2);
    await cluster.close();
    expect((await errorOf(asked)).code).toBe('unavailable');
    expect((await errorOf(cluster.get(app, context))).code).toBe('unavailable');
    await expect.poll(() => api.open).toEqual([]);
    expect(told).toEqual(['ready']);
  });
});
