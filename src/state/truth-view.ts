import { namedBy, namedInProjectBy } from './referrers.ts';
import { after, afterPrefix } from './table.ts';
import type { TruthTables } from './tables.ts';
import { history } from './tables.ts';
import type { Referrer, View } from './view.ts';
import type { Head, PastVersion } from '#domain/entry';
import type { Folder, Path } from '#domain/path';
import { comparePaths, placeOf } from '#domain/path';
import type { TruthNoun, TruthNouns } from '#domain/records';
import { lookUp } from '#eval/lookup';

/** The entries in a set of tables. */
class EntryView {
  readonly #tables: TruthTables;

  constructor(tables: TruthTables) {
    this.#tables = tables;
  }

  head(path: Path): Head | undefined {
    return this.#tables.heads.get(path);
  }

  children(folder: Folder, from?: Path): Iterable<Head> {
    return children(this.#tables, folder, from);
  }

  heads(folder: Folder, from?: Path): Iterable<Head> {
    return heads(this.#tables, folder, from);
  }

  folders(folder: Folder): Iterable<string> {
    return folders(this.#tables, folder);
  }

  versions(path: Path, before?: number): Iterable<PastVersion> {
    return versions(this.#tables, path, before);
  }

  version(path: Path, version: number): PastVersion | undefined {
    return versionOf(this.#tables, path, version);
  }

  headAt(path: Path, revision: number): PastVersion | undefined {
    return headAt(this.#tables, path, revision);
  }

  referrers(path: Path): readonly Referrer[] {
    return referrers(this.#tables, path);
  }
}

/** The view of a set of tables. `counter` holds the revision they are at. */
export class TablesView extends EntryView implements View {
  readonly #tables: TruthTables;
  readonly #counter: { readonly revision: number };

  constructor(tables: TruthTables, counter: { readonly revision: number }) {
    super(tables);
    this.#tables = tables;
    this.#counter = counter;
  }

  get revision(): number {
    return this.#counter.revision;
  }

  record<N extends TruthNoun>(noun: N, name: string): TruthNouns[N] | undefined {
    return this.#tables.records[noun].get(name);
  }

  records<N extends TruthNoun>(noun: N, prefix = ''): Iterable<readonly [string, TruthNouns[N]]> {
    return records(this.#tables, noun, prefix);
  }

  chain(environment: string): readonly string[] {
    return chain(this.#tables, environment);
  }

  heirs(environment: string): readonly string[] {
    return heirs(this.#tables, environment);
  }
}

/** Where the paths below a folder begin and end. */
function bounds(folder: Folder): readonly [from: string, to: string | undefined] {
  return folder === '' ? ['', undefined] : [`${folder}/`, afterPrefix(`${folder}/`)];
}

function* heads(tables: TruthTables, folder: Folder, from?: Path): Generator<Head> {
  const [start, to] = bounds(folder);
  for (const [, head] of tables.heads.range(later(start, from), to)) yield head;
}

function later(start: string, from: Path | undefined): string {
  return from === undefined || comparePaths(from, start) < 0 ? start : after(from);
}

/** Jumps over what is below folders, so that its cost is that of the direct entries and folders. */
function* children(tables: TruthTables, folder: Folder, from?: Path): Generator<Head> {
  const [start] = bounds(folder);
  for (const [below, head] of hops(tables, folder, later(start, from))) if (below === undefined) yield head;
}

function* folders(tables: TruthTables, folder: Folder): Generator<string> {
  const [start] = bounds(folder);
  for (const [below] of hops(tables, folder, start))
    if (below !== undefined && isAlive(tables, below)) yield below.slice(start.length, -1);
}

/** Each direct entry, and for each direct folder its prefix (with the slash) and the first head below it. */
function* hops(
  tables: TruthTables,
  folder: Folder,
  from: string,
): Generator<readonly [below: string | undefined, head: Head]> {
  const [start, to] = bounds(folder);
  let next: string | undefined = from;
  while (next !== undefined) {
    const range: Iterable<readonly [string, Head]> = tables.heads.range(next, to);
    next = undefined;
    for (const [path, head] of range) {
      const slash = path.indexOf('/', start.length);
      if (slash === -1) {
        yield [undefined, head];
        continue;
      }
      const below = path.slice(0, slash + 1);
      yield [below, head];
      next = afterPrefix(below);
      break;
    }
  }
}

function isAlive(tables: TruthTables, prefix: string): boolean {
  for (const [, head] of tables.heads.range(prefix, afterPrefix(prefix)))
    if (head.current.state === 'present') return true;
  return false;
}

function* versions(tables: TruthTables, path: Path, before = Number.MAX_SAFE_INTEGER): Generator<PastVersion> {
  const incarnation = tables.heads.get(path)?.current.incarnation;
  for (const [, version] of history(tables, path)) {
    if (version.version < before || version.incarnation !== incarnation) yield version;
  }
}

function versionOf(tables: TruthTables, path: Path, wanted: number): PastVersion | undefined {
  for (const version of versions(tables, path, wanted + 1)) return version.version === wanted ? version : undefined;
  return undefined;
}

function headAt(tables: TruthTables, path: Path, revision: number): PastVersion | undefined {
  for (const version of versions(tables, path)) if (version.revision <= revision) return version;
  return undefined;
}

function* records<N extends TruthNoun>(
  tables: TruthTables,
  noun: N,
  prefix: string,
): Generator<readonly [string, TruthNouns[N]]> {
  for (const item of tables.records[noun].range(prefix)) {
    if (!item[0].startsWith(prefix)) return;
    yield item;
  }
}

/** Ends where an environment is not declared; a cycle, which is refused when declared, ends it too. */
function chain(tables: TruthTables, environment: string): readonly string[] {
  const found = [environment];
  const project = environment.slice(0, environment.indexOf('/') + 1);
  let base = tables.records.environment.get(environment)?.extends;
  while (base !== undefined && !found.includes(project + base)) {
    found.push(project + base);
    base = tables.records.environment.get(project + base)?.extends;
  }
  return found;
}

function heirs(tables: TruthTables, environment: string): readonly string[] {
  const project = environment.slice(0, environment.indexOf('/') + 1);
  const found: string[] = [];
  for (const [name] of records(tables, 'environment', project)) {
    if (name !== environment && chain(tables, name).includes(environment)) found.push(name);
  }
  return found;
}

function referrers(tables: TruthTables, path: Path): readonly Referrer[] {
  const found = new Map<Path, Referrer>();
  const add = (reader: Path, stored: Path) => {
    if (isReadFrom(tables, reader, stored)) found.set(reader, { path: reader, stored });
  };
  for (const target of readersOf(tables, path)) {
    if (target !== path && !isReadFrom(tables, target, path)) continue;
    for (const stored of namedBy(tables, target)) for (const reader of readersOf(tables, stored)) add(reader, stored);
    const environment = placeOf(target)?.environment ?? '';
    for (const stored of namedInProjectBy(tables, target)) {
      add(`${environment}/${placeOf(stored)?.relative ?? ''}` as Path, stored);
    }
  }
  return [...found.values()].sort((left, right) => comparePaths(left.path, right.path));
}

/** The path itself, and the same place in each environment that inherits from its own. */
function readersOf(tables: TruthTables, path: Path): readonly Path[] {
  const place = placeOf(path);
  if (place === undefined || place.relative === '') return [path];
  return [path, ...heirs(tables, place.environment).map((heir) => `${heir}/${place.relative}` as Path)];
}

/** Whether what is read at `reader` is what is stored at `stored`, or would be if something were there. */
function isReadFrom(tables: TruthTables, reader: Path, stored: Path): boolean {
  const shelves = { head: (path: Path) => tables.heads.get(path), chain: (name: string) => chain(tables, name) };
  const { found, steps } = lookUp(reader, shelves);
  return found === undefined ? steps.some((step) => step.path === stored) : found.path === stored;
}
