import { folderLayers, join } from './layers.ts';
import { checkLimit } from './limits.ts';
import { entryAt, mayList } from './loaders.ts';
import type { StoredEntry } from './loaders.ts';
import type { Rights } from './rights.ts';
import type { Caller, EntrySummary, ListPage, ListRequest } from './services.ts';
import { summaryOf } from './summary.ts';
import type { World } from './world.ts';
import type { Head } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import { comparePaths, isReserved, parseFolder, parsePath } from '#domain/path';
import type { Folder, Path } from '#domain/path';
import type { View } from '#state/view';

/** Entries that one page looks at, at most, whatever it shows: a page may come out short, with a cursor. */
const scanLimit = 20_000;
const pageLimit = 1000;

/** One entry as it is seen in a folder: its own, or inherited from an environment that the folder's extends. */
export interface Seen {
  /** Relative to the folder. */
  readonly name: string;
  readonly path: Path;
  readonly stored: StoredEntry;
}

/** Names and metadata of a folder, page by page. */
export async function listEntries(world: World, caller: Caller, request: ListRequest): Promise<ListPage> {
  const folder = parseFolder(request.folder ?? '');
  const limit = checkLimit(request.limit ?? 100, pageLimit);
  const after = request.cursor === undefined ? undefined : decodeCursor(folder, request.cursor);
  const isRecursive = request.recursive === true;
  return world.gate.read(caller, { action: 'list', path: folder }, (rights) => {
    if (!rights.mayBelow('list', folder) && !rights.mayBelow('read', folder)) throw rights.refuse('list', folder);
    const page = scan(world.state, rights, { folder, limit, isRecursive, after });
    const folders = isRecursive || after !== undefined ? [] : visibleFolders(world.state, rights, folder);
    return { result: { ...page, folders, revision: world.state.revision } };
  });
}

interface Scan {
  readonly folder: Folder;
  readonly limit: number;
  readonly isRecursive: boolean;
  /** Relative to the folder. */
  readonly after: string | undefined;
}

function scan(state: View, rights: Rights, request: Scan): { entries: EntrySummary[]; cursor?: string } {
  const entries: EntrySummary[] = [];
  let scanned = 0;
  let last = '';
  let shown = '';
  for (const { name, path, stored } of seenIn(state, request)) {
    if (scanned === scanLimit) return { entries, cursor: encodeCursor(last) };
    scanned += 1;
    last = name;
    if (!mayList(rights, path, stored)) continue;
    // Only what may be listed makes another page: a cursor must not tell that something hidden follows.
    if (entries.length === request.limit) return { entries, cursor: encodeCursor(shown) };
    shown = name;
    entries.push(summaryOf(path, stored));
  }
  return { entries };
}

export interface SeenRequest {
  readonly folder: Folder;
  readonly isRecursive: boolean;
  /** Relative to the folder. Default: from the first. */
  readonly after?: string | undefined;
  /** As of this revision; default the present. */
  readonly revision?: number | undefined;
}

/** What is present in a folder, own and inherited, in byte order. */
export function* seenIn(state: View, request: SeenRequest): Generator<Seen> {
  const { folder, isRecursive, after, revision } = request;
  const layers = folderLayers(state, folder).map((layer) => new Layer(state, layer, isRecursive, after));
  for (;;) {
    let name: string | undefined;
    for (const layer of layers) {
      const candidate = layer.name;
      if (candidate !== undefined && (name === undefined || comparePaths(candidate, name) < 0)) name = candidate;
    }
    if (name === undefined) return;
    const stored = nearest(layers, name, (head) => entryAt(state, head, revision));
    if (stored !== undefined) yield { name, path: join(folder, name) as Path, stored };
    for (const layer of layers) if (layer.name === name) layer.advance();
  }
}

/** The first that is present, unless one before it hides it. */
function nearest(
  layers: readonly Layer[],
  name: string,
  asOf: (head: Head) => StoredEntry | undefined,
): StoredEntry | undefined {
  for (const layer of layers) {
    const stored = layer.name === name && layer.head !== undefined ? asOf(layer.head) : undefined;
    if (stored?.current.state === 'present') return stored;
    if (stored?.current.state === 'unset') return undefined;
  }
  return undefined;
}

/** The stored entries of one folder of the chain, one after the other; not those of reserved folders, which nobody reads. */
class Layer {
  readonly #prefix: number;
  readonly #heads: Iterator<Head>;
  head: Head | undefined;
  /** Relative to the folder. */
  name: string | undefined;

  constructor(state: View, folder: Folder, isRecursive: boolean, after: string | undefined) {
    this.#prefix = folder === '' ? 0 : folder.length + 1;
    const from = after === undefined ? undefined : (join(folder, after) as Path);
    const heads = isRecursive ? state.heads(folder, from) : state.children(folder, from);
    this.#heads = heads[Symbol.iterator]();
    this.advance();
  }

  advance(): void {
    let next = this.#heads.next();
    while (this.#prefix === 0 && next.done !== true && isReserved(next.value.path)) next = this.#heads.next();
    this.head = next.done === true ? undefined : next.value;
    this.name = this.head?.path.slice(this.#prefix);
  }
}

/** Folders in which there is something that the caller may list. */
function visibleFolders(state: View, rights: Rights, folder: Folder): string[] {
  const names = new Set(folderLayers(state, folder).flatMap((layer) => [...state.folders(layer)]));
  let budget = scanLimit;
  const isVisible = (name: string): boolean => {
    const below = join(folder, name) as Path;
    if (!rights.mayBelow('list', below) && !rights.mayBelow('read', below)) return false;
    for (const { path, stored } of seenIn(state, { folder: below, isRecursive: true })) {
      if (mayList(rights, path, stored)) return true;
      budget -= 1;
      if (budget <= 0) return false;
    }
    return false;
  };
  return [...names]
    .filter((name) => !isReserved(join(folder, name)))
    .filter(isVisible)
    .sort(comparePaths);
}

function encodeCursor(name: string): string {
  return Buffer.from(name, 'utf8').toString('base64url');
}

function decodeCursor(folder: Folder, cursor: string): string {
  try {
    const name = Buffer.from(cursor, 'base64url').toString('utf8');
    parsePath(join(folder, name));
    if (name !== '' && encodeCursor(name) === cursor) return name;
  } catch {
    // As every other text that no list has answered.
  }
  throw new PlumbError('invalid', 'the cursor is not one that a list answered', { hint: 'start again without it' });
}
