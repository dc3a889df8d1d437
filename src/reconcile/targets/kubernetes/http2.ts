/** Connections to one API server: a few for requests, and others for watches, so that neither waits for the other. */
import { openSession } from './session.ts';
import type { Dial, Session } from './session.ts';
import { reasonOf } from './budget.ts';
import { PlumbError } from '#domain/errors';
import type { Clock } from '#util/clock';

export interface ConnectionsOptions {
  /** Where to and as whom, at this moment. */
  readonly dial: () => Promise<Dial>;
  readonly clock: Clock;
  readonly connectTimeoutMs?: number;
  /** Connections at most; default any number. Who finds no place then waits for one. */
  readonly most?: number;
  /** One is kept open while nothing is asked, so that the next request need not wait for it. */
  readonly keepOne?: boolean;
}

interface Waiter {
  readonly take: (session: Session) => void;
  readonly fail: (error: unknown) => void;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #sessions = new Set<Session>();
  readonly #waiting = new Set<Waiter>();
  #opening = false;
  #closed: PlumbError | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** How many connections are open. */
  get size(): number {
    return this.#sessions.size;
  }

  /** A connection with a place reserved on it, that the caller gives back with `release`. Throws `unavailable`. */
  async acquire(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    const ready = this.#waiting.size === 0 ? this.#ready() : undefined;
    if (ready !== undefined) return ready;
    const { promise, resolve, reject } = Promise.withResolvers<Session>();
    const waiter: Waiter = { take: resolve, fail: reject };
    const leave = (): void => {
      this.#waiting.delete(waiter);
      reject(reasonOf(signal));
    };
    this.#waiting.add(waiter);
    signal.addEventListener('abort', leave, { once: true });
    this.#serve();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Whoever we are now, new streams go over new connections; those that are open stay until they end. */
  renew(): void {
    for (const session of [...this.#sessions]) session.drain();
  }

  /** Ends everything, now and for good. */
  close(error: PlumbError): void {
    this.#closed = error;
    this.#refuse(error);
    for (const session of [...this.#sessions]) session.destroy(error);
    this.#sessions.clear();
  }

  #serve(): void {
    if (this.#closed !== undefined) return this.#refuse(this.#closed);
    for (const session of this.#sessions) this.#fill(session);
    const most = this.#options.most ?? Number.POSITIVE_INFINITY;
    if (this.#waiting.size > 0 && !this.#opening && this.#sessions.size < most) void this.#open();
  }

  #ready(): Session | undefined {
    for (const session of this.#sessions) {
      if (session.free === 0) continue;
      session.reserve();
      return session;
    }
    return undefined;
  }

  #fill(session: Session): void {
    for (const waiter of this.#waiting) {
      if (session.free === 0) return;
      this.#waiting.delete(waiter);
      session.reserve();
      waiter.take(session);
    }
  }

  async #open(): Promise<void> {
    this.#opening = true;
    const { clock, connectTimeoutMs } = this.#options;
    try {
      const session = await openSession({
        dial: await this.#options.dial(),
        clock,
        ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
        changed: (changed) => this.#changed(changed),
        idle: (idle) => this.#idle(idle),
      });
      if (this.#closed !== undefined) return session.destroy(this.#closed);
      if (session.isDraining) throw new PlumbError('unavailable', `API server ${session.authority}: it is going away`);
      this.#sessions.add(session);
      this.#opening = false;
      this.#serve();
    } catch (error) {
      this.#opening = false;
      this.#refuse(error);
    }
  }

  #idle(session: Session): void {
    if (this.#sessions.size > 1 || this.#options.keepOne !== true) session.drain();
  }

  /** A connection that takes no more streams is let go. */
  #changed(session: Session): void {
    if (session.isDraining) {
      const wasOpen = this.#sessions.delete(session);
      if (wasOpen && this.#options.keepOne === true && this.#sessions.size === 0) this.#reopen();
    }
    this.#serve();
  }

  #reopen(): void {
    if (this.#opening || this.#closed !== undefined) return;
    void this.#open();
  }

  #refuse(error: unknown): void {
    for (const waiter of [...this.#waiting]) {
      this.#waiting.delete(waiter);
      waiter.fail(error);
    }
  }
}
