/**
 * An API server in a bad mood: a proxy that understands HTTP/1.1 and HTTP/2, with a certificate of the cluster's own
 * authority. It forwards over HTTPS what the test's rule does not answer. Client certificates do not pass: use tokens.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import {
  constants,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { type Authority, loopbackHosts } from './certificates.ts';
import type { Fault, FaultRule, ProxiedRequest } from './http-faults.ts';
import { freePort } from './programs.ts';

export interface HttpProxy extends AsyncDisposable {
  readonly port: number;
  /** `https://127.0.0.1:<port>`. */
  readonly server: string;
  /** Everything asked for so far, in order. */
  readonly requests: readonly ProxiedRequest[];
  /** Answers that have begun and not ended, such as watches. */
  readonly streams: number;
  /** Decides from now on; `undefined`: everything is forwarded. */
  rule(rule: FaultRule | undefined): void;
  /** The next request that matches. */
  next(matches: (request: ProxiedRequest) => boolean): Promise<ProxiedRequest>;
  /** Ends all answers that have begun: whole, as when a watch's time is up, or by breaking them. */
  endStreams(how?: 'end' | 'reset'): void;
  /** HTTP/2: no new streams on the sessions that there are; those that are open go on. */
  goAway(): void;
  stop(): Promise<void>;
}

/** The cluster in front of which it stands. */
export interface Upstream {
  readonly port: number;
  readonly ca: string;
  readonly authority: Authority;
}

const ofOneConnection = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'proxy-connection',
  'http2-settings',
]);

/** Those that the next connection may have too. */
function passing(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith(':') && !ofOneConnection.has(name)),
  );
}

async function bodyOf(request: Http2ServerRequest): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
  return text;
}

/** With HTTP/2 the stream, with HTTP/1.1 the connection. */
function breakOff(response: Http2ServerResponse): void {
  // With HTTP/1.1 it is a response of node:http, which has no stream.
  if (response.stream === undefined) response.socket.destroy();
  else response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
}

/** Streams that are under way, and how to end them. */
type Ending = (how: 'end' | 'reset') => void;

class Forwarder {
  readonly #port: number;
  readonly #agent: Agent;
  readonly streams = new Set<Ending>();

  constructor({ port, ca }: Upstream) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, ca });
  }

  /** Rejects if the server does not answer. */
  ask({ method, path, headers, body }: ProxiedRequest): Promise<IncomingMessage> {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { host: '127.0.0.1', port: this.#port, agent: this.#agent, method, path };
    return new Promise((resolve, reject) => {
      const asked = httpsRequest({ ...options, headers: { ...passing(headers), ...length } }, resolve);
      asked.on('error', reject);
      asked.end(body);
    });
  }

  pass(answer: IncomingMessage, response: Http2ServerResponse): void {
    const end: Ending = (how) => {
      answer.destroy();
      if (how === 'end') response.end();
      else breakOff(response);
    };
    this.streams.add(end);
    response.once('close', () => {
      this.streams.delete(end);
      answer.destroy();
    });
    response.writeHead(answer.statusCode ?? 502, passing(answer.headers));
    answer.on('data', (chunk: Buffer) => response.write(chunk));
    answer.once('end', () => response.end());
    answer.once('error', () => breakOff(response));
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Everything that is asked, and who waits for it. */
class Journal {
  readonly requests: ProxiedRequest[] = [];
  #waiting: {
    readonly matches: (request: ProxiedRequest) => boolean;
    readonly resolve: (request: ProxiedRequest) => void;
  }[] = [];

  add(request: ProxiedRequest): void {
    this.requests.push(request);
    for (const { resolve } of this.#waiting.filter(({ matches }) => matches(request))) resolve(request);
    this.#waiting = this.#waiting.filter(({ matches }) => !matches(request));
  }

  next(matches: (request: ProxiedRequest) => boolean): Promise<ProxiedRequest> {
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }
}

/** Answers one request by the rule, or forwards it. */
async function serve(
  fault: Fault | undefined,
  exchange: { request: ProxiedRequest; response: Http2ServerResponse; forwarder: Forwarder },
): Promise<void> {
  const { request, response, forwarder } = exchange;
  if (fault?.type === 'hang') return;
  if (fault?.type === 'reset') return breakOff(response);
  if (fault?.type === 'answer') {
    response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
    response.end(fault.body);
    return;
  }
  const answer = await forwarder.ask(request);
  if (fault === undefined) return forwarder.pass(answer, response);
  answer.resume();
  answer.once('close', () => breakOff(response));
}

/** In front of an API server; stays when that is started again. */
export async function startHttpProxy(upstream: Upstream): Promise<HttpProxy> {
  const tls = upstream.authority.issue({ name: 'proxy', hosts: loopbackHosts });
  const forwarder = new Forwarder(upstream);
  const journal = new Journal();
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  let rule: FaultRule = () => undefined;
  const server = createSecureServer({ allowHTTP1: true, cert: tls.certificate, key: tls.privateKey });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  const handle = async (incoming: Http2ServerRequest, response: Http2ServerResponse): Promise<void> => {
    response.on('error', () => undefined);
    const { method, url: path, headers, httpVersion } = incoming;
    const request = { method, path, headers, httpVersion, body: await bodyOf(incoming) };
    journal.add(request);
    await serve(await rule(request), { request, response, forwarder });
  };
  server.on('request', (incoming, response) => {
    // A client that gave up, or a server that does not answer: as a proxy between them would say it.
    handle(incoming, response).catch(() => {
      if (!response.headersSent && !response.writableEnded) response.writeHead(502);
      response.end();
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
    forwarder.close();
    await closed;
  };
  return {
    port,
    server: `https://127.0.0.1:${port}`,
    requests: journal.requests,
    get streams() {
      return forwarder.streams.size;
    },
    rule(wanted) {
      rule = wanted ?? (() => undefined);
    },
    next: (matches) => journal.next(matches),
    endStreams(how = 'end') {
      for (const end of [...forwarder.streams]) end(how);
    },
    goAway() {
      for (const session of sessions) session.close();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
