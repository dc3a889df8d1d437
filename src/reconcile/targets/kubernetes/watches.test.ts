import { constants } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { secrets } from './resources.ts';
import type { ApiRequest } from '#testing/http2-api';
import { accept, connect, isWatch, line, listen, query, serve } from '#testing/http2-cluster';
import { systemClock } from '#util/clock';

describe('watches', () => {
  const one = { resource: secrets, namespace: 'n', name: 'app' };

  test('events may come in any pieces', async () => {
    const told = line('ADDED', { name: 'app', resourceVersion: '6' });
    const api = await serve((request) => {
      if (!isWatch(request)) return;
      accept(request, '5');
      const bytes = Buffer.from(`${told}\n${line('MODIFIED', { name: 'äpp', resourceVersion: '7' })}`);
      for (const byte of bytes) request.stream.write(Buffer.from([byte]));
    });
    const { listener, until } = listen();
    connect(api.address).follow(one, listener);
    await until((seen) => seen.join() === 'ready,+app@6,+äpp@7');
    expect(query(api.requests[0] as ApiRequest).get('fieldSelector')).toBe('metadata.name=app');
  });

  test.each([
    ['a cut stream', (request: ApiRequest) => request.stream.close(constants.NGHTTP2_INTERNAL_ERROR), '7'],
    ['a cut connection', (request: ApiRequest) => request.session.destroy(), '7'],
    ['an event that is no JSON', (request: ApiRequest) => request.stream.write('{"hidden\n'), '7'],
    [
      'an error of the server',
      (request: ApiRequest) => request.stream.write('{"type":"ERROR","object":{"code":500}}\n'),
      null,
    ],
    [
      'a version it forgot',
      (request: ApiRequest) => request.stream.write('{"type":"ERROR","object":{"code":410}}\n'),
      null,
    ],
  ])('%s: goes on', async (_what, end, version) => {
    const api = await serve((request) => {
      if (api.requests.length === 1) accept(request, '5', line('ADDED', { name: 'app', resourceVersion: '3' }));
      else if (query(request).has('resourceVersion')) request.stream.respond({ ':status': 200 });
      else accept(request, '9', line('ADDED', { name: 'app', resourceVersion: '8' }));
    });
    const { listener, until } = listen();
    const following = connect(api.address).follow(one, listener);
    await until((told) => told.length === 2);
    const [first] = api.requests;
    first?.stream.write(line('MODIFIED', { name: 'app', resourceVersion: '7' }), () => first && end(first));
    await until((told) => told.includes('+app@7'));
    await expect.poll(() => api.requests.length).toBe(2);
    expect(query(api.requests[1] as ApiRequest).get('resourceVersion')).toBe(version);
    await expect.poll(() => following.current).toBe(true);
  });

  test('one that is silent for too long is opened again', async () => {
    let shift = 0;
    const timers: (() => void)[] = [];
    // The sweep is a timer of 10 s, the only one of that length.
    const clock = {
      ...systemClock,
      monotonic: () => performance.now() + shift,
      timer: (ms: number, fire: () => void) => {
        if (ms !== 10_000) return systemClock.timer(ms, fire);
        timers.push(fire);
        return { cancel: () => undefined };
      },
    };
    const api = await serve((request) => accept(request, '5'));
    const { listener, until } = listen();
    connect(api.address, { clock, requestTimeoutMs: 9000 }).follow(one, listener);
    await until((told) => told.length === 1);
    const sweep = (ms: number): void => {
      shift += ms;
      timers.shift()?.();
    };
    // A long sleep of ours says nothing about the server.
    sweep(200_000);
    api.requests[0]?.stream.write(line('ADDED', { name: 'app', resourceVersion: '6' }));
    await until((told) => told.length === 2);
    for (let i = 0; i < 8; i += 1) sweep(10_000);
    expect(api.requests).toHaveLength(1);
    sweep(11_000);
    await expect.poll(() => api.requests.length).toBe(2);
  });

  test('a server with too many watches holds everyone up for the time it names', async () => {
    const api = await serve((request) => {
      if (api.requests.length === 1) request.answer(429, {}, { 'retry-after': '1' });
      else accept(request, '5');
    });
    const { listener, until } = listen();
    const before = performance.now();
    connect(api.address).follow(one, listener);
    await until((told) => told.includes('ready'));
    expect(performance.now() - before).toBeGreaterThan(900);
  });
});
