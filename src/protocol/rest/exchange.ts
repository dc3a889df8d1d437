/** What the framework's way adds to a route: from the request what is asked for beside it, to the answer what was. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { decodeTail } from './codec.ts';
import { compress, compressFrom } from './compress.ts';
import { headers } from './errors.ts';
import { select } from './fields.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { checkMedia, chooseEncoding, chooseForm, mediaOf } from './negotiate.ts';
import type { Form } from './negotiate.ts';
import type { Answer, Call, Route } from './route.ts';
import { Nothing } from './schema-records.ts';
import { asItIs } from './send.ts';
import { refuseConditions, tagOf, unlessKnown } from './tags.ts';
import { convertQuery } from './validate.ts';
import { printYaml } from './yaml.ts';

/** A request of a route, decoded, before it is carried out. */
export interface Exchange {
  readonly route: Route;
  readonly call: Call<unknown, unknown>;
  /** How the answer is to be written. */
  readonly form: Form;
  /** Absent: all. */
  readonly fields: readonly string[] | undefined;
  /** Of a request that changes something. */
  readonly retryKey: string | undefined;
}

/** Throws whatever is wrong with a request, before anything is done. */
export function openExchange(
  route: Route,
  request: FastifyRequest,
  given: Pick<Call<unknown, unknown>, 'services' | 'address' | 'onFault'>,
): Exchange {
  const { queryCheck, bodyCheck, run, media } = route;
  const url = request.raw.url ?? '';
  const path = decodeTail(url, route.prefix, route.suffix);
  const asked = url.includes('?') ? convertQuery(route.query ?? Nothing, request.query as Record<string, unknown>) : {};
  queryCheck?.check(asked);
  const { fields, ...rest } = asked;
  const query = route.selectable === undefined ? asked : rest;
  const body = route.body === undefined ? (request.body ?? {}) : request.body;
  bodyCheck?.check(body);
  const { accept } = request.headers;
  const only = run.kind === 'stream' ? 'text/event-stream' : media;
  if (only !== undefined) checkMedia(accept, only);
  if (route.changes && route.tagged !== true) refuseConditions(request.headers);
  return {
    route,
    call: { ...given, path, query, body, headers: request.headers, requestId: request.id },
    form: only === undefined ? chooseForm(accept) : 'json',
    fields: route.selectable === undefined ? undefined : (fields as readonly string[] | undefined),
    retryKey: route.changes ? idempotencyKey(request.headers['idempotency-key']) : undefined,
  };
}

/** Writes the answer as it was asked for. */
export async function respond(
  exchange: Exchange,
  reply: FastifyReply,
  given: Answer<unknown>,
  rate: Readonly<Record<string, string>>,
): Promise<FastifyReply> {
  const { route, form } = exchange;
  const answer = conditional(exchange, given);
  const text = textOf(exchange, answer);
  const named: Record<string, string> = {
    ...headers,
    'content-type': route.media ?? mediaOf[form],
    'x-request-id': reply.request.id,
    ...rate,
    ...answer.headers,
  };
  const wanted = route.packs === true ? chooseEncoding(reply.request.headers['accept-encoding']) : undefined;
  const encoding = Buffer.byteLength(text) >= compressFrom ? wanted : undefined;
  if (encoding !== undefined) named['content-encoding'] = encoding;
  const vary = ['Accept', ...(route.packs === true ? ['Accept-Encoding'] : [])].join(', ');
  const before = reply.raw.getHeader('vary');
  named['vary'] = typeof before === 'string' ? `${before}, ${vary}` : vary;
  return reply
    .code(answer.status ?? 200)
    .headers(named)
    .serializer(asItIs)
    .send(encoding === undefined ? text : await compress(text, encoding));
}

/** Of a GET: with a tag, and without a body when the request names it. */
function conditional({ route, call }: Exchange, answer: Answer<unknown>): Answer<unknown> {
  const { method, run, media } = route;
  const tag = answer.headers?.['etag'];
  if (method !== 'GET' || (tag === undefined && (run.kind !== 'caller' || media !== undefined))) return answer;
  return unlessKnown(call.headers, answer, tag ?? tagOf(answer.body as object));
}

function textOf({ route, form, fields }: Exchange, { text, body }: Answer<unknown>): string {
  if (text !== undefined) return text;
  if (body === undefined) return '';
  const shown = fields === undefined || route.selectable === undefined ? body : select(body, route.selectable, fields);
  return form === 'yaml' ? printYaml(shown) : JSON.stringify(shown);
}
