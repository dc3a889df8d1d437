import type { Action, Decider, Decision, Question } from '#domain/decision';
import type { Identity } from '#auth/method';
import { compilePolicies } from '#domain/decider';
import type { NamedRules } from '#domain/decider';
import type { EntryMetadata, Kind } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import { parsePolicy } from '#domain/policy';
import type { PolicyRule } from '#domain/policy';
import type { Policy } from '#domain/records';
import type { View } from '#state/view';

/** What conditions of a policy ask about an entry. */
export interface Facts {
  readonly kind: Kind;
  readonly tags: readonly string[];
}

const noTags: readonly string[] = [];

/** The facts of a stored entry: those of its present version. */
export function factsOf(entry: { readonly current: { readonly kind: Kind }; readonly metadata: EntryMetadata }): Facts {
  return { kind: entry.current.kind, tags: entry.metadata.tags ?? noTags };
}

interface Compiled {
  readonly records: readonly (Policy | undefined)[];
  readonly decider: Decider;
}

/**
 * Compiled policies by the list of their names. A record keeps its identity until it changes, so one
 * comparison per policy tells whether the compiled form still holds, in the durable state and in a draft alike.
 */
export class Deciders {
  readonly #compiled = new WeakMap<readonly string[], Compiled>();
  readonly #rules = new WeakMap<Policy, readonly PolicyRule[]>();

  of(view: Pick<View, 'record'>, policies: readonly string[]): Decider {
    const known = this.#compiled.get(policies);
    if (known !== undefined && holds(known, view, policies)) return known.decider;
    const records = policies.map((name) => view.record('policy', name));
    const decider = compilePolicies(records.flatMap((record, i) => this.#named(policies[i] ?? '', record)));
    this.#compiled.set(policies, { records, decider });
    return decider;
  }

  /** What an identity may: what its policies allow, unless another policy of its principal denies it. */
  ofIdentity(view: Pick<View, 'record'>, { policies, bounds }: Pick<Identity, 'policies' | 'bounds'>): Decider {
    const decider = this.of(view, policies);
    return bounds === undefined ? decider : bounded(decider, this.of(view, bounds));
  }

  /** Of a policy that is gone nothing applies. One that cannot be read refuses everything: a `deny` might be lost. */
  #named(name: string, record: Policy | undefined): readonly NamedRules[] {
    if (record === undefined) return [];
    const known = this.#rules.get(record);
    if (known !== undefined) return [{ name, rules: known }];
    const parsed = parsePolicy(record.text, name);
    if (!parsed.ok) throw new PlumbError('internal', `the stored policy ${name} cannot be read`);
    this.#rules.set(record, parsed.rules);
    return [{ name, rules: parsed.rules }];
  }
}

/** Allowed by both; the reason is that of the one that refuses. */
function bounded(decider: Decider, bounds: Decider): Decider {
  return {
    decide(question) {
      const decision = decider.decide(question);
      if (!decision.allow) return decision;
      const bound = bounds.decide(question);
      return bound.allow ? decision : bound;
    },
    mayBelow: (action, folder) => decider.mayBelow(action, folder) && bounds.mayBelow(action, folder),
    isTimed: decider.isTimed || bounds.isTimed,
  };
}

function holds(known: Compiled, view: Pick<View, 'record'>, policies: readonly string[]): boolean {
  for (let i = 0; i < policies.length; i += 1) {
    if (view.record('policy', policies[i] ?? '') !== known.records[i]) return false;
  }
  return true;
}

/** A refusal, for the audit record. */
export interface Refusal {
  readonly action: Action;
  readonly path: string;
  /** `<policy>:<line>`; absent: no rule allows it. */
  readonly rule?: string;
}

/** What one caller may do at one moment. Made by the gate, for one act. */
export class Rights {
  readonly principal: string;
  readonly #decider: Decider;
  readonly #address: string | undefined;
  /** When they were looked up, in milliseconds since the epoch. */
  readonly time: number;
  /** The first thing that was required and refused. */
  refusal: Refusal | undefined;

  /** `address` undefined: not known, as for a sync; no rule with a condition on it allows anything. */
  constructor(decider: Decider, principal: string, address: string | undefined, time: number) {
    this.#decider = decider;
    this.principal = principal;
    this.#address = address;
    this.time = time;
  }

  /** Whether they may change with the time of day alone. */
  get isTimed(): boolean {
    return this.#decider.isTimed;
  }

  may(action: Action, path: string, facts?: Facts): boolean {
    return this.#decide(action, path, facts).allow;
  }

  /** Whether anything in the folder or below could be allowed; may say yes for nothing, never no for something. */
  mayBelow(action: Action, folder: string): boolean {
    return this.#decider.mayBelow(action, folder) || (folder !== '' && this.may(action, folder));
  }

  /** Whether the caller may know that something is at `path`. */
  mayKnow(path: string, facts?: Facts): boolean {
    return this.may('list', path, facts) || this.may('read', path, facts);
  }

  /** Throws `forbidden`, or `not-found` where the caller may not even know what is there. */
  require(action: Action, path: string, facts?: Facts): void {
    const decision = this.#decide(action, path, facts);
    if (!decision.allow) throw this.#refuse(action, path, decision, this.mayKnow(path, facts));
  }

  /** As {@link require}, always `forbidden`: for acts that are refused alike whether or not anything is there. */
  requireOpenly(action: Action, path: string, facts?: Facts): void {
    const decision = this.#decide(action, path, facts);
    if (!decision.allow) throw this.#refuse(action, path, decision, true);
  }

  /** The error that {@link require} would throw; for who has found out by other means that the caller may not. */
  refuse(action: Action, path: string, facts?: Facts): PlumbError {
    return this.#refuse(action, path, this.#decide(action, path, facts), this.mayKnow(path, facts));
  }

  #refuse(action: Action, path: string, decision: Decision, isKnown: boolean): PlumbError {
    const rule = decision.allow ? undefined : decision.rule;
    this.refusal ??= { action, path, ...(rule === undefined ? {} : { rule: `${rule.policy}:${rule.line}` }) };
    return isKnown ? forbidden(this.principal, action, path, decision) : notFound(path);
  }

  #decide(action: Action, path: string, facts: Facts | undefined): Decision {
    const question: Question = {
      action,
      path,
      kind: facts?.kind,
      tags: facts?.tags,
      address: this.#address,
      time: this.time,
    };
    return this.#decider.decide(question);
  }
}

function forbidden(principal: string, action: Action, path: string, decision: Decision): PlumbError {
  const rule = decision.allow ? undefined : decision.rule;
  const hint =
    rule === undefined
      ? `no policy of ${principal} allows it`
      : `line ${rule.line} of the policy ${rule.policy} denies it`;
  return new PlumbError('forbidden', `${principal} may not ${verbs[action] ?? action} ${path}`, {
    hint,
    details: { action, path },
  });
}

/** Where the bare word does not make a sentence. */
const verbs: Partial<Record<Action, string>> = { admin: 'administer', sync: 'manage the sync', assume: 'run as' };

export function notFound(path: string): PlumbError {
  return new PlumbError('not-found', `nothing is at ${path}`, { details: { path } });
}
