import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** On the socket itself: a look into a map by each request is felt. */
const watchedOf = Symbol('watched');

type WatchedSocket = Socket & { [watchedOf]?: Watched };

interface Watched {
  response: ServerResponse;
  /** Bytes that had come at the last look. */
  bytes: number;
  /** Looks in a row at which nothing was going on. */
  looks: number;
}

/** Looks in the time that a connection may be idle: it ends at most one look late. */
const looksPerTimeout = 5;

/**
 * Ends kept-alive connections on which nothing happens for `idleMs`, up to a fifth more. Node's own time-out sets and
 * clears a timer for each request, which is a twentieth of what a read costs in all. A connection that has not sent a
 * whole request yet is not idle: the time-outs of headers and requests are for it.
 */
export class IdleConnections {
  readonly #sockets = new Set<WatchedSocket>();
  readonly #timer: NodeJS.Timeout;

  constructor(idleMs: number) {
    this.#timer = setInterval(() => this.#look(), Math.max(1, Math.ceil(idleMs / looksPerTimeout)));
    this.#timer.unref();
  }

  /** The listener, noting what it is given. */
  around(handle: RequestListener): RequestListener {
    return (request, response) => {
      const socket: WatchedSocket = request.socket;
      const watched = socket[watchedOf];
      if (watched === undefined) this.#add(socket, response);
      else watched.response = response;
      handle(request, response);
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#sockets.clear();
  }

  #add(socket: WatchedSocket, response: ServerResponse): void {
    socket[watchedOf] = { response, bytes: socket.bytesRead, looks: 0 };
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #look(): void {
    for (const socket of this.#sockets) {
      const watched = socket[watchedOf];
      if (watched === undefined) continue;
      const { bytesRead } = socket;
      const isAtRest = watched.response.writableFinished && bytesRead === watched.bytes;
      watched.bytes = bytesRead;
      watched.looks = isAtRest ? watched.looks + 1 : 0;
      if (watched.looks >= looksPerTimeout) socket.destroy();
    }
  }
}
