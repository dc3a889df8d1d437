/** The proxies in front of a cluster do what they say, to clients of both versions of HTTP. */
import { once } from 'node:events';
import { constants } from 'node:http2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { ended, Session } from './session.ts';
import { faults } from '#testing/http-faults';
import { type HttpProxy, startHttpProxy } from '#testing/http-proxy';
import { KubeClient, KubeError, type Kubernetes, secret, startKubernetes } from '#testing/kubernetes';
import { startTcpProxy, type TcpProxy } from '#testing/proxy';

let cluster: Kubernetes;
let namespace = '';
if (!without('kubernetes')) {
  beforeAll(async () => {
    cluster = await startKubernetes();
    namespace = await cluster.kube.createNamespace();
  });
  afterAll(() => cluster.stop());
}

const clientAt = (server: string): KubeClient => new KubeClient({ server, ca: cluster.ca, user: cluster.admin });
const refused = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'nothing was refused',
    (error: unknown) => {
      if (error instanceof KubeError) return error.status;
      return error instanceof Error && 'code' in error ? error.code : error;
    },
  );

describe.skipIf(without('kubernetes'))('a proxy of connections', () => {
  let proxy: TcpProxy;
  let client: KubeClient;
  beforeEach(async () => {
    proxy = await startTcpProxy(cluster);
    client = clientAt(proxy.server);
  });
  afterEach(async () => {
    client[Symbol.dispose]();
    await proxy.stop();
    expect(proxy.open).toBe(0);
  });
  const ready = () => client.request<string>('GET', '/readyz');

  test('forwards, with the certificate of the server', async () => {
    expect(await ready()).toBe('ok');
    using session = new Session(cluster, proxy.server);
    expect(await session.get('/readyz')).toEqual({ status: 200, body: 'ok' });
    expect(proxy.open).toBe(2);
    expect(proxy.accepted).toBe(2);
  });

  test('cuts a watch, and the next connection works', async () => {
    const events = client.watch(`/api/v1/namespaces/${namespace}/secrets`);
    await cluster.kube.put(secret(namespace, 'cut', {}));
    expect((await events.next()).done).toBe(false);
    proxy.cut();
    expect(await refused(events.next())).toBe('ECONNRESET');
    expect(await ready()).toBe('ok');
    const closed = proxy.closed();
    proxy.cut('end');
    await closed;
    expect(await ready()).toBe('ok');
    expect(proxy.accepted).toBe(3);
  });

  test('cuts a connection that is just ending, and knows that it is gone', async () => {
    expect(await ready()).toBe('ok');
    const closed = proxy.closed();
    proxy.cut('end');
    proxy.cut('reset');
    await closed;
    expect(proxy.open).toBe(0);
  });

  test('refuses new connections while those that are open go on', async () => {
    using other = clientAt(proxy.server);
    expect(await ready()).toBe('ok');
    await proxy.refuse();
    expect(await ready()).toBe('ok');
    expect(await refused(other.get('/readyz'))).toBe('ECONNREFUSED');
    await proxy.admit();
    expect(await other.get('/readyz')).toBe('ok');
  });

  test('holds what is open and what is new, until it goes on', async () => {
    expect(await ready()).toBe('ok');
    proxy.stall();
    let answered = 0;
    const opened = proxy.opened();
    using other = clientAt(proxy.server);
    const asked = [ready(), other.request('GET', '/readyz')].map(async (promise) => {
      const text = await promise;
      answered += 1;
      return text;
    });
    await opened;
    for (let times = 0; times < 5; times += 1) await cluster.kube.request('GET', '/readyz');
    expect(answered).toBe(0);
    proxy.resume();
    expect(await Promise.all(asked)).toEqual(['ok', 'ok']);
  });

  test('delays both directions', async () => {
    expect(await ready()).toBe('ok');
    proxy.delay(60);
    const started = performance.now();
    expect(await ready()).toBe('ok');
    expect(performance.now() - started).toBeGreaterThan(115);
    proxy.delay(0);
    expect(await ready()).toBe('ok');
  });

  test('cuts in the middle of an answer', async () => {
    expect(await ready()).toBe('ok');
    const before = proxy.returned;
    proxy.cutAfter(10_000);
    expect(await refused(client.request('GET', '/openapi/v2'))).toBe('ECONNRESET');
    expect(proxy.returned - before).toBeGreaterThanOrEqual(10_000);
    proxy.cutAfter(Number.POSITIVE_INFINITY);
    expect((await client.request<{ swagger: string }>('GET', '/openapi/v2')).swagger).toBe('2.0');
  });
});

describe.skipIf(without('kubernetes'))('a proxy of requests', () => {
  let proxy: HttpProxy;
  let client: KubeClient;
  let session: Session;
  beforeAll(async () => {
    proxy = await startHttpProxy(cluster);
    client = clientAt(proxy.server);
    session = new Session(cluster, proxy.server);
  });
  afterAll(async () => {
    client[Symbol.dispose]();
    await proxy.stop();
  });
  afterEach(() => proxy.rule(undefined));
  const path = () => `/api/v1/namespaces/${namespace}/secrets`;

  test('forwards over both versions', async () => {
    await client.patchAs('one').apply(secret(namespace, 'http', { A: '1' }));
    expect((await client.get(`${path()}/http`))?.metadata.managedFields?.[0]?.manager).toBe('one');
    expect(JSON.parse((await session.get(`${path()}/http`)).body)).toMatchObject({ metadata: { name: 'http' } });
    expect((await session.get(`${path()}/none`)).status).toBe(404);
    expect(proxy.requests.map(({ method, httpVersion }) => `${method} ${httpVersion}`)).toEqual([
      'PATCH 1.1',
      'GET 1.1',
      'GET 2.0',
      'GET 2.0',
    ]);
    expect(proxy.requests[0]?.body).toContain('"A":"MQ=="');
  });

  test('forwards a watch as it comes, and ends it when told', async () => {
    const stream = session.open(`${path()}?watch=true`);
    const events = client.watch(path());
    await once(stream, 'response');
    await cluster.kube.put(secret(namespace, 'watched', {}));
    await Promise.all([once(stream, 'data'), events.next()]);
    expect(proxy.streams).toBe(2);
    stream.resume();
    proxy.endStreams();
    await once(stream, 'end');
    for await (const _ of events) continue;
    expect(stream.rstCode).toBe(0);
    expect(proxy.streams).toBe(0);
  });

  test('breaks a watch', async () => {
    const stream = session.open(`${path()}?watch=true`);
    const events = client.watch(path());
    await Promise.all([once(stream, 'response'), events.next()]);
    const closed = ended(stream);
    proxy.endStreams('reset');
    expect(await closed).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    const rest = async () => {
      for await (const _ of events) continue;
    };
    expect(await refused(rest())).toBe('ECONNRESET');
    expect((await session.get('/readyz')).body).toBe('ok');
  });

  test('answers instead of the server, by the rule', async () => {
    const answers = { conflict: 409, gone: 410, internal: 500, unavailable: 503 } as const;
    for (const [name, status] of Object.entries(answers)) {
      proxy.rule(({ method }) => (method === 'GET' ? faults[name as keyof typeof answers] : undefined));
      expect(await refused(client.get(path()))).toBe(status);
      expect((await session.get(path())).status).toBe(status);
      await client.put(secret(namespace, 'ruled', {})).catch(() => undefined);
    }
    proxy.rule(() => faults.tooMany(7));
    const response = await client.open('GET', path());
    expect([response.statusCode, response.headers['retry-after']]).toEqual([429, '7']);
    response.resume();
    proxy.rule(() => faults.watchGone);
    expect((await client.watch(path()).next()).value).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  test('loses an answer of what was done', async () => {
    proxy.rule(({ method }) => (method === 'PATCH' ? faults.lose : undefined));
    expect(await refused(client.patchAs('one').apply(secret(namespace, 'lost', { A: '1' })))).toBe('ECONNRESET');
    expect(await cluster.kube.get(`${path()}/lost`)).toBeDefined();
    proxy.rule(() => faults.reset);
    expect(await ended(session.open('/readyz'))).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(await refused(client.get('/readyz'))).toBe('ECONNRESET');
  });

  test('never answers, until the client gives up', async () => {
    proxy.rule(({ path: asked }) => (asked === '/readyz' ? faults.hang : undefined));
    const seen = proxy.next(({ path: asked }) => asked === '/readyz');
    const stream = session.open('/readyz');
    let answered = false;
    stream.on('response', () => (answered = true));
    expect((await seen).httpVersion).toBe('2.0');
    expect((await session.get('/livez')).body).toBe('ok');
    expect(answered).toBe(false);
    stream.close();
    await ended(stream);
  });

  test('what a rule does comes before the request', async () => {
    proxy.rule(async ({ method }) => {
      if (method === 'PATCH') await cluster.kube.put(secret(namespace, 'raced', { A: 'other' }));
      return undefined;
    });
    const apply = client.patchAs('one').apply(secret(namespace, 'raced', { A: '1' }));
    expect(await refused(apply)).toBe(409);
  });

  test('sends sessions away, and what is open goes on', async () => {
    using other = new Session(cluster, proxy.server);
    const stream = other.open(`${path()}?watch=true`);
    await Promise.all([once(stream, 'response'), once(stream, 'data')]);
    proxy.goAway();
    await once(other.session, 'goaway');
    const next = once(stream, 'data');
    await cluster.kube.put(secret(namespace, 'after', {}));
    await next;
    proxy.endStreams();
    await once(other.session, 'close');
  });

  test('a server that is gone is a bad gateway', async () => {
    using other = new Session(cluster, proxy.server);
    await cluster.killApiServer();
    expect((await other.get('/readyz')).status).toBe(502);
    await cluster.startApiServer();
    expect((await other.get('/readyz')).status).toBe(200);
  });
});
