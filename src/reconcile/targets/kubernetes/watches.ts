import type { ApiObject, Selection } from './cluster.ts';
import { describe } from './errors.ts';
import { NotSent, openStream } from './exchange.ts';
import type { StreamEvents } from './exchange.ts';
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
  /** Nothing more is told. */
  isOver: boolean;
  readonly lines: Lines;
  readonly event: (event: WatchEvent) => void;
  readonly giveUp: (error: Error) => void;
}

/** An answer that is no stream of events. */
interface Refusal {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
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
  #sweptAt = 0;

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

  /** Opens one, and resolves with what came instead of events, if it was refused. */
  #run(request: WatchRequest, start: (events: StreamEvents) => () => void): Promise<Refusal> {
    const { signal, opened, event } = request;
    const { clock, server } = this.#link;
    const { promise, resolve, reject } = Promise.withResolvers<Refusal>();
    const told = { status: 0, retryAfter: undefined as string | undefined, body: '' };
    const open: Open = {
      heardAt: clock.monotonic(),
      isOver: false,
      lines: new Lines(this.#limits.maxBytes),
      event,
      giveUp: (error) => {
        open.isOver = true;
        reject(error);
        cancel();
      },
    };
    const late = clock.timer(answerTimeoutMs, () => open.giveUp(slow(request)));
    const abort = (): void => open.giveUp(reasonOf(signal));
    signal.addEventListener('abort', abort, { once: true });
    const cancel = start({
      answered: (status, headers) => {
        late.cancel();
        told.status = status;
        told.retryAfter = headers['retry-after'];
        if (status === 200 && !open.isOver) this.#follow(open, opened);
      },
      data: (chunk) => {
        open.heardAt = clock.monotonic();
        if (told.status === 200) deliver(chunk, open);
        else if (told.body.length < maxFaultBytes) told.body += chunk.toString();
      },
      ended: (error) => {
        late.cancel();
        this.#open.delete(open);
        signal.removeEventListener('abort', abort);
        if (error === undefined) resolve(told);
        else reject(error instanceof NotSent ? lost(server) : error);
      },
    });
    return promise;
  }

  #follow(open: Open, opened: () => void): void {
    this.#open.add(open);
    if (this.#sweeper === undefined) {
      this.#sweptAt = this.#link.clock.monotonic();
      this.#sweeper = this.#link.clock.timer(sweepEveryMs, () => this.#sweep());
    }
    opened();
  }

  #sweep(): void {
    const { clock, server } = this.#link;
    const now = clock.monotonic();
    // Where it was us who slept, what was sent meanwhile was not read yet.
    const hasSlept = now - this.#sweptAt > 2 * sweepEveryMs;
    this.#sweptAt = now;
    for (const open of hasSlept ? [] : [...this.#open]) {
      if (open.heardAt > now - this.#limits.silenceMs) continue;
      this.#open.delete(open);
      open.giveUp(new PlumbError('unavailable', `API server ${server}: a watch has gone silent`));
    }
    this.#sweeper = this.#open.size === 0 ? undefined : clock.timer(sweepEveryMs, () => this.#sweep());
  }
}

function deliver(chunk: Buffer, open: Open): void {
  try {
    for (const line of open.isOver ? [] : open.lines.push(chunk)) {
      if (open.isOver) return;
      open.event(eventOf(line));
    }
  } catch (error) {
    open.giveUp(error instanceof Error ? error : new PlumbError('unavailable', 'the watch cannot be understood'));
  }
}

function slow({ selection }: WatchRequest): PlumbError {
  const what = describe({ verb: 'watch', ...selection });
  return new PlumbError('unavailable', `${what}: no answer within ${answerTimeoutMs} ms`);
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
