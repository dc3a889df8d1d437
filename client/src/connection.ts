import { PlumbApiError, errorOf } from './errors.ts';
import { retrying } from './retry.ts';
import type { RetryOptions } from './retry.ts';
import { chance, fetchTransport, limited, randomName, wait } from './transport.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';
import type * as api from './types.ts';

/** Frozen once by `createClient`. */
export interface ClientOptions extends CallOptions {
  /** `http://…` or `https://…`, without a path. A transport over a unix socket takes `http://localhost`. */
  readonly address: string;
  /** Sent with every request to `address`, and to nothing else. Default: none. */
  readonly token?: string;
  /** Default: the global `fetch`. */
  readonly transport?: Transport;
  /** Default: that of the transport. */
  readonly userAgent?: string;
}

/** What may be another from call to call, by `client.with(…)`. */
export interface CallOptions {
  /** Ends what is under way: the call throws what the transport throws then, an `AbortError` as a rule. */
  readonly signal?: AbortSignal;
  /** For each try, up to the last byte of the answer; of a watch up to its first. Milliseconds; default 30,000, 0 for no limit. */
  readonly timeoutMs?: number;
  /** Default: {@link RetryOptions} as they stand there; `false` for none. */
  readonly retry?: RetryOptions | false;
}

/** Everything the caller may list, or a part of it. */
export interface WatchRequest {
  /** Folder or path; default everything the caller may list. */
  readonly under?: string;
  /** Revision to go on from; default: the present. */
  readonly after?: number;
}

export type Query = Record<string, string | number | boolean | undefined>;
/** One request, but for its method and path. */
export interface Call {
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Whether it changes nothing. Default: whether it is a GET. */
  readonly isRead?: boolean;
}
export type Send = <T>(method: string, path: string, call?: Call) => Promise<T>;

const defaultTimeoutMs = 30_000;

/** One address, one token, one transport. */
export class Connection {
  readonly #options: ClientOptions;
  readonly #address: string;
  readonly #transport: Transport;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#address = options.address.replace(/\/+$/, '');
    this.#transport = options.transport ?? fetchTransport;
    this.#headers = {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.userAgent === undefined ? {} : { 'user-agent': options.userAgent }),
    };
  }

  /** The same connection with other options for some calls. */
  with(options: CallOptions): Connection {
    return new Connection({ ...this.#options, ...options });
  }

  async json<T>(
    method: string,
    path: string,
    { body, query = {}, headers = {}, isRead = method === 'GET' }: Call = {},
  ): Promise<T> {
    const { retry = {} } = this.#options;
    const isKnownAgain = !isRead && retry !== false && retry.writes !== false;
    const request: TransportRequest = {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(isKnownAgain ? { 'idempotency-key': randomName() } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const url = `/api/v1${path}${queryText(query)}`;
    return this.#retrying(isRead || isKnownAgain, async () => {
      const { status, text, headers: answered } = await this.#answer(url, request);
      if (status < 200 || status > 299) throw errorOf(status, text, answered);
      return parsed(text, status) as T;
    });
  }

  health(): Promise<api.Health> {
    return this.#retrying(true, async () => {
      const { status, text } = await this.#answer('/readyz', { method: 'GET', headers: {} });
      if (status !== 200 && status !== 503) throw errorOf(status, text);
      return parsed(text, status) as api.Health;
    });
  }

  /** What watches is loaded when something is watched: most programs ask and end. */
  async *watch(request: WatchRequest, given: AbortSignal | undefined): AsyncGenerator<api.WatchEvent> {
    const signal = given ?? this.#options.signal;
    const open = (after: number | undefined): Promise<TransportResponse> => {
      const path = `/api/v1/changes${queryText({ under: request.under, after })}`;
      return this.#open(path, { method: 'GET', headers: { accept: 'text/event-stream' } }, signal);
    };
    const { resumingWatch } = await import('./watch.ts');
    yield* resumingWatch({ open, after: request.after, signal, wait, chance });
  }

  async *watchSyncs(name: string | undefined, given: AbortSignal | undefined): AsyncGenerator<readonly api.SyncView[]> {
    const signal = given ?? this.#options.signal;
    const path = name === undefined ? '/api/v1/syncs' : `/api/v1/syncs/${encode(name)}`;
    const ask = (known: string | undefined): Promise<TransportResponse> =>
      this.#open(path, { method: 'GET', headers: known === undefined ? {} : { 'if-none-match': known } }, signal);
    const { polling } = await import('./poll.ts');
    for await (const text of polling({ ask, signal, wait })) {
      yield name === undefined
        ? (JSON.parse(text) as { readonly items: readonly api.SyncView[] }).items
        : [JSON.parse(text) as api.SyncView];
    }
  }

  /** An answer whose body is still to be read. */
  async #open(path: string, request: TransportRequest, signal: AbortSignal | undefined): Promise<TransportResponse> {
    const limit = this.#limit(signal);
    try {
      const response = await this.#send(path, { ...request, ...limit.request }, signal);
      if (response.status === 200 || response.status === 304) return response;
      throw errorOf(response.status, await response.text(), response.headers);
    } finally {
      limit.lift();
    }
  }

  /** A whole answer within the time. */
  async #answer(path: string, request: TransportRequest) {
    const { signal } = this.#options;
    const limit = this.#limit(signal);
    try {
      const response = await this.#send(path, { ...request, ...limit.request }, signal);
      const text = await response.text().catch((cause: unknown) => unanswered(cause, signal));
      return { status: response.status, headers: response.headers, text };
    } finally {
      limit.lift();
    }
  }

  async #send(path: string, request: TransportRequest, signal: AbortSignal | undefined): Promise<TransportResponse> {
    const headers = { accept: 'application/json', ...this.#headers, ...request.headers };
    try {
      return await this.#transport(this.#address + path, { ...request, headers });
    } catch (cause) {
      return unanswered(cause, signal);
    }
  }

  #limit(signal: AbortSignal | undefined) {
    return limited(signal, this.#options.timeoutMs ?? defaultTimeoutMs);
  }

  #retrying<T>(isSafe: boolean, act: () => Promise<T>): Promise<T> {
    const { retry = {}, signal } = this.#options;
    if (retry === false) return act();
    return retrying(act, { options: retry, isSafe, signal, chance, wait });
  }
}

/** What the caller ended is thrown as it is. */
function unanswered(cause: unknown, signal: AbortSignal | undefined): never {
  if (signal?.aborted === true) throw cause;
  throw new PlumbApiError('the server does not answer', { code: 'unavailable', status: 0, cause });
}

function parsed(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw errorOf(status, text);
  }
}

/** Segments one by one. `.` and `..` are refused here: URL parsers would resolve them away. */
export function encode(path: string): string {
  const segments = path.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw new PlumbApiError('a path has no empty segment, no "." and no ".."', { code: 'invalid', status: 0 });
  }
  try {
    return segments.map(encodeURIComponent).join('/');
  } catch (cause) {
    throw new PlumbApiError('a path must be valid Unicode', { code: 'invalid', status: 0, cause });
  }
}

function queryText(query: Query): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
