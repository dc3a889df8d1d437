/** How syncs, their plans and their state are shown. */
import type { Plan, PlanStep, SyncView } from '@plumbd/client';
import type { Session } from './session.ts';
import { count, mask, padded, printable, timeText, width } from './style.ts';

/** Whether the place is as it should be, as far as is known. */
export function isInAgreement({ status }: SyncView): boolean {
  return status?.conditions.some(({ type, status: is }) => type === 'InSync' && is === 'true') ?? false;
}

/** One line: in agreement or not, why, and when it last was. */
export function stateText(sync: SyncView): string {
  const { status } = sync;
  if (status === undefined) return 'not looked at yet';
  const troubles = status.conditions
    .filter(({ type, status: is }) => type !== 'InSync' && is === 'true')
    .map(({ type, message }) => `${type}: ${message}`);
  const agreement = isInAgreement(sync) ? 'in agreement' : 'not in agreement';
  const applied =
    status.appliedAt === undefined
      ? 'never applied'
      : `revision ${status.appliedRevision} at ${timeText(status.appliedAt)}`;
  return [`${agreement}, ${status.agree} of ${count(status.total, 'name')}, ${applied}`, ...troubles, status.note ?? '']
    .filter((part) => part !== '')
    .join('; ');
}

const marks: Readonly<Record<PlanStep['do'], string>> = {
  create: '+',
  update: '~',
  delete: '-',
  adopt: '=',
  keep: ' ',
};

/** Steps name by name without values, what stands in the way, and a line of counts. */
export function printPlan(session: Session, plan: Plan): void {
  const at = plan.revision === 0 ? '' : `, at revision ${plan.revision}`;
  session.print(`${printable(plan.sync)} → ${printable(`${plan.target}:${plan.at}`)}${at}\n`);
  const steps = plan.steps.filter((step) => step.do !== 'keep');
  const wide = Math.max(0, ...steps.map(({ name }) => width(printable(name))));
  for (const step of steps) {
    const because = step.because === undefined ? '' : `   ${printable(step.because)}`;
    const value = step.do === 'delete' ? '' : `  ${step.secret ? mask : 'config'}`;
    session.print(`${marks[step.do]} ${padded(printable(step.name), wide)}${value}${because}`.trimEnd().concat('\n'));
  }
  if (plan.foreign.length > 0) session.print(`${count(plan.foreign.length, 'name')} of others there: left alone\n`);
  const number = (what: PlanStep['do']): number => plan.steps.filter((step) => step.do === what).length;
  const adopted = number('adopt') === 0 ? '' : `${number('adopt')} to adopt, `;
  session.print(
    `${number('create')} to create, ${number('update')} to change, ${number('delete')} to delete, ${adopted}${number('keep')} in agreement\n`,
  );
  for (const remark of plan.remarks) session.note('note', remark);
  if (plan.held !== undefined) session.note('warning', `${plan.held}: waits for plumb sync apply`);
  for (const problem of plan.problems) session.note('warning', problem);
}
