import type { ApiObject } from './cluster.ts';
import { at } from './fields.ts';
import { managedLabel } from './holders.ts';
import type { ObjectKind } from './holders.ts';
import type { ObjectOptions } from './options.ts';
import { Ownership } from './ownership.ts';
import type { DataField } from './ownership.ts';
import { lengthOf, spellBinary, spellBytes, spellText } from './spelling.ts';
import type { Sighting } from '../../target.ts';
import type { Fingerprint } from '#domain/records';

/** What is kept of one name. */
export interface SeenName extends Sighting {
  /** It stands where a ConfigMap has bytes. */
  readonly binary?: true;
  /** We hold it and nobody else does: it goes when we leave it out. */
  readonly alone?: true;
}

/** What is kept of one object: never a value. */
export interface SeenObject {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly type?: string;
  /** It was us who said so. */
  readonly hasOurType: boolean;
  /** Labels or annotations that we put there. */
  readonly hasOurMarks: boolean;
  readonly immutable: boolean;
  /** Since when. */
  readonly deleting?: string;
  /** By key. */
  readonly names: ReadonlyMap<string, SeenName>;
  /** A stream that selects by our label tells of it. */
  readonly labelled: boolean;
  /** Nobody but this sync has a part in it, and nothing hangs on it. */
  readonly sole: boolean;
  /** What is not as the options say, beside the names. */
  readonly flaws: readonly string[];
  /** This sync wrote it, and our label is gone. */
  readonly unlabelled: boolean;
}

export interface SightOptions {
  readonly kind: ObjectKind;
  /** Absent: it is kept no longer. */
  readonly options: ObjectOptions | undefined;
  readonly manager: string;
  readonly fingerprint: (key: string, value: string) => Fingerprint;
}

/** Takes what is to be known from an object, so that the object can go. */
export function sight(object: ApiObject, options: SightOptions): SeenObject {
  const { metadata, type, immutable } = object;
  const { uid = '', resourceVersion = '', labels = {}, deletionTimestamp } = metadata;
  const ownership = new Ownership(metadata.managedFields ?? [], options.manager);
  const names = new Map<string, SeenName>();
  for (const { field, key, value } of valuesOf(options.kind, object)) {
    const writer = ownership.writerOf(field, key);
    names.set(key, {
      fingerprint: options.fingerprint(key, value),
      bytes: lengthOf(value),
      ...(writer === undefined ? {} : { writer }),
      ...(field === 'binaryData' ? { binary: true } : {}),
      ...(ownership.holdsAlone(field, key) ? { alone: true } : {}),
    });
  }
  const labelled = labels[managedLabel.key] === managedLabel.value;
  return {
    uid,
    resourceVersion,
    ...(typeof type === 'string' ? { type } : {}),
    hasOurType: ownership.hasType,
    hasOurMarks: ownership.names('labels').length + ownership.names('annotations').length > 0,
    immutable: immutable === true,
    ...(deletionTimestamp === undefined ? {} : { deleting: deletionTimestamp }),
    names,
    labelled,
    sole: ownership.isSole && hangsAlone(object),
    flaws: options.options === undefined ? [] : flawsOf(object, options.options, ownership),
    unlabelled: !labelled && ownership.hasNames,
  };
}

interface Value {
  readonly field: DataField;
  readonly key: string;
  /** In our spelling. */
  readonly value: string;
}

/** Every value of an object. */
export function* valuesOf(kind: ObjectKind, object: ApiObject): Iterable<Value> {
  for (const [key, value] of textsOf(object.data)) {
    const spelled = kind === 'Secret' ? spellBytes(Buffer.from(value, 'base64')) : spellText(value);
    yield { field: 'data', key, value: spelled };
  }
  if (kind === 'Secret') return;
  for (const [key, value] of textsOf(object.binaryData)) {
    yield { field: 'binaryData', key, value: spellBinary(Buffer.from(value, 'base64')) };
  }
}

/** An empty value may be left out of the JSON as `null`. */
function textsOf(value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([key, text]) => [key, typeof text === 'string' ? text : '']);
}

function hangsAlone({ metadata }: ApiObject): boolean {
  return [at(metadata, 'finalizers'), at(metadata, 'ownerReferences')].every((list) => list === undefined);
}

function flawsOf({ metadata, immutable }: ApiObject, options: ObjectOptions, ownership: Ownership): readonly string[] {
  const flaws: string[] = [];
  for (const [field, noun] of [['labels', 'label'] as const, ['annotations', 'annotation'] as const]) {
    const present = metadata[field] ?? {};
    const wanted = options[field];
    for (const [name, value] of Object.entries(wanted)) {
      if (present[name] === undefined) flaws.push(`the ${noun} ${name} is missing`);
      else if (present[name] !== value) flaws.push(`the ${noun} ${name} is another than the sync says`);
    }
    for (const name of ownership.names(field)) {
      const stays = Object.hasOwn(wanted, name) || name === managedLabel.key;
      if (!stays) flaws.push(`the ${noun} ${name} is left over`);
    }
  }
  if (options.immutable && immutable !== true) flaws.push('it is not immutable');
  return flaws;
}
