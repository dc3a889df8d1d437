import type { Drafted } from './look.ts';
import type { SyncName } from './reconciler.ts';
import type { Planned } from './sync.ts';
import type { Plan, PlanStep } from '#domain/plan';
import type { SyncSpec } from '#domain/records';

/** What was found, as it is shown to people and programs. */
export function planOf(sync: SyncName, { target, at }: SyncSpec, { look, restarts }: Planned): Plan {
  const place = { sync, target, at };
  if (look.kind !== 'drafted') {
    const nothing = { steps: [], foreign: [], remarks: [], inAgreement: false };
    return { ...place, revision: 0, ...nothing, problems: [look.message] };
  }
  const { draft, revision } = look;
  const { foreign, held, inAgreement } = draft;
  return {
    ...place,
    revision,
    steps: withValues(look, draft.steps),
    foreign,
    remarks: [...draft.flaws.map(({ message }) => message), ...draft.notes],
    ...(held === undefined ? {} : { held }),
    problems: [...draft.problems, ...draft.conflicts],
    ...(draft.conflicting.length === 0 ? {} : { conflicts: withValues(look, draft.conflicting) }),
    inAgreement,
    ...(restarts.length === 0 ? {} : { restarts }),
  };
}

/** Values of config beside the steps, where they were asked for. */
function withValues<T extends Omit<PlanStep, 'do'>>({ desired, reading }: Drafted, steps: readonly T[]): readonly T[] {
  const revealed = reading.observed?.revealed;
  if (revealed === undefined) return steps;
  const wanted = new Map([...desired].map(([name, item]) => [item.entry ?? name, item]));
  return steps.map((step) => {
    const item = wanted.get(step.entry ?? step.name);
    const found = revealed.get(step.name);
    if (step.secret || item === undefined || item.secret) return step;
    return { ...step, wanted: item.value, ...(found === undefined ? {} : { found }) };
  });
}
