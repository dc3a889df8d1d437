import type { RowCodec } from './codec.ts';
import { PagedTable } from './paged.ts';
import type { Access } from './paged.ts';
import type { StatePage, StatePages } from './pages.ts';
import { PlumbError } from '#domain/errors';

const revisionPage = 'revision';

/** The pages of all tables of one stream, and the one page that holds the counter of revisions. */
export class PageSet {
  readonly #tables = new Map<string, Pick<PagedTable<unknown>, 'load' | 'take' | 'takeRemoved'>>();
  #revisionTaken: number | undefined;

  /** A new empty table whose pages are named `<name>/…`. */
  add<Row>(name: string, codec: RowCodec<Row>, access?: Access): PagedTable<Row> {
    const table = new PagedTable(name, codec, access);
    this.#tables.set(name, table);
    return table;
  }

  take(which: 'dirty' | 'all', revision: number): StatePages {
    const changed: StatePage[] = [];
    const removed: string[] = [];
    for (const table of this.#tables.values()) {
      for (const page of table.take(which)) changed.push(page);
      if (which === 'dirty') removed.push(...table.takeRemoved());
    }
    if (which === 'all' || revision !== this.#revisionTaken) {
      changed.push({ name: revisionPage, bytes: Buffer.from(JSON.stringify({ revision })) });
    }
    this.#revisionTaken = revision;
    return { changed, removed };
  }

  /** Replaces all contents and answers the revision. Throws `corrupt`, or `unsupported` for what a newer version wrote. */
  load(pages: readonly StatePage[]): number {
    const byTable = new Map<string, StatePage[]>([...this.#tables.keys()].map((name) => [name, []]));
    let revision: number | undefined;
    for (const page of pages) {
      const own = byTable.get(page.name.split('/', 1)[0] ?? '');
      if (page.name === revisionPage) revision = revisionIn(page.bytes);
      else if (own === undefined) throw unknownTable(page.name);
      else own.push(page);
    }
    if (pages.length > 0 && revision === undefined) throw corruptRevision();
    for (const [name, table] of this.#tables) table.load(byTable.get(name) ?? []);
    this.#revisionTaken = revision;
    return revision ?? 0;
  }
}

function revisionIn(bytes: Uint8Array): number {
  try {
    const { revision } = JSON.parse(Buffer.from(bytes).toString()) as { readonly revision: unknown };
    if (typeof revision === 'number' && Number.isSafeInteger(revision)) return revision;
  } catch {
    // Falls through: whatever it is, it is not a revision.
  }
  throw corruptRevision();
}

function corruptRevision(): PlumbError {
  return new PlumbError('corrupt', 'the page that holds the revision is missing or cannot be decoded');
}

function unknownTable(page: string): PlumbError {
  return new PlumbError('unsupported', `the page ${page} belongs to a table that this version of plumb does not know`, {
    hint: 'start the version that wrote the store, or a newer one',
  });
}
