import { Worker } from 'node:worker_threads';
import { PlumbError } from '#domain/errors';
import { brokenFailure, fromFailure } from './failure.ts';
import type { FromThread, OpenRequest, Operation, Operations, Reply, Request } from './messages.ts';
import { pack } from './packing.ts';

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The thread as its driver sees it: one promise per request. Keeps the process alive only while one is open. */
export class Thread {
  readonly #worker: Worker;
  /**
   * By ticket; a ticket that was answered is given again. No `Map`: each time one has filled up V8 makes the next, and
   * leaves a pointer to it in the last. One such that grew old would keep whatever was pending since, with all that hangs
   * on it, until the whole heap is swept.
   */
  readonly #pending: (Pending | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #opening = Promise.withResolvers<void>();
  readonly #exited: Promise<void>;
  #outbox: Request[] = [];
  #syncs = 0;
  #closing = false;
  /** Why nothing is answered any more: the thread died or was closed. */
  #ended: PlumbError | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: FromThread) => this.#receive(message));
    worker.on('error', (cause) => this.#end(cause));
    this.#exited = new Promise((resolve) => {
      worker.on('exit', () => {
        this.#end(new Error('the thread of the store ended'));
        resolve();
      });
    });
  }

  /** Starts the thread and waits until its database is open. Rejects with what the database was refused for. */
  static async start(entry: URL, options: OpenRequest): Promise<Thread> {
    const thread = new Thread(new Worker(entry, { workerData: options, name: 'plumb-store', env: {}, execArgv: [] }));
    try {
      await thread.#opening.promise;
      return thread;
    } catch (error) {
      await thread.#exited;
      throw error;
    }
  }

  /** As told with the answers so far. */
  get syncs(): number {
    return this.#syncs;
  }

  /** Sent together with all others of the same turn of the event loop. */
  request<Op extends Operation>(op: Op, request: Operations[Op]['request']): Promise<Operations[Op]['answer']> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const ticket = this.#free.pop() ?? this.#pending.length;
    return new Promise((resolve, reject) => {
      this.#pending[ticket] = { resolve: resolve as Pending['resolve'], reject };
      if (this.#open === 1) this.#worker.ref();
      this.#outbox.push({ ticket, op, ...request } as unknown as Request);
      if (this.#outbox.length === 1) queueMicrotask(() => this.#send());
    });
  }

  /** Waits for the answers that are open, then for the end of the thread. A thread that has died is closed already. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#worker.ref();
    if (this.#ended === undefined) await this.request('close', {});
    await this.#exited;
  }

  /** How many are pending. */
  get #open(): number {
    return this.#pending.length - this.#free.length;
  }

  #send(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    const { packed, transfer } = pack(requests);
    this.#worker.postMessage(packed, transfer);
  }

  #receive(message: FromThread): void {
    if (message.kind === 'refused') return this.#opening.reject(fromFailure(message.failure));
    if (message.kind === 'opened') {
      this.#worker.unref();
      return this.#opening.resolve();
    }
    this.#syncs += message.syncs;
    for (const reply of message.replies) this.#settle(reply);
    if (this.#open === 0 && !this.#closing) this.#worker.unref();
  }

  #settle(reply: Reply): void {
    const pending = this.#pending[reply.ticket];
    this.#pending[reply.ticket] = undefined;
    this.#free.push(reply.ticket);
    if ('failure' in reply) pending?.reject(fromFailure(reply.failure));
    else pending?.resolve(reply.answer);
  }

  #end(cause: unknown): void {
    this.#ended ??= brokenFailure(cause);
    this.#opening.reject(this.#ended);
    const open = this.#pending.splice(0);
    this.#free.length = 0;
    const unknown = new PlumbError('unknown', 'the thread of the store ended while it was at work', { cause });
    for (const pending of open) pending?.reject(unknown);
  }
}
