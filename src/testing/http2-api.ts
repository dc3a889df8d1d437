/** A server that speaks HTTP/2 as an API server does, and says what a test wants: for corners that a real one does not show. */
import { createSecureServer } from 'node:http2';
import type { Http2SecureServer, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type Certificate, loopbackHosts, newAuthority } from './certificates.ts';

export interface ApiRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly stream: ServerHttp2Stream;
  readonly session: ServerHttp2Session;
  /** A whole answer in JSON. */
  answer(status: number, body: unknown, headers?: Readonly<Record<string, string>>): void;
}

export interface ApiOptions {
  readonly handle: (request: ApiRequest) => void;
  /** Streams of one connection. Default: any number. */
  readonly streams?: number;
  /** Default: one for loopback, by `authority`. */
  readonly certificate?: Certificate;
  /** Default: any free one. */
  readonly port?: number;
}

export const authority = newAuthority();

export class Http2Api implements AsyncDisposable {
  readonly requests: ApiRequest[] = [];
  readonly sessions: ServerHttp2Session[] = [];
  readonly ca = authority.ca;
  readonly #server: Http2SecureServer;

  private constructor(server: Http2SecureServer) {
    this.#server = server;
  }

  static async start(options: ApiOptions): Promise<Http2Api> {
    const own = options.certificate ?? authority.issue({ name: 'api', hosts: loopbackHosts });
    const server = createSecureServer({
      cert: own.certificate,
      key: own.privateKey,
      settings: options.streams === undefined ? {} : { maxConcurrentStreams: options.streams },
    });
    const api = new Http2Api(server);
    server.on('session', (session) => {
      api.sessions.push(session);
      session.on('error', () => undefined);
    });
    server.on('stream', (stream, headers) => void api.#take(stream as ServerHttp2Stream, headers, options.handle));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return api;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Connections that are open. */
  get open(): readonly ServerHttp2Session[] {
    return this.sessions.filter(({ destroyed }) => !destroyed);
  }

  async stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const session of this.sessions) session.destroy();
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #take(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    handle: (request: ApiRequest) => void,
  ): Promise<void> {
    stream.on('error', () => undefined);
    const session = stream.session as ServerHttp2Session | undefined;
    let body = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    await new Promise((resolve) => stream.once('end', resolve));
    if (session === undefined) return;
    const request: ApiRequest = {
      method: headers[':method'] ?? '',
      path: headers[':path'] ?? '',
      headers,
      body,
      stream,
      session,
      answer(status, value, more = {}) {
        stream.respond({ ':status': status, 'content-type': 'application/json', ...more });
        stream.end(JSON.stringify(value));
      },
    };
    this.requests.push(request);
    handle(request);
  }
}
