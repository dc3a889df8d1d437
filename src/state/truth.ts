import { foldTruth } from './fold.ts';
import { PageSet } from './page-set.ts';
import type { StatePage, StatePages } from './pages.ts';
import type { Write } from './table.ts';
import type { TruthTables } from './tables.ts';
import { newTruthTables, overTruthTables } from './tables.ts';
import { TablesView } from './truth-view.ts';
import type { TruthDraft, View } from './view.ts';
import type { Change, TruthOp } from '#domain/change';

/** What the fold of one change did: the rows it set, and the ids of the values that it destroys. */
interface Folded {
  readonly writes: readonly Write[];
  readonly destroyed: readonly string[];
}

/**
 * The fold of the truth stream: entries, their versions, projects, environments, policies, principals,
 * syncs. What it holds is durable; {@link TruthState.view} shows it, changing as commits are applied.
 */
export class TruthState {
  readonly #pages = new PageSet();
  readonly #tables: TruthTables = newTruthTables(this.#pages);
  readonly #counter = { revision: 0 };
  /** Changes that the newest draft has folded: the same rows are set once they are durable. */
  #staged = new Map<Change<TruthOp>, Folded>();
  readonly view: View = new TablesView(this.#tables, this.#counter);

  /** The state as it will be once what is staged is durable. */
  draft(): TruthDraft {
    this.#staged = new Map();
    return new StagedView(this.#tables, this.#counter.revision, this.#staged);
  }

  /** Answers the ids of the values that the commit destroys. Throws `unsupported` for an op it does not know. */
  apply(commit: { readonly changes: readonly Change<TruthOp>[] }): readonly string[] {
    const destroyed: string[] = [];
    for (const change of commit.changes) {
      destroyed.push(...this.#fold(change));
      this.#counter.revision = change.revision;
    }
    return destroyed;
  }

  #fold(change: Change<TruthOp>): readonly string[] {
    const folded = this.#staged.get(change);
    if (folded === undefined) return foldTruth(this.#tables, change);
    this.#staged.delete(change);
    for (const write of folded.writes) write();
    return folded.destroyed;
  }

  /** What changed since pages were last taken by this or {@link allPages}. */
  dirtyPages(): StatePages {
    return this.#pages.take('dirty', this.#counter.revision);
  }

  allPages(): readonly StatePage[] {
    return this.#pages.take('all', this.#counter.revision).changed;
  }

  /** Replaces the whole state. Leaves are decoded when they are first touched; the bytes stay in use. */
  loadPages(pages: readonly StatePage[]): void {
    this.#counter.revision = this.#pages.load(pages);
  }

  /** None: pages hold the bytes of every newest value. */
  wantedBlobs(): readonly string[] {
    return [];
  }

  supplyBlobs(_blobs: ReadonlyMap<string, Uint8Array>): void {
    // Nothing was wanted.
  }

  /** Ids of every value that is not destroyed. Decodes everything. */
  *liveBlobs(): Generator<string> {
    for (const [, head] of this.#tables.heads.range(''))
      if (head.current.value !== undefined) yield head.current.value.id;
    for (const [, version] of this.#tables.versions.range('')) if (version.value !== undefined) yield version.value.id;
  }

  /** For {@link dump}. */
  get tables(): TruthTables {
    return this.#tables;
  }
}

/** The view of a draft's tables, to which changes can be added. */
class StagedView extends TablesView implements TruthDraft {
  readonly #tables: TruthTables;
  readonly #counter: { revision: number };
  readonly #journal: Write[];
  readonly #staged: Map<Change<TruthOp>, Folded>;

  constructor(beneath: TruthTables, revision: number, staged: Map<Change<TruthOp>, Folded>) {
    const journal: Write[] = [];
    const tables = overTruthTables(beneath, journal);
    const counter = { revision };
    super(tables, counter);
    this.#tables = tables;
    this.#counter = counter;
    this.#journal = journal;
    this.#staged = staged;
  }

  get nextRevision(): number {
    return this.#counter.revision + 1;
  }

  stage(change: Change<TruthOp>): void {
    const destroyed = foldTruth(this.#tables, change);
    this.#staged.set(change, { writes: this.#journal.splice(0), destroyed });
    this.#counter.revision = change.revision;
  }
}
