import type { ServerResponse } from 'node:http';
import { encodeProblem, headers } from './errors.ts';
import type { RestOptions } from './options.ts';
import type { Answer } from './route.ts';

/** Sends an answer on Node's own response, as the framework would have. */
export function sendAnswer(response: ServerResponse, requestId: string, answer: Answer<unknown>): void {
  const named = { ...headers, 'x-request-id': requestId, ...answer.headers };
  send(response, answer.status ?? 200, named, answer.body === undefined ? '' : JSON.stringify(answer.body));
}

/** As {@link sendAnswer}, for what was thrown. */
export function sendProblem(
  response: ServerResponse,
  requestId: string,
  thrown: unknown,
  onFault: RestOptions['onFault'],
): void {
  const problem = encodeProblem(thrown, requestId, onFault);
  send(response, problem.status, problem.headers, problem.body);
}

function send(response: ServerResponse, status: number, named: Readonly<Record<string, string>>, body: string): void {
  response.writeHead(status, { ...named, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
