import type { Draft } from './plan.ts';
import type { Stated } from './status.ts';
import type { ConditionType, HeldBack, SyncMode } from '#domain/records';

export type Conditions = Partial<Readonly<Record<ConditionType, Stated>>>;

export interface Case {
  readonly draft: Draft;
  readonly mode: SyncMode;
  /** It was never in agreement. */
  readonly isFirst: boolean;
  /** `once` has had its once. */
  readonly onceDone: boolean;
  /** A person asked for it now: the mode, the brake and a fight do not stand in the way. */
  readonly person: boolean;
  /** Why repairing would be fighting. */
  readonly fight: string | undefined;
  /** Why nothing is written at this time: a freeze. */
  readonly frozen: string | undefined;
}

/** What is to be done about a draft, and, where nothing is, what to say. */
export type Verdict =
  | { readonly do: 'write' }
  | { readonly do: 'nothing'; readonly agrees: boolean; readonly conditions: Conditions };

/** Pure; the order of the rules is their precedence. */
export function judge(one: Case): Verdict {
  const { draft, mode, person } = one;
  const trouble = troubleOf(draft);
  if (draft.inAgreement) {
    return { do: 'nothing', agrees: true, conditions: { ...agreement(draft.total), ...trouble } };
  }
  if (draft.writes.length + draft.flaws.length === 0) return different(draft, trouble);
  if (person) return { do: 'write' };
  // What was never delivered and meets names of others is looked at by a person first, as a whole.
  if (one.isFirst && draft.conflicts.length > 0) return different(draft, trouble);
  if (draft.held !== undefined) {
    return different(draft, { ...trouble, Held: yes('MassDelete', `${draft.held}; plan shows them, apply goes on`) });
  }
  if (one.frozen !== undefined) return different(draft, { ...trouble, Held: yes('Frozen', one.frozen) });
  if (mode === 'report' || (mode === 'once' && one.onceDone)) return different(draft, trouble);
  if (one.fight !== undefined) return different(draft, { ...trouble, Conflict: yes('Oscillation', one.fight) });
  return { do: 'write' };
}

/** What is to be said after the writes: what was in the way of other objects still is. */
export function written(draft: Draft): Conditions {
  if (draft.blocked.size === 0) return { ...agreement(draft.total), ...troubleOf(draft) };
  const count = draft.waiting + draft.conflicts.length;
  const message = several([
    ...(count === 0 ? [] : [`${count} of ${Math.max(draft.total, count)} names differ`]),
    ...[...draft.blocked].sort().map((group) => `${group} was not written`),
  ]);
  return { InSync: { status: 'false', reason: 'Differs', message }, ...troubleOf(draft) };
}

function troubleOf({ problems, conflicts, degraded }: Draft): Conditions {
  return {
    ...(degraded.length === 0 ? {} : { Error: yes('Degraded', several(degraded)) }),
    ...(problems.length === 0 ? {} : { Error: yes('CannotCarry', several(problems)) }),
    ...(conflicts.length === 0 ? {} : { Conflict: yes('NotOurs', several(conflicts)) }),
  };
}

export function agreement(total: number): Conditions {
  return { InSync: yes('Agrees', total === 1 ? '1 name agrees' : `all ${total} names agree`) };
}

/** The values of an earlier revision stand there on purpose. */
export function heldBack({ from, to, because }: HeldBack): Conditions {
  const message = `${because}; the values of revision ${to} are put back in place of those of ${from}; apply goes on`;
  return {
    InSync: { status: 'false', reason: 'HeldBack', message: `in agreement with revision ${to}` },
    Held: yes('RestartFailed', message),
  };
}

/** For when the target was not looked at. */
export function unseen(type: ConditionType, reason: string, message: string): Conditions {
  return { InSync: { status: 'unknown', reason, message: '' }, [type]: yes(reason, message) };
}

function different(draft: Draft, conditions: Conditions): Verdict {
  const message = differences(draft);
  return {
    do: 'nothing',
    agrees: false,
    conditions: {
      InSync: { status: 'false', reason: 'Differs', message },
      ...(draft.writes.length + draft.waiting + draft.flaws.length > 0 ? { Drifted: yes('Differs', message) } : {}),
      ...conditions,
    },
  };
}

function differences({ writes, waiting, flaws, conflicts, total }: Draft): string {
  const count = writes.length + waiting + conflicts.length;
  const texts = flaws.map(({ message }) => message);
  return several([...(count === 0 ? [] : [`${count} of ${Math.max(total, count)} names differ`]), ...texts]);
}

function yes(reason: string, message: string): Stated {
  return { status: 'true', reason, message };
}

function several(texts: readonly string[]): string {
  const shown = texts.slice(0, 5).join('; ');
  return texts.length > 5 ? `${shown}; and ${texts.length - 5} more` : shown;
}
