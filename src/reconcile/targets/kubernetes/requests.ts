import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { Budget } from './budget.ts';
import { reasonOf } from './budget.ts';
import type { Circuit } from './circuit.ts';
import type { Credential } from './cluster.ts';
import type { Credentials } from './credentials.ts';
import { weaknessOf } from './credentials.ts';
import { answerFault } from './errors.ts';
import type { Asked } from './errors.ts';
import { exchange, NotSent } from './exchange.ts';
import type { Answer, Sending } from './exchange.ts';
import type { Connections } from './http2.ts';
import type { Session } from './session.ts';
import { PlumbError } from '#domain/errors';
import type { Clock } from '#util/clock';

/** What requests and watches share. */
export interface Link {
  /** The address of the server, for errors. */
  readonly server: string;
  /** What stands before every path; mostly nothing. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly circuit: Circuit;
  readonly credentials: Credentials;
  /** Counts what is sent. */
  readonly count: (what: string) => void;
}

export interface Request extends Omit<Sending, 'headers'> {
  readonly asked: Asked;
  readonly lane: string;
  readonly signal: AbortSignal;
  readonly contentType?: string;
  readonly maxBytes: number;
}

const attempts = 4;
/** A longer wait than this is the caller's business. */
const patienceMs = 10_000;

/** Sends requests: within the budget, as whoever we are, again where that is no repetition. */
export class Requests {
  readonly #link: Link;
  readonly #connections: Connections;
  readonly #timeoutMs: number;

  constructor(link: Link, connections: Connections, timeoutMs: number) {
    this.#link = link;
    this.#connections = connections;
    this.#timeoutMs = timeoutMs;
  }

  /** The answer to a request that succeeded. Throws what `errors.ts` makes of any other. */
  async send(request: Request): Promise<string> {
    const { budget, credentials, clock } = this.#link;
    for (let left = attempts - 1; ; left -= 1) {
      await paid(this.#link, request.lane, request.signal);
      const credential = await credentials.current();
      const answer = await this.#attempt(request, credential, left);
      if (answer === undefined) continue;
      if (answer.status >= 200 && answer.status < 300) return answer.body;
      if (answer.status === 401 && left > 0 && credentials.expire(credential)) continue;
      const waitMs = pauseIn(answer, clock.now());
      if (waitMs !== undefined) budget.pause(waitMs);
      if (waitMs !== undefined && waitMs <= patienceMs && left > 0) continue;
      throw faultIn(answer, request.asked, { credential, now: clock.now(), waitMs });
    }
  }

  /** Whether the server is there and ready, past budget and circuit. Throws when it is not. */
  async probe(): Promise<void> {
    const { server, clock, credentials, prefix } = this.#link;
    const { signal } = new AbortController();
    this.#link.count('probe server');
    const headers = authorization(await credentials.current());
    const session = await this.#connections.acquire(signal);
    const sending: Sending = { method: 'GET', path: `${prefix}/readyz`, headers };
    const limits = { signal, clock, timeoutMs: 5000, maxBytes: 65_536 };
    const { status } = await exchange(session, sending, limits).catch((error: unknown) => {
      throw error instanceof NotSent ? lost(server) : error;
    });
    if (status >= 500 || status === 429) throw new PlumbError('unavailable', `API server ${server}: it is not ready`);
  }

  /** `undefined`: the server did not look at it. */
  async #attempt(request: Request, credential: Credential, left: number): Promise<Answer | undefined> {
    const { asked, signal, contentType, maxBytes } = request;
    const session = await connected(this.#link, this.#connections, signal);
    const headers = {
      ...authorization(credential),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    };
    this.#link.count(`${asked.verb} ${asked.resource.plural}`);
    const sending = { ...request, path: `${this.#link.prefix}${request.path}`, headers };
    try {
      return await exchange(session, sending, {
        signal,
        clock: this.#link.clock,
        timeoutMs: this.#timeoutMs,
        maxBytes,
      });
    } catch (error) {
      if (!(error instanceof NotSent)) throw error;
      if (left > 0) return undefined;
      throw lost(this.#link.server);
    }
  }
}

/** Waits for a turn; fails at once while the server does not answer. */
export async function paid({ budget, circuit }: Link, lane: string, signal: AbortSignal): Promise<void> {
  circuit.check();
  await budget.take(lane, signal);
  circuit.check();
}

/** A place on a connection. That none can be made opens the circuit. */
export async function connected({ circuit }: Link, connections: Connections, signal: AbortSignal): Promise<Session> {
  try {
    return await connections.acquire(signal);
  } catch (error) {
    if (signal.aborted) throw reasonOf(signal);
    if (error instanceof Error) circuit.failed(error);
    throw error;
  }
}

export function authorization(credential: Credential): OutgoingHttpHeaders {
  return credential.type === 'token' ? { authorization: `Bearer ${credential.token}` } : {};
}

export function lost(server: string): PlumbError {
  return new PlumbError('unavailable', `API server ${server}: it does not take requests`);
}

/** What else is known when an answer is no success. */
export interface AnswerContext {
  readonly credential: Credential;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly waitMs: number | undefined;
}

export function faultIn(
  { status, body }: Pick<Answer, 'status' | 'body'>,
  asked: Asked,
  context: AnswerContext,
): PlumbError {
  const weakness = status === 401 ? weaknessOf(context.credential, context.now) : undefined;
  const fault = answerFault(status, body, weakness === undefined ? asked : { ...asked, weakness });
  if (context.waitMs === undefined) return fault;
  const details = { ...fault.details, retryAfterMs: context.waitMs };
  return new PlumbError(fault.code, fault.message, { details, diagnostics: fault.diagnostics });
}

/** How long the server asks to be left alone, if it does. */
export function pauseIn(
  { status, headers }: { readonly status: number; readonly headers: IncomingHttpHeaders },
  now: number,
): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const told = headers['retry-after'];
  if (told === undefined) return status === 429 ? 1000 : undefined;
  const ms = /^\d+$/.test(told) ? Number(told) * 1000 : new Date(told).getTime() - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 300_000) : undefined;
}
