import type { Table } from './table.ts';
import type { TruthState } from './truth.ts';
import type { WorkState } from './work.ts';

/** A state as plain objects, for comparing two of them: every row of every table, bytes as base64. */
export type Dump = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Equal dumps: nothing that reads the two states can tell them apart. Decodes everything. */
export function dump(state: TruthState | WorkState): Dump {
  const { records, ...indexes } = state.tables;
  const named = [...Object.entries<Table<unknown>>(indexes), ...Object.entries<Table<unknown>>(records)];
  const tables: Record<string, Record<string, unknown>> = {};
  for (const [name, table] of named) tables[name] = rowsOf(table);
  if ('revision' in state.view) tables['revision'] = { revision: state.view.revision };
  return tables;
}

function rowsOf(table: Table<unknown>): Record<string, unknown> {
  return Object.fromEntries([...table.range('')].map(([key, row]) => [key, plain(row)]));
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, member]) => [name, plain(member)]),
  );
}
