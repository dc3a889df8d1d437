import { diffFolders } from './diff.ts';
import type { Comparisons } from './diff.ts';
import { checkFolderSize, checkLimit, folderError } from './limits.ts';
import { listEntries } from './list.ts';
import { notFound } from './rights.ts';
import type {
  Caller,
  Diff,
  DiffRequest,
  Entries,
  EvaluatedEntry,
  EvaluatedFolder,
  GetRequest,
  HistoryPage,
  ListPage,
  ListRequest,
  Why,
} from './services.ts';
import { auditPaths, evaluatedOf, versionSummaryOf } from './summary.ts';
import { explain } from './why.ts';
import type { Deliveries } from './why.ts';
import { evaluatePresent, pastLoaders, presentLoaders, problemError, refuseRead } from './world.ts';
import type { World } from './world.ts';
import type { Released } from './gate.ts';
import { factsOf } from './rights.ts';
import type { Rights } from './rights.ts';
import type { StoredEntry } from './loaders.ts';
import type { PlumbError } from '#domain/errors';
import { parseFolder, parseKeptPath, parsePath } from '#domain/path';
import type { Path } from '#domain/path';
import { evaluate, evaluateFolder } from '#eval/evaluate';
import { lookUp } from '#eval/lookup';
import type { Evaluated } from '#eval/evaluate';

const historyLimit = 1000;

export interface EntriesOptions {
  readonly world: World;
  readonly deliveries: Deliveries;
  readonly comparisons: Comparisons;
}

/** Reading entries. Everything answered has passed the gate. */
export class EntryReader implements Entries {
  readonly #options: EntriesOptions;
  readonly #world: World;

  constructor(options: EntriesOptions) {
    this.#options = options;
    this.#world = options.world;
  }

  /** Not async itself: each promise between a request and its answer is felt. */
  get(caller: Caller, request: GetRequest): Promise<EvaluatedEntry> {
    let path: Path;
    try {
      path = parsePath(request.path);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const act = { action: 'read', path } as const;
    if (request.version !== undefined || request.raw === true) {
      return this.#world.gate.read(caller, act, (rights) => this.#stored(rights, path, request));
    }
    return this.#world.gate.read(caller, act, (rights) => {
      const evaluated = evaluatePresent(this.#world, rights, path);
      return { result: evaluatedOf(evaluated), paths: auditPaths(evaluated) };
    });
  }

  list(caller: Caller, request: ListRequest): Promise<ListPage> {
    return listEntries(this.#world, caller, request);
  }

  async evaluate(caller: Caller, request: { readonly folder: string }): Promise<EvaluatedFolder> {
    const folder = parseFolder(request.folder);
    return this.#world.gate.read(caller, { action: 'read', path: folder }, (rights) => {
      if (!rights.mayBelow('read', folder)) throw rights.refuse('read', folder);
      checkFolderSize(this.#world.state, folder);
      const found = evaluateFolder(folder, presentLoaders(this.#world, rights));
      if (found.problems.length > 0) throw folderError(folder, found);
      const origins = new Set(found.values.flatMap((value) => auditPaths(value)));
      const entries = found.values.map((value) => evaluatedOf(value));
      return { result: { folder, revision: this.#world.state.revision, entries }, paths: [folder, ...origins] };
    });
  }

  async history(
    caller: Caller,
    request: { readonly path: string; readonly limit?: number; readonly before?: number },
  ): Promise<HistoryPage> {
    const path = parseKeptPath(request.path);
    const limit = checkLimit(request.limit ?? 100, historyLimit);
    return this.#world.gate.read(caller, { action: 'list', path }, (rights) => {
      const head = this.#world.state.head(path);
      if (!rights.mayKnow(path, head === undefined ? undefined : factsOf(head))) throw rights.refuse('list', path);
      if (head === undefined) throw notFound(path);
      const versions = [];
      for (const version of this.#world.state.versions(path, request.before)) {
        versions.push(versionSummaryOf(version));
        if (versions.length > limit) break;
      }
      const page = versions.slice(0, limit);
      const last = page.at(-1);
      const next = versions.length > limit && last !== undefined ? { next: last.version } : {};
      return { result: { path, versions: page, ...next } };
    });
  }

  why(caller: Caller, request: { readonly path: string }): Promise<Why> {
    return explain(this.#world, this.#options.deliveries, caller, parsePath(request.path));
  }

  diff(caller: Caller, request: DiffRequest): Promise<Diff> {
    return diffFolders(this.#world, this.#options.comparisons, caller, request);
  }

  /** A version of the path's own, or the stored text. */
  async #stored(rights: Rights, path: Path, request: GetRequest): Promise<Released<EvaluatedEntry>> {
    const stored = this.#find(rights, path, request.version);
    const loaders = pastLoaders(this.#world, rights, { instead: stored });
    if (!loaders.mayRead(path, stored)) throw refuseRead(rights, path, stored);
    if (stored.current.state !== 'present') throw notFound(path);
    const value = await loaders.settled<Evaluated<StoredEntry>>(() => {
      if (request.raw === true) {
        const secret = stored.current.kind === 'secret';
        return { path, stored, text: loaders.text(stored), secret, origins: [stored] };
      }
      const evaluation = evaluate(path, loaders);
      if (!evaluation.ok) throw problemError(evaluation.problem);
      return evaluation.value;
    });
    return { result: evaluatedOf(value), paths: auditPaths(value) };
  }

  #find(rights: Rights, path: Path, version: number | undefined): StoredEntry {
    const { state } = this.#world;
    const head = state.head(path);
    if (version === undefined) {
      const { found } = lookUp(path, state);
      if (found === undefined) throw this.#absent(rights, path);
      return found;
    }
    const current = state.version(path, version);
    if (head === undefined || current === undefined) throw this.#absent(rights, path);
    return { path, current, metadata: head.metadata };
  }

  #absent(rights: Rights, path: Path): PlumbError {
    return rights.may('read', path) || rights.may('list', path) ? notFound(path) : rights.refuse('read', path);
  }
}
