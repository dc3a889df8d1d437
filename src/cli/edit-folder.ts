/** What is in a folder, as it can be edited: own entries with their texts where they may be shown, and inherited ones. */
import type { Client, EntrySummary, Form, Kind, ValueType } from '@plumbd/client';
import { isFailure } from './failures.ts';
import { listAll } from './pages.ts';

export interface Editable {
  readonly name: string;
  readonly kind: Kind;
  readonly type: ValueType;
  readonly form: Form;
  /** As it is stored; `undefined`: not shown. */
  readonly value: string | undefined;
}

/** An entry of the folder itself. */
export interface Own extends Editable {
  readonly version: number;
}

export interface EditableFolder {
  readonly folder: string;
  readonly own: readonly Own[];
  /** Where each is stored stands in `from`. */
  readonly inherited: readonly (Editable & { readonly from: string })[];
}

export interface ReadOptions {
  /** Secrets too. */
  readonly reveal: boolean;
  /** Called after each value. */
  readonly onRead: (read: number, all: number) => void;
}

/**
 * A folder, or one entry of one: `path` is taken for a folder if there is anything in it, for an entry if there is one, and for a
 * folder to come else. Secrets are read only to be shown; so are all other values, one by one, each on record.
 */
export async function readEditable(client: Client, path: string, options: ReadOptions): Promise<EditableFolder> {
  const listed = await listAll(client, path, false);
  if (listed.entries.length > 0 || listed.folders.length > 0) return read(client, path, listed.entries, options);
  const slash = path.lastIndexOf('/');
  const parent = path.slice(0, Math.max(0, slash));
  const found = (await listAll(client, parent, false)).entries.filter((entry) => entry.path === path);
  return found.length > 0 ? read(client, parent, found, options) : { folder: path, own: [], inherited: [] };
}

/** Requests under way at once. */
const lanes = 8;

async function read(
  client: Client,
  folder: string,
  entries: readonly EntrySummary[],
  { reveal, onRead }: ReadOptions,
): Promise<EditableFolder> {
  const shown = entries.filter(({ kind }) => reveal || kind === 'config');
  const values = new Map<string, string>();
  const left = [...shown];
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const value = await textOf(client, next.path);
      if (value !== undefined) values.set(next.path, value);
      onRead((done += 1), shown.length);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const editable = ({ path, kind, type, form }: EntrySummary): Editable => ({
    name: folder === '' ? path : path.slice(folder.length + 1),
    kind,
    type,
    form,
    value: values.get(path),
  });
  return {
    folder,
    own: entries.flatMap((entry) =>
      entry.inheritedFrom === undefined ? [{ ...editable(entry), version: entry.version }] : [],
    ),
    inherited: entries.flatMap((entry) =>
      entry.inheritedFrom === undefined ? [] : [{ ...editable(entry), from: entry.inheritedFrom }],
    ),
  };
}

/** As it was written; `undefined` where the caller may not read it, or it is gone meanwhile. */
async function textOf(client: Client, path: string): Promise<string | undefined> {
  try {
    return (await client.entries.get({ path, raw: true })).value;
  } catch (error) {
    if (isFailure(error) && (error.code === 'forbidden' || error.code === 'not-found')) return undefined;
    throw error;
  }
}
