/** Requests of the agent against servers that misbehave. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { openTransport } from '#agent/io/transport';
import type { AgentTransport } from '#agent/io/transport';

const place = mkdtempSync(join(tmpdir(), 'plumb-agent-transport-'));
const tokenFile = join(place, 'token');
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Answers each chunk that arrives as `answer` says. */
async function serving(answer: (socket: Socket, text: string) => void, timeoutMs = 15_000) {
  writeFileSync(tokenFile, 'plumb.token\n', { mode: 0o600, flush: true });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => answer(socket, chunk.toString()));
    closers.push(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = await openTransport({ address: { text: url, url }, ca: undefined, tokenFile, timeoutMs });
  closers.push(
    () => void server.close(),
    () => transport.close(),
  );
  return { url, transport };
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const get = async ({ transport, url }: { transport: AgentTransport; url: string }, method = 'GET'): Promise<string> =>
  await (await transport.send(`${url}/x`, { method, headers: {} })).text();

test('a connection that was closed while nobody used it costs nothing but another try', async () => {
  const seen: string[] = [];
  const asked = new Map<Socket, number>();
  const world = await serving((socket, text) => {
    const count = (asked.get(socket) ?? 0) + 1;
    asked.set(socket, count);
    seen.push(text.split(' ')[0] ?? '');
    if (count === 1) socket.write(ok);
    else socket.destroy();
  });
  expect([await get(world), await get(world)]).toEqual(['ok', 'ok']);
  expect([seen, asked.size]).toEqual([['GET', 'GET', 'GET'], 2]);
  await expect(get(world, 'POST')).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('an answer that does not come, or not whole, is none', async () => {
  const silent = await serving(() => undefined, 50);
  await expect(get(silent)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  const cut = await serving((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf');
    socket.end();
  });
  await expect(get(cut)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('the token is read again when its file is another one; without one nothing is sent', async () => {
  const tokens: string[] = [];
  const world = await serving((socket, text) => {
    tokens.push(/authorization: Bearer (.*)\r/i.exec(text)?.[1] ?? '');
    socket.write(ok);
  });
  await get(world);
  writeFileSync(tokenFile, 'plumb.other\n', { mode: 0o600 });
  await get(world);
  expect(tokens).toEqual(['plumb.token', 'plumb.other']);
  for (const text of ['', 'two words\n', 'x'.repeat(5000)]) {
    writeFileSync(tokenFile, text);
    await expect(get(world)).rejects.toMatchObject({
      code: 'unauthenticated',
      message: `there is no token in ${tokenFile}`,
    });
  }
  rmSync(tokenFile);
  await expect(get(world)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(tokens).toHaveLength(2);
});
