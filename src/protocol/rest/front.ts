import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Cors } from './cors.ts';
import type { Door } from './door.ts';
import type { RestOptions } from './options.ts';
import { Reads, isPlainRead } from './reads.ts';
import { sendProblem } from './send.ts';
import type { Spans } from './spans.ts';
import { Writes, isPlainWrite } from './writes.ts';

export interface FrontOptions extends RestOptions {
  readonly door: Door;
  readonly spans: Spans;
  /** The framework's way, which takes every request. */
  readonly routing: RequestListener;
}

/** Where a request arrives: what is said to browsers, the span around it, and which way it takes. */
export class Front {
  readonly #options: FrontOptions;
  readonly #cors: Cors;
  readonly #reads: Reads;
  readonly #writes: Writes;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#cors = new Cors(options.corsOrigins);
    this.#reads = new Reads(options);
    this.#writes = new Writes(options);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const { spans } = this.#options;
    if (spans.isOn) spans.around(request, response, () => this.#pass(request, response));
    else this.#pass(request, response);
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#cors.admit(request, response)) this.#answerPreflight(request, response);
    else if (!isPlain(request)) this.#options.routing(request, response);
    else if (isPlainRead(request)) this.#answerPlain(request, response, this.#reads);
    else if (isPlainWrite(request)) this.#answerPlain(request, response, this.#writes);
    else this.#options.routing(request, response);
  }

  #answerPlain(request: IncomingMessage, response: ServerResponse, way: Reads | Writes): void {
    const { spans } = this.#options;
    if (spans.isOn) spans.name(request, '/api/v1/entries/{path}');
    void way.answer(request, response);
  }

  #answerPreflight(request: IncomingMessage, response: ServerResponse): void {
    const { requestId, door, onFault } = this.#options;
    const id = requestId();
    try {
      door.checkHost(request.headers.host);
      this.#cors.answerPreflight(response, id);
    } catch (error) {
      sendProblem(response, id, error, onFault);
    }
  }
}

/** Whether a request asks for nothing that only the framework's way has. */
function isPlain({ headers }: IncomingMessage): boolean {
  const { accept } = headers;
  return (
    (accept === undefined || accept === 'application/json' || accept === '*/*') &&
    headers['idempotency-key'] === undefined &&
    headers['traceparent'] === undefined
  );
}
