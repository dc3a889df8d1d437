import { Connection, encode } from './connection.ts';
import type { Call, CallOptions, ClientOptions, Send, WatchRequest } from './connection.ts';
import type * as api from './types.ts';

export type { CallOptions, ClientOptions, WatchRequest };

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

/**
 * The Plumb API, by noun; the same names and shapes as the server's use-cases. Every method throws `PlumbApiError`.
 * Nothing is sent before the first call. What may safely be sent twice is, after a failure that may pass: reads, and
 * what surely was not begun.
 */
export function createClient(options: ClientOptions): Client {
  return clientOver(new Connection(options));
}

/** What {@link createClient} makes. */
export interface Client extends ReturnType<typeof nounsOf> {
  /** The same client with other options for some calls: `client.with({ signal }).entries.get(…)`. */
  with(options: CallOptions): Client;
}

function clientOver(connection: Connection): Client {
  return { ...nounsOf(connection), with: (options) => clientOver(connection.with(options)) };
}

function nounsOf(connection: Connection) {
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
        send<api.TargetReport>('POST', `/targets/${encode(name)}/check`, { body: request, isRead: true }),
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
      verify: () => send<api.VerifyReport>('POST', '/audit/verify', { body: {}, isRead: true }),
      /** Answers without a token, also when the server is not ready. */
      health: () => connection.health(),
    },
  };
}

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
    diff: (request: api.DiffRequest) => send<api.Diff>('POST', '/diff', { body: request, isRead: true }),
    /** Up to 1,000 at once, each with its entry or why there is none. */
    read: (request: api.ReadRequest) => send<api.ReadResult>('POST', '/values/read', { body: request, isRead: true }),
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
      send<api.Plan>('POST', `/syncs/${encode(name)}/plan`, { body: {}, query, isRead: true }),
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
