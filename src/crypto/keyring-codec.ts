/**
 * A generation of the keyring as a blob. Outside, JSON: what is needed to ask the seal. Inside, an
 * envelope under the root key with all keys in binary, so that no key ever stands in a string:
 * version (1) ‖ fingerprint key (32) ‖ count (2) ‖ data keys: generation (4), uses (8), key (32) ‖ count (2) ‖ MAC keys: generation (4), key (32).
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { PlumbError } from '#domain/errors';
import { openEnvelope, sealEnvelope } from './envelope.ts';
import type { Seal } from './seal.ts';

export interface DataKey {
  readonly generation: number;
  readonly key: KeyObject;
  /** Uses that may have happened: an upper bound. */
  readonly uses: number;
}
export interface MacKey {
  readonly generation: number;
  readonly key: KeyObject;
}
export interface KeyringContents {
  readonly storeId: string;
  /** Counts the blobs of the keyring; the highest is the one that holds. */
  readonly generation: number;
  readonly rootKey: KeyObject;
  /** The root key as the seal wrapped it. */
  readonly wrappedRootKey: Uint8Array;
  readonly sealName: string;
  readonly fingerprintKey: KeyObject;
  /** Oldest first; the last is used for new values. */
  readonly dataKeys: readonly DataKey[];
  /** Oldest first; the last is used for new records. */
  readonly macKeys: readonly MacKey[];
}

const version = 1;
const keyLength = 32;
const dataKeyLength = 4 + 8 + keyLength;
const macKeyLength = 4 + keyLength;
/** The root key has one generation: changing it is a new keyring under a new wrapping. */
const rootGeneration = 1;

interface Outer {
  readonly v: number;
  readonly store: string;
  readonly generation: number;
  readonly seal: string;
  readonly root: string;
  readonly keys: string;
}

export function keyringBlobId(generation: number): string {
  return `keyring-${String(generation).padStart(6, '0')}`;
}

export function encodeKeyring(contents: KeyringContents): Uint8Array {
  const inner = encodeKeys(contents);
  const outer: Omit<Outer, 'keys'> = {
    v: version,
    store: contents.storeId,
    generation: contents.generation,
    seal: contents.sealName,
    root: Buffer.from(contents.wrappedRootKey).toString('base64url'),
  };
  const rootKey = { generation: rootGeneration, key: contents.rootKey };
  const keys = Buffer.from(sealEnvelope(rootKey, inner, bound(outer))).toString('base64url');
  inner.fill(0);
  return Buffer.from(JSON.stringify({ ...outer, keys } satisfies Outer));
}

/** Throws `corrupt` if anything was altered, `unsupported` for a newer format, and what the seal throws. */
export async function decodeKeyring(bytes: Uint8Array, generation: number, seal: Seal): Promise<KeyringContents> {
  const outer = parseOuter(bytes);
  if (outer.generation !== generation) throw new PlumbError('corrupt', 'a keyring stands under another generation');
  if (outer.seal !== seal.name) {
    throw new PlumbError('unavailable', `the keyring is sealed by ${outer.seal}, not by ${seal.name}`, {
      hint: 'configure the seal that the store was made with',
    });
  }
  const wrappedRootKey = Buffer.from(outer.root, 'base64url');
  const rawRoot = await seal.unwrap(wrappedRootKey);
  const rootKey = createSecretKey(rawRoot);
  rawRoot.fill(0);
  const inner = openEnvelope(rootKey, Buffer.from(outer.keys, 'base64url'), bound(outer));
  const keys = decodeKeys(Buffer.from(inner.buffer, inner.byteOffset, inner.length));
  inner.fill(0);
  return { storeId: outer.store, generation, rootKey, wrappedRootKey, sealName: outer.seal, ...keys };
}

function parseOuter(bytes: Uint8Array): Outer {
  const outer = parseJson(bytes);
  if (outer.v !== version) {
    throw new PlumbError('unsupported', 'the keyring is in a newer format', {
      hint: 'use the version of plumb that wrote this store, or a later one',
    });
  }
  const texts = [outer.store, outer.seal, outer.root, outer.keys];
  if (texts.some((text) => typeof text !== 'string') || !Number.isSafeInteger(outer.generation)) {
    throw new PlumbError('corrupt', 'the keyring has not the fields it should have');
  }
  return outer as Outer;
}

function parseJson(bytes: Uint8Array): Partial<Outer> {
  try {
    return Object(JSON.parse(Buffer.from(bytes).toString('utf8'))) as Partial<Outer>;
  } catch (cause) {
    throw new PlumbError('corrupt', 'the keyring is not the JSON it should be', { cause });
  }
}

function bound(outer: Omit<Outer, 'keys'>): Uint8Array {
  return Buffer.from(JSON.stringify(['plumb keyring', outer.v, outer.store, outer.generation, outer.seal, outer.root]));
}

function encodeKeys(contents: KeyringContents): Buffer {
  const { dataKeys, macKeys } = contents;
  const inner = Buffer.alloc(1 + keyLength + 2 + dataKeys.length * dataKeyLength + 2 + macKeys.length * macKeyLength);
  let at = inner.writeUInt8(version, 0);
  at = writeKey(inner, contents.fingerprintKey, at);
  at = inner.writeUInt16BE(dataKeys.length, at);
  for (const { generation, uses, key } of dataKeys) {
    at = inner.writeUInt32BE(generation, at);
    at = inner.writeBigUInt64BE(BigInt(uses), at);
    at = writeKey(inner, key, at);
  }
  at = inner.writeUInt16BE(macKeys.length, at);
  for (const { generation, key } of macKeys) at = writeKey(inner, key, inner.writeUInt32BE(generation, at));
  return inner;
}

function writeKey(inner: Buffer, key: KeyObject, at: number): number {
  const raw = key.export();
  inner.set(raw, at);
  raw.fill(0);
  return at + keyLength;
}

type Keys = Pick<KeyringContents, 'fingerprintKey' | 'dataKeys' | 'macKeys'>;

function decodeKeys(inner: Buffer): Keys {
  if (inner[0] !== version) throw new PlumbError('unsupported', 'the keys of the keyring are in a newer format');
  const key = (at: number): KeyObject => createSecretKey(inner.subarray(at, at + keyLength));
  const dataAt = 1 + keyLength + 2;
  const macAt = dataAt + inner.readUInt16BE(dataAt - 2) * dataKeyLength + 2;
  const dataKeys = starts(dataAt, inner.readUInt16BE(dataAt - 2), dataKeyLength).map((at) => ({
    generation: inner.readUInt32BE(at),
    uses: Number(inner.readBigUInt64BE(at + 4)),
    key: key(at + 12),
  }));
  const macKeys = starts(macAt, inner.readUInt16BE(macAt - 2), macKeyLength).map((at) => ({
    generation: inner.readUInt32BE(at),
    key: key(at + 4),
  }));
  return { fingerprintKey: key(1), dataKeys, macKeys };
}

function starts(first: number, count: number, length: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index * length);
}
