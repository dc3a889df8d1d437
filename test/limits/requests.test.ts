import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { attacked } from './attempts.ts';

const { server, send, refusal, refusedInVain } = attacked();
/** Waits for nobody: what is slow here is meant to be. */
const impatient = attacked({ argv: ['--header-timeout', '1', '--request-timeout', '1'] });

beforeAll(async () => {
  const ops = ['A', 'B', 'C'].map((name) => ({ op: 'put' as const, path: `a/b/${name}`, value: 'v' }));
  await server().client.changes.apply({ ops });
});

const long = (bytes: number): string => `${'x'.repeat(bytes - 2)}/K`;
const deep = (segments: number): string => `${'s/'.repeat(segments - 1)}K`;

describe('a path in a URL', () => {
  test.each([
    ['/entries/', 'a path must not be empty'],
    ['/entries/a//b', 'a path has no empty segment'],
    ['/entries//a', 'a path has no empty segment'],
    ['/entries/a/', 'a path has no empty segment'],
    ['/entries/a%2Fb', 'the path of the URL has an encoded slash'],
    ['/entries/a%2fb', 'the path of the URL has an encoded slash'],
    ['/entries/a%00b', 'a path must not contain control, bidirectional or invisible characters, found U+0000'],
    ['/entries/a%0d%0aX:1', 'a path must not contain control, bidirectional or invisible characters, found U+000D'],
    ['/entries/a%1bb', 'a path must not contain control, bidirectional or invisible characters, found U+001B'],
    ['/entries/%E2%80%AEx', 'a path must not contain control, bidirectional or invisible characters, found U+202E'],
    ['/entries/%E2%80%8Bx', 'a path must not contain control, bidirectional or invisible characters, found U+200B'],
    ['/entries/%C0%AF', 'the path of the URL is not percent-encoded UTF-8'],
    ['/entries/%C0%AE%C0%AE/x', 'the path of the URL is not percent-encoded UTF-8'],
    ['/entries/%ED%A0%80', 'the path of the URL is not percent-encoded UTF-8'],
    ['/entries/%F4%90%80%80', 'the path of the URL is not percent-encoded UTF-8'],
    ['/entries/e%CC%81', 'a path must be in Unicode normal form C'],
    ['/entries/a/../b', 'a segment must not be . or ..'],
    ['/entries/a/%2e%2e/b', 'a segment must not be . or ..'],
    ['/entries/a/%2E', 'a segment must not be . or ..'],
    ['/entries/%', 'the path of the URL has a character that must be percent-encoded'],
    ['/entries/%zz', 'the path of the URL has a character that must be percent-encoded'],
    ['/entries/a#b', 'the path of the URL has a character that must be percent-encoded'],
    ['/entries/sys/policies/admin', 'the first segment sys is reserved and holds no entries'],
    ['/entries/auth', 'the first segment auth is reserved and holds no entries'],
    ['/entries/identity/person/root', 'the first segment identity is reserved and holds no entries'],
    ['/entries/cubbyhole/x', 'the first segment cubbyhole is reserved and holds no entries'],
    ['/history/a/%2e%2e', 'a segment must not be . or ..'],
    ['/why/a%2Fb', 'the path of the URL has an encoded slash'],
    ['/policies/..%2fx', 'the path of the URL has an encoded slash'],
    ['/entries?folder=..%2F', 'a segment must not be . or ..'],
    ['/values?folder=a%00', 'a path must not contain control, bidirectional or invisible characters, found U+0000'],
  ])('%s', async (url, said) => {
    expect(await refusedInVain({ url })).toBe(`400 invalid: ${said}`);
  });

  test.each([
    ['at 1,024 bytes', long(1024), '200'],
    ['at 1,025 bytes', long(1025), '413 too-large: a path has at most 1024 bytes'],
    ['at 1,024 bytes of two-byte characters', 'é'.repeat(512), '200'],
    ['at 1,026 bytes of two-byte characters', 'é'.repeat(513), '413 too-large: a path has at most 1024 bytes'],
    ['of 32 segments', deep(32), '200'],
    ['of 33 segments', deep(33), '413 too-large: a path has at most 32 segments, this one has 33'],
  ])('%s', async (_name, path, expected) => {
    const url = `/entries/${path.split('/').map(encodeURIComponent).join('/')}`;
    const written = await refusal({ method: 'PUT', url, body: { value: 'x' } });
    expect(written.replace('201', '200')).toBe(expected);
    expect(await refusal({ url })).toBe(expected);
  });

  test('that was encoded twice is another one, decoded once', async () => {
    expect(await refusal({ url: '/entries/a%252Fb' })).toBe('404 not-found: nothing is at a%2Fb');
    expect(await refusal({ url: '/entries/a/b%252e%252e' })).toBe('404 not-found: nothing is at a/b%2e%2e');
  });

  test.each(['/%65ntries/a', '/entries%2Fa/b', '/../api/v1/whoami', '//api/v1//whoami', '/WHOAMI', '/whoami/'])(
    'the resource %s is not another spelling of ours',
    async (url) => {
      expect((await send({ url })).status).toBe(404);
    },
  );
});

describe('a query', () => {
  const not = (message: string): string => `400 invalid: the query is not what this resource takes; ${message}`;
  test.each([
    ['/entries?limit=0', not('expected at least 1')],
    ['/entries?limit=1001', not('expected at most 1000')],
    ['/entries?limit=-1', not('expected integer')],
    ['/entries?limit=1e2', not('expected integer')],
    ['/entries?limit=0x10', not('expected integer')],
    ['/entries?limit=', not('expected integer')],
    ['/entries?limit=1&limit=2', not('expected integer')],
    ['/entries?__proto__=1', not('there is no such name here')],
    ['/entries?token=x', not('there is no such name here')],
    ['/entries/a/b/A?version=0', not('expected at least 1')],
    ['/entries/a/b/A?version=99999999999999999999', not('expected integer')],
    ['/entries/a/b/A?raw=1', not('expected boolean')],
    ['/changes?after=-1', not('expected integer')],
    ['/changes?after=999999', '400 invalid: after is a revision, a whole number up to the present one, 1'],
  ])('%s', async (url, expected) => {
    expect((await refusedInVain({ url })).replace(/present one, \d+$/, 'present one, 1')).toBe(expected);
  });

  const refused = '400 invalid: the cursor is not one that a list answered';
  test.each([
    ['empty', ''],
    ['no base64url', '!!!'],
    ['a NUL', 'AA'],
    ['dots', Buffer.from('../x').toString('base64url')],
    ['a path that is too long', Buffer.from('x'.repeat(1100)).toString('base64url')],
    ['with padding', 'QQ=='],
    ['with something behind', 'QQ!'],
  ])('a cursor: %s', async (_name, cursor) => {
    expect(await refusedInVain({ url: `/entries?folder=a/b&cursor=${encodeURIComponent(cursor)}` })).toBe(refused);
  });
});

describe('conditions', () => {
  const form = '400 invalid: If-Match takes one entity tag as this server made it';
  test.each([
    ['*', form],
    ['', form],
    ['1.1', form],
    ['"1"', form],
    ['W/"1.1"', form],
    ['"1.1", "1.2"', form],
    ['"1.1" ; x', form],
    ['"1.-1"', form],
    ['"1.9999999999999999999"', '400 invalid: an expected version is a whole number, 0 for none'],
    ['"0.0"', '412 mismatch: a/b/A is at version 1, expected 0; the present version is 1, expected 0'],
    [
      '"99.1"',
      '412 mismatch: a/b/A is at version 1, expected the same version of another incarnation; the present version is 1, expected the same version of another incarnation',
    ],
    ['"2.5"', '412 mismatch: a/b/A is at version 1, expected 5; the present version is 1, expected 5'],
    ['"1.2"', '412 mismatch: a/b/A is at version 1, expected 2; the present version is 1, expected 2'],
  ])('If-Match: %s', async (tag, expected) => {
    const headers = { 'if-match': tag };
    expect(await refusedInVain({ method: 'PUT', url: '/entries/a/b/A', headers, body: { value: 'x' } })).toBe(expected);
    expect(await refusedInVain({ method: 'DELETE', url: '/entries/a/b/A', headers })).toBe(expected);
  });

  test.each([
    [{ 'if-none-match': '"1.1"' }, '400 invalid: on a write, If-None-Match can only be *'],
    [{ 'if-none-match': '*', 'if-match': '"1.1"' }, '400 invalid: a write takes If-Match or If-None-Match, not both'],
  ])('%o', async (headers, expected) => {
    expect(await refusedInVain({ method: 'PUT', url: '/entries/a/b/A', headers, body: { value: 'x' } })).toBe(expected);
  });
});

describe('a host that we are not', () => {
  const refused = '421 invalid: the request names a host that this server is not';
  test.each([
    ['evil.example', '/whoami'],
    ['evil.example', '/entries/a/b/A'],
    ['evil.example', '//healthz'],
    ['localhost.evil.example', '/whoami'],
    ['evil@localhost', '/whoami'],
    ['localhost:evil', '/whoami'],
    ['localhost:123456', '/whoami'],
  ])('%j asking for %s', async (host, url) => {
    expect(await refusedInVain({ url, headers: { host } })).toBe(refused);
  });

  test('is refused before its body and its token are looked at', async () => {
    const headers = { host: 'evil.example' };
    expect(await refusedInVain({ method: 'PUT', url: '/entries/a/b/A', headers, token: 'x', raw: '{' })).toBe(refused);
  });
});

describe('a connection', () => {
  /** Sends the bytes and waits until the server has closed; answers what came back. */
  async function sendSlowly(to: string, ...parts: readonly string[]): Promise<string> {
    const socket = connect(to);
    const closed = whenClosed(socket);
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    for (const part of parts) socket.write(part);
    await closed;
    return answer;
  }
  /** Whatever it fails with before. */
  function whenClosed(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    return new Promise((resolve) => socket.once('close', () => resolve()));
  }
  const head = (token: string): string => `Host: localhost\r\nAuthorization: Bearer ${token}\r\n`;

  test.each([
    ['header', () => 'GET /api/v1/whoami HTTP/1.1\r\nHost: localhost\r\nX-Slow: '],
    [
      'body',
      () =>
        `PUT /api/v1/entries/a/b/A HTTP/1.1\r\n${head(impatient.server().token)}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"val`,
    ],
  ])('with a %s that never ends is answered and closed', async (_name, bytes) => {
    const answer = await sendSlowly(impatient.server().socket, bytes());
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  test.each([
    ['header field of 20,000 bytes', () => `GET /api/v1/whoami HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['request without a host', () => 'GET /api/v1/whoami HTTP/1.1\r\n\r\n', 400],
    ['line that is no HTTP', () => 'HELO\r\n\r\n', 400],
    ['bare line feed in a field', () => 'GET /healthz HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n', 400],
    [
      'length given twice over',
      () =>
        `POST /api/v1/diff HTTP/1.1\r\n${head(server().token)}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
  ])('with a %s is answered and closed', async (_name, bytes, status) => {
    const answer = await sendSlowly(server().socket, bytes());
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  const putHead = (length: string): string =>
    `PUT /api/v1/entries/a/b/A HTTP/1.1\r\n${head(server().token)}Content-Type: application/json\r\n${length}\r\n\r\n`;
  const mebi = 1024 * 1024;
  const chunk = `${mebi.toString(16)}\r\n${'x'.repeat(mebi)}\r\n`;
  test.each<[string, () => readonly string[]]>([
    ['of told length', () => [putHead(`Content-Length: ${16 * mebi}`), 'x'.repeat(16 * mebi)]],
    ['in chunks', () => [putHead('Transfer-Encoding: chunked'), chunk.repeat(16), '0\r\n\r\n']],
    ['that is far too large, before it is sent', () => [putHead(`Content-Length: ${65 * mebi}`)]],
  ])('with too large a body, %s, is answered before it is closed', async (_name, parts) => {
    const answer = await sendSlowly(server().socket, ...parts());
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('the body is larger than this resource takes');
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test.each(['PUT', 'DELETE'])('%s that tells a type and has no body is answered', async (method) => {
    const told = `${head(server().token)}Content-Type: application/json\r\nConnection: close\r\n\r\n`;
    expect(await sendSlowly(server().socket, `${method} /api/v1/entries/a/b/A HTTP/1.1\r\n${told}`)).toMatch(
      /^HTTP\/1\.1 400 /,
    );
  });

  test('is whole for a client that writes all of too large a body before it reads', async () => {
    const socket = connect(server().socket).pause();
    socket.write(putHead(`Content-Length: ${16 * mebi}`));
    // Fails with EPIPE when the server closes before it has read.
    await new Promise<void>((resolve, reject) => {
      socket.write('x'.repeat(16 * mebi), (error) => (error ? reject(error) : resolve()));
    });
    let answer = '';
    const closed = whenClosed(socket);
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part));
    socket.resume();
    await closed;
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('of one attacker does not keep others from being served', async () => {
    const sockets = Array.from({ length: 200 }, () => connect(impatient.server().socket));
    const closed = sockets.map((socket) => whenClosed(socket));
    for (const socket of sockets) socket.write('GET /healthz HTTP/1.1\r\nX: ');
    expect(await impatient.refusal({ url: '/entries/a/b/A' })).toBe('404 not-found: nothing is at a/b/A');
    for (const socket of sockets) socket.resume();
    await Promise.all(closed);
  });
});
