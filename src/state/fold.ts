import { index } from './referrers.ts';
import type { RecordTables, TruthTables, WorkTables } from './tables.ts';
import { versionKey } from './tables.ts';
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
        for (const version of op.versions) destroyed.push(...destroy(tables, change, { path: op.path, version }));
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
  replace(tables, change, { path: op.path, current, metadata: op.metadata });
}

/** Type and form are those of the version that ends, so that a later put may take them as its default. */
function end(tables: TruthTables, change: Change<TruthOp>, op: Op<'end'>): void {
  const previous = tables.heads.get(op.path)?.current;
  const current: Version = {
    version: op.version,
    incarnation: op.incarnation,
    state: op.state,
    kind: op.kind,
    type: previous?.type ?? 'string',
    form: previous?.form ?? 'literal',
    reason: change.reason,
    author: change.author,
    time: change.time,
    revision: change.revision,
    references: noReferences,
  };
  replace(tables, change, { path: op.path, current, metadata: undefined });
}

interface Replacement {
  readonly path: Path;
  readonly current: Version;
  /** `undefined`: as it was. */
  readonly metadata: EntryMetadata | undefined;
}

function replace(tables: TruthTables, change: Change<TruthOp>, { path, current, metadata }: Replacement): void {
  const before = tables.heads.get(path);
  if (before !== undefined) {
    const { version, incarnation } = before.current;
    tables.versions.set(versionKey(path, incarnation, version), withoutBytes(before.current));
  }
  index(tables, path, before?.current, current);
  const kept = metadata ?? before?.metadata ?? noMetadata;
  tables.heads.set(path, { path, current, metadata: kept, revision: change.revision });
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
function destroy(
  tables: TruthTables,
  change: Change<TruthOp>,
  at: { readonly path: Path; readonly version: number },
): readonly string[] {
  const head = tables.heads.get(at.path);
  if (head === undefined) return [];
  if (head.current.version === at.version) {
    const { value, ...rest } = head.current;
    if (value === undefined) return [];
    const destroyed: Head = { ...head, current: { ...rest, destroyed: true }, revision: change.revision };
    tables.heads.set(at.path, destroyed);
    return [value.id];
  }
  const key = versionKey(at.path, head.current.incarnation, at.version);
  const { value, ...rest } = tables.versions.get(key) ?? {};
  if (value === undefined) return [];
  tables.versions.set(key, { ...(rest as Omit<PastVersion, 'value'>), destroyed: true });
  return [value.id];
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
