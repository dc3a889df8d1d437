/**
 * A bad network: a TCP proxy in front of a server on loopback. TLS passes through it, so the server's certificate
 * must be good for `127.0.0.1`. It cuts, refuses, stalls and delays when the test says so, and else only forwards.
 */
import { createServer, connect, type Server, type Socket } from 'node:net';
import { freePort } from './programs.ts';

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** `https://127.0.0.1:<port>`. */
  readonly server: string;
  /** Connections that are open now. */
  readonly open: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Bytes that came back from the server so far, over all connections. */
  readonly returned: number;
  /** Resolves when the next connection is accepted. */
  opened(): Promise<void>;
  /** Resolves when the next connection has ended. */
  closed(): Promise<void>;
  /** Ends all connections: with a reset, or as if the server had closed them. */
  cut(how?: 'reset' | 'end'): void;
  /** From now on nobody listens; what is open stays so. */
  refuse(): Promise<void>;
  /** Ends `refuse`. */
  admit(): Promise<void>;
  /** Connections are accepted and held, and nothing is forwarded. */
  stall(): void;
  /** Ends `stall`; what was held is forwarded. */
  resume(): void;
  /** Everything arrives so much later, in both directions. */
  delay(ms: number): void;
  /** Every connection, those that are open too, is reset once so many more bytes came back over it. `Infinity` ends it. */
  cutAfter(bytes: number): void;
  stop(): Promise<void>;
}

/** What applies to all connections. */
interface Weather {
  stalled: boolean;
  delay: number;
  /** Of what comes back over one connection. */
  limit: number;
}

/** One connection and its other half. */
class Relay {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #weather: Weather;
  #left: number;

  constructor(near: Socket, far: Socket, weather: Weather) {
    this.#near = near;
    this.#far = far;
    this.#weather = weather;
    this.#left = weather.limit;
    this.#follow(near, far);
    this.#follow(far, near);
    if (weather.stalled) this.hold();
  }

  #follow(from: Socket, to: Socket): void {
    const waiting: (() => void)[] = [];
    const later = (act: () => void): void => {
      if (this.#weather.delay === 0 && waiting.length === 0) return act();
      waiting.push(act);
      // Whichever timer fires, the oldest goes first.
      setTimeout(() => waiting.shift()?.(), this.#weather.delay);
    };
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => later(() => this.#forward(chunk, to)));
    from.on('end', () => later(() => to.end()));
    from.on('error', () => this.reset());
    from.on('close', () => later(() => to.destroy()));
  }

  #forward(chunk: Buffer, to: Socket): void {
    if (to.destroyed) return;
    if (to === this.#far) return void to.write(chunk);
    const fits = chunk.subarray(0, Math.min(chunk.length, this.#left));
    this.#left -= fits.length;
    // What is written before a reset may be lost on its way: wait until it left.
    to.write(fits, () => {
      if (this.#left === 0) this.reset();
    });
  }

  /** Counts from now on. */
  limit(bytes: number): void {
    this.#left = bytes;
  }

  hold(): void {
    this.#near.pause();
    this.#far.pause();
  }

  release(): void {
    this.#near.resume();
    this.#far.resume();
  }

  reset(): void {
    for (const socket of [this.#near, this.#far]) {
      const isEnding = socket.writableEnded && !socket.writableFinished;
      // The system resets none whose end is on its way, and it would never be told that it has closed.
      if (isEnding) socket.destroy();
      else if (!socket.destroyed) socket.resetAndDestroy();
    }
  }

  end(): void {
    this.#near.end();
    this.#far.destroy();
  }
}

/** Resolves those who wait for the next time. */
class Bell {
  readonly #waiting: (() => void)[] = [];

  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  ring(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Forwards to a port of loopback. */
export async function startTcpProxy(upstream: { readonly port: number }): Promise<TcpProxy> {
  const weather: Weather = { stalled: false, delay: 0, limit: Number.POSITIVE_INFINITY };
  const relays = new Set<Relay>();
  const [opened, closed] = [new Bell(), new Bell()];
  let [accepted, returned] = [0, 0];
  const server = createServer({ allowHalfOpen: true }, (near) => {
    accepted += 1;
    const far = connect({ port: upstream.port, host: '127.0.0.1', allowHalfOpen: true });
    const relay = new Relay(near, far, weather);
    far.on('data', (chunk: Buffer) => (returned += chunk.length));
    relays.add(relay);
    near.once('close', () => {
      relays.delete(relay);
      closed.ring();
    });
    opened.ring();
  });
  const port = await freePort();
  await listen(server, port);
  // Only stops listening: its callback would wait for all that is open.
  const refuse = (): Promise<void> => {
    server.close();
    return Promise.resolve();
  };
  const stop = async (): Promise<void> => {
    if (server.listening) await refuse();
    while (relays.size > 0) {
      const next = closed.next();
      for (const relay of [...relays]) relay.reset();
      await next;
    }
  };
  return {
    port,
    server: `https://127.0.0.1:${port}`,
    get open() {
      return relays.size;
    },
    get accepted() {
      return accepted;
    },
    get returned() {
      return returned;
    },
    opened: () => opened.next(),
    closed: () => closed.next(),
    cut(how = 'reset') {
      for (const relay of [...relays]) relay[how]();
    },
    refuse,
    admit: () => listen(server, port),
    stall() {
      weather.stalled = true;
      for (const relay of relays) relay.hold();
    },
    resume() {
      weather.stalled = false;
      for (const relay of relays) relay.release();
    },
    delay(ms) {
      weather.delay = ms;
    },
    cutAfter(bytes) {
      weather.limit = bytes;
      for (const relay of relays) relay.limit(bytes);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
