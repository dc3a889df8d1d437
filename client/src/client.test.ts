import { describe, expect, test } from 'vitest';
import { createClient } from './client.ts';
import type { Client } from './client.ts';
import { PlumbApiError } from './errors.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';

interface Sent extends TransportRequest {
  readonly url: string;
}

function clientOver(answer: Partial<TransportResponse> & { readonly json?: unknown }): {
  client: Client;
  sent: Sent[];
} {
  const sent: Sent[] = [];
  const client = createClient({
    address: 'http://plumb.example:8200/',
    token: 'a token',
    userAgent: 'test',
    retry: false,
    transport: async (url, request) => {
      sent.push({ url, ...request });
      const text = async (): Promise<string> => JSON.stringify(answer.json ?? {});
      return { status: 200, headers: { get: () => null }, text, body: null, ...answer };
    },
  });
  return { client, sent };
}

const address = 'http://plumb.example:8200';

describe('requests', () => {
  const put = { ops: [{ op: 'put' as const, path: 'a', value: 'x' }] };
  const cases: readonly [
    name: string,
    act: (client: Client) => Promise<unknown>,
    method: string,
    url: string,
    body?: object,
  ][] = [
    [
      'segments are encoded one by one',
      (client) => client.entries.get({ path: 'a b/ü?/#%' }),
      'GET',
      '/api/v1/entries/a%20b/%C3%BC%3F/%23%25',
    ],
    [
      'what is absent is not sent',
      (client) => client.entries.get({ path: 'a', version: 2, raw: true }),
      'GET',
      '/api/v1/entries/a?version=2&raw=true',
    ],
    [
      'a list',
      (client) => client.entries.list({ folder: 'a/b', cursor: 'x=&' }),
      'GET',
      '/api/v1/entries?folder=a%2Fb&cursor=x%3D%26',
    ],
    ['a change', (client) => client.changes.apply(put), 'POST', '/api/v1/changes', put],
    [
      'an environment',
      (client) => client.environments.put('p/e', { extends: 'x' }, { reason: 'why' }),
      'PUT',
      '/api/v1/environments/p/e',
      { extends: 'x', reason: 'why' },
    ],
    [
      'a record that goes',
      (client) => client.policies.delete('p', { reason: 'a b' }),
      'DELETE',
      '/api/v1/policies/p?reason=a%20b',
    ],
    [
      'a dry run',
      (client) => client.syncs.put('s', { from: 'a', to: 'b', runAs: 'c' }, { dryRun: true }),
      'PUT',
      '/api/v1/syncs/s?dryRun=true',
      { from: 'a', to: 'b', runAs: 'c' },
    ],
    ['an act without a body', (client) => client.syncs.plan('s'), 'POST', '/api/v1/syncs/s/plan', {}],
    ['health', (client) => client.system.health(), 'GET', '/readyz'],
  ];
  test.each(cases)('%s', async (_name, act, method, url, body) => {
    const { client, sent } = clientOver({});
    await act(client);
    expect(sent.map((request) => [request.method, request.url, request.body])).toEqual([
      [method, address + url, body === undefined ? undefined : JSON.stringify(body)],
    ]);
    expect(sent[0]?.headers).toEqual({
      accept: 'application/json',
      authorization: 'Bearer a token',
      'user-agent': 'test',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    });
  });

  test('a record that must not be there yet', async () => {
    const { client, sent } = clientOver({});
    await client.projects.put('p', {}, { expectAbsent: true });
    expect(sent[0]?.headers['if-none-match']).toBe('*');
  });

  test.each(['a/../b', './a', 'a//b', '', '/a', 'a/\ud800'])(
    'the path %j is refused before anything is sent',
    async (path) => {
      const { client, sent } = clientOver({});
      await expect(async () => client.entries.get({ path })).rejects.toMatchObject({ code: 'invalid', status: 0 });
      expect(sent).toEqual([]);
    },
  );

  test('items of a list are unwrapped', async () => {
    const { client } = clientOver({ json: { items: [{ name: 'p' }] } });
    expect(await client.projects.list()).toEqual([{ name: 'p' }]);
  });
});

describe('errors', () => {
  test('a problem is told whole', async () => {
    const problem = {
      code: 'mismatch',
      detail: 'version 3 is there',
      hint: 'read again',
      requestId: 'r1',
      diagnostics: [{ message: 'm' }],
      details: { version: 3 },
    };
    const { client } = clientOver({ status: 412, json: problem });
    const { detail, ...rest } = problem;
    await expect(client.whoami()).rejects.toMatchObject({
      ...rest,
      message: detail,
      status: 412,
      name: 'PlumbApiError',
    });
  });

  test.each([
    [502, 'unavailable'],
    [404, 'unsupported'],
    [302, 'unsupported'],
  ])('an answer %d of something else is %s', async (status, code) => {
    const { client } = clientOver({ status, text: async () => '<html>' });
    await expect(client.whoami()).rejects.toMatchObject({ code, status });
  });

  test('no answer', async () => {
    const cause = new Error('refused');
    const client = createClient({ address, retry: false, transport: () => Promise.reject(cause) });
    const error = await client.whoami().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PlumbApiError);
    expect(error).toMatchObject({ code: 'unavailable', status: 0, cause });
  });

  test('a server that is not ready still tells its health', async () => {
    const { client } = clientOver({ status: 503, json: { live: true, ready: false } });
    expect(await client.system.health()).toEqual({ live: true, ready: false });
  });

  test('a watch that is refused', async () => {
    const { client } = clientOver({ status: 403, json: { code: 'forbidden', detail: 'no' } });
    await expect(client.changes.watch().next()).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('options of a call', () => {
  const never: Transport = (_url, { signal }) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });

  test('a time limit is no answer', async () => {
    const client = createClient({ address, retry: false, transport: never }).with({ timeoutMs: 1 });
    const error = await client.whoami().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unavailable', status: 0, cause: { name: 'TimeoutError' } });
  });

  test('a signal ends what is under way, with its own reason', async () => {
    const stop = new AbortController();
    const client = createClient({ address, transport: never }).with({ signal: stop.signal });
    const asked = client.whoami();
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    const watched = client.changes.watch().next();
    await expect(watched).resolves.toMatchObject({ done: true });
  });

  test('the time limit of a watch ends with its first byte', async () => {
    const late = Promise.withResolvers<void>();
    let ends: AbortSignal | undefined;
    const transport: Transport = async (_url, { signal }) => {
      ends = signal;
      const body = async function* (): AsyncGenerator<Uint8Array> {
        await late.promise;
        yield new TextEncoder().encode('data: {"type":"bookmark","revision":1}\n\n');
      };
      return { status: 200, headers: { get: () => null }, text: async () => '', body: body() };
    };
    const watch = createClient({ address, transport, timeoutMs: 1 }).changes.watch();
    const first = watch.next();
    // A longer limit that was begun later has ended.
    await createClient({ address, retry: false, transport: never, timeoutMs: 5 })
      .whoami()
      .catch(() => undefined);
    late.resolve();
    expect((await first).value).toMatchObject({ revision: 1 });
    expect(ends?.aborted).toBe(false);
    await watch.return(undefined);
  });

  test('an answer that breaks off is no answer, and is asked for again', async () => {
    let tries = 0;
    const transport: Transport = async () => ({
      status: 200,
      headers: { get: () => null },
      text: async () => {
        if ((tries += 1) === 1) throw new TypeError('terminated');
        return '{"principal":"person/ada"}';
      },
      body: null,
    });
    expect(await createClient({ address, transport, retry: { baseMs: 0 } }).whoami()).toMatchObject({
      principal: 'person/ada',
    });
    const once = createClient({ address, transport, retry: false });
    tries = 0;
    await expect(once.whoami()).rejects.toMatchObject({ code: 'unavailable', status: 0 });
  });

  test('a write is known again by its key, and each has its own', async () => {
    const keys: (string | undefined)[] = [];
    const transport: Transport = async (_url, { headers }) => {
      keys.push(headers['idempotency-key']);
      if (keys.length % 2 === 1) throw new Error('cut off');
      return { status: 200, headers: { get: () => null }, text: async () => '{}', body: null };
    };
    const client = createClient({ address, transport, retry: { baseMs: 0 } });
    const change = { ops: [{ op: 'put' as const, path: 'a', value: 'x' }] };
    await client.changes.apply(change);
    await client.projects.put('p', {});
    await client.syncs.plan('s');
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys).toEqual([keys[0], keys[0], keys[2], keys[2], undefined, undefined]);
    expect(keys[0]).not.toBe(keys[2]);
    const plain = client.with({ retry: { writes: false } });
    await expect(plain.changes.apply(change)).rejects.toMatchObject({ code: 'unavailable' });
    expect(keys.slice(6)).toEqual([undefined]);
  });

  test('a success that is not JSON comes from somebody else', async () => {
    const { client } = clientOver({ text: async () => '<html>' });
    await expect(client.whoami()).rejects.toMatchObject({ code: 'unsupported', status: 200 });
  });
});
