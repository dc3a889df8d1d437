import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { connectionFault } from './faults.ts';
import { PlumbError } from '#domain/errors';
import type { Clock, Timer } from '#util/clock';

/** Where to and as whom. */
export interface Dial {
  /** `https://host:port`. */
  readonly origin: string;
  readonly ca?: string;
  readonly serverName?: string;
  readonly certificate?: string;
  readonly key?: string;
}

export interface SessionOptions {
  readonly dial: Dial;
  readonly clock: Clock;
  /** Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** A stream ended, or the session takes no more of them: look again. */
  readonly changed: (session: Session) => void;
  /** Nothing has used it for a while. */
  readonly idle: (session: Session) => void;
}

const pingEveryMs = 30_000;
const pingTimeoutMs = 5000;
const secondChanceMs = 500;
/** What the other side may send ahead of us, for one stream and for all of a connection. */
const streamWindow = 1024 * 1024;
const sessionWindow = 8 * 1024 * 1024;

/** One connection that is known to work: the server has said what it allows. */
export class Session {
  /** The name of the server, for requests. */
  readonly authority: string;
  readonly #session: ClientHttp2Session;
  readonly #options: SessionOptions;
  #active = 0;
  #isDraining = false;
  #ping: Timer;
  #isPinging = false;

  constructor(session: ClientHttp2Session, options: SessionOptions) {
    this.#session = session;
    this.#options = options;
    this.authority = new URL(options.dial.origin).host;
    session.setLocalWindowSize(sessionWindow);
    session.on('goaway', () => this.drain());
    session.on('close', () => this.drain());
    // What it means is told to each of its streams.
    session.on('error', () => this.drain());
    this.#ping = options.clock.timer(pingEveryMs, () => this.#keepAlive());
  }

  /** Streams that are open. */
  get active(): number {
    return this.#active;
  }

  /** It takes no more streams. */
  get isDraining(): boolean {
    return this.#isDraining || this.#session.closed || this.#session.destroyed;
  }

  /** How many more streams it takes now. */
  get free(): number {
    if (this.isDraining) return 0;
    return Math.max(0, (this.#session.remoteSettings.maxConcurrentStreams ?? 100) - this.#active);
  }

  /** Takes a place before the stream is opened by `request`. */
  reserve(): void {
    this.#active += 1;
  }

  /** Gives a place back. */
  release(): void {
    this.#active -= 1;
    this.#options.changed(this);
  }

  request(headers: OutgoingHttpHeaders, endStream: boolean): ClientHttp2Stream {
    return this.#session.request(headers, { endStream });
  }

  /** Asks whether it still holds; ends it if there is no answer. */
  check(): void {
    if (this.#isPinging || this.#session.destroyed) return;
    this.#isPinging = true;
    const { clock, dial } = this.#options;
    let late = clock.timer(pingTimeoutMs, () => {
      // Where it was us who slept, the answer is there and was not read yet.
      late = clock.timer(secondChanceMs, () => this.destroy(silence(dial.origin)));
    });
    const asked = this.#session.ping(() => {
      this.#isPinging = false;
      late.cancel();
    });
    if (asked) return;
    this.#isPinging = false;
    late.cancel();
  }

  /** No more streams; those that are open may end by themselves. */
  drain(): void {
    if (!this.#isDraining) {
      this.#isDraining = true;
      this.#ping.cancel();
      if (!this.#session.closed) this.#session.close();
    }
    this.#options.changed(this);
  }

  /** Ends it with all its streams. */
  destroy(error: PlumbError): void {
    this.#ping.cancel();
    this.#session.destroy(error, constants.NGHTTP2_CANCEL);
  }

  #keepAlive(): void {
    if (this.isDraining) return;
    this.check();
    this.#ping = this.#options.clock.timer(pingEveryMs, () => this.#keepAlive());
    if (this.#active === 0) this.#options.idle(this);
  }
}

/** Connects, proves who is there, and waits for the server's settings. Throws `unavailable`. */
export function openSession(options: SessionOptions): Promise<Session> {
  const { dial, clock } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Session>();
  let session: ClientHttp2Session;
  try {
    session = connect(dial.origin, {
      rejectUnauthorized: true,
      maxSessionMemory: 64,
      settings: { enablePush: false, initialWindowSize: streamWindow },
      ...(dial.ca === undefined ? {} : { ca: dial.ca }),
      ...(dial.serverName === undefined ? {} : { servername: dial.serverName }),
      ...(dial.certificate === undefined ? {} : { cert: dial.certificate }),
      ...(dial.key === undefined ? {} : { key: dial.key }),
    });
  } catch (error) {
    return Promise.reject(connectionFault(error, dial.origin));
  }
  const late = clock.timer(options.connectTimeoutMs ?? 5000, () => session.destroy(silence(dial.origin)));
  session.once('error', (error) => reject(connectionFault(error, dial.origin)));
  session.once('close', () => {
    late.cancel();
    reject(connectionFault(undefined, dial.origin));
  });
  session.once('remoteSettings', () => {
    late.cancel();
    resolve(new Session(session, options));
  });
  return promise;
}

function silence(origin: string): PlumbError {
  return new PlumbError('unavailable', `API server ${origin}: it does not answer`);
}
