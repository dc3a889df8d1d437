/** Requests to one server: over a unix socket, or by TLS with an authority of one's own. */
import { readFile } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as httpsRequest } from 'node:https';
import type { Transport, TransportRequest, TransportResponse } from '@plumbd/client';
import { tokenFile } from './token-file.ts';
import type { Address } from '../address.ts';
import { PlumbError } from '#domain/errors';

export interface TransportOptions {
  readonly address: Address;
  /** File of PEM. */
  readonly ca: string | undefined;
  /** Read again when it changes. */
  readonly tokenFile: string;
  /** Milliseconds for a whole answer, or for the first byte of a stream. Default 15,000. */
  readonly timeoutMs?: number;
}

export interface AgentTransport {
  readonly send: Transport;
  close(): void;
}

/** Idle connections. */
const maxKept = 2;
/** What is longer is no answer of a server of ours: a folder holds 16 MiB at most, and every byte may be escaped. */
const maxAnswer = 128 * 1024 * 1024;

/** Connections are kept open between requests. Without a token a request throws `unauthenticated` and is not sent. */
export async function openTransport(options: TransportOptions): Promise<AgentTransport> {
  const { address, ca } = options;
  const token = tokenFile(options.tokenFile);
  const kept = { keepAlive: true, maxSockets: 16, maxFreeSockets: maxKept };
  const agent = address.url.startsWith('https:')
    ? new SecureAgent({ ...kept, ...(ca === undefined ? {} : { ca: await readAuthorities(ca) }) })
    : new Agent(kept);
  return {
    send: async (url, request) => await sendFresh({ ...options, agent, token }, url, request),
    close: () => agent.destroy(),
  };
}

async function readAuthorities(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
    throw new PlumbError('invalid', `the authorities in ${path} cannot be read (${code ?? 'unknown fault'})`, {
      cause,
    });
  }
}

interface Sending extends TransportOptions {
  readonly token: () => Promise<string>;
  readonly agent: Agent | SecureAgent;
}

/** A connection that was kept open may have been closed meanwhile: what asks for something is then asked again. */
async function sendFresh(options: Sending, url: string, request: TransportRequest): Promise<TransportResponse> {
  for (let left = maxKept; ; left -= 1) {
    try {
      return await send(options, url, request);
    } catch (error) {
      const isStale = error instanceof Error && wasStale.has(error);
      if (!isStale || left === 0 || request.method !== 'GET') throw error;
    }
  }
}

/** Errors of connections that had been kept open. */
const wasStale = new WeakSet<Error>();

async function send(options: Sending, url: string, request: TransportRequest): Promise<TransportResponse> {
  const { address, agent, token, timeoutMs = 15_000 } = options;
  const headers = { ...request.headers, authorization: `Bearer ${await token()}` };
  const isStream = request.headers['accept'] === 'text/event-stream';
  const open = url.startsWith('https:') ? httpsRequest : httpRequest;
  return await new Promise((resolve, reject) => {
    const outgoing: ClientRequest = open(url, {
      method: request.method,
      headers: request.body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(request.body) },
      agent,
      ...(address.socket === undefined ? {} : { socketPath: address.socket }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    const limit = setTimeout(() => outgoing.destroy(tooLate(timeoutMs)), timeoutMs);
    limit.unref();
    outgoing.on('close', () => clearTimeout(limit));
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) wasStale.add(error);
      reject(error);
    });
    outgoing.on('response', (incoming) => {
      if (isStream) clearTimeout(limit);
      resolve(answerOf(incoming));
    });
    outgoing.end(request.body);
  });
}

function answerOf(incoming: IncomingMessage): TransportResponse {
  return {
    status: incoming.statusCode ?? 0,
    headers: {
      get(name) {
        const value = incoming.headers[name.toLowerCase()];
        return value === undefined ? null : String(value);
      },
    },
    text: () => textOf(incoming),
    body: incoming as AsyncIterable<Uint8Array>,
  };
}

function textOf(incoming: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxAnswer) incoming.destroy(new PlumbError('too-large', 'the answer of the server is too long'));
      else chunks.push(chunk);
    });
    incoming.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    incoming.on('error', reject);
    // An answer that is cut off ends without an error of its own.
    incoming.on('close', () => reject(Object.assign(new Error('the answer was cut off'), { code: 'ECONNRESET' })));
  });
}

function tooLate(ms: number): Error {
  return Object.assign(new Error(`no answer within ${ms} ms`), { code: 'ETIMEDOUT' });
}
