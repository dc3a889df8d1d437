/** What the server says, or said last: the agent's side of one address and one token. */
import { PlumbApiError } from '@plumbd/client';
import type { Client, EvaluatedFolder } from '@plumbd/client';
import { mayFallBack } from '@plumbd/client/cache';
import type { Cache } from '@plumbd/client/cache';
import { PlumbError } from '#domain/errors';
import type { Clock, Random } from '#util/clock';

/** The part of a client that is used. */
export type UpstreamClient = {
  readonly entries: Pick<Client['entries'], 'evaluate' | 'history'>;
};

export interface UpstreamOptions {
  readonly client: UpstreamClient;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when it is another one. */
  readonly reached?: (state: Reachability['state']) => void;
}

/** Why nothing is delivered although somebody answered. */
export interface Refused {
  readonly kind: 'refused';
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
}

export type Answer =
  | Refused
  | {
      readonly kind: 'values';
      readonly folder: EvaluatedFolder;
      readonly from: 'server' | 'cache';
      /** Milliseconds since the epoch, when the server said so. */
      readonly asOf: number;
    };

/** Whether the server answers, for the status. */
export interface Reachability {
  readonly state: 'unknown' | 'answers' | 'away';
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** After a failure the server is left alone for a second, doubling up to half a minute, ± 20 %: what is kept answers meanwhile. */
const backoff = { firstMs: 1000, mostMs: 30_000 } as const;
/** A copy of the same values is sealed anew after so long, so that its age tells when they were last known to be right. */
const refreshMs = 3_600_000;

export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #saved = new Map<string, { readonly text: string; readonly at: number }>();
  #reach: Reachability;
  #failures = 0;
  /** Monotonic. */
  #leftAloneUntil = 0;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#reach = { state: 'unknown', since: options.clock.now() };
  }

  get reachability(): Reachability {
    return this.#reach;
  }

  /** The server was heard of: it is asked again. */
  isBack(): void {
    this.#failures = 0;
    this.#leftAloneUntil = 0;
    this.#reached('answers');
  }

  /**
   * The values of a folder, from the server, or from what is kept of it while nobody answers; never from there when somebody
   * refuses. Throws `unavailable` when nobody answers and nothing (that is young enough) is kept, `corrupt` when that was altered.
   */
  async evaluate(folder: string): Promise<Answer> {
    const { client, clock } = this.#options;
    if (clock.monotonic() < this.#leftAloneUntil) return await this.#kept(folder);
    try {
      const found = await client.entries.evaluate({ folder });
      this.isBack();
      return { kind: 'values', folder: found, from: 'server', asOf: clock.now() };
    } catch (error) {
      if (mayFallBack(error)) return await this.#fallBack(folder);
      const refused = refusalOf(error);
      if (refused === undefined) throw passing(error);
      // Whoever may not read it any more does not get it from here either.
      if (refused.reason === 'Forbidden' || refused.reason === 'NotFound') await this.forget(folder);
      return refused;
    }
  }

  /** Keeps what the server answered. A copy that cannot be written is none: what is there is delivered all the same. */
  async keep(folder: EvaluatedFolder): Promise<unknown> {
    const { cache, clock } = this.#options;
    const text = folder.entries.map(({ path, etag }) => `${path} ${etag}`).join('\n');
    const known = this.#saved.get(folder.folder);
    if (known?.text === text && clock.monotonic() - known.at < refreshMs) return undefined;
    try {
      await cache.save(folder);
      this.#saved.set(folder.folder, { text, at: clock.monotonic() });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Ends what is kept of a folder. */
  async forget(folder: string): Promise<void> {
    this.#saved.delete(folder);
    await this.#options.cache.forget(folder).catch(() => undefined);
  }

  /** Whether the newest version at the path is one that ended it. Throws `unavailable` when nobody answers. */
  async isEnded(path: string): Promise<boolean> {
    try {
      const { versions } = await this.#options.client.entries.history({ path, limit: 1 });
      return versions[0] !== undefined && versions[0].state !== 'present';
    } catch (error) {
      if (error instanceof PlumbApiError && ['not-found', 'forbidden'].includes(error.code)) return false;
      throw passing(error);
    }
  }

  async #fallBack(folder: string): Promise<Answer> {
    const { clock, random } = this.#options;
    const ms = Math.min(backoff.mostMs, backoff.firstMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#leftAloneUntil = clock.monotonic() + ms * (0.8 + 0.4 * random.next());
    this.#reached('away');
    return await this.#kept(folder);
  }

  async #kept(folder: string): Promise<Answer> {
    const kept = await this.#load(folder);
    if (kept === undefined) {
      throw new PlumbError('unavailable', `the server does not answer, and nothing young enough is kept of ${folder}`);
    }
    return { kind: 'values', folder: kept.value, from: 'cache', asOf: kept.savedAt };
  }

  async #load(folder: string): ReturnType<Cache['load']> {
    try {
      return await this.#options.cache.load(folder);
    } catch (cause) {
      if (!(cause instanceof PlumbApiError)) throw cause;
      throw new PlumbError('corrupt', `the server does not answer, and what is kept of ${folder} was altered`, {
        cause,
      });
    }
  }

  #reached(state: 'answers' | 'away'): void {
    if (this.#reach.state === state) return;
    this.#reach = { state, since: this.#options.clock.now() };
    this.#options.reached?.(state);
  }
}

/** The newest revision that anything in the folder depends on. */
export function newestOf({ entries }: EvaluatedFolder): number {
  let newest = 0;
  for (const { revision, origin } of entries) {
    newest = Math.max(newest, revision, ...origin.map((each) => each.revision));
  }
  return newest;
}

/** What is not going to be otherwise by asking again soon; `undefined`: it may be. */
export function refusalOf(error: unknown): Refused | undefined {
  if (!(error instanceof PlumbApiError)) return undefined;
  const { code, status, message, cause } = error;
  if (cause instanceof PlumbError) return refusedAs(cause.code, cause.message);
  if (status === 0 && code === 'unavailable') {
    const found = causeCode(cause);
    return refusedAs('untrusted', `the connection to the server cannot be used or trusted (${found})`);
  }
  const passes = ['unavailable', 'rate-limited', 'sealed', 'internal'].includes(code);
  return passes ? undefined : refusedAs(code, message);
}

function refusedAs(code: string, message: string): Refused {
  return {
    kind: 'refused',
    reason: code.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase()),
    message,
  };
}

/** A code of the system or of TLS; never a text, which may be anything. */
function causeCode(error: unknown): string {
  let deepest = error;
  for (let depth = 0; depth < 8 && deepest instanceof Error && deepest.cause !== undefined; depth += 1)
    deepest = deepest.cause;
  const code = deepest instanceof Error && 'code' in deepest ? deepest.code : undefined;
  return typeof code === 'string' ? code : 'unknown fault';
}

function passing(error: unknown): unknown {
  if (!(error instanceof PlumbApiError)) return error;
  return new PlumbError('unavailable', error.message, { cause: error });
}
