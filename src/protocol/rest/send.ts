import type { IncomingMessage, ServerResponse } from 'node:http';
import { encodeProblem, headers } from './errors.ts';
import type { RestOptions } from './options.ts';
import type { Answer } from './route.ts';

/** Our own text; without a serializer the framework would also write a charset behind the type, which JSON has not. */
export function asItIs(body: unknown): string {
  return body as string;
}

const always = Object.entries(headers).flat();

/** Sends an answer on Node's own response, as the framework would have. */
export function sendAnswer(response: ServerResponse, requestId: string, answer: Answer<unknown>): void {
  const named = [...always, 'x-request-id', requestId];
  for (const name in answer.headers) named.push(name, answer.headers[name] ?? '');
  send(response, answer.status ?? 200, named, answer.body === undefined ? '' : JSON.stringify(answer.body));
}

interface TextAnswer {
  readonly status: number;
  readonly requestId: string;
  readonly etag: string;
  readonly text: string;
}

/** As {@link sendAnswer}, of what has one header of its own and is written as JSON already. */
export function sendText(response: ServerResponse, { status, requestId, etag, text }: TextAnswer): void {
  send(response, status, [...always, 'x-request-id', requestId, 'etag', etag], text);
}

/** As {@link sendAnswer}, for what was thrown. */
export function sendProblem(
  response: ServerResponse,
  requestId: string,
  thrown: unknown,
  onFault: RestOptions['onFault'],
): void {
  const problem = encodeProblem(thrown, requestId, onFault);
  send(response, problem.status, Object.entries(problem.headers).flat(), problem.body);
}

/** Of a body that is refused for its size, at most this is read before the answer. */
export const maxDrainedBytes = 64 * 1024 * 1024;

/**
 * Reads the rest of a body and forgets it: a client that writes all of it before it reads would otherwise find the
 * connection broken instead of an answer. Resolves, also when the client breaks off, or sends more or tells that it
 * will; how long it may take is the server's request time-out.
 */
export function drain(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve();
  if (Number(request.headers['content-length']) > maxDrainedBytes) return Promise.resolve();
  return new Promise((resolve) => {
    let left = maxDrainedBytes;
    const stop = (): void => {
      request.off('data', count).pause();
      resolve();
    };
    const count = (part: Buffer): void => {
      left -= part.length;
      if (left < 0) stop();
    };
    request.on('data', count).once('end', stop).once('error', stop).once('close', stop).resume();
  });
}

/** `named`: name, value, name, value and so on, which Node writes as it stands. */
function send(response: ServerResponse, status: number, named: string[], body: string): void {
  named.push('content-length', String(Buffer.byteLength(body)));
  response.writeHead(status, named).end(body);
}
