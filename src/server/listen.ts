/** Sockets: loopback, TLS, or a unix socket in a folder that is ours alone; nothing else is served. */
import { executionAsyncResource } from 'node:async_hooks';
import { chmodSync, mkdirSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, ListenOptions, Socket } from 'node:net';
import { dirname, relative } from 'node:path';
import type { Config } from './config.ts';
import { IdleConnections } from './idle.ts';
import { PlumbError } from '#domain/errors';

/** What of the configuration is about sockets. */
export type ListenConfig = Pick<
  Config,
  'listen' | 'socket' | 'tls' | 'connections' | 'headerTimeout' | 'requestTimeout' | 'idleTimeout' | 'stopTimeout'
>;

/** `responses`: what answers are made of. */
interface Serving extends ListenConfig {
  readonly responses?: typeof ServerResponse<IncomingMessage>;
}

export interface Listening {
  /** `http://…` or `https://…`, with the port that was taken; absent without TCP. */
  readonly address: string | undefined;
  /** Path of the unix socket; absent without one. */
  readonly socket: string | undefined;
  /** Takes no more connections; resolves when what was running has ended, at the latest after `stopTimeout`. */
  stop(): Promise<void>;
}

/** Bytes of all header fields of a request together. */
const maxHeaderSize = 16 * 1024;
const maxHeaders = 100;
/** Bytes of a unix socket's path that every system takes. */
const maxSocketPath = 103;

/**
 * Throws `invalid` when the folder of the socket is open to others; `unavailable` when the port or socket is taken or cannot be had. Then nothing is left listening.
 */
export async function listen(
  config: ListenConfig,
  listener: RequestListener,
  responses?: typeof ServerResponse<IncomingMessage>,
): Promise<Listening> {
  keepShapeOfTicks();
  const servers: Server[] = [];
  const idle = new IdleConnections(config.idleTimeout * 1000);
  const handle = idle.around(listener);
  const serving: Serving = responses === undefined ? config : { ...config, responses };
  try {
    const tcp = config.listen === undefined ? undefined : await listenTcp(serving, handle, servers);
    if (config.socket !== undefined) await listenSocket(config.socket, serving, handle, servers);
    const stop = async (): Promise<void> => {
      await stopAll(servers, config.stopTimeout * 1000);
      idle.stop();
    };
    return { address: tcp, socket: config.socket, stop };
  } catch (error) {
    await stopAll(servers, 0);
    idle.stop();
    throw error;
  }
}

let keptTick: object | undefined;

/**
 * Keeps one object of `process.nextTick` for ever. V8 forgets the shape of objects of which none is left at a full
 * collection, and what makes them is slow from then on: a tick takes four times as long, and a request takes several.
 */
function keepShapeOfTicks(): void {
  process.nextTick(() => (keptTick ??= executionAsyncResource()));
}

async function listenTcp(config: Serving, handle: RequestListener, servers: Server[]): Promise<string> {
  const { host, port } = config.listen ?? { host: '', port: 0 };
  const server =
    config.tls === undefined
      ? createServer(serverOptions(config), handle)
      : createTlsServer({ ...serverOptions(config), ...readTls(config.tls), minVersion: 'TLSv1.2' }, handle);
  prepare(server, config);
  servers.push(server);
  await open(server, { host, port }, `${host}:${port}`);
  const taken = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return `${config.tls === undefined ? 'http' : 'https'}://${name}:${taken.port}`;
}

async function listenSocket(path: string, config: Serving, handle: RequestListener, servers: Server[]): Promise<void> {
  checkSocketFolder(dirname(path));
  const server = createServer(serverOptions(config), handle);
  prepare(server, config);
  const shortened = shorten(path);
  if (await isStale(shortened)) unlinkSync(path);
  servers.push(server);
  await open(server, { path: shortened }, path);
  chmodSync(path, 0o600);
}

/** The kernel takes short paths only; from a deep folder a relative one may fit. */
function shorten(path: string): string {
  const near = relative(process.cwd(), path);
  const shortened = Buffer.byteLength(near) < Buffer.byteLength(path) ? near : path;
  if (Buffer.byteLength(path) <= maxSocketPath) return path;
  if (Buffer.byteLength(shortened) <= maxSocketPath) return shortened;
  throw new PlumbError('invalid', `the path of the unix socket is longer than ${maxSocketPath} bytes`, {
    hint: 'give a shorter one with --socket, or --socket none',
  });
}

function checkSocketFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(folder);
  if ((mode & 0o077) !== 0 || uid !== process.geteuid?.()) {
    throw new PlumbError('invalid', `the folder of the unix socket, ${folder}, is open to others or not ours`, {
      hint: `chmod 700 ${folder}, or another --socket`,
    });
  }
}

/** Whether a server that died left its socket behind: the file is there and nobody answers. */
function isStale(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

function open(server: Server, where: ListenOptions, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, name)));
    server.listen(where, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function listenError(cause: NodeJS.ErrnoException, name: string): PlumbError {
  if (cause.code === 'EADDRINUSE') {
    return new PlumbError('unavailable', `${name} is in use by another program`, {
      cause,
      hint: 'is a server running already? --port takes another port, 0 any free one',
    });
  }
  return new PlumbError('unavailable', `cannot listen on ${name} (${cause.code ?? 'unknown reason'})`, { cause });
}

function readTls(tls: { readonly cert: string; readonly key: string }): { cert: Buffer; key: Buffer } {
  return { cert: readPem(tls.cert, 'certificate'), key: readPem(tls.key, 'private key') };
}

function readPem(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new PlumbError('unavailable', `the ${what} ${path} cannot be read`, { cause });
  }
}

function serverOptions(config: Serving): ServerOptions<typeof IncomingMessage, typeof ServerResponse<IncomingMessage>> {
  return {
    maxHeaderSize,
    headersTimeout: config.headerTimeout * 1000,
    requestTimeout: config.requestTimeout * 1000,
    // Idle connections are ended by a look at all of them now and then.
    keepAliveTimeout: 0,
    connectionsCheckingInterval: 5000,
    // Most requests have no body, and need not go through the life of a stream for it.
    optimizeEmptyRequests: true,
    ...(config.responses === undefined ? {} : { ServerResponse: config.responses }),
  };
}

function prepare(server: Server, config: ListenConfig): void {
  server.maxConnections = config.connections;
  server.maxHeadersCount = maxHeaders;
  server.on('clientError', refuseUnread);
}

/** Parser's code → status line; what HTTP itself could not read never reaches a protocol. */
const unread: Readonly<Record<string, readonly [status: string, code: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'too-large', 'the header fields are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'invalid', 'the request did not arrive in time'],
};

function refuseUnread(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, code, detail] = unread[error.code ?? ''] ?? ['400 Bad Request', 'invalid', 'this is not HTTP'];
  const body = JSON.stringify({
    type: `urn:plumb:problem:${code}`,
    title: detail,
    status: Number.parseInt(status, 10),
    detail,
    code,
    requestId: '',
  });
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n${body}`);
}

async function stopAll(servers: readonly Server[], timeoutMs: number): Promise<void> {
  const hurry = setTimeout(() => servers.forEach((server) => server.closeAllConnections()), timeoutMs);
  // A connection that was busy when the server closed becomes idle afterwards, and then nobody would close it.
  const sweep = setInterval(() => servers.forEach((server) => server.closeIdleConnections()), 20);
  await Promise.all(servers.map(close));
  clearInterval(sweep);
  clearTimeout(hurry);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
