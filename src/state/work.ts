import { foldWork } from './fold.ts';
import { PageSet } from './page-set.ts';
import type { StatePage, StatePages } from './pages.ts';
import { afterPrefix } from './table.ts';
import type { WorkTables } from './tables.ts';
import { newWorkTables, overWorkTables } from './tables.ts';
import type { WorkDraft, WorkView } from './view.ts';
import type { Change, WorkOp } from '#domain/change';
import type { WorkNoun, WorkNouns } from '#domain/records';

/** The fold of the work stream: tokens, inventories, sync status. It has no revisions and no history. */
export class WorkState {
  readonly #pages = new PageSet();
  readonly #tables: WorkTables = newWorkTables(this.#pages);
  readonly view: WorkView = new WorkTablesView(this.#tables);

  /** The state as it will be once what is staged is durable. */
  draft(): WorkDraft {
    return new StagedWorkView(overWorkTables(this.#tables));
  }

  /** Answers no ids: nothing here has values of its own. Throws `unsupported` for an op it does not know. */
  apply(commit: { readonly changes: readonly Change<WorkOp>[] }): readonly string[] {
    for (const change of commit.changes) foldWork(this.#tables, change);
    return [];
  }

  /** What changed since pages were last taken by this or {@link allPages}. */
  dirtyPages(): StatePages {
    return this.#pages.take('dirty', 0);
  }

  allPages(): readonly StatePage[] {
    return this.#pages.take('all', 0).changed;
  }

  /** Replaces the whole state. Leaves are decoded when they are first touched; the bytes stay in use. */
  loadPages(pages: readonly StatePage[]): void {
    this.#pages.load(pages);
  }

  wantedBlobs(): readonly string[] {
    return [];
  }

  supplyBlobs(_blobs: ReadonlyMap<string, Uint8Array>): void {
    // Nothing was wanted.
  }

  liveBlobs(): Iterable<string> {
    return [];
  }

  /** For `dump`. */
  get tables(): WorkTables {
    return this.#tables;
  }
}

class WorkTablesView implements WorkView {
  readonly #tables: WorkTables;

  constructor(tables: WorkTables) {
    this.#tables = tables;
  }

  record<N extends WorkNoun>(noun: N, name: string): WorkNouns[N] | undefined {
    return this.#tables.records[noun].get(name);
  }

  records<N extends WorkNoun>(noun: N): Iterable<readonly [string, WorkNouns[N]]> {
    return this.#tables.records[noun].range('');
  }

  tokenByHash(hash: string): string | undefined {
    return this.#tables.tokenHashes.get(hash);
  }

  tokensMadeBy(accessor: string): readonly string[] {
    const prefix = `${accessor}\0`;
    const made = this.#tables.tokenChildren.range(prefix, afterPrefix(prefix));
    return [...made].map(([key]) => key.slice(prefix.length));
  }
}

/** The view of a draft's tables, to which changes can be added. */
class StagedWorkView extends WorkTablesView implements WorkDraft {
  readonly nextRevision = 0;
  readonly #tables: WorkTables;

  constructor(tables: WorkTables) {
    super(tables);
    this.#tables = tables;
  }

  stage(change: Change<WorkOp>): void {
    foldWork(this.#tables, change);
  }
}
