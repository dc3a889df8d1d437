import { Deciders, Rights } from './rights.ts';
import type { Facts } from './rights.ts';
import type { Caller } from './services.ts';
import { encodeAuditRecord } from '#audit/record';
import type { AuditRecord } from '#audit/record';
import type { AuditSink } from '#audit/sink';
import type { AuthMethod, Identity } from '#auth/method';
import type { Change } from '#domain/change';
import type { Action, Question } from '#domain/decision';
import { PlumbError } from '#domain/errors';
import type { View } from '#state/view';
import type { Draft, Log, LogOp } from '#store/log';
import type { Clock } from '#util/clock';

/** What is to be done, for the audit record. */
export interface Act {
  readonly action: Action | 'authenticate';
  readonly path: string;
}

/** What the server does by itself. */
export interface OwnAct extends Act {
  /** Of the source, that caused it. */
  readonly revision?: number;
}

/** What a read answers, and what of it is released: `path@version` of each origin, for the audit record. */
export interface Released<T> {
  readonly result: T;
  /** Default: the path of the act. */
  readonly paths?: readonly string[];
  /** If it came to something less than the act. */
  readonly action?: Action;
}

/** A change by a caller: its ops are prepared, and authorised, against the pending state. */
export interface ChangeAct<Op, D> extends Act {
  readonly reason: string;
  readonly prepare: (draft: D, rights: Rights) => readonly Op[];
}

export interface GateOptions {
  readonly state: View;
  readonly audit: AuditSink;
  readonly clock: Clock;
  /** Whether, and as whom, an identity still stands. */
  readonly recheck: AuthMethod['recheck'];
}

/**
 * The one place through which every use-case passes. It gives the act the caller's rights, records
 * the outcome, and only then releases a result; if the record cannot be made the act is refused with
 * `unavailable`. A change is recorded by its commit; its refusals and failures are recorded here.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #deciders = new Deciders();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Computes, records, releases. What `compute` throws is recorded as refused or failed, then thrown. */
  async read<T>(caller: Caller, act: Act, compute: (rights: Rights) => Released<T> | Promise<Released<T>>): Promise<T> {
    let rights: Rights | undefined;
    let released: Released<T>;
    try {
      rights = this.rights(caller);
      const computed = compute(rights);
      released = computed instanceof Promise ? await computed : computed;
    } catch (error) {
      throw await this.#recordFailure(caller, act, rights, error);
    }
    const { identity, requestId, address } = caller;
    const line = encodeAuditRecord({
      time: rights.time,
      requestId,
      principal: identity.principal,
      accessor: identity.accessor,
      address,
      action: released.action ?? act.action,
      paths: released.paths ?? [act.path],
      outcome: 'allowed',
    });
    try {
      await this.#options.audit.write(line);
    } catch (cause) {
      throw unrecorded(cause);
    }
    return released.result;
  }

  /** Authorises, records, then acts: for what reaches outside the state. A later failure is recorded too. */
  async act<T>(caller: Caller, act: Act, authorise: (rights: Rights) => void, perform: () => Promise<T>): Promise<T> {
    const rights = await this.read(caller, act, (given) => {
      authorise(given);
      return { result: given };
    });
    try {
      return await perform();
    } catch (error) {
      throw await this.#recordFailure(caller, act, rights, error);
    }
  }

  /** Authorises against the pending state and commits. Everything or nothing. */
  async change<Op extends LogOp, D extends Draft<Op>>(
    log: Log<Op, D>,
    caller: Caller,
    act: ChangeAct<Op, D>,
  ): Promise<Change<Op>> {
    let rights: Rights | undefined;
    try {
      const { principal, accessor } = caller.identity;
      return await log.commit({
        author: principal,
        reason: act.reason,
        requestId: caller.requestId,
        accessor,
        prepare: (draft) => {
          rights = this.pendingRights(caller, isView(draft) ? draft : this.#options.state);
          return act.prepare(draft, rights);
        },
      });
    } catch (error) {
      throw await this.#recordFailure(caller, act, rights, error);
    }
  }

  /** Records a credential that was not accepted. */
  async refuseCredential(address: string, requestId: string, error: unknown): Promise<never> {
    const identity: Identity = { principal: '' as Identity['principal'], policies: [], accessor: '' };
    throw await this.#recordFailure(
      { identity, address, requestId },
      { action: 'authenticate', path: '' },
      undefined,
      error,
    );
  }

  /** The caller's rights now, in the durable state. */
  rights(caller: Caller): Rights {
    const { clock, state } = this.#options;
    const { identity, address } = caller;
    return new Rights(this.#deciders.ofIdentity(state, identity), identity.principal, address, clock.now());
  }

  /** The caller's rights in a draft. Throws `unauthenticated` when the right has ended since the request came. */
  pendingRights(caller: Caller, view: Pick<View, 'record'>): Rights {
    const identity = this.#options.recheck(caller.identity);
    if (identity === undefined)
      throw new PlumbError('unauthenticated', 'the token has expired or was revoked meanwhile');
    const decider = this.#deciders.ofIdentity(view, identity);
    return new Rights(decider, identity.principal, caller.address, this.#options.clock.now());
  }

  /** The rights of a principal that acts without a request, such as the workload of a sync; `undefined` if it may not act at all. */
  rightsOf(name: string): Rights | undefined {
    const { clock, state } = this.#options;
    const principal = state.record('principal', name);
    if (principal === undefined || principal.disabled) return undefined;
    return new Rights(this.#deciders.of(state, principal.policies), name, undefined, clock.now());
  }

  /**
   * Whether a principal could do this by any of its tokens, from any address, at any time: for what must not
   * be got round by taking off a right for a moment.
   */
  couldEver(name: string, { action, path }: Pick<Question, 'action' | 'path'>, facts: Facts): boolean {
    const { state } = this.#options;
    const policies = state.record('principal', name)?.policies ?? [];
    return this.#deciders.of(state, policies).decide({ action, path, ...facts, isGenerous: true }).allow;
  }

  /** The caller as it stands now; `undefined` when the right has ended. For streams. */
  recheck(caller: Caller): Caller | undefined {
    const identity = this.#options.recheck(caller.identity);
    if (identity === undefined) return undefined;
    return identity === caller.identity ? caller : { ...caller, identity };
  }

  /** Records what the server does by itself. Rejects with `unavailable`. */
  async recordOwn(act: OwnAct, principal: string, paths: readonly string[]): Promise<void> {
    const time = this.#options.clock.now();
    await this.#write({ ...act, time, requestId: '', principal, accessor: '', address: '', paths, outcome: 'allowed' });
  }

  async #recordFailure(caller: Caller, act: Act, rights: Rights | undefined, error: unknown): Promise<unknown> {
    const code = error instanceof PlumbError ? error.code : 'internal';
    const refusal = rights?.refusal;
    const isRefusal = refusal !== undefined || code === 'unauthenticated' || code === 'forbidden';
    try {
      await this.#write({
        ...this.#head(caller, refusal?.action ?? act.action),
        paths: refusal === undefined || refusal.path === act.path ? [act.path] : [act.path, refusal.path],
        outcome: isRefusal ? 'refused' : 'failed',
        code,
        ...(refusal?.rule === undefined ? {} : { rule: refusal.rule }),
      });
    } catch (fault) {
      return fault;
    }
    return error;
  }

  #head(caller: Caller, action: string) {
    const { identity, requestId, address } = caller;
    const { principal, accessor } = identity;
    return { time: this.#options.clock.now(), requestId, principal, accessor, address, action };
  }

  async #write(record: AuditRecord): Promise<void> {
    try {
      await this.#options.audit.write(encodeAuditRecord(record));
    } catch (cause) {
      throw unrecorded(cause);
    }
  }
}

function unrecorded(cause: unknown): PlumbError {
  return new PlumbError('unavailable', 'the audit record could not be written, so the request was refused', { cause });
}

/** Only the truth stream has policies; a draft of the other is authorised by the durable ones. */
function isView(draft: object): draft is View {
  return 'head' in draft;
}
