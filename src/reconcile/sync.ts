import { Activations } from './activations.ts';
import { Claims } from './claims.ts';
import { Deliveries } from './delivery.ts';
import { look, rivalsOf } from './look.ts';
import type { Look, Run } from './look.ts';
import { defaultOscillation } from './oscillation.ts';
import type { OscillationLimits } from './oscillation.ts';
import type { Places, Resolved } from './places.ts';
import type { Lane, Outcome, Reconciler, SyncSource, SyncName } from './reconciler.ts';
import { plannedRestarts } from './restarts.ts';
import { withoutSecretsOfBefore } from './revealed.ts';
import type { Finding } from './status.ts';
import type { Tally } from './tally.ts';
import type { Place } from './target.ts';
import { unseen } from './verdict.ts';
import { PlumbError } from '#domain/errors';
import type { PlanRestart } from '#domain/plan';
import type { SyncSpec, SyncStatus } from '#domain/records';
import type { Clock } from '#util/clock';

export interface SyncReconcilerOptions {
  readonly syncs: SyncSource;
  readonly places: Places;
  readonly clock: Clock;
  /** What is counted. Default nothing. */
  readonly tally?: Tally;
  /** Default: {@link defaultOscillation}. */
  readonly oscillation?: OscillationLimits;
  /** Called after a status that is news was saved. */
  readonly saved?: (name: SyncName, status: SyncStatus) => void;
  /** Called with a fault of ours, of which the status does not say what it is. */
  readonly failed?: (name: SyncName, error: unknown) => void;
}

export interface LookingOptions {
  /** As if the sync were that. */
  readonly supposed?: SyncSpec;
  /** Also the values of config. */
  readonly reveal?: boolean;
}
export interface Planned {
  readonly look: Look;
  readonly restarts: readonly PlanRestart[];
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
const done: Outcome = { kind: 'done' };
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
  readonly #activations: Activations;
  readonly #clock: Clock;
  readonly #failed: (name: SyncName, error: unknown) => void;
  readonly #turns = new Map<SyncName, Promise<unknown>>();
  /** Specs whose names were removed on purpose: nothing is written for them by the loop. */
  readonly #withdrawn = new WeakSet<SyncSpec>();

  constructor({ oscillation = defaultOscillation, saved = () => undefined, ...options }: SyncReconcilerOptions) {
    this.#syncs = options.syncs;
    this.#places = options.places;
    this.#clock = options.clock;
    this.#failed = options.failed ?? (() => undefined);
    this.#deliveries = new Deliveries({ ...options, oscillation, saved });
    this.#activations = new Activations({ ...options, deliveries: this.#deliveries });
  }

  /** Notes where the sync writes now. Answers the syncs that must be looked at again because of it. */
  claim(name: SyncName): readonly SyncName[] {
    const spec = this.#syncs.spec(name);
    const resolved = spec === undefined || this.#pauseOf(spec) !== undefined ? undefined : this.#resolve(spec);
    return this.#claims.set(
      name,
      resolved === undefined || resolved instanceof PlumbError ? [] : resolved.identity.claims,
    );
  }

  reconcile(name: SyncName, lane: Lane, signal: AbortSignal): Promise<Outcome> {
    return this.#inTurn(name, async () => {
      const spec = this.#syncs.spec(name);
      try {
        if (spec !== undefined) return await this.#visit({ name, spec, signal, lane, person: false });
        await this.#forget(name);
        return done;
      } catch (error) {
        this.#memos.delete(name);
        if (!(error instanceof PlumbError) || error.code === 'internal') this.#failed(name, error);
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
      const pause = this.#pauseOf(spec);
      if (pause !== undefined) {
        throw new PlumbError('conflict', `the sync ${name} is paused`, {
          hint: 'resume it, or give it another mode first',
        });
      }
      this.#deliveries.forgive(name);
      this.#withdrawn.delete(spec);
      const run: Run = { name, spec, resolved: this.#places.resolve(spec), signal, lane: 'user', person: true };
      const { found, place } = await this.#carryOut(run);
      await this.#activations.advance(run, place);
      return found;
    });
  }

  /** Closes its place, after what runs: it is opened again when it is needed. */
  release(name: SyncName): Promise<void> {
    return this.#inTurn(name, () => this.#forget(name));
  }

  /**
   * Removes everything of ours from the place, where the loop writes nothing more until the spec is another one or a
   * person applies. Throws what the target throws; then some of it may be gone, and comes back.
   */
  withdraw(name: SyncName, signal: AbortSignal): Promise<Look> {
    return this.#inTurn(name, async () => {
      const spec = this.#specOf(name);
      const resolved = this.#places.resolve(spec);
      const { found } = await this.#carryOut({
        name,
        spec,
        resolved,
        signal,
        lane: 'user',
        person: true,
        withdraw: true,
      });
      this.#withdrawn.add(spec);
      return found;
    });
  }

  /** Reads and compares; changes nothing. With `supposed`: as if the sync were that. Throws as `apply` does. */
  async look(name: SyncName, options: LookingOptions, signal: AbortSignal): Promise<Planned> {
    const { supposed, reveal = false } = options;
    const spec = supposed ?? this.#specOf(name);
    const resolved = this.#places.resolve(spec);
    const asked = { name, spec, resolved, signal, lane: 'user', person: true, reveal } as const;
    const run: Run = supposed === undefined ? asked : { ...asked, supposed: true };
    const rivals = rivalsOf(this.#claims, run);
    if (rivals !== undefined) return { look: rivals, restarts: [] };
    const parts = { syncs: this.#syncs, places: this.#places, clock: this.#clock };
    return await this.#places.borrow({ name, resolved }, signal, async (place) => {
      const found = await look(parts, run, place);
      if (found.kind !== 'drafted') return { look: found, restarts: [] };
      const restarts = await plannedRestarts({ ...parts, run, place, look: found });
      return { look: await withoutSecretsOfBefore(this.#syncs, run, found), restarts };
    });
  }

  async #visit(run: Omit<Run, 'resolved'>): Promise<Outcome> {
    const { name, spec, lane } = run;
    const { generation } = spec;
    const pause = this.#pauseOf(spec);
    if (pause !== undefined) {
      await this.#forget(name);
      await this.#deliveries.conclude(name, { generation, conditions: unseen('Paused', 'AskedFor', pause.message) });
      return pause.afterMs === undefined ? done : { kind: 'again', afterMs: pause.afterMs };
    }
    if (this.#withdrawn.has(spec)) return done;
    if (lane !== 'user' && lane !== 'wave' && (await this.#isAtRest(run))) return done;
    const resolved = this.#resolve(spec);
    if (resolved instanceof PlumbError) {
      const conditions = unseen('Stalled', 'InvalidSpec', resolved.message);
      await this.#deliveries.conclude(name, { generation, conditions });
      return done;
    }
    const { place } = await this.#carryOut({ ...run, resolved });
    return await this.#activations.advance({ ...run, resolved }, place);
  }

  /** `undefined`: it is not paused. */
  #pauseOf({ mode, pause }: SyncSpec): { readonly message: string; readonly afterMs?: number } | undefined {
    if (mode === 'paused') return { message: '' };
    if (pause === undefined) return undefined;
    const { until, reason, by } = pause;
    const message = `by ${by}: ${reason}`;
    if (until === undefined) return { message };
    const left = until - this.#clock.now();
    return left <= 0 ? undefined : { message: `until ${new Date(until).toISOString()} ${message}`, afterMs: left };
  }

  /** Reads, plans and acts, again when somebody else wrote in between. */
  async #carryOut(run: Run): Promise<{ readonly found: Look; readonly place: Place }> {
    const { name, spec, resolved, signal } = run;
    this.#memos.delete(name);
    const place = await this.#places.at(name, resolved, signal);
    for (let attempt = 1; ; attempt += 1) {
      const wishMark = this.#syncs.wishMark?.(name);
      const found =
        rivalsOf(this.#claims, run) ?? (await look({ syncs: this.#syncs, places: this.#places }, run, place));
      try {
        const mark = await this.#deliveries.act(run, place, found);
        if (isSettled(found)) this.#memos.set(name, { spec, resolved, wishMark, mark, glances: 0 });
        return { found, place };
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
    if (this.#claims.rivals(name, memo.resolved.identity.claims).length > 0) return false;
    if (this.#syncs.inventory(name).restarts !== undefined || memo.resolved.rules.frozen(this.#clock.now()))
      return false;
    memo.glances += 1;
    const place = await this.#places.at(name, memo.resolved, signal);
    return (await this.#places.ask(signal, (limit) => place.mark(limit), place.patienceMs)) === memo.mark;
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

/** A look whose answer stays the same as long as the marks do: who else writes there may cease to without one. */
function isSettled(found: Look): boolean {
  return found.kind === 'drafted' && found.draft.conflicts.length === 0;
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
