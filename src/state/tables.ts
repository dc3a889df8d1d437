import { jsonCodec } from './codec.ts';
import { headCodec, markCodec, versionCodec } from './rows.ts';
import type { PageSet } from './page-set.ts';
import type { Table, Write } from './table.ts';
import { OverlayTable } from './table.ts';
import type { Head, PastVersion } from '#domain/entry';
import type { Path } from '#domain/path';
import type { TruthNouns, WorkNouns } from '#domain/records';

/** Records by noun and name. */
export type RecordTables<Nouns> = { readonly [N in keyof Nouns]: Table<Nouns[N]> };

export interface TruthTables {
  /** By path. */
  readonly heads: Table<Head>;
  /** Versions that are no longer the newest, by {@link versionKey}. */
  readonly versions: Table<PastVersion>;
  /** Who refers to what, by `referrerKey`. */
  readonly referrers: Table<true>;
  readonly records: RecordTables<TruthNouns>;
}

export interface WorkTables {
  readonly records: RecordTables<WorkNouns>;
  /** Accessor by hash. */
  readonly tokenHashes: Table<string>;
  /** `<parent>\0<accessor>`. */
  readonly tokenChildren: Table<true>;
}

/**
 * `revision` is that of the version that came next; a change gives a path one version at most. So versions are added at
 * the end of their table, whichever paths they are of, and what was written before is not touched again.
 */
export function versionKey(revision: number, path: string): string {
  return `${String(revision).padStart(16, '0')}\0${path}`;
}

/** Versions of a path, newest first, of every incarnation, each with its key; the newest has none. Costs what is taken. */
export function* history(
  { heads, versions }: Pick<TruthTables, 'heads' | 'versions'>,
  path: Path,
): Generator<readonly [key: string | undefined, version: PastVersion]> {
  let key: string | undefined;
  let version: PastVersion | undefined = heads.get(path)?.current;
  while (version !== undefined) {
    yield [key, version];
    key = versionKey(version.revision, path);
    version = versions.get(key);
  }
}

/** The empty tables of the truth stream; `pages` will know them. */
export function newTruthTables(pages: PageSet): TruthTables {
  return {
    heads: pages.add('heads', headCodec),
    versions: pages.add('versions', versionCodec, 'in order'),
    referrers: pages.add('referrers', markCodec),
    records: {
      project: pages.add('project', jsonCodec()),
      environment: pages.add('environment', jsonCodec()),
      policy: pages.add('policy', jsonCodec()),
      principal: pages.add('principal', jsonCodec()),
      sync: pages.add('sync', jsonCodec()),
      target: pages.add('target', jsonCodec()),
    },
  };
}

/** Tables that show what is beneath, and keep what is set to themselves and to `journal`. */
export function overTruthTables(beneath: TruthTables, journal: Write[]): TruthTables {
  return {
    heads: new OverlayTable(beneath.heads, journal),
    versions: new OverlayTable(beneath.versions, journal),
    referrers: new OverlayTable(beneath.referrers, journal),
    records: {
      project: new OverlayTable(beneath.records.project, journal),
      environment: new OverlayTable(beneath.records.environment, journal),
      policy: new OverlayTable(beneath.records.policy, journal),
      principal: new OverlayTable(beneath.records.principal, journal),
      sync: new OverlayTable(beneath.records.sync, journal),
      target: new OverlayTable(beneath.records.target, journal),
    },
  };
}

/** As {@link newTruthTables}, for the work stream. */
export function newWorkTables(pages: PageSet): WorkTables {
  return {
    records: {
      token: pages.add('token', jsonCodec()),
      inventory: pages.add('inventory', jsonCodec()),
      'sync-status': pages.add('sync-status', jsonCodec()),
      bootstrap: pages.add('bootstrap', jsonCodec()),
    },
    tokenHashes: pages.add('token-hashes', jsonCodec()),
    tokenChildren: pages.add('token-children', markCodec),
  };
}

/** As {@link overTruthTables}, for the work stream. */
export function overWorkTables(beneath: WorkTables): WorkTables {
  return {
    records: {
      token: new OverlayTable(beneath.records.token),
      inventory: new OverlayTable(beneath.records.inventory),
      'sync-status': new OverlayTable(beneath.records['sync-status']),
      bootstrap: new OverlayTable(beneath.records.bootstrap),
    },
    tokenHashes: new OverlayTable(beneath.tokenHashes),
    tokenChildren: new OverlayTable(beneath.tokenChildren),
  };
}
