import { seenIn } from './list.ts';
import { mayList, PresentLoaders } from './loaders.ts';
import { factsOf } from './rights.ts';
import type { Rights } from './rights.ts';
import type { Plan, PlanStep } from './services.ts';
import { auditPaths } from './summary.ts';
import type { SyncWishes } from './sync-wishes.ts';
import type { Keyring } from '#crypto/keyring';
import { parseFolder } from '#domain/path';
import type { Path } from '#domain/path';
import type { SyncSpec, SyncStatus } from '#domain/records';
import { evaluateFolder } from '#eval/evaluate';
import { lookUp } from '#eval/lookup';
import type { View } from '#state/view';

export interface Showing {
  readonly state: View;
  readonly keyring: Keyring;
  readonly wishes: Pick<SyncWishes, 'problems'>;
}

/** For whom what is shown. */
export interface Shown {
  readonly rights: Rights;
  readonly spec: SyncSpec;
  /** Also values of config, of entries that the caller may read. */
  readonly reveal: boolean;
}

/** Comparisons of names with names that a plan is worth. */
const comparisonLimit = 1_000_000;
const somethingHidden = 'it cannot be applied';

/**
 * A plan as a caller may see it: nothing of entries that the caller may not list, and values only of those that the
 * caller may read, with what is released for the audit record.
 */
export function showPlan(
  showing: Showing,
  shown: Shown,
  plan: Plan,
): { readonly plan: Plan; readonly released: readonly string[] } {
  const { rights, spec, reveal } = shown;
  const sight = new Sight(showing.state, rights, spec);
  const visible = plan.steps.filter((step) => sight.sees(step.entry ?? step.name));
  const left = plan.steps.length - visible.length;
  const readable = reveal ? readableOf(showing, rights, spec) : new Map<string, readonly string[]>();
  const steps = visible.map((step) => withoutValues(step, readable));
  const conflicts = (plan.conflicts ?? [])
    .filter((one) => sight.sees(one.entry ?? one.name))
    .map((one) => withoutValues(one, readable));
  const names = new Set(visible.map(({ name }) => name));
  const told = plan.problems.length === 0 ? [] : showing.wishes.problems(spec, rights);
  const { held, restarts, ...rest } = plan;
  const remark = `${left} names that you may not list are left out`;
  return {
    plan: {
      ...rest,
      steps,
      ...(plan.conflicts === undefined ? {} : { conflicts }),
      foreign: sight.tellable(plan.foreign),
      remarks: left === 0 ? plan.remarks : [remark],
      ...(held === undefined ? {} : { held: left === 0 ? held : 'it waits for a person' }),
      problems: [...problemsOf(sight, plan), ...told],
      ...(restarts === undefined
        ? {}
        : { restarts: restarts.map((one) => ({ ...one, names: one.names.filter((name) => names.has(name)) })) }),
    },
    released: [...steps, ...conflicts].flatMap((step) =>
      step.wanted === undefined && step.found === undefined ? [] : (readable.get(step.entry ?? step.name) ?? []),
    ),
  };
}

/** What a status says to a caller: messages that name entries which the caller may not list are left out. */
export function showStatus(state: View, rights: Rights, spec: SyncSpec, status: SyncStatus): SyncStatus {
  const naming = status.conditions.filter(({ message, reason }) => message !== '' && namingReasons.has(reason));
  if (naming.length === 0) return status;
  const sight = new Sight(state, rights, spec);
  const conditions = status.conditions.map((condition) =>
    namingReasons.has(condition.reason) && !sight.mayTell(condition.message)
      ? { ...condition, message: 'names that you may not list stand in the way' }
      : condition,
  );
  return { ...status, conditions };
}

/** Conditions whose messages name what they are about. */
const namingReasons: ReadonlySet<string> = new Set(['NotOurs', 'CannotCarry', 'Oscillation']);

function problemsOf(sight: Sight, plan: Plan): readonly string[] {
  // The place was not looked at; then no name is told.
  if (plan.revision === 0 && plan.steps.length === 0 && plan.foreign.length === 0) return plan.problems;
  const told = plan.problems.filter((message) => sight.mayTell(message));
  return told.length === plan.problems.length ? told : [somethingHidden, ...told];
}

function withoutValues<T extends Omit<PlanStep, 'do'>>(step: T, readable: ReadonlyMap<string, unknown>): T {
  if (readable.has(step.entry ?? step.name) && !step.secret) return step;
  const { wanted: _wanted, found: _found, ...rest } = step;
  return rest as T;
}

/** Entries of config that the caller may read, with what their values are made of. */
function readableOf({ state, keyring }: Showing, rights: Rights, spec: SyncSpec): Map<string, readonly string[]> {
  const folder = parseFolder(spec.from);
  const { values } = evaluateFolder(folder, new PresentLoaders(state, rights, keyring));
  const start = folder.length + 1;
  return new Map(
    values.flatMap((value) => (value.secret ? [] : [[value.path.slice(start), auditPaths(value)] as const])),
  );
}

/** What one caller may know of the folder of one sync. */
class Sight {
  readonly #state: View;
  readonly #rights: Rights;
  readonly #spec: SyncSpec;
  readonly #present = new Set<string>();
  /** In lower case. */
  readonly #hidden = new Set<string>();

  constructor(state: View, rights: Rights, spec: SyncSpec) {
    this.#state = state;
    this.#rights = rights;
    this.#spec = spec;
    for (const { name, path, stored } of seenIn(state, { folder: parseFolder(spec.from), isRecursive: false })) {
      if (mayList(rights, path, stored)) this.#present.add(name);
      else this.#hidden.add(name.toLowerCase());
    }
  }

  /** Also of an entry that is gone. */
  sees(entry: string): boolean {
    if (this.#present.has(entry)) return true;
    if (this.#hidden.has(entry.toLowerCase())) return false;
    if (this.#mayKnow(`${this.#spec.from}/${entry}`)) return true;
    this.#hidden.add(entry.toLowerCase());
    return false;
  }

  /** Names of the place without those that may come from hidden entries: however it is mapped, a name holds its entry's. */
  tellable(names: readonly string[]): readonly string[] {
    if (names.length * this.#hidden.size > comparisonLimit) return [];
    return names.filter((name) => this.#holdsNone(name));
  }

  /** Neither a hidden entry of the folder nor the path of one elsewhere. */
  mayTell(message: string): boolean {
    if (!this.#holdsNone(message)) return false;
    return message.split(/[\s,;:()]+/).every((word) => !word.includes('/') || this.#isNoSecretPath(word));
  }

  #holdsNone(text: string): boolean {
    if (this.#hidden.size === 0) return true;
    const lower = text.toLowerCase();
    for (const name of this.#hidden) if (lower.includes(name)) return false;
    return true;
  }

  #isNoSecretPath(word: string): boolean {
    return this.#state.head(word as Path) === undefined || this.#mayKnow(word);
  }

  #mayKnow(path: string): boolean {
    const found = lookUp(path as Path, this.#state).found;
    return this.#rights.mayKnow(path, found && factsOf(found));
  }
}
