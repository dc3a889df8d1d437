import type { ApiObject, Cluster, RequestContext } from './cluster.ts';
import { holders, managedLabel } from './holders.ts';
import type { Holder } from './holders.ts';
import type { Assigned } from './objects.ts';
import type { ObjectOptions } from './options.ts';
import type { DataField } from './ownership.ts';
import { valuesOf } from './sightings.ts';
import type { SeenObject } from './sightings.ts';
import { bytesOf, textOf } from './spelling.ts';
import { versionOf } from './spot.ts';
import type { Spot } from './spot.ts';
import { PlumbError } from '#domain/errors';

export interface ObjectWrite {
  readonly cluster: Cluster;
  readonly manager: string;
  readonly holder: Holder;
  readonly spot: Spot;
  /** Absent: the object is kept no longer. */
  readonly options: ObjectOptions | undefined;
  /** Everything of ours that is to stand there afterwards. */
  readonly wanted: readonly Pick<Assigned, 'key' | 'value' | 'binary'>[];
  /** Keys that go. */
  readonly deleted: readonly string[];
  /** Something that is wanted, a name or what is beside the names, is not there or is otherwise. */
  readonly isAmiss: boolean;
  /** As it was when the plan was made; `null`: it did not exist. */
  readonly expected: SeenObject | null;
}

/** Names as one manager holds them: what is left out of an apply goes, unless somebody else holds it too. */
type Values = Readonly<Record<string, string>>;

/**
 * Brings one object to what is wanted, if it is as it was expected: all of it or nothing, but for names to go that others
 * hold: they do not go by an apply, and take a request of their own. Throws `mismatch` if somebody else wrote it meanwhile.
 */
export async function writeObject(write: ObjectWrite, context: RequestContext): Promise<void> {
  const { spot, expected, wanted } = write;
  // Making an object has no precondition of its own.
  const present = expected === null ? await spot.look(context) : spot.sure;
  if (present !== undefined && versionOf(present) !== versionOf(expected)) throw outrun(write);
  if (expected === null) {
    if (wanted.length > 0) await apply(write, undefined, context);
    return;
  }
  if (wanted.length === 0 && isWhole(write, expected)) return await remove(write, expected, context);
  const kept = await keptOf(write, expected, context);
  await change({ ...write, wanted: [...wanted, ...kept] }, expected, context);
}

/** Of an object that exists. */
async function change(write: ObjectWrite, expected: SeenObject, context: RequestContext): Promise<void> {
  const { wanted, deleted } = write;
  const before = { seen: expected, version: expected.resourceVersion };
  if (!appliesAnything(write, expected)) return void (await clear(write, deleted, before, context));
  const misplaced = wanted.filter(({ key, binary }) => {
    const present = expected.names.get(key);
    return write.holder.kind === 'ConfigMap' && present !== undefined && binary !== (present.binary === true);
  });
  const version = await clear(
    write,
    misplaced.map(({ key }) => key),
    before,
    context,
  );
  const object = await apply(write, { uid: expected.uid, resourceVersion: version }, context);
  const left = deleted.filter((key) => has(object, 'data', key) || has(object, 'binaryData', key));
  await clear(write, left, { seen: expected, version: object.metadata.resourceVersion ?? '' }, context);
}

/** Whether an apply would change the object: not if all that differs are names to go that others hold. */
function appliesAnything({ wanted, deleted, isAmiss }: ObjectWrite, { names, hasOurMarks }: SeenObject): boolean {
  const isGivenBack = wanted.length === 0 && hasOurMarks;
  return isAmiss || isGivenBack || deleted.some((key) => names.get(key)?.alone === true);
}

/**
 * What our manager alone holds and nobody asked to go, such as what an earlier sync of this name left behind: it would
 * go if it were left out, so it is written as it stands.
 */
async function keptOf(
  write: ObjectWrite,
  expected: SeenObject,
  context: RequestContext,
): Promise<ObjectWrite['wanted']> {
  const { wanted, deleted, spot, holder } = write;
  const keys = new Set([...wanted.map(({ key }) => key), ...deleted]);
  const kept = new Set(
    [...expected.names].flatMap(([key, { alone }]) => (alone === true && !keys.has(key) ? [key] : [])),
  );
  if (kept.size === 0) return [];
  const { object, seen } = await spot.ask(context);
  if (object === null || versionOf(seen) !== versionOf(expected)) throw outrun(write);
  return [...valuesOf(holder.kind, object)].flatMap(({ field, key, value }) =>
    kept.has(key) ? [{ key, value, binary: field === 'binaryData' }] : [],
  );
}

/** Nothing would be left but what this sync made. */
function isWhole({ deleted }: ObjectWrite, expected: SeenObject): boolean {
  return expected.sole && [...expected.names.keys()].every((key) => deleted.includes(key));
}

interface Precondition {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Without a precondition it is not there yet, and nothing is taken from whoever makes it at the same time. */
async function apply(write: ObjectWrite, only: Precondition | undefined, context: RequestContext): Promise<ApiObject> {
  const { cluster, spot, manager } = write;
  const body = bodyOf(write, only);
  return await spot.write(() =>
    cluster.apply(spot.ref, body, { ...context, fieldManager: manager, force: only !== undefined }),
  );
}

function bodyOf({ holder, options, wanted, expected }: ObjectWrite, only: Precondition | undefined): unknown {
  const { kind, name, namespace } = holder;
  // With nothing of ours in it the object is given back.
  const own = wanted.length === 0 ? undefined : options;
  const labels = { ...own?.labels, ...(wanted.length === 0 ? {} : { [managedLabel.key]: managedLabel.value }) };
  // Neither can be taken back.
  const type = options?.type ?? (expected?.hasOurType === true ? expected.type : undefined);
  const immutable = expected?.immutable === true || own?.immutable === true;
  return {
    apiVersion: holders[kind].version,
    kind,
    metadata: { name, namespace, ...only, labels, ...(own === undefined ? {} : { annotations: own.annotations }) },
    ...(type === undefined ? {} : { type }),
    ...(immutable ? { immutable } : {}),
    ...dataOf(kind === 'Secret', wanted),
  };
}

function dataOf(isSecret: boolean, wanted: ObjectWrite['wanted']): Partial<Record<DataField, Values>> {
  const spelled = wanted.map(({ key, value, binary }): readonly [string, string, boolean] => {
    const bytes = bytesOf(value);
    const inBase64 = isSecret || binary;
    return [key, inBase64 ? bytes.toString('base64') : (textOf(bytes) ?? ''), binary && !isSecret];
  });
  const texts = spelled.filter(([, , isApart]) => !isApart).map(([key, value]) => [key, value] as const);
  const apart = spelled.filter(([, , isApart]) => isApart).map(([key, value]) => [key, value] as const);
  return {
    ...(texts.length === 0 ? {} : { data: Object.fromEntries(texts) }),
    ...(apart.length === 0 ? {} : { binaryData: Object.fromEntries(apart) }),
  };
}

/** Takes names out wherever they stand, whoever else holds them. Answers the resource version after it. */
async function clear(
  { cluster, spot, manager, holder }: ObjectWrite,
  keys: readonly string[],
  { seen, version }: { readonly seen: SeenObject; readonly version: string },
  context: RequestContext,
): Promise<string> {
  if (keys.length === 0) return version;
  const none = (binary: boolean): Readonly<Record<string, null>> =>
    Object.fromEntries(
      keys.filter((key) => (seen.names.get(key)?.binary === true) === binary).map((key) => [key, null]),
    );
  const body = {
    metadata: { uid: seen.uid, resourceVersion: version },
    data: none(false),
    ...(holder.kind === 'ConfigMap' ? { binaryData: none(true) } : {}),
  };
  const object = await spot.write(() => cluster.patch(spot.ref, body, { ...context, fieldManager: manager }));
  return object.metadata.resourceVersion ?? '';
}

async function remove({ cluster, spot }: ObjectWrite, expected: SeenObject, context: RequestContext): Promise<void> {
  const { uid, resourceVersion } = expected;
  await spot.remove(() => cluster.delete(spot.ref, { ...context, uid, resourceVersion }));
}

function has(object: ApiObject, field: DataField, key: string): boolean {
  const values = object[field];
  return typeof values === 'object' && values !== null && Object.hasOwn(values, key);
}

function outrun({ holder: { kind, name, namespace } }: ObjectWrite): PlumbError {
  return new PlumbError('mismatch', `${kind} ${name} in namespace ${namespace} was written by somebody else meanwhile`);
}
