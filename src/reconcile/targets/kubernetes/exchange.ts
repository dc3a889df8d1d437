import { constants } from 'node:http2';
import type { ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { reasonOf } from './budget.ts';
import { connectionFault, wasRefused } from './faults.ts';
import type { Session } from './session.ts';
import { PlumbError } from '#domain/errors';
import type { Clock } from '#util/clock';

export interface Sending {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With the query. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string;
}

export interface StreamEvents {
  readonly answered: (status: number, headers: IncomingHttpHeaders) => void;
  readonly data: (chunk: Buffer) => void;
  /** It is over; without an error, as the server meant it. Called once. */
  readonly ended: (error?: Error) => void;
}

/** The server did not look at the request: it may be sent again as it is. */
export class NotSent extends Error {}

/** Sends over a place that is reserved on `session`, which is released at the end. Returns a function that gives it up. */
export function openStream(session: Session, sending: Sending, events: StreamEvents): () => void {
  let stream: ClientHttp2Stream;
  try {
    stream = session.request(headersOf(session, sending), sending.body === undefined);
  } catch (error) {
    session.release();
    events.ended(new NotSent('the connection was closed', { cause: error }));
    return () => undefined;
  }
  let failure: Error | undefined;
  let isOver = false;
  const finish = (error: Error | undefined): void => {
    if (isOver) return;
    isOver = true;
    events.ended(error);
  };
  stream.on('response', (headers) => events.answered(headers[':status'] ?? 0, headers));
  stream.on('data', (chunk: Buffer) => events.data(chunk));
  // It closes some turns later, which nobody who waits for the answer needs to wait for.
  stream.on('end', () => {
    if (stream.rstCode === constants.NGHTTP2_NO_ERROR && failure === undefined) finish(undefined);
  });
  stream.on('error', (error: Error) => (failure = error));
  stream.on('close', () => {
    session.release();
    finish(endOf(stream, failure, session));
  });
  if (sending.body !== undefined) stream.end(sending.body);
  return () => stream.close(constants.NGHTTP2_CANCEL);
}

function headersOf(session: Session, { method, path, headers, body }: Sending): OutgoingHttpHeaders {
  return {
    ':method': method,
    ':path': path,
    ':scheme': 'https',
    ':authority': session.authority,
    accept: 'application/json',
    'user-agent': 'plumb',
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    ...headers,
  };
}

function endOf(stream: ClientHttp2Stream, failure: Error | undefined, session: Session): Error {
  if (wasRefused(stream.rstCode) || (failure !== undefined && stream.id === undefined)) {
    return new NotSent('the server did not take the request', { cause: failure });
  }
  if (failure instanceof PlumbError) return failure;
  const cause = failure?.cause ?? failure;
  return new PlumbError('unavailable', `API server ${session.authority}: the connection was cut before the answer`, {
    cause: connectionFault(cause, session.authority),
  });
}

export interface ExchangeLimits {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Without an answer for so long, it is asked whether the connection still holds. */
const doubtAfterMs = 2000;

/** One request, one answer. Throws {@link NotSent}, `unavailable`, `too-large`, or what the signal says. */
export function exchange(session: Session, sending: Sending, limits: ExchangeLimits): Promise<Answer> {
  const { signal, clock, timeoutMs, maxBytes } = limits;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const chunks: Buffer[] = [];
  let [bytes, status] = [0, 0];
  let headers: IncomingHttpHeaders = {};
  const giveUp = (error: Error): void => {
    reject(error);
    cancel();
  };
  const abort = (): void => giveUp(reasonOf(signal));
  const late = (): void => giveUp(slow(session.authority, timeoutMs));
  const doubtMs = Math.min(doubtAfterMs, timeoutMs / 2);
  let timer = clock.timer(doubtMs, () => {
    session.check();
    timer = clock.timer(timeoutMs - doubtMs, late);
  });
  signal.addEventListener('abort', abort, { once: true });
  const cancel = openStream(session, sending, {
    answered: (code, received) => {
      status = code;
      headers = received;
    },
    data: (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) giveUp(new PlumbError('too-large', `the answer has more than ${maxBytes} bytes`));
    },
    ended: (error) => {
      timer.cancel();
      signal.removeEventListener('abort', abort);
      if (error === undefined) resolve({ status, headers, body: Buffer.concat(chunks).toString() });
      else reject(error);
    },
  });
  return promise;
}

function slow(server: string, ms: number): PlumbError {
  return new PlumbError('unavailable', `API server ${server}: no answer within ${ms} ms`);
}
