import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { PlumbApiError } from '@plumbd/client';
import { beforeAll, describe, expect, test } from 'vitest';
import { attacked, canary } from './attempts.ts';
import { startServer } from '#testing/server';

const { server, send, refusal, refusedInVain, person } = attacked();

beforeAll(async () => {
  await server().client.changes.apply({ ops: [{ op: 'put', path: 's/t/K', value: canary }] });
});

const issue = async (body: object, token?: string): Promise<{ readonly token: string; readonly accessor: string }> => {
  const answer = await send({ method: 'POST', url: '/tokens', body, ...(token === undefined ? {} : { token }) });
  expect(answer.status).toBe(201);
  return answer.json as { readonly token: string; readonly accessor: string };
};

describe('a token', () => {
  const malformed = '401 unauthenticated: the token is malformed';
  const own = (): string => server().token;
  const store = (): string => own().split('.')[1] ?? '';
  test.each<[string, () => string, string]>([
    ['of no form', () => 'x', malformed],
    ['too short', () => own().slice(0, -1), malformed],
    ['too long', () => `${own()}A`, malformed],
    ['of 8,000 characters', () => 'x'.repeat(8000), malformed],
    ['in capitals', () => own().toUpperCase(), malformed],
    ['two of them', () => `${own()}, ${own()}`, malformed],
    ['of another server', () => `plumb.aaaaaaaa.${'A'.repeat(43)}`, 'another server'],
    [
      'that nobody made',
      () => `plumb.${store()}.${'A'.repeat(43)}`,
      '401 unauthenticated: the token is unknown or was revoked',
    ],
    ['that is not there', () => '', '401 unauthenticated: the request carries no token'],
  ])('%s', async (_name, token, expected) => {
    const said = await refusedInVain({ url: '/entries/s/t/K', token: token() });
    expect(said).toContain(expected);
    expect(said).not.toContain(own());
  });

  test.each([
    ['Basic', '401 unauthenticated: the Authorization header is not of the scheme Bearer'],
    ['Bearer', '401 unauthenticated'],
  ])('in a header of the scheme %s alone', async (authorization, expected) => {
    expect(await refusedInVain({ url: '/whoami', token: '', headers: { authorization } })).toContain(expected);
  });

  test('in the query or in another header is none', async () => {
    const headers = { 'x-vault-token': own(), cookie: `token=${own()}`, 'proxy-authorization': `Bearer ${own()}` };
    expect(await refusedInVain({ url: '/whoami', token: '', headers })).toContain('carries no token');
    expect(await refusedInVain({ url: `/whoami?token=${own()}`, token: '' })).toContain('401 unauthenticated');
  });

  test('of a real other server is told from a wrong one', async () => {
    await using other = await startServer();
    const said = await refusedInVain({ url: '/whoami', token: other.token });
    expect(said).toContain('another server');
    expect(said).not.toContain(other.token);
  });

  test('that is revoked ends, and those that it made', async () => {
    const first = await issue({});
    const second = await issue({}, first.token);
    const third = await issue({}, second.token);
    const revoked = await send({ method: 'DELETE', url: `/tokens/${first.accessor}` });
    expect(revoked.json['revoked']).toBe(3);
    for (const { token } of [first, second, third]) {
      expect(await refusedInVain({ url: '/whoami', token })).toBe(
        '401 unauthenticated: the token is unknown or was revoked',
      );
    }
  });

  test('with uses works as often, however many ask at a time', async () => {
    const { token } = await issue({ uses: 5 });
    const answers = await Promise.all(Array.from({ length: 40 }, () => send({ url: '/entries/s/t/K', token })));
    const count = (status: number): number => answers.filter((answer) => answer.status === status).length;
    expect([count(200), count(401)]).toEqual([5, 35]);
    const refused = answers.find(({ status }) => status === 401);
    expect(refused?.text).not.toContain(canary);
    expect(await refusedInVain({ url: '/whoami', token })).toBe('401 unauthenticated: the token has no uses left');
  });

  test('with uses makes no others, which would not have its limit', async () => {
    const { token } = await issue({ uses: 2 });
    expect(await refusal({ method: 'POST', url: '/tokens', body: {}, token })).toBe(
      '403 forbidden: a token with limited uses makes no tokens',
    );
  });

  test('lives no longer than the one that made it', async () => {
    const parent = await issue({ ttl: 100 });
    const child = await send({ method: 'POST', url: '/tokens', body: { ttl: 31_536_000 }, token: parent.token });
    expect(child.json['expires']).toBe((parent as unknown as { readonly expires: number }).expires);
  });

  test.each<[object, string]>([
    [{ ttl: 0 }, 'expected at least 1'],
    [{ ttl: 31_536_001 }, 'expected at most 31536000'],
    [{ ttl: 0.5 }, 'expected integer'],
    [{ uses: 0 }, 'expected at least 1'],
    [{ uses: 1_000_001 }, 'expected at most 1000000'],
    [{ policies: Array.from({ length: 65 }, () => 'admin') }, '413 too-large: a token names at most 64 policies'],
    [{ policies: ['nothing'] }, '403 forbidden: the caller does not hold the policy nothing'],
    [{ policies: ['__proto__'] }, '403 forbidden: the caller does not hold the policy __proto__'],
    [{ principal: 'person/nobody' }, '400 invalid: there is no principal person/nobody'],
    [{ principal: 'person/../root' }, '400 invalid: a principal is named <kind>/<name>'],
    [{ principal: 'workload/plumb', policies: [] }, '400 invalid: there is no principal workload/plumb'],
    [{ description: 'd'.repeat(4097) }, '413 too-large: a description has at most 4096 characters'],
  ])('is not made of %j', async (body, expected) => {
    expect(await refusedInVain({ method: 'POST', url: '/tokens', body })).toContain(expected);
  });

  test.each([
    [1, 31_536_000],
    [1_000_000, 1],
  ])('is made with %d uses for %d seconds', async (uses, ttl) => {
    await issue({ uses, ttl });
  });
});

test('the one-time token works once, and is guessed at as slowly as any other', async () => {
  const body = { token: `plumb.aaaaaaaa.${'A'.repeat(43)}`, name: 'eve' };
  expect(await refusedInVain({ method: 'POST', url: '/bootstrap', token: '', body })).toBe(
    '401 unauthenticated: the bootstrap token is wrong or was spent',
  );
});

test('refused credentials are counted: too many are no longer recorded, and lock nobody else out', async () => {
  await using slow = await startServer({ argv: ['--failures-per-minute', '6'] });
  const client = slow.clientOf(`plumb.aaaaaaaa.${'A'.repeat(43)}`);
  const refusals = Array.from({ length: 100 }, () => codeOf(client.whoami()));
  expect(new Set(await Promise.all(refusals))).toEqual(new Set(['unauthenticated', 'rate-limited']));
  expect(await codeOf(slow.client.whoami())).toBe('none');
  const audit = await readFile(join(slow.folder, '.plumb', 'server', 'audit.log'), 'utf8');
  const recorded = audit.match(/"authenticate"/g)?.length;
  expect(recorded).toBeGreaterThanOrEqual(6);
  expect(recorded).toBeLessThan(20);
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const [settled] = await Promise.allSettled([promise]);
  return settled.status === 'fulfilled' ? 'none' : (settled.reason as PlumbApiError).code;
}

describe('a stream', () => {
  async function stream(
    token: string,
    query = '',
  ): Promise<{ readonly response: IncomingMessage; text: () => string }> {
    const headers = { host: 'localhost', authorization: `Bearer ${token}` };
    const asked = request({ socketPath: server().socket, path: `/api/v1/changes${query}`, headers }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await once(response, 'data');
    return { response, text: () => text };
  }
  const write = () => server().client.changes.apply({ ops: [{ op: 'put', path: 's/t/K', value: 'w' }] });

  test.each<[string, (accessor: string, principal: string) => Promise<unknown>]>([
    ['its token is revoked', (accessor) => server().client.tokens.revoke(accessor)],
    [
      'its principal is disabled',
      async (_accessor, principal) => {
        const { policies } = await server().client.principals.get(principal);
        await server().client.principals.put(principal, { policies, disabled: true });
      },
    ],
    ['its principal is gone', (_accessor, principal) => server().client.principals.delete(principal)],
  ])('ends when %s', async (_name, end) => {
    const token = await person('allow list on s/**');
    const { accessor, principal } = await server().clientOf(token).whoami();
    const { response, text } = await stream(token, '?under=s');
    const ended = once(response, 'end');
    await end(accessor, principal);
    await write();
    await ended;
    expect(text()).not.toContain('event: change');
  });

  test('tells nothing of what may no longer be listed', async () => {
    const token = await person('allow list on s/**\nallow list on other/**');
    const { policies } = await server().clientOf(token).whoami();
    const { response, text } = await stream(token);
    await server().client.policies.put(policies[0] ?? '', { text: 'allow list on other/**' });
    await write();
    await server().client.changes.apply({ ops: [{ op: 'put', path: 'other/e/K', value: 'x' }] });
    while (!text().includes('other/e/K')) await once(response, 'data');
    response.destroy();
    expect(text()).not.toContain('s/t/K');
  });

  test('more than a principal may have open are refused, and counted again when they close', async () => {
    await using small = await startServer({ argv: ['--streams-per-principal', '2'] });
    const headers = { host: 'localhost', authorization: `Bearer ${small.token}` };
    const open = async (): Promise<IncomingMessage> => {
      const asked = request({ socketPath: small.socket, path: '/api/v1/changes', headers }).end();
      return ((await once(asked, 'response')) as [IncomingMessage])[0].resume();
    };
    const [first, , third] = [await open(), await open(), await open()];
    expect([first.statusCode, third.statusCode]).toEqual([200, 429]);
  });
});
