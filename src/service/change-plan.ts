import { mergeMetadata, readValue } from './change-request.ts';
import type { CheckedOp } from './change-request.ts';
import { lastKind } from './layers.ts';
import { factsOf } from './rights.ts';
import type { Facts, Rights } from './rights.ts';
import type {
  ChangeResult,
  DescribeRequest,
  DestroyRequest,
  EndRequest,
  MetadataInput,
  PutRequest,
} from './services.ts';
import { ownEtag } from './summary.ts';
import type { TruthOp } from '#domain/change';
import type { EntryMetadata, Head, Kind, SealedValue, Version } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import { placeOf } from '#domain/path';
import type { Path } from '#domain/path';
import type { PrincipalName } from '#domain/principal';
import { lookUp } from '#eval/lookup';
import type { View } from '#state/view';

/** Encrypts; a dry run lends one that does not. */
export type Seal = (bytes: Uint8Array, kind: Kind) => SealedValue;

/** An op and what it meets in the pending state. */
export interface Meeting {
  readonly op: CheckedOp;
  readonly path: Path;
  /** What is stored at the path, whatever its state. */
  readonly own: Head | undefined;
  /** What the path stands for now: its own, or inherited. */
  readonly effective: Head | undefined;
  /** See {@link lastKind}. */
  readonly lastKind: Kind | undefined;
}

/** One op as it will be carried out. */
export interface Step {
  readonly path: Path;
  readonly effect: ChangeResult['entries'][number]['effect'];
  /** The entry as it will be. */
  readonly head: Head;
  /** Bytes of the new value; 0 without one. */
  readonly bytes: number;
  readonly toOp: (seal: Seal) => TruthOp;
}

export function meet(view: View, op: CheckedOp): Meeting {
  const { path } = op;
  return { op, path, own: view.head(path), effective: lookUp(path, view).found, lastKind: lastKind(view, path) };
}

/** The version that a write is expected to name; 0: none of its own. */
export function presentVersion(own: Head | undefined): number {
  return own === undefined || own.current.state === 'deleted' ? 0 : own.current.version;
}

/** Of what {@link presentVersion} answers. */
export function presentIncarnation(own: Head | undefined): number {
  return own === undefined || own.current.state === 'deleted' ? 0 : own.current.incarnation;
}

type Ops = {
  put: PutRequest;
  delete: EndRequest;
  unset: EndRequest;
  describe: DescribeRequest;
  destroy: DestroyRequest;
};

/** What one kind of op takes, and what it does. */
interface Rule<R> {
  /** Throws when the caller may not. */
  readonly authorise: (rights: Rights, op: R, meeting: Meeting, view: View) => void;
  /** Throws what is wrong with it. */
  readonly plan: (op: R, meeting: Meeting, context: PlanContext) => Step;
}

export interface PlanContext {
  readonly view: View;
  readonly author: PrincipalName;
  readonly reason: string;
  /** That of the change. */
  readonly revision: number;
}

const rules: { readonly [K in keyof Ops]: Rule<Ops[K]> } = {
  put: { authorise: authorisePut, plan: planPut },
  delete: { authorise: authoriseEnd, plan: planDelete },
  unset: { authorise: authoriseEnd, plan: planUnset },
  describe: { authorise: authoriseDescribe, plan: planDescribe },
  destroy: {
    authorise: (rights, _op, { path, own }) => rights.require('destroy', path, own && factsOf(own)),
    plan: planDestroy,
  },
};

function ruleOf(op: CheckedOp): Rule<CheckedOp> {
  return rules[op.op] as Rule<CheckedOp>;
}

export function authorise(rights: Rights, meeting: Meeting, view: View): void {
  ruleOf(meeting.op).authorise(rights, meeting.op, meeting, view);
}

export function plan(meeting: Meeting, context: PlanContext): Step {
  return ruleOf(meeting.op).plan(meeting.op, meeting, context);
}

// --- put ----------------------------------------------------------------------------------------

function kindOf(op: PutRequest, meeting: Meeting, view: View): Kind {
  if (op.kind !== undefined) return op.kind;
  if (meeting.lastKind !== undefined) return meeting.lastKind;
  const environment = placeOf(meeting.path)?.environment;
  return (environment === undefined ? undefined : view.record('environment', environment)?.defaultKind) ?? 'secret';
}

function ownMetadata(own: Head | undefined): EntryMetadata {
  return own?.metadata ?? {};
}

/** The right is needed on what is there, and on what will be: neither a condition on the kind nor one on a tag is got round. */
function requireWrite(rights: Rights, path: Path, before: Facts | undefined, after: Facts): void {
  if (before !== undefined) rights.requireOpenly('write', path, before);
  rights.requireOpenly('write', path, after);
}

function authorisePut(rights: Rights, op: PutRequest, meeting: Meeting, view: View): void {
  const { path, own, effective } = meeting;
  const kind = kindOf(op, meeting, view);
  const tags = mergeMetadata(ownMetadata(own), op).tags ?? [];
  requireWrite(rights, path, effective && factsOf(effective), { kind, tags });
  if (!isLowered(kind, meeting)) return;
  // Taking a tag away in the same change must not get round a denial that names it.
  for (const carried of [effective === undefined ? tags : factsOf(effective).tags, tags]) {
    rights.requireOpenly('declassify', path, { kind: 'secret', tags: carried });
  }
}

function isLowered(kind: Kind, meeting: Meeting): boolean {
  return kind === 'config' && meeting.lastKind === 'secret';
}

function planPut(op: PutRequest, meeting: Meeting, context: PlanContext): Step {
  const { path, own, effective } = meeting;
  const kind = kindOf(op, meeting, context.view);
  if (isLowered(kind, meeting) && context.reason.trim() === '') {
    throw new PlumbError('invalid', `making ${path} plain configuration takes a reason`, {
      hint: 'say why it is no secret any more',
    });
  }
  const type = op.type ?? effective?.current.type ?? 'string';
  const form = op.form ?? 'literal';
  const { bytes, references } = readValue(op, type, form);
  const metadata = mergeMetadata(ownMetadata(own), op);
  const shape = { kind, type, form, references };
  const current = nextVersion(own, context, { ...shape, state: 'present' });
  const { version, incarnation } = current;
  const described = isDescribed(op) ? { metadata } : {};
  return {
    path,
    effect: own?.current.state === 'present' ? 'update' : 'create',
    head: { path, current, metadata, revision: context.revision },
    bytes: bytes.byteLength,
    toOp: (seal) => ({ op: 'put', path, version, incarnation, ...shape, value: seal(bytes, kind), ...described }),
  };
}

function isDescribed(op: MetadataInput): boolean {
  return op.owner !== undefined || op.description !== undefined || op.tags !== undefined || op.expires !== undefined;
}

function nextVersion(
  own: Head | undefined,
  context: PlanContext,
  shape: Pick<Version, 'kind' | 'type' | 'form' | 'references' | 'state'>,
): Version {
  const { reason, author, revision } = context;
  const version = (own?.current.version ?? 0) + 1;
  return { ...shape, version, incarnation: own?.current.incarnation ?? 1, reason, author, time: 0, revision };
}

// --- delete and unset ---------------------------------------------------------------------------

function authoriseEnd(rights: Rights, _op: EndRequest, { path, own, effective }: Meeting): void {
  const there = effective ?? own;
  rights.require('delete', path, there && factsOf(there));
}

function planDelete(_op: EndRequest, meeting: Meeting, context: PlanContext): Step {
  const { path, own, effective } = meeting;
  if (presentVersion(own) === 0) {
    const hint = effective === undefined ? {} : { hint: 'it is inherited; unset hides it here' };
    throw new PlumbError('not-found', `nothing of its own is at ${path}`, hint);
  }
  return endStep('deleted', meeting, context);
}

function planUnset(_op: EndRequest, meeting: Meeting, context: PlanContext): Step {
  const { path, own, effective } = meeting;
  if (own?.current.state === 'unset') throw new PlumbError('conflict', `${path} is unset already`);
  if (effective === undefined) throw new PlumbError('not-found', `nothing is at ${path} that could be hidden`);
  if ((placeOf(path)?.relative ?? '') === '') {
    throw new PlumbError('invalid', 'only an entry of an environment can be unset', { hint: 'use delete' });
  }
  return endStep('unset', meeting, context);
}

function endStep(state: 'deleted' | 'unset', meeting: Meeting, context: PlanContext): Step {
  const { path, own, lastKind: kind = 'secret' } = meeting;
  const current = nextVersion(own, context, { kind, type: 'string', form: 'literal', references: [], state });
  const { version, incarnation } = current;
  return {
    path,
    effect: state === 'deleted' ? 'delete' : 'unset',
    head: { path, current, metadata: ownMetadata(own), revision: context.revision },
    bytes: 0,
    toOp: () => ({ op: 'end', path, version, incarnation, state, kind }),
  };
}

// --- describe and destroy -----------------------------------------------------------------------

function authoriseDescribe(rights: Rights, op: DescribeRequest, { path, own }: Meeting): void {
  if (own === undefined) {
    rights.requireOpenly('write', path);
    return;
  }
  const before = factsOf(own);
  requireWrite(rights, path, before, { kind: before.kind, tags: mergeMetadata(own.metadata, op).tags ?? [] });
}

function planDescribe(op: DescribeRequest, { path, own }: Meeting, context: PlanContext): Step {
  if (own === undefined || own.current.state !== 'present') {
    throw new PlumbError('not-found', `nothing of its own is at ${path} that could be described`);
  }
  const metadata = mergeMetadata(own.metadata, op);
  return {
    path,
    effect: 'describe',
    head: { ...own, metadata, revision: context.revision },
    bytes: 0,
    toOp: () => ({ op: 'describe', path, metadata }),
  };
}

function planDestroy(op: DestroyRequest, { path, own }: Meeting, context: PlanContext): Step {
  const versions = Array.from(new Set(op.versions)).sort((a, b) => a - b);
  const gone = withoutValue(versions, own, context.view);
  if (own === undefined || gone.length > 0) {
    throw new PlumbError('not-found', `${path} has no value at version ${gone.join(', ')}`, {
      details: { versions: gone },
    });
  }
  const { value: _value, ...rest } = own.current;
  const current: Version = versions.includes(rest.version) ? { ...rest, destroyed: true } : own.current;
  return {
    path,
    effect: 'destroy',
    head: { ...own, current, revision: context.revision },
    bytes: 0,
    toOp: () => ({ op: 'destroy', path, versions }),
  };
}

/** Those of `versions` that have no value to destroy; found in one walk through the history. */
function withoutValue(versions: readonly number[], own: Head | undefined, view: View): readonly number[] {
  const left = new Set(versions);
  if (own === undefined) return versions;
  for (const { version, incarnation, value } of view.versions(own.path)) {
    if (left.size === 0 || incarnation !== own.current.incarnation) break;
    if (value !== undefined) left.delete(version);
  }
  return [...left];
}

/** What the caller is told of a step. */
export function resultOf(step: Step): ChangeResult['entries'][number] {
  const { path, effect, head } = step;
  return { path, effect, version: head.current.version, etag: ownEtag(head.current) };
}
