import type { ApiObject, Selection } from './cluster.ts';
import { describe } from './errors.ts';
import { NotSent, openStream } from './exchange.ts';
import type { Connections } from './http2.ts';
import { Lines } from './lines.ts';
import { reasonOf } from './budget.ts';
import { authorization, connected, faultIn, lost, paid, pauseIn } from './requests.ts';
import type { Link } from './requests.ts';
import { narrowing, pathOf } from './resources.ts';
import { PlumbError } from '#domain/errors';
import type { Timer } from '#util/clock';

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: ApiObject }
  | { readonly type: 'ERROR'; readonly object: { readonly code?: number } };

export interface WatchRequest {
  readonly selection: Selection;
  /** Beside what the selection says. */
  readonly query: Readonly<Record<string, string>>;
  /** It takes up where one ended as planned: costs nothing. */
  readonly isRenewal: boolean;
  readonly signal: AbortSignal;
  /** The server has accepted it. */
  readonly opened: () => void;
  /** A throw breaks the stream. */
  readonly event: (event: WatchEvent) => void;
}

/** The server does not know the asked for start of a watch: `code` is that of its answer. */
export class WatchRefused extends Error {
  readonly status: number;
  readonly fault: PlumbError;

  constructor(status: number, fault: PlumbError) {
    super(fault.message);
    this.status = status;
    this.fault = fault;
  }
}

interface Open {
  heardAt: number;
  readonly giveUp: (error: Error) => void;
}

const sweepEveryMs = 10_000;
/** Until the server accepts a watch. */
const answerTimeoutMs = 15_000;
const maxFaultBytes = 65_536;

/** Watch streams: opens one at a time for whoever asks, and ends those that have gone silent. */
export class Watches {
  readonly #link: Link;
  readonly #connections: Connections;
  readonly #limits: { readonly silenceMs: number; readonly maxBytes: number };
  readonly #open = new Set<Open>();
  #sweeper: Timer | undefined;

  /** `silenceMs`: a stream without even a bookmark for so long is broken. */
  constructor(link: Link, connections: Connections, limits: { readonly silenceMs: number; readonly maxBytes: number }) {
    this.#link = link;
    this.#connections = connections;
    this.#limits = limits;
  }

  /** Resolves when the server ended it as planned. Throws {@link WatchRefused}, `unavailable`, or what `event` threw. */
  async watch(request: WatchRequest): Promise<void> {
    const link = this.#link;
    const { signal, isRenewal, selection } = request;
    if (isRenewal) link.circuit.check();
    else await paid(link, 'drift', signal);
    const credential = await link.credentials.current();
    const session = await connected(link, this.#connections, signal);
    const query = narrowing(selection);
    for (const [name, value] of Object.entries(request.query)) query.set(name, value);
    const path = `${link.prefix}${pathOf({ ...selection, name: undefined }, query)}`;
    link.count(`watch ${selection.resource.plural}`);
    const { status, retryAfter, body } = await this.#run(request, (events) =>
      openStream(session, { method: 'GET', path, headers: authorization(credential) }, events),
    );
    if (status === 200) return;
    if (status === 401) link.credentials.expire(credential);
    const waitMs = pauseIn({ status, headers: { 'retry-after': retryAfter } }, link.clock.now());
    if (waitMs !== undefined) link.budget.pause(waitMs);
    const asked = { verb: 'watch', ...selection };
    throw new WatchRefused(status, faultIn({ status, body }, asked, { credential, now: link.clock.now(), waitMs }));
  }

  stop(): void {
    this.#sweeper?.cancel();
    this.#sweeper = undefined;
  }

  #run(
    { signal, opened, event, selection }: WatchRequest,
    start: (events: Parameters<typeof openStream>[2]) => () => void,
  ): Promise<{ readonly status: number; readonly retryAfter: string | undefined; readonly body: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number;
      retryAfter: string | undefined;
      body: string;
    }>();
    const { clock, server } = this.#link;
    const lines = new Lines(this.#limits.maxBytes);
    const answer: { status: number; retryAfter: string | undefined; body: string } = {
      status: 0,
      retryAfter: undefined,
      body: '',
    };
    let isOver = false;
    const giveUp = (error: Error): void => {
      isOver = true;
      reject(error);
      cancel();
    };
    const what = describe({ verb: 'watch', ...selection });
    const open: Open = { heardAt: clock.monotonic(), giveUp };
    const late = clock.timer(answerTimeoutMs, () =>
      giveUp(new PlumbError('unavailable', `${what}: no answer within ${answerTimeoutMs} ms`)),
    );
    const abort = (): void => giveUp(reasonOf(signal));
    signal.addEventListener('abort', abort, { once: true });
    const cancel = start({
      answered: (status, headers) => {
        late.cancel();
        answer.status = status;
        answer.retryAfter = headers['retry-after'];
        if (status === 200 && !isOver) this.#follow(open, opened);
      },
      data: (chunk) => {
        open.heardAt = clock.monotonic();
        if (isOver) return;
        if (answer.status !== 200) answer.body += answer.body.length < maxFaultBytes ? chunk.toString() : '';
        else deliver(chunk, { lines, event, giveUp, isOver: () => isOver });
      },
      ended: (error) => {
        late.cancel();
        this.#open.delete(open);
        signal.removeEventListener('abort', abort);
        if (error === undefined) resolve(answer);
        else reject(error instanceof NotSent ? lost(server) : error);
      },
    });
    return promise;
  }

  #follow(open: Open, opened: () => void): void {
    this.#open.add(open);
    this.#sweeper ??= this.#link.clock.timer(sweepEveryMs, () => this.#sweep());
    opened();
  }

  #sweep(): void {
    const before = this.#link.clock.monotonic() - this.#limits.silenceMs;
    for (const open of [...this.#open]) {
      if (open.heardAt > before) continue;
      this.#open.delete(open);
      open.giveUp(new PlumbError('unavailable', `API server ${this.#link.server}: a watch has gone silent`));
    }
    this.#sweeper = this.#open.size === 0 ? undefined : this.#link.clock.timer(sweepEveryMs, () => this.#sweep());
  }
}

interface Receiver {
  readonly lines: Lines;
  readonly event: (event: WatchEvent) => void;
  readonly giveUp: (error: Error) => void;
  readonly isOver: () => boolean;
}

function deliver(chunk: Buffer, { lines, event, giveUp, isOver }: Receiver): void {
  try {
    for (const line of lines.push(chunk)) {
      if (isOver()) return;
      event(eventOf(line));
    }
  } catch (error) {
    giveUp(error instanceof Error ? error : new PlumbError('unavailable', 'the watch cannot be understood'));
  }
}

/** Throws without a word of the line, which may hold values. */
function eventOf(line: string): WatchEvent {
  try {
    const event = JSON.parse(line) as WatchEvent;
    if (typeof event.type === 'string' && typeof event.object === 'object') return event;
  } catch {
    // Said below.
  }
  throw new PlumbError('unavailable', 'the watch cannot be understood: an event is not JSON as expected');
}
