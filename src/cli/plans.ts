/** How plans are shown: name by name, or by object where a place has several. */
import type { Plan, PlanConflict, PlanStep } from '@plumbd/client';
import type { Session } from './session.ts';
import { shortened } from './syncs.ts';
import { count as counted, mask, padded, printable, quoted, width } from './style.ts';

export interface PlanOptions {
  /** Also names that agree, and every name of a new object. */
  readonly all?: boolean;
}

const marks: Readonly<Record<PlanStep['do'], string>> = {
  create: '+',
  update: '~',
  delete: '-',
  adopt: '=',
  keep: ' ',
};

/** What would be done, and on standard error what stands in the way. */
export function printPlan(session: Session, plan: Plan, options: PlanOptions = {}): void {
  if (isByObject(plan)) printObjects(session, plan, options);
  else printNames(session, plan, options);
  for (const remark of plan.remarks) session.note('note', remark);
  if (plan.held !== undefined) session.note('warning', `${plan.held}: waits for plumb sync apply`);
  for (const problem of plan.problems) session.note('warning', shortened(plan, problem));
}

/** Whether the names of the place are those of several objects. */
export function isByObject({ steps, conflicts = [] }: Plan): boolean {
  return [...steps, ...conflicts].some(({ group }) => group !== undefined);
}

function printNames(session: Session, plan: Plan, { all = false }: PlanOptions): void {
  const at = plan.revision === 0 ? '' : `, at revision ${plan.revision}`;
  session.print(`${printable(plan.sync)} → ${printable(`${plan.target}:${plan.at}`)}${at}\n`);
  const steps = plan.steps.filter((step) => all || step.do !== 'keep');
  const wide = Math.max(0, ...steps.map(({ name }) => width(printable(name))));
  for (const step of steps) {
    const because = step.because === undefined ? '' : `   ${printable(step.because)}`;
    const value = step.do === 'delete' ? '' : `  ${step.secret ? mask : 'config'}`;
    const line = `${marks[step.do]} ${padded(printable(step.name), wide)}${value}${valuesOf(step)}${because}`;
    session.print(line.trimEnd().concat('\n'));
  }
  if (plan.foreign.length > 0) session.print(`${counted(plan.foreign.length, 'name')} of others there: left alone\n`);
  const number = (what: PlanStep['do']): number => plan.steps.filter((step) => step.do === what).length;
  const adopted = number('adopt') === 0 ? '' : `${number('adopt')} to adopt, `;
  session.print(
    `${number('create')} to create, ${number('update')} to change, ${number('delete')} to delete, ${adopted}${number('keep')} in agreement\n`,
  );
}

/** One object of a place, with what is planned for its names. */
interface Section {
  readonly group: string;
  readonly steps: readonly PlanStep[];
  readonly conflicts: readonly PlanConflict[];
  /** Names of others in it. */
  readonly foreign: number;
}

function printObjects(session: Session, plan: Plan, { all = false }: PlanOptions): void {
  const sections = sectionsOf(plan);
  const shown = sections.filter((section) => all || markOf(section) !== ' ');
  const wide = Math.max(0, ...shown.map(({ group }) => width(titleOf(plan, group))));
  for (const section of shown) {
    session.print(`${markOf(section)} ${padded(titleOf(plan, section.group), wide)}  ${summaryOf(section)}\n`);
    printLines(session, section, all);
  }
  for (const { consumer, names } of plan.restarts ?? []) {
    const reads = names.length === 0 ? '' : ` (reads ${names.length} of these)`;
    session.print(`  restarts: ${printable(shortened(plan, consumer))}${reads}\n`);
  }
  if (shown.length === 0) session.print(`nothing to do: ${counted(plan.steps.length, 'name')} in agreement\n`);
}

/** By object, in the order of their names. */
export function sectionsOf({ steps, conflicts = [], foreign }: Plan): readonly Section[] {
  const taken = new Set(conflicts.map(({ name }) => name));
  const others = new Map<string, number>();
  for (const name of foreign) {
    if (!taken.has(name)) others.set(groupOf(name), (others.get(groupOf(name)) ?? 0) + 1);
  }
  const groups = new Set([...steps, ...conflicts].map(({ group = '' }) => group));
  return [...groups].sort().map((group) => ({
    group,
    steps: steps.filter((step) => (step.group ?? '') === group),
    conflicts: conflicts.filter((one) => (one.group ?? '') === group),
    foreign: others.get(group) ?? 0,
  }));
}

export function titleOf(plan: Plan, group: string): string {
  return printable(shortened(plan, group));
}

/** The name without its object. */
export function keyOf({ name, group }: Pick<PlanStep, 'name' | 'group'>): string {
  return printable(group !== undefined && name.startsWith(`${group}/`) ? name.slice(group.length + 1) : name);
}

function groupOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

function countOf({ steps }: Section, what: PlanStep['do']): number {
  return steps.filter((step) => step.do === what).length;
}

/** Whether the object comes, goes, changes, or stays. */
function markOf(section: Section): '+' | '-' | '~' | ' ' {
  const { steps, conflicts, foreign } = section;
  const isOnly = (what: PlanStep['do']): boolean =>
    steps.length > 0 && countOf(section, what) === steps.length && conflicts.length + foreign === 0;
  if (isOnly('create')) return '+';
  if (isOnly('delete')) return '-';
  return conflicts.length > 0 || steps.some((step) => step.do !== 'keep') ? '~' : ' ';
}

const takenOver = 'was not ours and is taken over';

function summaryOf(section: Section): string {
  const mark = markOf(section);
  if (mark === '+' || mark === '-') return counted(section.steps.length, 'name');
  const taken = section.steps.filter(({ because }) => because === takenOver).length;
  const differs = taken + section.conflicts.length;
  const adopted = countOf(section, 'adopt');
  const parts = [
    ...(adopted + differs > 0 ? [`adopt: ${adopted} equal`] : []),
    ...(differs > 0 ? [`${differs} ${differs === 1 ? 'differs' : 'differ'}`] : []),
    ...some(countOf(section, 'create'), 'to create'),
    ...some(countOf(section, 'update') - taken, 'to change'),
    ...some(countOf(section, 'delete'), 'to delete'),
    ...some(countOf(section, 'keep'), 'in agreement'),
    ...some(section.foreign, 'not ours (left alone)'),
  ];
  return parts.join(', ');
}

function some(number: number, what: string): readonly string[] {
  return number === 0 ? [] : [`${number} ${what}`];
}

const states: Readonly<Record<PlanStep['do'], string>> = {
  create: 'is missing',
  update: 'differs',
  delete: 'goes',
  adopt: 'equal, becomes ours',
  keep: 'equal',
};

function printLines(session: Session, section: Section, all: boolean): void {
  const isWhole = ['+', '-'].includes(markOf(section));
  const steps = section.steps.filter((step) => all || (!isWhole && step.do !== 'keep' && step.do !== 'adopt'));
  const rows = [
    ...steps.map((step) => ({ step, state: states[step.do], reason: reasonOf(step) })),
    ...section.conflicts.map((step) => ({
      step,
      state: 'differs',
      reason: reasonOf({ ...step, because: 'not ours' }),
    })),
  ].sort((a, b) => (a.step.name < b.step.name ? -1 : 1));
  const wide = Math.max(0, ...rows.map(({ step }) => width(keyOf(step))));
  for (const row of rows) {
    session.print(`    ${padded(keyOf(row.step), wide)}   ${row.state}${valuesOf(row.step)}${row.reason}\n`);
  }
}

function reasonOf(step: Pick<PlanStep, 'because' | 'writer'>): string {
  const parts = [
    ...(step.because === undefined || step.because === takenOver ? [] : [step.because]),
    ...(step.writer === undefined ? [] : [`written by ${step.writer}`]),
  ];
  return parts.length === 0 ? '' : `   ${printable(parts.join(', '))}`;
}

/** What is there and what should be, where that was asked for and may be shown. */
function valuesOf({ wanted, found }: Pick<PlanStep, 'wanted' | 'found'>): string {
  if (wanted === undefined || wanted === found) return '';
  return `  ${found === undefined ? '' : `${quoted(found)}  →  `}${quoted(wanted)}`;
}

/** What differs, as `kubectl diff` shows it: what is there behind `-`, what should be behind `+`. */
export function printDifferences(session: Session, plan: Plan): number {
  let different = 0;
  for (const section of sectionsOf(plan)) {
    const names = [
      ...section.steps.filter((step) => ['create', 'update', 'delete'].includes(step.do)),
      ...section.conflicts.map((one) => ({ ...one, do: 'update' as const })),
    ].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (names.length === 0) continue;
    different += names.length;
    if (section.group !== '') session.print(`${titleOf(plan, section.group)}\n`);
    for (const step of names) printDifference(session, step);
  }
  return different;
}

function printDifference(session: Session, step: PlanStep): void {
  const name = keyOf(step);
  const shown = step.secret ? ` ${mask}` : '';
  const writer = step.writer === undefined ? '' : `   written by ${printable(step.writer)}`;
  const found = step.found === undefined ? shown : ` ${quoted(step.found)}`;
  const wanted = step.wanted === undefined ? shown : ` ${quoted(step.wanted)}`;
  if (step.do !== 'create') session.print(`- ${name}${found}${writer}\n`);
  if (step.do !== 'delete') session.print(`+ ${name}${wanted}\n`);
}
