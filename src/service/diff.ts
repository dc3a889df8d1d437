import { pathLayers } from './layers.ts';
import { seenIn } from './list.ts';
import type { Seen } from './list.ts';
import { comparing, mayList } from './loaders.ts';
import type { StoredEntry } from './loaders.ts';
import type { Rate } from './rate.ts';
import { factsOf } from './rights.ts';
import type { Facts, Rights } from './rights.ts';
import type { Caller, Diff, DiffRequest, DiffRow, Side } from './services.ts';
import { auditPaths } from './summary.ts';
import { pastLoaders } from './world.ts';
import type { World } from './world.ts';
import { PlumbError } from '#domain/errors';
import { comparePaths, parseFolder } from '#domain/path';
import type { Folder, Path } from '#domain/path';
import { evaluate } from '#eval/evaluate';
import type { Evaluated, Evaluation } from '#eval/evaluate';

/** Names on one side of a diff. */
const sideLimit = 10_000;

/** How often a principal may compare what it may not read. */
export interface Comparisons {
  readonly rate: Rate;
}

/** One name on one side. */
interface Item {
  readonly path: Path;
  readonly stored: StoredEntry;
  /** By the right to read. */
  readonly read: Evaluation<StoredEntry>;
  /** By the right to compare, where reading fails. */
  readonly compare: Evaluation<StoredEntry> | undefined;
}

/** Two folders or two revisions, name by name, folders below included. What the caller may not list is not there for it. */
export async function diffFolders(
  world: World,
  comparisons: Comparisons,
  caller: Caller,
  request: DiffRequest,
): Promise<Diff> {
  const sides = [checkSide(world, request.left), checkSide(world, request.right)] as const;
  return world.gate.read(caller, { action: 'compare', path: sides[0].folder }, async (rights) => {
    for (const { folder } of sides) requireSight(rights, folder);
    const left = await itemsOf(world, rights, sides[0]);
    const right = await itemsOf(world, rights, sides[1]);
    const names = [...new Set([...left.keys(), ...right.keys()])].sort(comparePaths);
    const comparer = new Comparer(world, comparisons, rights);
    const rows = names.map((name) => comparer.row(name, left.get(name), right.get(name)));
    const released = [...left.values(), ...right.values()].flatMap(({ read }) =>
      read.ok ? auditPaths(read.value) : [],
    );
    const paths = [...sides.map((side) => side.folder), ...new Set(released)];
    return { result: { left: request.left, right: request.right, rows, counts: count(rows) }, paths };
  });
}

interface CheckedSide {
  readonly folder: Folder;
  readonly revision: number | undefined;
}

function checkSide(world: World, side: Side): CheckedSide {
  const { revision } = side;
  const present = world.state.revision;
  if (revision !== undefined && (!Number.isInteger(revision) || revision < 0 || revision > present)) {
    throw new PlumbError('invalid', `a revision is a whole number up to the present one, ${present}`);
  }
  return { folder: parseFolder(side.folder), revision };
}

function requireSight(rights: Rights, folder: Folder): void {
  const isSeen = (['read', 'list', 'compare'] as const).some((action) => rights.mayBelow(action, folder));
  if (!isSeen) throw rights.refuse('compare', folder);
}

async function itemsOf(world: World, rights: Rights, side: CheckedSide): Promise<Map<string, Item>> {
  const { folder, revision } = side;
  const compareRights = comparing(rights);
  const past = revision === undefined ? {} : { revision };
  const readers = pastLoaders(world, rights, past);
  const comparers = pastLoaders(world, compareRights, past);
  const seen: Seen[] = [];
  for (const entry of seenIn(world.state, { folder, isRecursive: true, revision })) {
    if (seen.length === sideLimit) throw new PlumbError('too-large', `a diff has at most ${sideLimit} names on a side`);
    if (mayList(compareRights, entry.path, entry.stored)) seen.push(entry);
  }
  const reads = await readers.settled(() => seen.map(({ path }) => evaluate(path, readers)));
  const compares = await comparers.settled(() =>
    seen.map(({ path }, i) => (reads[i]?.ok === true ? undefined : evaluate(path, comparers))),
  );
  const items = new Map<string, Item>();
  for (const [i, { name, path, stored }] of seen.entries()) {
    const read = reads[i];
    if (read !== undefined) items.set(name, { path, stored, read, compare: compares[i] });
  }
  return items;
}

class Comparer {
  readonly #world: World;
  readonly #comparisons: Comparisons;
  readonly #rights: Rights;
  #isCounted = false;

  constructor(world: World, comparisons: Comparisons, rights: Rights) {
    this.#world = world;
    this.#comparisons = comparisons;
    this.#rights = rights;
  }

  row(name: string, left: Item | undefined, right: Item | undefined): DiffRow {
    const row = { name, secret: isSecret(left) || isSecret(right), ...shown('left', left), ...shown('right', right) };
    if (left === undefined) return { ...row, status: 'only-right' };
    if (right === undefined) return { ...row, status: 'only-left' };
    const both = [left, right] as const;
    const values = both.map((item) => valueOf(item.read));
    if (values[0] !== undefined && values[1] !== undefined) return { ...row, status: sameness(values[0], values[1]) };
    return { ...row, ...this.#compared(left, right, row.secret) };
  }

  /** At least one side cannot be read. */
  #compared(left: Item, right: Item, isSecretRow: boolean): Pick<DiffRow, 'status' | 'problem'> {
    const values = [left, right].map((item) => valueOf(item.read) ?? valueOf(item.compare));
    const [first, second] = values;
    if (first === undefined || second === undefined) {
      return { status: 'unknown', problem: problemOf(left, right) };
    }
    if (isSecretRow && (this.#mayWrite(left, first) || this.#mayWrite(right, second))) {
      return { status: 'unknown', problem: 'may not be compared by who may write one side and not read both' };
    }
    if (!this.#isCounted) this.#comparisons.rate.take(this.#rights.principal);
    this.#isCounted = true;
    return { status: sameness(first, second) };
  }

  /**
   * Whoever could write any place that the value comes from, or that could stand before it, could try values out:
   * also by another token than this one, or at another time.
   */
  #mayWrite(item: Item, value: Evaluated<StoredEntry>): boolean {
    const { state, gate } = this.#world;
    const { principal } = this.#rights;
    const mayWrite = (path: Path, facts: Facts): boolean => gate.couldEver(principal, { action: 'write', path }, facts);
    const facts = factsOf(item.stored);
    return (
      pathLayers(state, item.path).some((path) => mayWrite(path, facts)) ||
      value.origins.some((origin) => mayWrite(origin.path, factsOf(origin)))
    );
  }
}

function valueOf(evaluation: Evaluation<StoredEntry> | undefined): Evaluated<StoredEntry> | undefined {
  return evaluation?.ok === true ? evaluation.value : undefined;
}

function sameness(left: Evaluated<StoredEntry>, right: Evaluated<StoredEntry>): 'same' | 'differs' {
  return left.text === right.text ? 'same' : 'differs';
}

/** Where it cannot be evaluated at all: what its own kind says. */
function isSecret(item: Item | undefined): boolean {
  if (item === undefined) return false;
  const value = valueOf(item.read) ?? valueOf(item.compare);
  return value === undefined ? item.stored.current.kind === 'secret' : value.secret;
}

function shown(side: 'left' | 'right', item: Item | undefined): { left?: string; right?: string } {
  const value = valueOf(item?.read);
  return value === undefined || value.secret ? {} : { [side]: value.text };
}

function problemOf(left: Item, right: Item): string {
  for (const [side, item] of Object.entries({ left, right })) {
    const { read, compare } = item;
    if (read.ok || compare?.ok === true) continue;
    return read.problem.code === 'forbidden' || read.problem.code === 'not-found'
      ? `the ${side} may not be read`
      : `the ${side} cannot be evaluated: ${read.problem.message}`;
  }
  return 'may not be compared';
}

function count(rows: readonly DiffRow[]): Diff['counts'] {
  const of = (status: DiffRow['status']): number => rows.filter((row) => row.status === status).length;
  return {
    same: of('same'),
    differs: of('differs'),
    onlyLeft: of('only-left'),
    onlyRight: of('only-right'),
    unknown: of('unknown'),
  };
}
