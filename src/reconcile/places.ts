import { parseRules } from './rules.ts';
import type { Rules } from './rules.ts';
import type { SyncName } from './reconciler.ts';
import type { OpenRequest, Place, PlaceIdentity, Target, TargetOptions } from './target.ts';
import { PlumbError } from '#domain/errors';
import type { Fingerprint, SyncSpec } from '#domain/records';
import type { Clock } from '#util/clock';

/** A spec whose target is known and finds nothing wrong with it. */
export interface Resolved {
  readonly target: Target;
  readonly at: string;
  /** Those that are the target's. */
  readonly options: TargetOptions;
  readonly rules: Rules;
  readonly identity: PlaceIdentity;
  /** By which an inventory knows its place. */
  readonly placeKey: string;
}

/** Where targets are found. One that is replaced is another object. */
export interface TargetSource {
  get(name: string): Target | undefined;
}

export interface PlacesOptions {
  readonly targets: TargetSource;
  readonly fingerprint: (sync: SyncName, name: string, value: string) => Fingerprint;
  readonly clock: Clock;
  /** Default 10,000. */
  readonly callTimeoutMs?: number;
  /** The place of a sync may have changed. */
  readonly changed: (name: SyncName) => void;
}

export interface Loan {
  readonly name: SyncName;
  readonly resolved: Resolved;
}

interface Open {
  readonly place: Place;
  readonly resolved: Resolved;
  /** What it was opened with. */
  readonly opened: string;
  readonly stopWatching: (() => void) | undefined;
}

/** The places of all syncs, each opened once, watched where the target can, and asked under a time limit. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #open = new Map<SyncName, Open>();

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** Throws `invalid` when the target is unknown, or `at` or the options do not fit. */
  resolve({ target: targetName, at, options }: Pick<SyncSpec, 'target' | 'at' | 'options'>): Resolved {
    const target = this.#options.targets.get(targetName);
    if (target === undefined) {
      throw new PlumbError('invalid', `there is no target ${targetName}`, {
        hint: "targets are declared in the server's configuration",
      });
    }
    const { rules, rest } = parseRules(options);
    target.check(at, rest);
    const identity = target.identity(at, rest);
    const claims = identity.claims.map((claim) => ({ ...claim, place: `${target.type}:${claim.place}` }));
    const placeKey = JSON.stringify([target.type, identity.id]);
    return { target, at, options: rest, rules, identity: { ...identity, claims }, placeKey };
  }

  /** The sync's place, kept open and watched until its spec wants another one. */
  async at(name: SyncName, resolved: Resolved, signal: AbortSignal): Promise<Place> {
    const known = this.#open.get(name);
    if (known?.resolved === resolved) return known.place;
    const opened = JSON.stringify([resolved.placeKey, resolved.options]);
    if (known?.opened === opened && known.resolved.target === resolved.target) return known.place;
    await this.release(name);
    const place = await this.#openOne(name, resolved, signal);
    const stopWatching = place.watch?.(() => this.#options.changed(name));
    this.#open.set(name, { place, resolved, opened, stopWatching });
    return place;
  }

  /** Lends a place to `use` only, for a sync that does not exist (yet), or to look without the loop. */
  async borrow<T>(loan: Loan, signal: AbortSignal, use: (place: Place) => Promise<T>): Promise<T> {
    const place = await this.#openOne(loan.name, loan.resolved, signal);
    try {
      return await use(place);
    } finally {
      await place.close();
    }
  }

  async release(name: SyncName): Promise<void> {
    const open = this.#open.get(name);
    if (open === undefined) return;
    this.#open.delete(name);
    open.stopWatching?.();
    await open.place.close();
  }

  async close(): Promise<void> {
    for (const name of [...this.#open.keys()]) await this.release(name);
  }

  /** Makes one call to a target; throws `unavailable` when it takes too long or `signal` aborts, `conflict` where it throws `corrupt`. */
  async ask<T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>, patienceMs?: number): Promise<T> {
    const ms = patienceMs ?? this.#options.callTimeoutMs ?? 10_000;
    const limit = new AbortController();
    const { promise: ended, reject } = Promise.withResolvers<never>();
    ended.catch(() => undefined);
    const end = (message: string): void => {
      const error = new PlumbError('unavailable', message);
      reject(error);
      limit.abort(error);
    };
    const stop = (): void => end('the target was not waited for: the loop stops');
    const timer = this.#options.clock.timer(ms, () => end(`the target did not answer within ${ms} ms`));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      return await Promise.race([ended, call(limit.signal)]);
    } catch (error) {
      throw ofOthers(error);
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', stop);
    }
  }

  /** One that opens after it was given up is closed again. */
  async #openOne(name: SyncName, { target, at, options }: Resolved, signal: AbortSignal): Promise<Place> {
    const fingerprint: OpenRequest['fingerprint'] = (key, value) => this.#options.fingerprint(name, key, value);
    return await this.ask(signal, async (limit) => {
      const place = await target.open({ sync: name, at, options, fingerprint });
      if (limit.aborted) await place.close();
      return place;
    });
  }
}

/** A place that others damaged is theirs to mend: no fault of this server, whose own bytes `corrupt` is about. */
function ofOthers(error: unknown): unknown {
  if (!(error instanceof PlumbError) || error.code !== 'corrupt') return error;
  const { message, hint, details, diagnostics, cause } = error;
  return new PlumbError('conflict', message, { details, diagnostics, cause, ...(hint === undefined ? {} : { hint }) });
}
