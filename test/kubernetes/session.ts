/** HTTP/2 as `node:http2` does it, for tests. */
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { Kubernetes } from '#testing/kubernetes';

/** Resolves with the code that it was ended with. */
export const ended = (stream: ClientHttp2Stream): Promise<number> =>
  new Promise((resolve) => stream.once('close', () => resolve(stream.rstCode ?? 0)));

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Requests over one connection. */
export class Session implements Disposable {
  readonly session: ClientHttp2Session;
  readonly #token: string;

  /** As the admin, at the cluster's address or that of a proxy in front of it. */
  constructor(cluster: Kubernetes, server: string) {
    this.#token = cluster.adminToken;
    this.session = connect(server, { ca: cluster.ca });
    this.session.on('error', () => undefined);
  }

  open(path: string, method = 'GET'): ClientHttp2Stream {
    const stream = this.session.request({
      ':method': method,
      ':path': path,
      authorization: `Bearer ${this.#token}`,
    });
    stream.on('error', () => undefined);
    return stream;
  }

  async get(path: string): Promise<Answer> {
    const stream = this.open(path);
    const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) body += chunk as string;
    return { status: headers[':status'] ?? 0, body };
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}
