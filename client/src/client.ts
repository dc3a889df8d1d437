import { PlumbApiError, errorOf } from './errors.ts';
import { polling } from './poll.ts';
import { fetchTransport, wait } from './transport.ts';
import type { Transport, TransportResponse } from './transport.ts';
import type * as api from './types.ts';
import { resumingWatch } from './watch.ts';

/** Frozen once by {@link createClient}. */
export interface ClientOptions {
  /** `http://…` or `https://…`, without a path. A transport over a unix socket takes `http://localhost`. */
  readonly address: string;
  /** Sent with every request to `address`, and to nothing else. Default: none. */
  readonly token?: string;
  /** Default: the global `fetch`. */
  readonly transport?: Transport;
  /** Default: that of the transport. */
  readonly userAgent?: string;
}

/** The four verbs of every noun that is a plain record. An environment is named `project/environment`, a principal `kind/name`. */
export interface NounClient<Named, Input> {
  get(name: string): Promise<Named>;
  /** Only what the caller may list; by name. */
  list(): Promise<readonly Named[]>;
  /** Creates or replaces. With `expectAbsent`, throws `exists` if it is there. */
  put(name: string, input: Input, options?: PutOptions): Promise<Named & { readonly revision: number }>;
  delete(name: string, options?: { readonly reason?: string }): Promise<api.Revision>;
}
export interface PutOptions {
  readonly reason?: string;
  /** Default false. */
  readonly expectAbsent?: boolean;
}

export interface WatchRequest {
  /** Folder or path; default everything the caller may list. */
  readonly under?: string;
  /** Revision to go on from; default: the present. */
  readonly after?: number;
}

type Query = Record<string, string | number | boolean | undefined>;
interface Call {
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}
type Send = <T>(method: string, path: string, call?: Call) => Promise<T>;

/**
 * The Plumb API, by noun; the same names and shapes as the server's use-cases. Every method throws
 * {@link PlumbApiError}. Nothing is sent before the first call, and nothing is retried but a watch.
 */
export function createClient(options: ClientOptions) {
  const connection = new Connection(options);
  const send: Send = (method, path, call) => connection.json(method, path, call);
  return {
    whoami: () => send<api.WhoAmI>('GET', '/whoami'),
    /** Spends the one-time bootstrap token of a new server; sent without a token. */
    bootstrap: (request: { readonly token: string; readonly name: string }) =>
      send<api.IssuedToken>('POST', '/bootstrap', { body: request }),
    entries: entriesClient(send),
    changes: {
      /** Everything or nothing, one revision. */
      apply: (request: api.ChangeRequest) => send<api.ChangeResult>('POST', '/changes', { body: request }),
      /** Resumes by itself after a broken connection; ends when `signal` aborts. */
      watch: (request: WatchRequest = {}, { signal }: { readonly signal?: AbortSignal } = {}) =>
        connection.watch(request, signal),
    },
    projects: nounClient<api.NamedProject, Omit<api.ProjectInput, 'reason'>>(send, 'projects'),
    environments: nounClient<api.NamedEnvironment, Omit<api.EnvironmentInput, 'reason'>>(send, 'environments'),
    policies: nounClient<api.NamedPolicy, Omit<api.PolicyInput, 'reason'>>(send, 'policies'),
    principals: nounClient<api.NamedPrincipal, Omit<api.PrincipalInput, 'reason'>>(send, 'principals'),
    tokens: {
      create: (request: api.TokenRequest = {}) => send<api.IssuedToken>('POST', '/tokens', { body: request }),
      list: () => items<api.TokenSummary>(send, '/tokens'),
      revoke: (accessor: string) => send<{ readonly revoked: number }>('DELETE', `/tokens/${encode(accessor)}`),
    },
    targets: {
      ...nounClient<api.TargetSummary, Omit<api.TargetInput, 'reason'>>(send, 'targets'),
      /** Asks the other side what it is, as whom it knows us, and which rights are held and missing. */
      check: (name: string, request: api.TargetCheckRequest = {}) =>
        send<api.TargetReport>('POST', `/targets/${encode(name)}/check`, { body: request }),
    },
    syncs: {
      ...syncsClient(send),
      /**
       * The syncs as they are, and again whenever one of them has changed; with `name` that one alone. Asks every second.
       * Ends when `signal` aborts.
       */
      watch: (request: { readonly name?: string } = {}, { signal }: { readonly signal?: AbortSignal } = {}) =>
        connection.watchSyncs(request.name, signal),
    },
    system: {
      verify: () => send<api.VerifyReport>('POST', '/audit/verify', { body: {} }),
      /** Answers without a token, also when the server is not ready. */
      health: () => connection.health(),
    },
  };
}

/** What {@link createClient} makes. */
export type Client = ReturnType<typeof createClient>;

function entriesClient(send: Send) {
  return {
    get: ({ path, ...query }: { path: string; version?: number; raw?: boolean }) =>
      send<api.EvaluatedEntry>('GET', `/entries/${encode(path)}`, { query }),
    list: (query: { folder?: string; recursive?: boolean; limit?: number; cursor?: string } = {}) =>
      send<api.ListPage>('GET', '/entries', { query }),
    evaluate: (query: { folder: string }) => send<api.EvaluatedFolder>('GET', '/values', { query }),
    history: ({ path, ...query }: { path: string; limit?: number; before?: number }) =>
      send<api.HistoryPage>('GET', `/history/${encode(path)}`, { query }),
    why: ({ path }: { path: string }) => send<api.Why>('GET', `/why/${encode(path)}`),
    diff: (request: api.DiffRequest) => send<api.Diff>('POST', '/diff', { body: request }),
  };
}

function syncsClient(send: Send) {
  return {
    get: (name: string) => send<api.SyncView>('GET', `/syncs/${encode(name)}`),
    list: () => items<api.SyncView>(send, '/syncs'),
    put: (
      name: string,
      input: Omit<api.SyncInput, 'reason'>,
      options: PutOptions & { readonly dryRun?: boolean } = {},
    ) =>
      send<api.SyncPutResult>('PUT', `/syncs/${encode(name)}`, {
        query: { dryRun: options.dryRun },
        ...putCall(input, options),
      }),
    /** What was written stays in the target, unless `owned` is `delete`. */
    delete: (name: string, query: { readonly reason?: string; readonly owned?: 'retain' | 'delete' } = {}) =>
      send<api.Revision>('DELETE', `/syncs/${encode(name)}`, { query }),
    pause: (name: string, request: api.SyncPauseRequest) =>
      send<api.SyncView & api.Revision>('POST', `/syncs/${encode(name)}/pause`, { body: request }),
    resume: (name: string, request: { readonly reason?: string } = {}) =>
      send<api.SyncView & api.Revision>('POST', `/syncs/${encode(name)}/resume`, { body: request }),
    /** With `reveal`, values of config too, of entries that the caller may read. */
    plan: (name: string, query: { readonly reveal?: boolean } = {}) =>
      send<api.Plan>('POST', `/syncs/${encode(name)}/plan`, { body: {}, query }),
    apply: (name: string) => send<api.AppliedPlan>('POST', `/syncs/${encode(name)}/apply`, { body: {} }),
  };
}

function nounClient<Named, Input extends object>(send: Send, noun: string): NounClient<Named, Input> {
  return {
    get: (name) => send('GET', `/${noun}/${encode(name)}`),
    list: () => items(send, `/${noun}`),
    put: (name, input, options = {}) => send('PUT', `/${noun}/${encode(name)}`, putCall(input, options)),
    delete: (name, options = {}) => send('DELETE', `/${noun}/${encode(name)}`, { query: { ...options } }),
  };
}

function putCall(input: object, options: PutOptions): Call {
  return {
    body: { ...input, reason: options.reason },
    ...(options.expectAbsent === true ? { headers: { 'if-none-match': '*' } } : {}),
  };
}

async function items<T>(send: Send, path: string): Promise<readonly T[]> {
  return (await send<{ readonly items: readonly T[] }>('GET', path)).items;
}

/** Segments one by one. `.` and `..` are refused here: URL parsers would resolve them away. */
function encode(path: string): string {
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

/** One address, one token, one transport. */
class Connection {
  readonly #address: string;
  readonly #transport: Transport;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(options: ClientOptions) {
    this.#address = options.address.replace(/\/+$/, '');
    this.#transport = options.transport ?? fetchTransport;
    this.#headers = {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.userAgent === undefined ? {} : { 'user-agent': options.userAgent }),
    };
  }

  async json<T>(method: string, path: string, call: Call = {}): Promise<T> {
    const { body, query = {}, headers = {} } = call;
    const response = await this.#send(`/api/v1${path}${queryText(query)}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status < 200 || response.status > 299) throw errorOf(response.status, text);
    return JSON.parse(text) as T;
  }

  async health(): Promise<api.Health> {
    const response = await this.#send('/readyz', { method: 'GET', headers: {} });
    const text = await response.text();
    if (response.status !== 200 && response.status !== 503) throw errorOf(response.status, text);
    return JSON.parse(text) as api.Health;
  }

  watch(request: WatchRequest, signal: AbortSignal | undefined): AsyncGenerator<api.WatchEvent> {
    const open = async (after: number | undefined): Promise<TransportResponse> => {
      const response = await this.#send(`/api/v1/changes${queryText({ under: request.under, after })}`, {
        method: 'GET',
        headers: { accept: 'text/event-stream' },
        ...(signal === undefined ? {} : { signal }),
      });
      if (response.status !== 200) throw errorOf(response.status, await response.text());
      return response;
    };
    return resumingWatch({ open, after: request.after, signal, wait });
  }

  async *watchSyncs(
    name: string | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly api.SyncView[]> {
    const path = name === undefined ? '/api/v1/syncs' : `/api/v1/syncs/${encode(name)}`;
    const ask = async (known: string | undefined): Promise<TransportResponse> => {
      const response = await this.#send(path, {
        method: 'GET',
        headers: known === undefined ? {} : { 'if-none-match': known },
        ...(signal === undefined ? {} : { signal }),
      });
      if (response.status !== 200 && response.status !== 304) throw errorOf(response.status, await response.text());
      return response;
    };
    for await (const text of polling({ ask, signal, wait })) {
      yield name === undefined
        ? (JSON.parse(text) as { readonly items: readonly api.SyncView[] }).items
        : [JSON.parse(text) as api.SyncView];
    }
  }

  async #send(path: string, request: Parameters<Transport>[1]): Promise<TransportResponse> {
    try {
      return await this.#transport(this.#address + path, {
        ...request,
        headers: { accept: 'application/json', ...this.#headers, ...request.headers },
      });
    } catch (cause) {
      if (request.signal?.aborted === true) throw cause;
      throw new PlumbApiError('the server does not answer', { code: 'unavailable', status: 0, cause });
    }
  }
}

function queryText(query: Query): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
