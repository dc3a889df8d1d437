import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkBodyForm, decodeTail } from './codec.ts';
import { Door } from './door.ts';
import { Refusal, encodeProblem, headers } from './errors.ts';
import type { EncodedProblem } from './errors.ts';
import { parseJson } from './json.ts';
import type { RestOptions } from './options.ts';
import { Reads, isPlainRead } from './reads.ts';
import { defaultBodyLimit } from './route.ts';
import type { AnonymousCall, Answer, Call, CallerCall, Route } from './route.ts';
import { Nothing } from './schema-records.ts';
import { drain } from './send.ts';
import { Streams } from './streams.ts';
import { convertQuery } from './validate.ts';
import { Writes, isPlainWrite } from './writes.ts';
import type { Caller } from '#service/services';

const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'] as const;

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read, where a route takes one. */
    caller: Caller | undefined;
  }
}

/** The routes on Fastify: decode, admit, call, encode. */
export class Handler {
  readonly #app: FastifyInstance;
  readonly #options: RestOptions;
  readonly #door: Door;
  readonly #streams: Streams;
  readonly #reads: Reads;
  readonly #writes: Writes;
  #closing = false;

  constructor(routes: readonly Route[], options: RestOptions) {
    this.#options = options;
    this.#door = new Door(options);
    this.#streams = new Streams(options.streams);
    this.#reads = new Reads({ ...options, door: this.#door });
    this.#writes = new Writes({ ...options, door: this.#door });
    this.#app = fastify({
      logger: false,
      genReqId: options.requestId,
      requestIdHeader: false,
      bodyLimit: defaultBodyLimit,
      routerOptions: { maxParamLength: 16_384 },
      // Paths that the router cannot decode.
      frameworkErrors: (error, request, reply) => this.#refuse(error, request, reply),
    });
    this.#prepare();
    for (const route of routes) this.#add(route);
    for (const [url, known] of byUrl(routes)) {
      const allow = known.join(', ');
      const others = methods.filter((method) => !known.includes(method));
      this.#refuseRoute(url, others, () => new Refusal(405, { headers: { allow } }));
    }
    this.#refuseRoute('*', methods, () => new Refusal(404));
  }

  ready(): Promise<unknown> {
    return Promise.resolve(this.#app.ready());
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.#closing) this.#app.routing(request, response);
    else if (isPlainRead(request)) void this.#reads.answer(request, response);
    else if (isPlainWrite(request)) void this.#writes.answer(request, response);
    else this.#app.routing(request, response);
  }

  /** Fastify's own injection, for tests: a request without a socket. */
  get inject(): FastifyInstance['inject'] {
    return this.#app.inject.bind(this.#app);
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#streams.close();
    await this.#app.close();
  }

  #prepare(): void {
    const app = this.#app;
    app.decorateRequest('caller', undefined);
    // The end of a body that never was has passed already; the framework would wait for it.
    app.addHook('preParsing', (request, _reply, payload, done) => {
      done(null, request.raw.readableEnded ? Readable.from([]) : payload);
    });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
      try {
        done(null, parseJson(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    });
    app.setErrorHandler((error, request, reply) => this.#refuse(error, request, reply));
    app.setNotFoundHandler((request, reply) => this.#refuse(new Refusal(501), request, reply));
  }

  #add(route: Route): void {
    const { method, run } = route;
    this.#app.route({
      method,
      url: toPattern(route.url),
      exposeHeadRoute: method === 'GET' && run.kind !== 'stream',
      ...(route.bodyLimit === undefined ? {} : { bodyLimit: route.bodyLimit }),
      ...(route.bodyCheck === undefined ? {} : { onRequest: this.#beforeBody(run.kind === 'anonymous') }),
      handler: (request, reply) => this.#answer(route, request, reply),
    });
  }

  /** Before a body is read: who may not call must not make us hold megabytes. */
  #beforeBody(isAnonymous: boolean): (request: FastifyRequest) => Promise<void> {
    return async (request) => {
      if (isAnonymous) this.#door.checkHost(request.headers.host);
      else request.caller = await this.#admit(request);
      checkBodyForm(request.headers);
    };
  }

  async #answer(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { run } = route;
    if (run.kind === 'anonymous') {
      this.#door.checkHost(request.headers.host);
      const address = this.#door.admitAnonymous(request.raw);
      const onRefusal = (): void => this.#door.countFailure(address);
      const call = { ...this.#decode(route, request, address), onRefusal } as AnonymousCall<never>;
      return this.#reply(route, await run.call(call), reply);
    }
    const caller = request.caller ?? (await this.#admit(request));
    const call = { ...this.#decode(route, request, caller.address), caller } as CallerCall<never, never>;
    if (run.kind === 'caller') return this.#reply(route, await run.call(call), reply);
    const head = { ...headers, 'content-type': 'text/event-stream', 'x-request-id': request.id };
    await this.#streams.send(caller.identity.principal, reply.raw, {
      open: (signal) => run.call(call, signal),
      start: () => reply.hijack().raw.writeHead(200, head),
      onFault: (cause) => this.#options.onFault(request.id, cause),
    });
    return reply;
  }

  async #admit(request: FastifyRequest): Promise<Caller> {
    this.#door.checkHost(request.headers.host);
    return this.#door.admit(request.raw, request.id);
  }

  #decode(route: Route, request: FastifyRequest, address: string): Call<unknown, unknown> {
    const { queryCheck, bodyCheck } = route;
    const url = request.raw.url ?? '';
    const path = decodeTail(url, route.prefix, route.suffix);
    const query = url.includes('?')
      ? convertQuery(route.query ?? Nothing, request.query as Record<string, unknown>)
      : {};
    queryCheck?.check(query);
    const body = route.body === undefined ? (request.body ?? {}) : request.body;
    bodyCheck?.check(body);
    return {
      services: this.#options.services,
      path,
      query,
      body,
      headers: request.headers,
      address,
      requestId: request.id,
    };
  }

  #reply({ media }: Route, answer: Answer<unknown>, reply: FastifyReply): FastifyReply {
    const type = media === undefined ? {} : { 'content-type': media };
    const named = { ...headers, ...type, 'x-request-id': reply.request.id, ...answer.headers };
    const text = answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
    return reply
      .code(answer.status ?? 200)
      .headers(named)
      .serializer(asItIs)
      .send(text);
  }

  #refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = encodeProblem(error, request.id, this.#options.onFault);
    reply.code(problem.status).headers(problem.headers).serializer(asItIs);
    void this.#send(problem, request, reply);
  }

  /** Never rejects; a client that is still sending too large a body reads no answer before it is done. */
  async #send({ status, body }: EncodedProblem, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (status === 413) await drain(request.raw);
    void reply.send(body);
  }

  /** Refused before a body is read, whatever its type. */
  #refuseRoute(url: string, refused: readonly string[], refusal: () => Refusal): void {
    this.#app.route({
      method: [...refused],
      url,
      exposeHeadRoute: false,
      onRequest: async (request) => {
        this.#door.checkHost(request.headers.host);
        throw refusal();
      },
      handler: () => undefined,
    });
  }
}

/** Our own text; without a serializer the framework would also write a charset behind the type, which JSON has not. */
function asItIs(body: unknown): string {
  return body as string;
}

/** `{path}` takes the rest of the URL, every other parameter one segment. */
function toPattern(url: string): string {
  return url.replace('{path}', '*').replaceAll(/\{(\w+)\}/g, ':$1');
}

function byUrl(routes: readonly Route[]): Map<string, string[]> {
  const known = new Map<string, string[]>();
  for (const { url, method, run } of routes) {
    const answered = method === 'GET' && run.kind !== 'stream' ? ['GET', 'HEAD'] : [method];
    known.set(toPattern(url), [...(known.get(toPattern(url)) ?? []), ...answered]);
  }
  return known;
}
