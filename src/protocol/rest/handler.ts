import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkBodyForm } from './codec.ts';
import { Door } from './door.ts';
import { Refusal, encodeProblem, headers } from './errors.ts';
import type { EncodedProblem } from './errors.ts';
import { openExchange, respond } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { Front } from './front.ts';
import { Idempotency } from './idempotency.ts';
import { parseJson } from './json.ts';
import type { RestOptions } from './options.ts';
import { byUrl, toPattern } from './patterns.ts';
import { defaultBodyLimit } from './route.ts';
import type { AnonymousCall, Answer, CallerCall, Route } from './route.ts';
import { asItIs, drain } from './send.ts';
import { Spans } from './spans.ts';
import { Streams } from './streams.ts';
import { parseTraceParent, traceResponse } from './trace.ts';
import type { Caller } from '#service/services';

const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'QUERY'];

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read, where a route takes one. */
    caller: Caller | undefined;
    /** The body as it came, of a request with an idempotency key. */
    bytes: Buffer | undefined;
    /** Its trace, if it is part of one. */
    traceId: string | undefined;
  }
}

/** The routes on Fastify: decode, admit, call, encode. */
export class Handler {
  readonly #app: FastifyInstance;
  readonly #options: RestOptions;
  readonly #door: Door;
  readonly #streams: Streams;
  readonly #front: Front;
  readonly #repeats: Idempotency;
  readonly #spans: Spans;
  #closing = false;

  constructor(routes: readonly Route[], options: RestOptions, spans: Spans = Spans.none) {
    this.#options = options;
    this.#spans = spans;
    this.#repeats = new Idempotency(options.clock, options.random);
    this.#door = new Door(options);
    this.#streams = new Streams(options.streams);
    this.#app = fastify({
      logger: false,
      genReqId: options.requestId,
      requestIdHeader: false,
      bodyLimit: defaultBodyLimit,
      routerOptions: { maxParamLength: 16_384 },
      // Paths that the router cannot decode.
      frameworkErrors: (error, request, reply) => this.#refuse(error, request, reply),
    });
    const routing = (request: IncomingMessage, response: ServerResponse): void => this.#app.routing(request, response);
    this.#front = new Front({ ...options, spans, routing, door: this.#door });
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
    else this.#front.handle(request, response);
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
    app.decorateRequest('bytes', undefined);
    app.decorateRequest('traceId', undefined);
    app.addHook('onRequest', (request, reply, done) => {
      this.#joinTrace(request, reply);
      done();
    });
    // The end of a body that never was has passed already; the framework would wait for it.
    app.addHook('preParsing', (request, _reply, payload, done) => {
      done(null, request.raw.readableEnded ? Readable.from([]) : payload);
    });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
      try {
        if (request.headers['idempotency-key'] !== undefined) request.bytes = body as Buffer;
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
    if (this.#spans.isOn) this.#spans.name(request.raw, route.url);
    const onFault = (cause: unknown): void => this.#options.onFault(request.id, cause, request.traceId);
    const given = { services: this.#options.services, onFault };
    if (run.kind === 'anonymous') {
      this.#door.checkHost(request.headers.host);
      const address = this.#door.admitAnonymous(request.raw);
      const onRefusal = (): void => this.#door.countFailure(address);
      const exchange = openExchange(route, request, { ...given, address });
      const call = { ...exchange.call, onRefusal } as AnonymousCall<never>;
      const answer = await this.#once(exchange, request, undefined, () => run.call(call));
      return respond(exchange, reply, answer, this.#door.rateFields(address));
    }
    const caller = request.caller ?? (await this.#admit(request));
    const exchange = openExchange(route, request, { ...given, address: caller.address });
    const call = { ...exchange.call, caller } as CallerCall<never, never>;
    if (run.kind === 'caller') {
      const answer = await this.#once(exchange, request, caller, () => run.call(call));
      return respond(exchange, reply, answer, this.#door.rateFields(caller.identity.principal));
    }
    const head = { ...headers, 'content-type': 'text/event-stream', 'x-request-id': request.id };
    await this.#streams.send(caller.identity.principal, reply.raw, {
      open: (signal) => run.call(call, signal),
      start: () => reply.hijack().raw.writeHead(200, head),
      onFault,
    });
    return reply;
  }

  /** Carries it out; once, however often it comes with one idempotency key. */
  #once(
    { route, retryKey }: Exchange,
    request: FastifyRequest,
    caller: Caller | undefined,
    act: () => Promise<Answer<unknown>>,
  ): Promise<Answer<unknown>> {
    if (retryKey === undefined) return act();
    const { method, url = '', headers: given } = request.raw;
    const body = request.bytes ?? Buffer.alloc(0);
    const conditions = [given['if-match'] ?? '', given['if-none-match'] ?? ''];
    const unlock = `${given.authorization ?? ''}\0${body.toString('latin1')}`;
    const { principal = '', accessor } = caller?.identity ?? {};
    const whose = { principal, ...(accessor === undefined ? {} : { accessor }) };
    const claim = { ...whose, retryKey, request: [method ?? '', url, ...conditions, body] };
    return this.#repeats.once(route.secret === true ? { ...claim, unlock } : claim, act);
  }

  #joinTrace(request: FastifyRequest, reply: FastifyReply): void {
    const trace = parseTraceParent(request.headers.traceparent);
    if (trace === undefined) return;
    request.traceId = trace.traceId;
    const own = this.#spans.idOf(request.raw) ?? Buffer.from(this.#options.random.bytes(8)).toString('hex');
    reply.raw.setHeader('traceresponse', traceResponse(trace, own));
  }

  async #admit(request: FastifyRequest): Promise<Caller> {
    this.#door.checkHost(request.headers.host);
    return this.#door.admit(request.raw, request.id);
  }

  #refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const onFault = (id: string, cause: unknown): void => this.#options.onFault(id, cause, request.traceId);
    const problem = encodeProblem(error, request.id, onFault);
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
