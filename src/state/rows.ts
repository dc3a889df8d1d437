import type { RowCodec, RowSink, RowSource } from './codec.ts';
import type { EntryMetadata, Form, Head, Kind, PastVersion, SealedValue, ValueType, Version } from '#domain/entry';
import { valueTypes } from '#domain/entry';
import type { Path } from '#domain/path';
import type { PrincipalName } from '#domain/principal';

/*
 * Small closed sets are packed into one number, in this order. New members go to the end: stored pages
 * hold the positions.
 */
const states: readonly Version['state'][] = ['present', 'deleted', 'unset'];
const kinds: readonly Kind[] = ['secret', 'config'];
const forms: readonly Form[] = ['literal', 'expression'];

type VersionShape = readonly [
  version: number,
  incarnation: number,
  packed: number,
  reason: number,
  author: number,
  time: number,
  revision: number,
  references: readonly string[] | 0,
  value: string | 0,
  digest: string | 0,
];
type HeadShape = readonly [VersionShape, length: number, EntryMetadata | 0, revision: number];

/** Shared by all who have none. */
const none: readonly never[] = [];
const noMetadata: EntryMetadata = {};

function encodeVersion(version: PastVersion, sink: RowSink): VersionShape {
  const packed =
    states.indexOf(version.state) +
    kinds.indexOf(version.kind) * 4 +
    forms.indexOf(version.form) * 8 +
    (version.destroyed === true ? 16 : 0) +
    valueTypes.indexOf(version.type) * 32;
  return [
    version.version,
    version.incarnation,
    packed,
    sink.text(version.reason),
    sink.text(version.author),
    version.time,
    version.revision,
    version.references.length === 0 ? 0 : version.references,
    version.value?.id ?? 0,
    version.value?.digest ?? 0,
  ];
}

function decodeVersion(shape: VersionShape, source: RowSource): Omit<Version, 'value'> {
  const packed = shape[2];
  const version = {
    version: shape[0],
    incarnation: shape[1],
    state: member(states, packed & 3),
    kind: member(kinds, (packed >> 2) & 1),
    type: member<ValueType>(valueTypes, packed >> 5),
    form: member(forms, (packed >> 3) & 1),
    reason: source.text(shape[3]),
    author: source.text(shape[4]) as PrincipalName,
    time: shape[5],
    revision: shape[6],
    references: shape[7] === 0 ? none : shape[7],
  };
  return (packed & 16) === 0 ? version : { ...version, destroyed: true };
}

function member<T>(set: readonly T[], index: number): T {
  const found = set[index];
  if (found === undefined) throw new RangeError('a packed number is out of range');
  return found;
}

function sizeOfVersion(version: PastVersion): number {
  const fixed = 60 + version.reason.length;
  const value = version.value === undefined ? 0 : version.value.id.length + version.value.digest.length + 6;
  return version.references.reduce((sum, reference) => sum + reference.length + 3, fixed + value);
}

export const headCodec: RowCodec<Head> = {
  encode(_key, head, sink): HeadShape {
    const { value } = head.current;
    const metadata = Object.keys(head.metadata).length === 0 ? 0 : head.metadata;
    const length = value === undefined ? 0 : sink.bytes(value.bytes);
    return [encodeVersion(head.current, sink), length, metadata, head.revision];
  },
  decode(key, shape, source): Head {
    const [version, length, metadata, revision] = shape as HeadShape;
    const value = decodeValue(version, length, source);
    const decoded = decodeVersion(version, source);
    const current = value === undefined ? decoded : { ...decoded, value };
    return { path: key as Path, current, metadata: metadata === 0 ? noMetadata : metadata, revision };
  },
  size(head) {
    const { metadata } = head;
    const { owner = '', description = '', tags = none } = metadata;
    const texts = tags.reduce((sum, tag) => sum + tag.length + 3, owner.length + description.length + 40);
    return sizeOfVersion(head.current) + (head.current.value?.bytes.length ?? 0) + texts;
  },
};

function decodeValue(version: VersionShape, length: number, source: RowSource): SealedValue | undefined {
  const [id, digest] = [version[8], version[9]];
  if (id === 0 || digest === 0) return undefined;
  return { id, digest, bytes: source.bytes(length) };
}

export const versionCodec: RowCodec<PastVersion> = {
  encode: (_key, version, sink) => encodeVersion(version, sink),
  decode(_key, shape, source) {
    const version = shape as VersionShape;
    const [id, digest] = [version[8], version[9]];
    const decoded = decodeVersion(version, source);
    return id === 0 || digest === 0 ? decoded : { ...decoded, value: { id, digest } };
  },
  size: sizeOfVersion,
};

/** For indexes in which the key says everything. */
export const markCodec: RowCodec<true> = { encode: () => 1, decode: () => true, size: () => 1 };
