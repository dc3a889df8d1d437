import { Agent, createServer, get } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { IdleConnections } from './idle.ts';

const idleMs = 1000;
let idle: IdleConnections;
let server: Server;
let agent: Agent;

async function start(handle: RequestListener): Promise<void> {
  server = createServer({ keepAliveTimeout: 0 }, idle.around(handle));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

function ask(): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent }, resolve).once('error', reject);
  });
}

async function answered(): Promise<IncomingMessage['socket']> {
  const response = await ask();
  const { socket } = response;
  await text(response);
  return socket;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  idle = new IdleConnections(idleMs);
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
});
afterEach(async () => {
  idle.stop();
  agent.destroy();
  vi.useRealTimers();
  await new Promise((resolve) => server.close(resolve));
});

describe('a kept-alive connection', () => {
  test('is ended once nothing happened on it for long enough', async () => {
    await start((_, response) => response.end('x'));
    const socket = await answered();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    // The first look only notes what has come until then.
    vi.advanceTimersByTime(idleMs + idleMs / 5);
    await closed;
  });

  test('stays as long as requests come in time', async () => {
    await start((_, response) => response.end('x'));
    const socket = await answered();
    for (let round = 0; round < 5; round += 1) {
      vi.advanceTimersByTime(idleMs - idleMs / 5);
      expect(await answered()).toBe(socket);
    }
  });

  test('is not idle while an answer is being made', async () => {
    const begun = Promise.withResolvers<() => void>();
    await start((_, response) => begun.resolve(() => response.end('x')));
    const asking = ask();
    const finish = await begun.promise;
    vi.advanceTimersByTime(100 * idleMs);
    finish();
    expect(await text(await asking)).toBe('x');
  });
});
