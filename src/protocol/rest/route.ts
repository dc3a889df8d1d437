import type { IncomingHttpHeaders } from 'node:http';
import * as Type from 'typebox/type';
import type { Static, TObject, TSchema } from 'typebox/type';
import { fieldsSchema, selectableOf } from './fields.ts';
import type { Selectable } from './fields.ts';
import { Nothing } from './schema-records.ts';
import { Validator } from './validate.ts';
import type { Caller, Services, WatchEvent } from '#service/services';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** The types of a route's schemas are those of the use-cases; only `readonly` is theirs alone. */
export type Immutable<T> = T extends string
  ? T
  : T extends readonly (infer E)[]
    ? readonly Immutable<E>[]
    : T extends object
      ? { readonly [K in keyof T]: Immutable<T[K]> }
      : T;

/** A decoded request. */
export interface Call<Q, B> {
  readonly services: Services;
  /** What stands in the place of the URL's parameters, decoded; several are joined by `/`. */
  readonly path: string;
  readonly query: Q;
  readonly body: B;
  readonly headers: IncomingHttpHeaders;
  readonly address: string;
  readonly requestId: string;
  /** Told the cause of a fault that is not thrown. */
  readonly onFault: (cause: unknown) => void;
}
export interface AnonymousCall<B> extends Call<unknown, B> {
  /** To be called before a credential in the body is refused. Throws `rate-limited`. */
  readonly onRefusal: () => void;
}
export interface CallerCall<Q, B> extends Call<Q, B> {
  readonly caller: Caller;
}

export interface Answer<T> {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: no body. */
  readonly body?: T;
  /** Instead of a body: sent as it is, of the type that the route says. */
  readonly text?: string;
}

interface Spec<Q extends TObject, B extends TSchema, A extends TSchema> {
  /** Name of the operation in OpenAPI. */
  readonly id: string;
  readonly summary: string;
  readonly method: Method;
  /** As OpenAPI writes it. A parameter named `path` takes many segments, every other one takes one. */
  readonly url: string;
  readonly query?: Q;
  readonly body?: B;
  /** Bytes; default {@link defaultBodyLimit}. */
  readonly bodyLimit?: number;
  readonly answer: A;
  /** Of the answer. Default `application/json`. */
  readonly media?: string;
  /** Status of a success other than 200. */
  readonly successes?: readonly number[];
  /** Of a POST: it changes nothing, so that it can be sent again without a key. */
  readonly safe?: true;
  /** The answer holds a token. */
  readonly secret?: true;
  /** The answer holds no value and may be compressed. */
  readonly packs?: true;
  /** What a GET takes as `If-None-Match`, a PUT, DELETE or POST as `If-Match` besides. Default: no condition is known. */
  readonly tagged?: true;
}
type Query<Q extends TObject> = Static<Q>;

/** Enough for every record; a token list or a policy is far below. */
export const defaultBodyLimit = 1536 * 1024;

/** A route without its types: what the handler and OpenAPI work with. */
export interface Route extends Spec<TObject, TSchema, TSchema> {
  /** Of the URL, before and after its parameters. */
  readonly prefix: string;
  readonly suffix: string;
  readonly queryCheck: Validator | undefined;
  readonly bodyCheck: Validator | undefined;
  /** What `?fields=` can choose; absent: the resource does not have it. */
  readonly selectable?: Selectable;
  /** It takes `Idempotency-Key`. */
  readonly changes: boolean;
  readonly run:
    | { readonly kind: 'anonymous'; call(call: AnonymousCall<never>): Promise<Answer<unknown>> }
    | { readonly kind: 'caller'; call(call: CallerCall<never, never>): Promise<Answer<unknown>> }
    | {
        readonly kind: 'stream';
        call(call: CallerCall<never, never>, signal: AbortSignal): AsyncIterable<WatchEvent>;
      };
}

/** A route that needs a token. */
export function route<
  Q extends TObject = typeof Nothing,
  B extends TSchema = typeof Nothing,
  A extends TSchema = TSchema,
>(spec: Spec<Q, B, A>, call: (call: CallerCall<Query<Q>, Static<B>>) => Promise<Answer<Immutable<Static<A>>>>): Route {
  return { ...complete(withFields(spec)), run: { kind: 'caller', call } };
}

/** A route that anyone may call. */
export function anonymousRoute<B extends TSchema, A extends TSchema>(
  spec: Spec<typeof Nothing, B, A>,
  call: (call: AnonymousCall<Static<B>>) => Promise<Answer<Immutable<Static<A>>>>,
): Route {
  return { ...complete(spec), run: { kind: 'anonymous', call } };
}

/** A route that needs a token and answers server-sent events. */
export function streamRoute<Q extends TObject, A extends TSchema>(
  spec: Spec<Q, typeof Nothing, A>,
  call: (call: CallerCall<Query<Q>, unknown>, signal: AbortSignal) => AsyncIterable<WatchEvent>,
): Route {
  return { ...complete(spec), run: { kind: 'stream', call } };
}

/** What is read as data can be asked for in part. */
function withFields<S extends Spec<TObject, TSchema, TSchema>>(spec: S): S & Pick<Route, 'selectable'> {
  const selectable = spec.method === 'GET' && spec.media === undefined ? selectableOf(spec.answer) : undefined;
  if (selectable === undefined) return spec;
  const { properties = {}, required = [] } = (spec.query ?? {}) as Partial<TObject>;
  const members = { ...properties, fields: fieldsSchema(selectable) };
  return { ...spec, selectable, query: Type.Unsafe({ ...Nothing, properties: members, required }) as never };
}

function complete(given: Spec<TObject, TSchema, TSchema> | object): Omit<Route, 'run'> {
  const spec = given as Spec<TObject, TSchema, TSchema>;
  const [, prefix, suffix] = /^([^{]*)(?:\{.*\})?([^}]*)$/.exec(spec.url) ?? [];
  return {
    ...spec,
    prefix: prefix ?? spec.url,
    suffix: suffix ?? '',
    queryCheck: new Validator(spec.query ?? Nothing, 'query'),
    bodyCheck: hasBody(spec.method) ? new Validator(spec.body ?? Nothing, 'body') : undefined,
    changes: spec.method !== 'GET' && spec.safe !== true,
  };
}

function hasBody(method: Method): boolean {
  return method === 'PUT' || method === 'POST';
}

export const ok = <T>(body: T): Answer<T> => ({ body });
