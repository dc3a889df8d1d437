import type { Step } from './change-plan.ts';
import { heirPaths } from './layers.ts';
import { mayList } from './loaders.ts';
import type { Overlay } from './overlay.ts';
import { factsOf } from './rights.ts';
import type { Rights } from './rights.ts';
import type { Head } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import type { Path } from '#domain/path';
import { parseReference, resolveReference } from '#domain/reference';
import { lookUp } from '#eval/lookup';
import type { View } from '#state/view';

/** What checks of references look at: the state before the change, and with it. */
export interface ReferenceContext {
  readonly before: View;
  readonly after: Overlay;
  readonly rights: Rights;
}

/** Names shown of many. */
const shownNames = 10;
const orUnlisted = '(an entry that may not be listed)';

/**
 * Every environment in which a new expression is read: writing a reference takes `read` on what it
 * names in each. Throws `forbidden`; answers a warning for each reference that names nothing.
 */
export function checkReferences(step: Step, context: ReferenceContext): readonly string[] {
  const { after, before } = context;
  const warnings: string[] = [];
  const seen = new Set<Path>();
  for (const readAt of heirPaths(before, step.path)) {
    if (readAt !== step.path && after.find(readAt)?.path !== step.path) continue;
    for (const written of step.head.current.references) {
      const target = resolveReference(parseReference(written), readAt);
      if (seen.has(target)) continue;
      seen.add(target);
      const found = after.find(target);
      requireReadable({ step, readAt, written, target, found }, context.rights);
      if (found === undefined) warnings.push(`${readAt} refers to ${target}, where nothing is`);
    }
  }
  return warnings;
}

interface Referral {
  readonly step: Step;
  readonly readAt: Path;
  readonly written: string;
  readonly target: Path;
  readonly found: Head | undefined;
}

function requireReadable({ step, readAt, written, target, found }: Referral, rights: Rights): void {
  const facts = found && factsOf(found);
  const isReadable =
    rights.may('read', target, facts) &&
    (found === undefined || found.path === target || rights.may('read', found.path, facts));
  if (isReadable) return;
  rights.refuse('read', target, facts);
  const where = readAt === step.path || !rights.mayKnow(readAt) ? '' : `, as it is read at ${readAt}`;
  throw new PlumbError(
    'forbidden',
    `${rights.principal} may not read \${${written}}, which ${step.path} would refer to${where}`,
    {
      hint: 'writing a reference takes read on what it names, in every environment that inherits it',
      details: { path: step.path, reference: written },
    },
  );
}

/** Throws `conflict` if following the references of a new expression leads back to one that is being followed. */
export function checkCycles(steps: readonly Step[], context: ReferenceContext): void {
  const done = new Set<Path>();
  for (const step of steps) {
    if (step.head.current.references.length === 0) continue;
    for (const readAt of heirPaths(context.before, step.path)) {
      if (readAt !== step.path && context.after.find(readAt)?.path !== step.path) continue;
      const cycle = findCycle(readAt, context.after, done);
      if (cycle === undefined) continue;
      const shown = cycle.map((path) => (mayShow(path, context) ? path : orUnlisted));
      throw new PlumbError('conflict', `the references would form a cycle: ${shown.join(' → ')}`);
    }
  }
}

function mayShow(path: Path, { after, rights }: ReferenceContext): boolean {
  return mayList(rights, path, after.find(path));
}

interface Visit {
  readonly path: Path;
  readonly targets: readonly Path[];
  next: number;
}

/** Depth first, without recursion; `done` holds what is known to lead into no cycle. */
function findCycle(start: Path, after: Overlay, done: Set<Path>): readonly Path[] | undefined {
  const open = new Map<Path, Visit>();
  const enter = (path: Path): void => void open.set(path, { path, targets: targetsAt(path, after), next: 0 });
  const trail: Path[] = [start];
  if (done.has(start)) return undefined;
  enter(start);
  for (let at = trail.at(-1); at !== undefined; at = trail.at(-1)) {
    const visit = open.get(at);
    const target = visit?.targets[visit.next];
    if (visit === undefined || target === undefined) {
      open.delete(at);
      done.add(at);
      trail.pop();
      continue;
    }
    visit.next += 1;
    if (open.has(target)) return [...trail.slice(trail.indexOf(target)), target];
    if (done.has(target)) continue;
    trail.push(target);
    enter(target);
  }
  return undefined;
}

/** What the entry that is read at a path refers to. */
function targetsAt(readAt: Path, after: Pick<Overlay, 'find'>): readonly Path[] {
  const found = after.find(readAt);
  return found === undefined ? [] : targetsOf(found, readAt);
}

function targetsOf(head: Head, readAt: Path): readonly Path[] {
  return head.current.references.flatMap((written) => {
    try {
      return resolveReference(parseReference(written), readAt);
    } catch {
      return [];
    }
  });
}

/**
 * Entries that could be computed before and would not be after something ended. Throws `conflict`
 * naming those the caller may list, unless `isForced`: then they are warnings.
 */
export function checkReferrers(
  steps: readonly Step[],
  isForced: boolean,
  context: ReferenceContext,
): readonly string[] {
  const problems: string[] = [];
  const named = new Set<Path>();
  for (const step of steps) {
    if (step.effect !== 'delete' && step.effect !== 'unset') continue;
    const broken = context.before.referrers(step.path).filter(({ path, stored }) => isBroken(path, stored, context));
    if (broken.length === 0) continue;
    const visible = broken.map(({ path }) => path).filter((path) => mayShow(path, context));
    for (const path of visible) named.add(path);
    problems.push(`${step.path} is needed by ${listed(visible, broken.length > visible.length)}`);
  }
  if (problems.length === 0 || isForced) return problems;
  throw new PlumbError(
    'conflict',
    problems.length === 1 ? (problems[0] ?? '') : `${problems.length} entries are needed by others`,
    {
      hint: 'change what refers to it first, or repeat with force',
      details: { referrers: [...named].slice(0, 100) },
      diagnostics: problems.slice(0, 100).map((message) => ({ message })),
    },
  );
}

function isBroken(path: Path, stored: Path, { before, after }: ReferenceContext): boolean {
  const head = after.find(path);
  if (head === undefined || head.path !== stored) return false;
  const earlier = new Set(targetsOf(head, path).filter((target) => after.find(target) === undefined));
  return [...earlier].some((target) => findIn(before, target));
}

function findIn(before: View, target: Path): boolean {
  return lookUp(target, before).found !== undefined;
}

function listed(visible: readonly Path[], hasOthers: boolean): string {
  if (visible.length === 0) return 'entries that may not be listed';
  const shown = visible.slice(0, shownNames).join(', ');
  return visible.length > shownNames || hasOthers ? `${shown} and others` : shown;
}
