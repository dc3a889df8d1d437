import { authorise, meet, plan, presentIncarnation, presentVersion, resultOf } from './change-plan.ts';
import type { Meeting, PlanContext, Seal, Step } from './change-plan.ts';
import { checkCycles, checkReferences, checkReferrers } from './change-references.ts';
import { Mistakes, tooMuch } from './change-request.ts';
import type { CheckedChange } from './change-request.ts';
import { Overlay } from './overlay.ts';
import type { Rights } from './rights.ts';
import type { ChangeResult } from './services.ts';
import { changeLimits } from '#domain/change';
import type { TruthOp } from '#domain/change';
import { PlumbError } from '#domain/errors';
import type { PrincipalName } from '#domain/principal';
import type { TruthDraft } from '#state/view';

export interface Prepared {
  readonly ops: readonly TruthOp[];
  readonly entries: ChangeResult['entries'];
  readonly warnings: readonly string[];
}

const maxWarnings = 100;

/**
 * Validates a change against the pending state, all of it or nothing: first the rights, then the
 * expectations, then each op, then what the ops do to references; last of all values are encrypted.
 */
export function prepareChange(draft: TruthDraft, rights: Rights, change: CheckedChange, seal: Seal): Prepared {
  const meetings = change.ops.map((op) => meet(draft, op));
  for (const meeting of meetings) authorise(rights, meeting, draft);
  checkExpectations(meetings, change.incarnation);
  const context: PlanContext = {
    view: draft,
    author: rights.principal as PrincipalName,
    reason: change.reason,
    revision: draft.nextRevision,
  };
  const steps = planAll(meetings, context);
  const warnings = checkTogether(steps, { draft, rights, isForced: change.isForced });
  const ops = steps.map((step) => step.toOp(seal));
  return { ops, entries: steps.map(resultOf), warnings: shorten(warnings) };
}

/** Throws `mismatch` with every expectation that does not hold. */
function checkExpectations(meetings: readonly Meeting[], incarnation: number | undefined): void {
  const mismatches = [];
  for (const { op, path, own } of meetings) {
    if (!('expect' in op) || op.expect === undefined) continue;
    const version = presentVersion(own);
    const isOther = incarnation !== undefined && incarnation !== presentIncarnation(own);
    if (op.expect === version && !isOther) continue;
    const expected = isOther && op.expect === version ? 'the same version of another incarnation' : `${op.expect}`;
    mismatches.push({ path, expected: op.expect, version, said: `${version}, expected ${expected}` });
  }
  const [first] = mismatches;
  if (first === undefined) return;
  const message =
    mismatches.length === 1
      ? `${first.path} is at version ${first.said}`
      : `${mismatches.length} entries are not at the versions that were expected`;
  throw new PlumbError('mismatch', message, {
    hint: 'read again, then repeat with the present version',
    details: { mismatches: mismatches.slice(0, 1000).map(({ said: _said, ...mismatch }) => mismatch) },
    diagnostics: mismatches.slice(0, 100).map(({ path, said }) => ({
      message: `the present version is ${said}`,
      subject: path,
    })),
  });
}

function planAll(meetings: readonly Meeting[], context: PlanContext): readonly Step[] {
  const mistakes = new Mistakes();
  const steps: Step[] = [];
  for (const meeting of meetings) mistakes.collect(meeting.path, () => steps.push(plan(meeting, context)));
  mistakes.throwIfAny();
  let total = 0;
  for (const step of steps) total += step.bytes;
  if (total > changeLimits.bytes) throw tooMuch();
  return steps;
}

interface Together {
  readonly draft: TruthDraft;
  readonly rights: Rights;
  readonly isForced: boolean;
}

/** What the steps do to each other and to others. Answers warnings. */
function checkTogether(steps: readonly Step[], { draft, rights, isForced }: Together): readonly string[] {
  if (steps.every(isAlone)) return [];
  const after = new Overlay(draft);
  for (const step of steps) after.set(step.head);
  const context = { before: draft, after, rights };
  const mistakes = new Mistakes();
  const warnings: string[] = [];
  for (const step of steps) {
    if (step.head.current.references.length === 0 || step.effect === 'describe') continue;
    mistakes.collect(step.path, () => warnings.push(...checkReferences(step, context)));
  }
  mistakes.throwIfAny();
  checkCycles(steps, context);
  warnings.push(...checkReferrers(steps, isForced, context));
  return warnings;
}

/** Most are: what refers to nothing and ends nothing does nothing to others. */
function isAlone({ effect, head }: Step): boolean {
  return head.current.references.length === 0 && effect !== 'delete' && effect !== 'unset';
}

function shorten(warnings: readonly string[]): readonly string[] {
  if (warnings.length <= maxWarnings) return warnings;
  return [...warnings.slice(0, maxWarnings), `and ${warnings.length - maxWarnings} more`];
}
