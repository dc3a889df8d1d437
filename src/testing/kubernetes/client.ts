/** A small client for tests: what a person with these credentials does to the cluster, in JSON over HTTPS. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { type KubeEvent, type KubeObject, pathOf, type Rule } from './objects.ts';
import { grant, type Undo } from './rights.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who it is. */
export type KubeUser = { readonly name: string } & (
  | { readonly token: string }
  | { readonly certificate: string; readonly privateKey: string }
);

/** An answer that is no success; `body` is the server's own, a Status as a rule. */
export class KubeError extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(what: string, status: number, body: unknown) {
    const said = typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : String(body);
    super(`${what}: ${status} ${said}`);
    this.status = status;
    this.body = body;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const withQuery = (path: string, query: Readonly<Record<string, string>>): string =>
  `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(query).toString()}`;

export interface Connection {
  readonly server: string;
  readonly ca: string;
  readonly user: KubeUser;
}

export class KubeClient implements Disposable {
  readonly #connection: Connection;
  readonly #agent: Agent;

  constructor(connection: Connection) {
    this.#connection = connection;
    const { user, ca } = connection;
    const own = 'token' in user ? {} : { cert: user.certificate, key: user.privateKey };
    this.#agent = new Agent({ keepAlive: true, ca, ...own });
  }

  /** Of any answer, with its body still to come. */
  open(
    method: Method,
    path: string,
    options: { readonly body?: unknown; readonly contentType?: string } = {},
  ): Promise<IncomingMessage> {
    const { server, user } = this.#connection;
    const { body, contentType = 'application/json' } = options;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      accept: 'application/json',
      ...('token' in user ? { authorization: `Bearer ${user.token}` } : {}),
      ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
    };
    return new Promise((resolve, reject) => {
      const request = httpsRequest(new URL(path, server), { method, headers, agent: this.#agent }, resolve);
      request.on('error', reject);
      request.end(text);
    });
  }

  /** JSON in and out; throws a `KubeError` for what is no success. */
  async request<T = KubeObject>(method: Method, path: string, body?: unknown, contentType?: string): Promise<T> {
    const response = await this.open(method, path, { body, ...(contentType === undefined ? {} : { contentType }) });
    const answer = parse(await textOf(response));
    const status = response.statusCode ?? 0;
    if (status >= 300) throw new KubeError(`${method} ${path}`, status, answer);
    return answer as T;
  }

  /** `undefined`: there is no such object. */
  async get(path: string): Promise<KubeObject | undefined> {
    try {
      return await this.request('GET', path);
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  async list(path: string): Promise<readonly KubeObject[]> {
    return (await this.request<{ items: readonly KubeObject[] }>('GET', path)).items;
  }

  /** Creates the object, or replaces it whole if it is there; by its kind, namespace and name. */
  async put(object: KubeObject): Promise<KubeObject> {
    const path = pathOf(object);
    const there = await this.get(path);
    return there === undefined
      ? this.request('POST', path.slice(0, path.lastIndexOf('/')), object)
      : this.request('PUT', path, {
          ...object,
          metadata: { resourceVersion: there.metadata.resourceVersion, ...object.metadata },
        });
  }

  /** True if there was one. */
  async delete(path: string): Promise<boolean> {
    return (await this.get(path)) !== undefined && (await this.request('DELETE', path), true);
  }

  /** Writes under the name of a field manager. */
  patchAs(fieldOwner: string): FieldOwner {
    const patch = (path: string, body: unknown, contentType: string, query: Readonly<Record<string, string>> = {}) =>
      this.request('PATCH', withQuery(path, { fieldManager: fieldOwner, ...query }), body, contentType);
    return {
      apply: (object, { force = false } = {}) =>
        patch(pathOf(object), object, 'application/apply-patch+yaml', { force: String(force) }),
      merge: (path, body) => patch(path, body, 'application/merge-patch+json'),
    };
  }

  /** What changes below a collection's path, until the loop over it ends or the server ends it. */
  async *watch(path: string, query: Readonly<Record<string, string>> = {}): AsyncGenerator<KubeEvent> {
    const response = await this.open('GET', withQuery(path, { watch: 'true', ...query }));
    if (response.statusCode !== 200)
      throw new KubeError(`watch ${path}`, response.statusCode ?? 0, await textOf(response));
    try {
      let rest = '';
      for await (const chunk of response.setEncoding('utf8')) {
        const lines = (rest + (chunk as string)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield JSON.parse(line) as KubeEvent;
      }
    } finally {
      response.destroy();
    }
  }

  /** The object as it is once it is as wanted; `undefined` stands for one that is not there. Waits as long as the test does. */
  async waitFor(path: string, wanted: (object: KubeObject | undefined) => boolean): Promise<KubeObject | undefined> {
    const at = path.lastIndexOf('/');
    const all = path.slice(0, at);
    const fieldSelector = `metadata.name=${path.slice(at + 1)}`;
    const found = await this.request<{ items: readonly KubeObject[]; metadata: { resourceVersion: string } }>(
      'GET',
      withQuery(all, { fieldSelector }),
    );
    const [first] = found.items;
    if (wanted(first)) return first === undefined ? undefined : this.get(path);
    for await (const { type, object } of this.watch(all, {
      fieldSelector,
      resourceVersion: found.metadata.resourceVersion,
    })) {
      if (type === 'ERROR') throw new KubeError(`watch ${path}`, 410, object);
      const now = type === 'DELETED' ? undefined : object;
      if (wanted(now)) return now;
    }
    throw new Error(`the watch of ${path} ended before the object was as wanted`);
  }

  /** Its name, which nobody else has: one that is deleted may stay for long. */
  async createNamespace(labels: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = `t-${randomBytes(5).toString('hex')}`;
    await this.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    return name;
  }

  /** Gives a user these rights, in a namespace or (`*`) everywhere; resolves when the server knows. */
  role(namespace: string, rules: readonly Rule[], user: string): Promise<Undo> {
    return grant(this, { namespace, rules, user });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

export interface FieldOwner {
  /** Server-side apply. */
  apply(object: KubeObject, options?: { readonly force?: boolean }): Promise<KubeObject>;
  /** Merge patch (RFC 7396). */
  merge(path: string, body: unknown): Promise<KubeObject>;
}
