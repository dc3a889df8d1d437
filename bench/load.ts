/**
 * Makes requests over kept-alive connections, one in flight on each, and checks every answer. Written on bare sockets,
 * so that it costs less than what it measures.
 */
import { connect, type Socket } from 'node:net';
import { serveParent } from './child.ts';
import { folder, nameOf, valueOf } from './values.ts';

export interface LoadRequest {
  readonly port: number;
  readonly token: string;
  readonly kind: 'get' | 'put';
  readonly connections: number;
  readonly seconds: number;
  /** How many entries there are. */
  readonly entries: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly rate: number;
  /** Seconds of processor time per request of this process. */
  readonly cpu: number;
}

interface Prepared {
  readonly bytes: Buffer;
  /** What the body must contain, and how it must start. */
  readonly expected: string;
}

function prepare({ kind, token, entries, port }: LoadRequest): readonly Prepared[] {
  return Array.from({ length: entries }, (_, index) => {
    const path = `/api/v1/entries/${folder}/${nameOf(index)}`;
    const body = kind === 'put' ? JSON.stringify({ value: valueOf(index) }) : '';
    const head = [
      `${kind === 'put' ? 'PUT' : 'GET'} ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      `Authorization: Bearer ${token}`,
      ...(kind === 'put' ? ['Content-Type: application/json', `Content-Length: ${body.length}`] : []),
    ];
    const expected = kind === 'put' ? '"revision":' : valueOf(index);
    return { bytes: Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`), expected };
  });
}

/** The first whole answer in `text`, if it is all there. */
function answerIn(text: string): { readonly status: string; readonly body: string } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
  const body = text.slice(end + 4);
  if (Number.isNaN(length)) throw new Error(`an answer without a length: ${text.slice(0, end)}`);
  return body.length < length ? undefined : { status: text.slice(9, 12), body };
}

/** Goes on until `until`; answers how many requests it made. */
function runConnection(socket: Socket, requests: readonly Prepared[], until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0;
    let text = '';
    let current: Prepared | undefined;
    const next = () => {
      if (performance.now() >= until) {
        socket.destroy();
        resolve(count);
        return;
      }
      current = requests[Math.floor(Math.random() * requests.length)];
      socket.write(current?.bytes ?? '');
    };
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('data', (chunk: string) => {
      text += chunk;
      const answer = answerIn(text);
      if (answer === undefined) return;
      if (!answer.status.startsWith('2') || !answer.body.includes(current?.expected ?? '')) {
        reject(new Error(`a wrong answer: ${text.slice(0, 400)}`));
        return;
      }
      text = '';
      count += 1;
      next();
    });
    socket.once('connect', next);
  });
}

serveParent<LoadRequest>(async (request) => {
  const requests = prepare(request);
  const started = performance.now();
  const cpu = process.cpuUsage();
  const counts = await Promise.all(
    Array.from({ length: request.connections }, () => {
      const socket = connect({ port: request.port, host: '127.0.0.1', noDelay: true });
      return runConnection(socket, requests, started + request.seconds * 1000);
    }),
  );
  const total = counts.reduce((sum, count) => sum + count, 0);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1000;
  return { requests: total, rate: total / seconds, cpu: (user + system) / 1e6 / total } satisfies LoadResult;
});
