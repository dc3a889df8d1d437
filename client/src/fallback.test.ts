import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createClient } from './client.ts';
import { PlumbApiError } from './errors.ts';
import { mayFallBack } from './fallback.ts';
import type { ErrorCode } from './types.ts';

const coded = (code: string, more: object = {}) => Object.assign(new Error('x'), { code, ...more });
const away = (cause: unknown) => new PlumbApiError('no answer', { code: 'unavailable', status: 0, cause });

test.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])(
  '%s: nobody answered, however deep it lies',
  (code) => {
    expect(mayFallBack(away(coded(code)))).toBe(true);
    const wrapped = new TypeError('fetch failed', { cause: coded(code) });
    expect(mayFallBack(away(wrapped))).toBe(true);
    expect(mayFallBack(away(new PlumbApiError('at a', { code: 'unavailable', status: 0, cause: wrapped })))).toBe(true);
    expect(mayFallBack(away(new AggregateError([coded(code), coded('ECONNREFUSED')])))).toBe(true);
  },
);

test('what Deno says', () => {
  const said = (text: string) =>
    away(new TypeError('fetch failed', { cause: new Error(`error sending request for url (https://a/): ${text}`) }));
  expect(mayFallBack(said('client error (Connect): tcp connect error: Connection refused (os error 111)'))).toBe(true);
  expect(mayFallBack(said('client error (Connect): dns error: failed to lookup address information'))).toBe(true);
  expect(mayFallBack(said('client error (Connect): invalid peer certificate: UnknownIssuer'))).toBe(false);
});

test('a socket that is not there, a time limit', () => {
  expect(mayFallBack(away(coded('ENOENT', { syscall: 'connect' })))).toBe(true);
  expect(mayFallBack(away(coded('ENOENT', { syscall: 'open' })))).toBe(false);
  expect(mayFallBack(away(new DOMException('too slow', 'TimeoutError')))).toBe(true);
});

test.each([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'EPROTO',
  'HOSTNAME_MISMATCH',
  'EACCES',
  'ENOENT',
  'anything new',
])('%s: never, however deep it lies', (code) => {
  expect(mayFallBack(away(coded(code)))).toBe(false);
  expect(mayFallBack(away(new TypeError('fetch failed', { cause: coded(code) })))).toBe(false);
  expect(mayFallBack(away(new AggregateError([coded('ECONNREFUSED'), coded(code)])))).toBe(false);
  // The outer one may look harmless.
  expect(mayFallBack(away(Object.assign(coded('ECONNREFUSED'), { cause: coded(code) })))).toBe(false);
});

test.each<[number, ErrorCode, boolean]>([
  [502, 'unavailable', true],
  [503, 'unavailable', true],
  [503, 'sealed', true],
  [504, 'unavailable', true],
  [401, 'unauthenticated', false],
  [403, 'forbidden', false],
  [404, 'not-found', false],
  [409, 'unevaluable', false],
  [429, 'rate-limited', false],
  [500, 'internal', false],
])('status %d %s: %s', (status, code, expected) => {
  expect(mayFallBack(new PlumbApiError('x', { code, status }))).toBe(expected);
});

test('no cause, a cause that says nothing, and errors that are not ours: never', () => {
  const causes = [undefined, null, 'ECONNREFUSED', new TypeError('Failed to fetch'), new AggregateError([])];
  for (const cause of causes) expect(mayFallBack(away(cause))).toBe(false);
  for (const error of [undefined, coded('ECONNREFUSED'), { status: 503 }]) expect(mayFallBack(error)).toBe(false);
  const circle = new Error('round');
  circle.cause = circle;
  expect(mayFallBack(away(circle))).toBe(false);
});

test('another copy of the package throws the same', () => {
  const other = Object.assign(new Error('x'), { name: 'PlumbApiError', code: 'unavailable', status: 503 });
  expect(mayFallBack(other)).toBe(true);
});

test('what the real fetch throws', async () => {
  const errorAt = async (address: string) => {
    const client = createClient({ address });
    return client.whoami().catch((error: unknown) => error);
  };
  const closed = createTcpServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  expect(mayFallBack(await errorAt(`http://127.0.0.1:${port}`))).toBe(true);

  // Speaks no TLS.
  const plain = createServer((_request, response) => response.writeHead(302, { location: '/elsewhere' }).end());
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const { port: plainPort } = plain.address() as AddressInfo;
  expect(mayFallBack(await errorAt(`https://127.0.0.1:${plainPort}`))).toBe(false);
  expect(mayFallBack(await errorAt(`http://127.0.0.1:${plainPort}`))).toBe(false);
  await new Promise((resolve) => plain.close(resolve).closeAllConnections());
});
