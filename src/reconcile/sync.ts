import { Claims } from './claims.ts';
import { Deliveries } from './delivery.ts';
import { look, rivalsOf } from './look.ts';
import type { Look, Run } from './look.ts';
import { defaultOscillation } from './oscillation.ts';
import type { OscillationLimits } from './oscillation.ts';
import type { Places, Resolved } from './places.ts';
import type { Lane, Outcome, Reconciler, SyncSource, SyncName } from './reconciler.ts';
import type { Finding } from './status.ts';
import { unseen } from './verdict.ts';
import { PlumbError } from '#domain/errors';
import type { SyncSpec, SyncStatus } from '#domain/records';
import type { Clock } from '#util/clock';

export interface SyncReconcilerOptions {
  readonly syncs: SyncSource;
  readonly places: Places;
  readonly clock: Clock;
  /** Default: {@link defaultOscillation}. */
  readonly oscillation?: OscillationLimits;
  /** Called after a status that is news was saved. */
  readonly saved?: (name: SyncName, status: SyncStatus) => void;
}

/** What the last completed run left, so that an unchanged world need not be worked out again. */
interface Memo {
  readonly spec: SyncSpec;
  readonly resolved: Resolved;
  /** The source's, of what was wished. */
  readonly wishMark: number | undefined;
  /** The place's, of what was left there. */
  readonly mark: string | null;
  /** Looks at the marks alone since then. */
  glances: number;
}
/** After so many looks at rest one reads everything again, in case a mark is wrong. */
const fullEvery = 10;
/** Plans in one run when somebody else keeps writing in between. */
const attempts = 3;

/**
 * The reconciler of syncs: reads spec, wish, inventory and place, and makes them agree. Runs of one sync come
 * one after the other, those that a person asks for included.
 */
export class SyncReconciler implements Reconciler {
  readonly #syncs: SyncSource;
  readonly #places: Places;
  readonly #claims = new Claims();
  readonly #deliveries: Deliveries;
  readonly #memos = new Map<SyncName, Memo>();
  readonly #turns = new Map<SyncName, Promise<unknown>>();

  constructor({ oscillation = defaultOscillation, saved = () => undefined, ...options }: SyncReconcilerOptions) {
    this.#syncs = options.syncs;
    this.#places = options.places;
    this.#deliveries = new Deliveries({ ...options, oscillation, saved });
  }

  /** Notes where the sync writes now. Answers the syncs that must be looked at again because of it. */
  claim(name: SyncName): readonly SyncName[] {
    const spec = this.#syncs.spec(name);
    const resolved = spec === undefined || spec.mode === 'paused' ? undefined : this.#resolve(spec);
    return this.#claims.set(name, resolved instanceof PlumbError ? undefined : resolved?.identity);
  }

  reconcile(name: SyncName, lane: Lane, signal: AbortSignal): Promise<Outcome> {
    return this.#inTurn(name, async () => {
      const spec = this.#syncs.spec(name);
      try {
        if (spec === undefined) await this.#forget(name);
        else await this.#visit({ name, spec, signal, person: false }, lane);
        return { kind: 'done' };
      } catch (error) {
        this.#memos.delete(name);
        if (spec !== undefined && !signal.aborted) await this.#deliveries.conclude(name, failure(spec, error));
        return { kind: 'error', error, terminal: false };
      }
    });
  }

  /**
   * Carries the plan out now, also against the mode, the brake and a fight, and answers what was found before.
   * Throws `not-found`, `conflict` when the sync is paused, `invalid`, and what the target throws.
   */
  apply(name: SyncName, signal: AbortSignal): Promise<Look> {
    return this.#inTurn(name, async () => {
      const spec = this.#specOf(name);
      if (spec.mode === 'paused') {
        throw new PlumbError('conflict', `the sync ${name} is paused`, { hint: 'give it another mode first' });
      }
      this.#deliveries.forgive(name);
      return await this.#carryOut({ name, spec, resolved: this.#places.resolve(spec), signal, person: true });
    });
  }

  /** Reads and compares; changes nothing. With `supposed`: as if the sync were that. Throws as `apply` does. */
  async look(name: SyncName, supposed: SyncSpec | undefined, signal: AbortSignal): Promise<Look> {
    const spec = supposed ?? this.#specOf(name);
    const resolved = this.#places.resolve(spec);
    const run: Run = { name, spec, resolved, signal, person: true };
    const rivals = rivalsOf(this.#claims, run);
    if (rivals !== undefined) return rivals;
    const parts = { syncs: this.#syncs, places: this.#places };
    return await this.#places.borrow(resolved, signal, (place) => look(parts, run, place, supposed));
  }

  async #visit(run: Omit<Run, 'resolved'>, lane: Lane): Promise<void> {
    const { name, spec } = run;
    const { generation } = spec;
    if (spec.mode === 'paused') {
      await this.#forget(name);
      await this.#deliveries.conclude(name, { generation, conditions: unseen('Paused', 'AskedFor', '') });
      return;
    }
    if (lane !== 'user' && (await this.#isAtRest(run))) return;
    const resolved = this.#resolve(spec);
    if (resolved instanceof PlumbError) {
      const conditions = unseen('Stalled', 'InvalidSpec', resolved.message);
      await this.#deliveries.conclude(name, { generation, conditions });
      return;
    }
    await this.#carryOut({ ...run, resolved });
  }

  /** Reads, plans and acts, again when somebody else wrote in between. */
  async #carryOut(run: Run): Promise<Look> {
    const { name, spec, resolved, signal } = run;
    this.#memos.delete(name);
    const place = await this.#places.at(name, resolved, signal);
    for (let attempt = 1; ; attempt += 1) {
      const wishMark = this.#syncs.wishMark?.(name);
      const found =
        rivalsOf(this.#claims, run) ?? (await look({ syncs: this.#syncs, places: this.#places }, run, place));
      try {
        const mark = await this.#deliveries.act(run, place, found);
        if (found.kind === 'drafted') this.#memos.set(name, { spec, resolved, wishMark, mark, glances: 0 });
        return found;
      } catch (error) {
        const again = error instanceof PlumbError && error.code === 'mismatch' && attempt < attempts;
        if (!again) throw error;
      }
    }
  }

  /** Whether the marks alone say that nothing happened, neither to the wish nor in the place. */
  async #isAtRest({ name, spec, signal }: Omit<Run, 'resolved'>): Promise<boolean> {
    const memo = this.#memos.get(name);
    // A spec keeps its identity until it changes.
    if (memo?.spec !== spec || memo.glances >= fullEvery || !this.#isWishedStill(name, memo)) return false;
    if (this.#claims.rivals(name, memo.resolved.identity).length > 0) return false;
    memo.glances += 1;
    const place = await this.#places.at(name, memo.resolved, signal);
    return (await this.#places.ask(signal, (limit) => place.mark(limit))) === memo.mark;
  }

  #isWishedStill(name: SyncName, { wishMark }: Memo): boolean {
    if (this.#syncs.wishMark === undefined) return true;
    return wishMark !== undefined && this.#syncs.wishMark(name) === wishMark;
  }

  #specOf(name: SyncName): SyncSpec {
    const spec = this.#syncs.spec(name);
    if (spec === undefined) throw new PlumbError('not-found', `there is no sync ${name}`);
    return spec;
  }

  #resolve(spec: SyncSpec): Resolved | PlumbError {
    try {
      return this.#places.resolve(spec);
    } catch (error) {
      if (error instanceof PlumbError) return error;
      throw error;
    }
  }

  async #forget(name: SyncName): Promise<void> {
    this.#memos.delete(name);
    this.#deliveries.forgive(name);
    await this.#places.release(name);
  }

  /** One after the other, per sync. */
  async #inTurn<T>(name: SyncName, run: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(name);
    const turn = (async () => {
      await before?.catch(() => undefined);
      return await run();
    })();
    this.#turns.set(name, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(name) === turn) this.#turns.delete(name);
    }
  }
}

function failure({ generation }: SyncSpec, error: unknown): Finding {
  const known = error instanceof PlumbError;
  const places = known ? error.diagnostics.map(placed).slice(0, 3) : [];
  const message = known ? [error.message, ...places].join('; ') : 'an unexpected fault; the server log has the cause';
  const code = known ? error.code : 'internal';
  const reason = code.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
  return { generation, conditions: unseen('Error', reason, message) };
}

function placed({ message, line }: { readonly message: string; readonly line?: number }): string {
  return line === undefined ? message : `line ${line}: ${message}`;
}
