import type { Draft } from './plan.ts';
import type { Stated } from './status.ts';
import type { ConditionType, SyncMode } from '#domain/records';

export type Conditions = Partial<Readonly<Record<ConditionType, Stated>>>;

export interface Case {
  readonly draft: Draft;
  readonly mode: SyncMode;
  /** `once` has had its once. */
  readonly onceDone: boolean;
  /** A person asked for it now: the mode, the brake and a fight do not stand in the way. */
  readonly person: boolean;
  /** Why repairing would be fighting. */
  readonly fight: string | undefined;
}

/** What is to be done about a draft, and, where nothing is, what to say. */
export type Verdict =
  | { readonly do: 'write' }
  | { readonly do: 'nothing'; readonly agrees: boolean; readonly conditions: Conditions };

/** Pure; the order of the rules is their precedence. */
export function judge(one: Case): Verdict {
  const { draft, mode, person } = one;
  if (draft.problems.length > 0) {
    return different(draft, { Error: yes('CannotCarry', several(draft.problems)) });
  }
  if (draft.conflicts.length > 0) return different(draft, { Conflict: yes('NotOurs', several(draft.conflicts)) });
  if (draft.inAgreement) return { do: 'nothing', agrees: true, conditions: agreement(draft.total) };
  if (person) return { do: 'write' };
  if (draft.held !== undefined) {
    return different(draft, { Held: yes('MassDelete', `${draft.held}; plan shows them, apply goes on`) });
  }
  if (mode === 'report') return different(draft, {});
  if (mode === 'once' && one.onceDone) return different(draft, {});
  if (one.fight !== undefined) return different(draft, { Conflict: yes('Oscillation', one.fight) });
  return { do: 'write' };
}

export function agreement(total: number): Conditions {
  return { InSync: yes('Agrees', total === 1 ? '1 name agrees' : `all ${total} names agree`) };
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
      ...(draft.writes.length + draft.flaws.length > 0 ? { Drifted: yes('Differs', message) } : {}),
      ...conditions,
    },
  };
}

function differences({ writes, flaws, conflicts, total }: Draft): string {
  const count = writes.length + conflicts.length;
  return several([...(count === 0 ? [] : [`${count} of ${Math.max(total, count)} names differ`]), ...flaws]);
}

function yes(reason: string, message: string): Stated {
  return { status: 'true', reason, message };
}

function several(texts: readonly string[]): string {
  const shown = texts.slice(0, 5).join('; ');
  return texts.length > 5 ? `${shown}; and ${texts.length - 5} more` : shown;
}
