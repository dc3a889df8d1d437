/**
 * A span for each request, where somebody has registered an SDK of OpenTelemetry before the server starts
 * (`node --import ./otel.mjs …`). Without one nothing is done here at all. Attributes are those of the semantic
 * conventions for HTTP; no path, no query and no value is among them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type * as OpenTelemetry from '@opentelemetry/api';
import type { Span, Tracer } from '@opentelemetry/api';

/** Where version 1 of its API keeps what was registered; looked at first, since loading the API takes longer than starting does otherwise. */
const registry = Symbol.for('opentelemetry.js.api.1');
const name = 'plumb';

interface Listening {
  readonly api: typeof OpenTelemetry;
  readonly tracer: Tracer;
}

async function findListening(): Promise<Listening | undefined> {
  const registered = (globalThis as { [registry]?: { readonly trace?: object } })[registry];
  if (registered?.trace === undefined) return undefined;
  const api = await import('@opentelemetry/api');
  return { api, tracer: api.trace.getTracer(name) };
}

export class Spans {
  readonly #listening: Listening | undefined;
  readonly #open = new WeakMap<IncomingMessage, Span>();

  private constructor(listening: Listening | undefined) {
    this.#listening = listening;
  }

  /** For nobody. */
  static readonly none = new Spans(undefined);

  /** For whoever is registered now. */
  static async open(): Promise<Spans> {
    const listening = await findListening();
    return listening === undefined ? Spans.none : new Spans(listening);
  }

  /** Whether anybody listens. */
  get isOn(): boolean {
    return this.#listening !== undefined;
  }

  /** Runs `act` inside a span that ends with the response. */
  around(request: IncomingMessage, response: ServerResponse, act: () => void): void {
    if (this.#listening === undefined) return act();
    const { tracer, api } = this.#listening;
    const { SpanKind, SpanStatusCode, context, propagation, trace } = api;
    const method = request.method ?? '';
    const parent = propagation.extract(context.active(), request.headers);
    const attributes = { 'http.request.method': method };
    const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
    this.#open.set(request, span);
    response.once('close', () => {
      span.setAttribute('http.response.status_code', response.statusCode);
      if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    context.with(trace.setSpan(parent, span), act);
  }

  /** Says which route it is: as OpenAPI writes it, `/api/v1/entries/{path}`. */
  name(request: IncomingMessage, url: string): void {
    const span = this.#open.get(request);
    span?.updateName(`${request.method ?? ''} ${url}`).setAttribute('http.route', url);
  }

  /** Of the open span, 16 hexadecimal digits. */
  idOf(request: IncomingMessage): string | undefined {
    return this.#open.get(request)?.spanContext().spanId;
  }
}
