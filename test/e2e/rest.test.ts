import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { request as requestOverTls } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlumbApiError } from '@plumbd/client';
import type { WatchEvent } from '@plumbd/client';
import { Compile } from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '#protocol/rest/routes';
import { spawnServer, startServer } from '#testing/server';
import type { LocalServer } from '#testing/server';

let server: LocalServer;
beforeAll(async () => {
  server = await startServer({ dev: true });
});
afterAll(() => server.stop());

async function fetchAs(path: string, init: RequestInit = {}, on = server) {
  const headers = { authorization: `Bearer ${on.token}`, ...(init.headers as Record<string, string>) };
  const response = await fetch(on.address + path, { ...init, headers });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
}

const put = (path: string, value: string, headers: Record<string, string> = {}) =>
  fetchAs(`/api/v1/entries/${path}`, {
    method: 'PUT',
    body: JSON.stringify({ value }),
    headers: { 'content-type': 'application/json', ...headers },
  });

/** What a server answers to bytes, up to the end of the connection. */
function exchange(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

/** Every object closed, so that an answer with more than the schema says is found. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const members = Object.fromEntries(Object.entries(schema).map(([name, member]) => [name, strict(member)]));
  return 'properties' in members ? { ...members, additionalProperties: false } : members;
}

describe('answers of the real use-cases are what their schemas say', () => {
  const base = '/api/v1';
  test.each<[id: string, path: string, body?: object]>([
    ['whoami', '/whoami'],
    ['listTokens', '/tokens'],
    ['createToken', '/tokens', { ttl: 60, policies: ['admin'], description: 'x' }],
    ['listEntries', '/entries'],
    ['listEntries', '/entries?folder=changelog&recursive=true&limit=7'],
    ['getEntry', '/entries/changelog/production/DB_URL'],
    ['getEntry', '/entries/changelog/base/DB_URL?raw=true'],
    ['getEntry', '/entries/changelog/production/DB_HOST?version=1'],
    ['evaluateFolder', '/values?folder=changelog%2Fproduction'],
    ['getHistory', '/history/changelog/production/DB_HOST'],
    ['explainEntry', '/why/changelog/production/DB_HOST'],
    ['explainEntry', '/why/changelog/production/DB_URL'],
    ['diffFolders', '/diff', { left: { folder: 'changelog/development' }, right: { folder: 'changelog/production' } }],
    ['applyChange', '/changes', { dryRun: true, ops: [{ op: 'put', path: 'x/y/Z', value: '1' }] }],
    ['listProjects', '/projects'],
    ['getProject', '/projects/changelog'],
    ['listEnvironments', '/environments'],
    ['getEnvironment', '/environments/changelog/production'],
    ['listPolicies', '/policies'],
    ['getPolicy', '/policies/developer'],
    ['listPrincipals', '/principals'],
    ['getPrincipal', '/principals/workload/laptop'],
    ['listTargets', '/targets'],
    ['getTarget', '/targets/local'],
    ['listSyncs', '/syncs'],
    ['getSync', '/syncs/laptop'],
    ['planSync', '/syncs/laptop/plan', {}],
    ['applySync', '/syncs/laptop/apply', {}],
    ['verifyAudit', '/audit/verify', {}],
  ])('%s %s', async (id, path, body) => {
    const route = routes.find((each) => each.id === id);
    const init =
      body === undefined
        ? {}
        : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetchAs(base + path, init);
    expect([200, 201]).toContain(response.status);
    expect(Compile(strict(route?.answer) as object).Errors(response.json())).toEqual([true, []]);
  });

  test('the document of the API is the one in the repository', async () => {
    const { paths } = (await fetchAs('/api/v1/openapi.json')).json();
    const committed = JSON.parse(readFileSync(join(import.meta.dirname, '../../proto/openapi.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(paths).toEqual(committed['paths']);
  });
});

describe('conditions', () => {
  test('created once, changed by who knows the version, read again only if it changed', async () => {
    const path = 'conditions/x/A';
    const created = await put(path, 'one', { 'if-none-match': '*' });
    expect(created.status).toBe(201);
    expect((await put(path, 'two', { 'if-none-match': '*' })).status).toBe(412);
    const tag = created.headers.get('etag') ?? '';
    const changed = await put(path, 'two', { 'if-match': tag });
    expect(changed.status).toBe(200);
    const stale = await put(path, 'three', { 'if-match': tag });
    expect([stale.status, stale.json()['code']]).toEqual([412, 'mismatch']);
    const read = await fetchAs(`/api/v1/entries/${path}`);
    expect(read.json()['value']).toBe('two');
    const readTag = read.headers.get('etag') ?? '';
    const again = await fetchAs(`/api/v1/entries/${path}`, { headers: { 'if-none-match': readTag } });
    expect([again.status, again.text]).toEqual([304, '']);
    const gone = await fetchAs(`/api/v1/entries/${path}`, { method: 'DELETE', headers: { 'if-match': readTag } });
    expect(gone.status).toBe(200);
    expect((await fetchAs(`/api/v1/entries/${path}`)).status).toBe(404);
  });

  test('the tag of an expression changes with what it refers to', async () => {
    const url = '/api/v1/entries/changelog/development/DB_URL';
    const before = await fetchAs(url);
    await put('changelog/development/DB_HOST', 'elsewhere.sample.internal');
    const after = await fetchAs(url, { headers: { 'if-none-match': before.headers.get('etag') ?? '' } });
    expect(after.status).toBe(200);
    expect(after.json()['value']).toContain('elsewhere.sample.internal');
  });
});

describe('what is no request of ours', () => {
  const get = (path: string, more = ''): string =>
    `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${server.token}\r\nconnection: close\r\n${more}\r\n`;
  test.each<[name: string, bytes: () => string, said: readonly string[]]>([
    ['no HTTP', () => 'hello\r\n\r\n', ['400 Bad Request', 'application/problem+json']],
    ['a header that is too large', () => get('/healthz', `x: ${'y'.repeat(17 * 1024)}\r\n`), ['431 ', 'too large']],
    ['a path that climbs', () => get('/api/v1/entries/a/../b'), ['400 ', '"code":"invalid"']],
    ['a path that climbs in disguise', () => get('/api/v1/entries/a/%2e%2e/b'), ['400 ', '"code":"invalid"']],
    ['a path with an encoded slash', () => get('/api/v1/entries/a%2Fb'), ['400 ', 'encoded slash']],
    ['a fragment', () => get('/api/v1/entries/a#b'), ['400 ', '"code":"invalid"']],
    ['no host', () => 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', ['400 ']],
    ['another host', () => get('/healthz').replace('localhost', 'evil.example'), ['421 ']],
    ['a method that nobody knows', () => get('/healthz').replace('GET', 'BREW'), ['400 ']],
    ['a body of two lengths', () => get('/healthz', 'content-length: 1\r\ntransfer-encoding: chunked\r\n'), ['400 ']],
  ])('%s', async (_name, bytes, said) => {
    const answer = await exchange(bytes());
    expect(said.filter((part) => !answer.includes(part))).toEqual([]);
    expect(answer).not.toContain(server.token);
  });
});

describe('the change stream', () => {
  async function take(source: AsyncGenerator<WatchEvent>, count: number): Promise<WatchEvent[]> {
    const found: WatchEvent[] = [];
    while (found.length < count) {
      const { value, done } = await source.next();
      if (done === true) break;
      found.push(value);
    }
    return found;
  }
  const write = (name: string) =>
    server.client.changes.apply({ reason: name, ops: [{ op: 'put', path: `stream/x/${name}`, value: 'v' }] });

  test('tells what happens, and goes on after a revision', async () => {
    const stop = new AbortController();
    const watch = server.client.changes.watch({ under: 'stream' }, { signal: stop.signal });
    const [start] = await take(watch, 1);
    expect(start?.type).toBe('bookmark');
    const { revision } = await write('A');
    await put('elsewhere/x/B', 'v');
    await write('C');
    const events = await take(watch, 2);
    expect(events.map((event) => event.type === 'change' && event.entries.map(({ path }) => path))).toEqual([
      ['stream/x/A'],
      ['stream/x/C'],
    ]);
    stop.abort();
    expect((await watch.next()).done).toBe(true);
    const again = server.client.changes.watch(
      { under: 'stream', after: revision },
      { signal: new AbortController().signal },
    );
    expect((await take(again, 2)).map(({ type, revision: at }) => [type, at])).toEqual([
      ['bookmark', revision],
      ['change', revision + 2],
    ]);
    await again.return(undefined);
  });

  test('resumes by Last-Event-ID', async () => {
    const { revision } = await write('D');
    await write('E');
    const stop = new AbortController();
    const response = await fetch(`${server.address}/api/v1/changes?under=stream&after=0`, {
      headers: { authorization: `Bearer ${server.token}`, 'last-event-id': String(revision) },
      signal: stop.signal,
    });
    let text = '';
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      text += new TextDecoder().decode(chunk);
      if (text.includes('stream/x/E')) break;
    }
    stop.abort();
    expect(text).not.toContain('stream/x/D');
    expect(text.startsWith(`id: ${revision}\nevent: bookmark\n`)).toBe(true);
  });

  test('ends with its token', async () => {
    const issued = await server.client.tokens.create({ ttl: 60 });
    const watch = server.clientOf(issued.token).changes.watch({ under: 'stream' });
    await take(watch, 1);
    const next = watch.next();
    await server.client.tokens.revoke(issued.accessor);
    await expect(next).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('gives its place back when the client goes', async () => {
    await using small = await startServer({ argv: ['--streams', '1'] });
    for (let i = 0; i < 3; i += 1) {
      const stop = new AbortController();
      const first = await firstEvent(small, stop.signal);
      expect(first.type).toBe('bookmark');
      await expect(small.client.changes.watch().next()).rejects.toMatchObject({ code: 'rate-limited' });
      stop.abort();
    }
  });

  /** Until the server has seen that the one before has gone. */
  async function firstEvent(on: LocalServer, signal: AbortSignal): Promise<WatchEvent> {
    for (;;) {
      try {
        const { value } = await on.client.changes.watch({}, { signal }).next();
        return value as WatchEvent;
      } catch (error) {
        if (!(error instanceof PlumbApiError) || error.code !== 'rate-limited') throw error;
      }
    }
  }

  test('goes on from a revision before a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plumb-'));
    const first = await startServer({ folder });
    await first.client.changes.apply({ ops: [{ op: 'put', path: 'a/b/C', value: 'v' }] });
    const { revision } = await first.client.system.health();
    await first.stop();
    const second = await startServer({ folder });
    const events = await take(second.client.changes.watch({ after: revision - 1 }), 2);
    expect(events).toMatchObject([
      { type: 'bookmark', revision: revision - 1 },
      { type: 'change', revision, entries: [{ path: 'a/b/C', effect: 'create', version: 1 }] },
    ]);
    await second.stop();
    await rm(folder, { recursive: true, maxRetries: 10 });
  });
});

describe('a first start', () => {
  test('leaves a token that works once, readable by its owner alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plumb-'));
    const server2 = await startServer({ folder });
    const data = join(folder, '.plumb', 'server');
    expect(await readdir(data)).not.toContain('bootstrap-token');
    await expect(server2.clientOf().bootstrap({ token: 'plumb.x', name: 'eve' })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    expect(await server2.client.whoami()).toMatchObject({ principal: 'person/root', policies: ['admin'] });
    const modes = await Promise.all(
      ['', 'root.key', 'plumb.db', 'anchor', 'audit.log', 'plumb.sock'].map(
        async (name) => (await stat(join(data, name))).mode & 0o077,
      ),
    );
    expect(modes).toEqual([0, 0, 0, 0, 0, 0]);
    await server2.stop();
    const again = await startServer({ folder });
    expect(await again.client.whoami()).toMatchObject({ principal: 'person/root' });
    await again.stop();
    await rm(folder, { recursive: true, maxRetries: 10 });
  });
});

describe('sockets', () => {
  test('off loopback there must be TLS', async () => {
    await expect(startServer({ argv: ['--listen', '0.0.0.0:0'] })).rejects.toMatchObject({
      code: 'invalid',
      diagnostics: [{ message: expect.stringContaining('give tlsCert and tlsKey') }],
    });
  });

  test('over TLS', async () => {
    const at = (name: string): string => join(import.meta.dirname, 'tls', name);
    await using secure = await startServer({ argv: ['--tls-cert', at('cert.pem'), '--tls-key', at('key.pem')] });
    expect(secure.address).toMatch(/^https:/);
    const status = await new Promise((resolve, reject) => {
      const ca = readFileSync(at('cert.pem'));
      requestOverTls(`${secure.address}/healthz`, { ca, servername: 'localhost' }, (response) =>
        resolve(response.resume().statusCode),
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });

  test('a port that is taken', async () => {
    const taken = new URL(server.address).port;
    await expect(startServer({ argv: ['--listen', `127.0.0.1:${taken}`] })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('in use') as string,
    });
  });

  test('a socket in a folder that others may enter', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plumb-'));
    await mkdir(join(folder, 'open'));
    await chmod(join(folder, 'open'), 0o755);
    await expect(startServer({ folder, argv: ['--socket', join(folder, 'open', 'p.sock')] })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('open to others') as string,
    });
    await rm(folder, { recursive: true, maxRetries: 10 });
  });

  test('two servers on one folder', async () => {
    await expect(startServer({ folder: server.folder, dev: true })).rejects.toMatchObject({ code: 'unavailable' });
    expect((await server.client.system.health()).ready).toBe(true);
  });

  test('only the socket', async () => {
    await using quiet = await startServer({ argv: ['--listen', 'none'] });
    expect(quiet.running.address).toBeUndefined();
    expect(await quiet.client.whoami()).toMatchObject({ principal: 'person/root' });
  });
});

describe('a process', () => {
  test('killed at once, it is back with everything that was acknowledged', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plumb-'));
    const first = await spawnServer({ folder });
    for (let i = 0; i < 5; i += 1)
      await first.client.changes.apply({ ops: [{ op: 'put', path: `a/b/N${i}`, value: String(i) }] });
    first.kill('SIGKILL');
    expect(await first.exited).toMatchObject({ signal: 'SIGKILL' });
    const second = await spawnServer({ folder });
    const { entries } = await second.client.entries.evaluate({ folder: 'a/b' });
    expect(entries.map(({ value }) => value)).toEqual(['0', '1', '2', '3', '4']);
    expect((await second.client.system.verify()).ok).toBe(true);
    await second.stop();
    await rm(folder, { recursive: true, maxRetries: 10 });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('on %s it ends its streams and stops with 0', async (signal) => {
    const child = await spawnServer();
    const watch = child.client.changes.watch();
    await watch.next();
    child.kill(signal);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    await watch.return(undefined);
    await child.stop();
  });

  test('that cannot start says why, and how to go on', async () => {
    const failed = spawnServer({ argv: ['--streams', '0', '--bogus'] });
    await expect(failed).rejects.toThrow(
      /error: the configuration of the server is wrong\n {2}--bogus: .*\n {2}--streams: .*\n/,
    );
  });
});
