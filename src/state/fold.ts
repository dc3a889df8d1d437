import { index } from './referrers.ts';
import type { RecordTables, TruthTables, WorkTables } from './tables.ts';
import { history, versionKey } from './tables.ts';
import type { Change, RecordOp, TruthOp, WorkOp } from '#domain/change';
import type { EntryMetadata, Head, PastVersion, Version } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import type { Path } from '#domain/path';
import type { TokenRecord, TruthNouns, WorkNouns } from '#domain/records';

/*
 * What each op does to the tables: the durable ones and those of a draft alike. Nothing is decided
 * here, nothing depends on time or chance: the same log gives the same state.
 */

type Op<Name extends TruthOp['op']> = Extract<TruthOp, { readonly op: Name }>;

const noMetadata: EntryMetadata = {};
const noReferences: readonly string[] = [];

/** Answers the ids of the values that it destroys. Throws `unsupported` for an op it does not know. */
export function foldTruth(tables: TruthTables, change: Change<TruthOp>): readonly string[] {
  const destroyed: string[] = [];
  for (const op of change.ops) {
    switch (op.op) {
      case 'put':
        put(tables, change, op);
        break;
      case 'end':
        end(tables, change, op);
        break;
      case 'describe':
        describe(tables, change, op);
        break;
      case 'destroy':
        destroyed.push(...destroy(tables, change, op));
        break;
      case 'record':
        setRecord<TruthNouns, keyof TruthNouns>(tables.records, op);
        break;
      default:
        throw unknownOp(op);
    }
  }
  return destroyed;
}

function put(tables: TruthTables, change: Change<TruthOp>, op: Op<'put'>): void {
  const before = tables.heads.get(op.path);
  const current: Version = {
    version: op.version,
    incarnation: op.incarnation,
    state: 'present',
    kind: op.kind,
    type: op.type,
    form: op.form,
    reason: change.reason,
    author: change.author,
    time: change.time,
    revision: change.revision,
    references: op.references,
    value: op.value,
  };
  replace(tables, before, { path: op.path, current, metadata: op.metadata });
}

/** Type and form are those of the version that ends, so that a later put may take them as its default. */
function end(tables: TruthTables, change: Change<TruthOp>, op: Op<'end'>): void {
  const before = tables.heads.get(op.path);
  const current: Version = {
    version: op.version,
    incarnation: op.incarnation,
    state: op.state,
    kind: op.kind,
    type: before?.current.type ?? 'string',
    form: before?.current.form ?? 'literal',
    reason: change.reason,
    author: change.author,
    time: change.time,
    revision: change.revision,
    references: noReferences,
  };
  replace(tables, before, { path: op.path, current, metadata: undefined });
}

interface Replacement {
  readonly path: Path;
  readonly current: Version;
  /** `undefined`: as it was. */
  readonly metadata: EntryMetadata | undefined;
}

function replace(tables: TruthTables, before: Head | undefined, { path, current, metadata }: Replacement): void {
  if (before !== undefined) {
    tables.versions.set(versionKey(current.revision, path), withoutBytes(before.current));
  }
  index(tables, path, before?.current, current);
  const kept = metadata ?? before?.metadata ?? noMetadata;
  // The same text as before, so that memory holds it once.
  tables.heads.set(path, { path: before?.path ?? path, current, metadata: kept, revision: current.revision });
}

/** The bytes of old versions stay in the store; the state keeps where they are. */
function withoutBytes(version: Version): PastVersion {
  if (version.value === undefined) return version;
  const { id, digest } = version.value;
  return { ...version, value: { id, digest } };
}

function describe(tables: TruthTables, change: Change<TruthOp>, op: Op<'describe'>): void {
  const head = tables.heads.get(op.path);
  if (head !== undefined) tables.heads.set(op.path, { ...head, metadata: op.metadata, revision: change.revision });
}

/** Of the path's present incarnation. What is gone already, or never was, is passed over. */
function destroy(tables: TruthTables, change: Change<TruthOp>, { path, versions }: Op<'destroy'>): readonly string[] {
  const head = tables.heads.get(path);
  const left = new Set(versions);
  const destroyed: string[] = [];
  for (const [key, version] of history(tables, path)) {
    if (left.size === 0 || version.incarnation !== head?.current.incarnation) break;
    if (!left.delete(version.version) || version.value === undefined) continue;
    const { value, ...rest } = version;
    destroyed.push(value.id);
    const gone = { ...rest, destroyed: true } as const;
    if (key === undefined) tables.heads.set(path, { ...head, current: gone, revision: change.revision });
    else tables.versions.set(key, gone);
  }
  return destroyed;
}

/** As {@link foldTruth}. */
export function foldWork(tables: WorkTables, change: Change<WorkOp>): void {
  for (const op of change.ops) {
    if (op.op !== 'record') throw unknownOp(op);
    if (op.noun === 'token') indexToken(tables, op.name, op.record);
    setRecord<WorkNouns, keyof WorkNouns>(tables.records, op);
  }
}

function indexToken(tables: WorkTables, accessor: string, record: TokenRecord | null): void {
  const before = tables.records.token.get(accessor);
  if (before?.hash !== record?.hash) {
    if (before !== undefined) tables.tokenHashes.delete(before.hash);
    if (record !== null) tables.tokenHashes.set(record.hash, accessor);
  }
  if (before?.parent !== record?.parent) {
    if (before?.parent !== undefined) tables.tokenChildren.delete(`${before.parent}\0${accessor}`);
    if (record?.parent !== undefined) tables.tokenChildren.set(`${record.parent}\0${accessor}`, true);
  }
}

function setRecord<Nouns, N extends keyof Nouns>(tables: RecordTables<Nouns>, op: RecordOp<Nouns, N>): void {
  const table = tables[op.noun];
  if (table === undefined) throw unknownOp(op);
  if (op.record === null) table.delete(op.name);
  else table.set(op.name, op.record);
}

function unknownOp(op: object): PlumbError {
  const { op: name = 'without a name', noun } = op as { readonly op?: string; readonly noun?: string };
  const what = noun === undefined ? name : `${name} of ${noun}`;
  return new PlumbError(
    'unsupported',
    `the log holds a change of a kind that this version of plumb does not know: ${what}`,
    {
      hint: 'start the version that wrote the store, or a newer one',
    },
  );
}
