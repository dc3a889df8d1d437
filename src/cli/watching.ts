/** What stands behind `--watch`: look, show, and look again whenever something may have become another. */
import type { Client } from '@plumbd/client';
import type { WatchFlags } from './command.ts';
import { isFailure } from './failures.ts';
import type { CliIo } from './io.ts';
import type { PlaceFlags, Session } from './session.ts';

/** One thing that is looked at again and again. */
export interface Watched<T> {
  readonly look: (client: Client) => Promise<T>;
  /** The same text as before: it is not shown again. */
  readonly mark: (found: T) => string;
  readonly show: (found: T, isFirst: boolean) => void;
  /**
   * First segments of the paths that it depends on; `undefined`: any. A reference may reach into another project, and what
   * it finds there by inheritance is in that project too.
   */
  readonly projects: (found: T) => Iterable<string> | undefined;
}

/** Ends without an error when interrupted, or after `count` times. Throws what the first look throws, and later what is refused. */
export async function follow<T>(session: Session, flags: PlaceFlags & WatchFlags, watched: Watched<T>): Promise<void> {
  const { io } = session;
  const stop = new AbortController();
  const release = io.onSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], () => stop.abort());
  try {
    const client = await session.connect(flags);
    const projects = new Projects();
    const matters = (path: string): boolean => projects.has(path);
    let mark: string | undefined;
    let seen = 0;
    for await (const _ of moments({ client, io, signal: stop.signal, matters })) {
      const found = await settled(session, { ...watched, client, isFirst: mark === undefined, signal: stop.signal });
      if (found === undefined) return;
      projects.become('value' in found ? watched.projects(found.value) : undefined);
      const now = 'value' in found ? `=${watched.mark(found.value)}` : `!${found.problem}`;
      if (now === mark) continue;
      if ('value' in found) watched.show(found.value, mark === undefined);
      else session.note('warning', found.problem);
      mark = now;
      if ('value' in found && (seen += 1) >= (flags.count ?? Infinity)) stop.abort();
    }
  } finally {
    stop.abort();
    release();
  }
}

/** Those whose changes matter. */
class Projects {
  #names: ReadonlySet<string> | undefined;

  has(path: string): boolean {
    return this.#names === undefined || this.#names.has(firstSegment(path));
  }

  become(names: Iterable<string> | undefined): void {
    this.#names = names === undefined ? undefined : new Set(names);
  }
}

export function firstSegment(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? path : path.slice(0, slash);
}

export interface Looking<T> extends Pick<Watched<T>, 'look'> {
  readonly client: Client;
  readonly isFirst: boolean;
  readonly signal: AbortSignal;
}

const retryMs = 1000;

/** What is found; or what is in the way as long as that may end by a change. `undefined`: interrupted. */
export async function settled<T>(
  { io }: Pick<Session, 'io'>,
  { client, isFirst, signal, look }: Looking<T>,
): Promise<{ readonly value: T } | { readonly problem: string } | undefined> {
  while (!signal.aborted) {
    try {
      return { value: await look(client) };
    } catch (error) {
      if (isFirst || !isFailure(error)) throw error;
      if (['not-found', 'unevaluable'].includes(error.code)) return { problem: error.message };
      if (!['unavailable', 'sealed', 'rate-limited'].includes(error.code)) throw error;
    }
    await io.wait(retryMs, signal);
  }
  return undefined;
}

/** What {@link moments} needs. */
export interface MomentsOptions {
  readonly client: Client;
  readonly io: Pick<CliIo, 'wait'>;
  readonly signal: AbortSignal;
  readonly matters: (path: string) => boolean;
  /** How long after a change others are waited for, in milliseconds. Default 50. */
  readonly settleMs?: number;
}

/**
 * At once, and then whenever something that matters was changed; changes that come together are one moment. What is no
 * change of an entry (an environment extends another one now) is noticed within 15 seconds, by the bookmarks of the
 * stream. Goes on by itself after a broken connection. Ends when the signal aborts.
 */
export async function* moments(options: MomentsOptions): AsyncGenerator<void> {
  const { client, io, signal, matters, settleMs = 50 } = options;
  const bell = new Bell();
  const listening = listen(client, { signal, matters, ring: () => bell.ring() }).then(
    () => bell.end(),
    (error: unknown) => bell.end(error instanceof Error ? error : new Error('not followed', { cause: error })),
  );
  for (let isFirst = true; await bell.rung(); isFirst = false) {
    if (!isFirst) await io.wait(settleMs, signal);
    bell.quiet();
    yield;
    if (signal.aborted) break;
  }
  await listening;
}

async function listen(
  client: Client,
  { signal, matters, ring }: Pick<MomentsOptions, 'signal' | 'matters'> & { readonly ring: () => void },
): Promise<void> {
  let known = -1;
  for await (const event of client.changes.watch({}, { signal })) {
    // Revisions that no event was of: records, and what the caller may not see.
    const hasSkipped = event.revision > known + (event.type === 'change' ? 1 : 0);
    known = Math.max(known, event.revision);
    if (hasSkipped || (event.type === 'change' && event.entries.some(({ path }) => matters(path)))) ring();
  }
}

/** Rings once, however often it was rung. */
class Bell {
  #isRung = false;
  #ended: { readonly error?: Error } | undefined;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  quiet(): void {
    this.#isRung = false;
  }

  end(error?: Error): void {
    this.#ended = error === undefined ? {} : { error };
    this.#wake?.();
  }

  /** False: it will ring no more. Throws what it was ended with. */
  async rung(): Promise<boolean> {
    while (!this.#isRung && this.#ended === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#ended?.error !== undefined) throw this.#ended.error;
    return this.#ended === undefined;
  }
}
