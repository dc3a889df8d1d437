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
  readonly view: WorkView = workViewOf(this.#tables);

  /** The state as it will be once what is staged is durable. */
  draft(): WorkDraft {
    const tables = overWorkTables(this.#tables);
    return {
      ...workViewOf(tables),
      nextRevision: 0,
      stage: (change: Change<WorkOp>) => foldWork(tables, change),
    };
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

function workViewOf(tables: WorkTables): WorkView {
  return {
    record: <N extends WorkNoun>(noun: N, name: string) => tables.records[noun].get(name),
    records: <N extends WorkNoun>(noun: N): Iterable<readonly [string, WorkNouns[N]]> => tables.records[noun].range(''),
    tokenByHash: (hash) => tables.tokenHashes.get(hash),
    tokensMadeBy(accessor) {
      const prefix = `${accessor}\0`;
      const made = tables.tokenChildren.range(prefix, afterPrefix(prefix));
      return [...made].map(([key]) => key.slice(prefix.length));
    },
  };
}
