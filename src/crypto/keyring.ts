/** The keys of one store: data keys for values, MAC keys for the chains, a key for fingerprints. */
import { createHmac, createSecretKey, generateKeySync, type KeyObject, randomBytes, randomInt } from 'node:crypto';
import type { Kind, SealedValue } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import { type ChainMac, type ChainName, DerivedMacs } from './chain.ts';
import { sha256 } from './digest.ts';
import { envelopeGeneration, generationIn, openEnvelope } from './envelope.ts';
import { type DataKey, decodeKeyring, encodeKeyring, keyringBlobId, type KeyringContents } from './keyring-codec.ts';
import type { Seal } from './seal.ts';
import { type CipherKey, ValueCipher, valueFormat } from './value-cipher.ts';
import { ValueIds } from './value-ids.ts';

/** Where generations of the keyring are kept; a store driver is one. A used id holds its bytes for ever, others are refused as `exists`. */
export interface KeyringStore {
  putBlob(blob: { readonly id: string; readonly bytes: Uint8Array }): Promise<void>;
  getBlobs(ids: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
}

export interface KeyringOptions {
  readonly store: KeyringStore;
  readonly seal: Seal;
  /** Make a keyring if the store has none. Only for a store without records: a lost keyring is not replaced. */
  readonly create: boolean;
  /** Uses after which a data key is replaced. Default 2³⁰, a quarter of what random IVs allow. */
  readonly maxUses?: number;
  /** Uses written down ahead, in one go; at most this many are lost with a crash. Default 2²⁰. */
  readonly reserve?: number;
}

/** Public surface of the keyring; {@link openKeyring} makes one. */
export interface Keyring {
  /** 8 characters of `[a-z2-9]`; names the store in tokens and binds every value and chain to it. */
  readonly storeId: string;
  /** The data key that new values are encrypted with. */
  readonly generation: number;
  /** Encrypts under a new id. Throws `unavailable` if the data key's uses could not be written down. */
  encrypt(plain: Uint8Array, kind: Kind): SealedValue;
  /** Throws `corrupt` if bytes, id, kind or store are not the ones it was encrypted with. */
  decrypt(value: SealedValue, kind: Kind): Uint8Array;
  /** Keyed fingerprint of a value, base64url; the same value has another one in another context. */
  fingerprint(context: string, value: Uint8Array | string): string;
  chain(name: ChainName): ChainMac;
  /** A new data key for new values; old values stay readable. Durable when it resolves. */
  rotate(): Promise<void>;
  /** A new MAC key for new records; old records stay verifiable. Durable when it resolves. */
  rotateMac(): Promise<void>;
}

/**
 * Reads the newest generation and writes the next one, with uses reserved. Throws `not-found` when
 * there is none and `create` is false, `corrupt` when it was altered, and what the seal throws.
 */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const [cipher, contents] = await Promise.all([ValueCipher.load(), contentsOf(options)]);
  const keyring = new StoredKeyring(options, cipher, contents);
  await keyring.reserve();
  return keyring;
}

class StoredKeyring implements Keyring {
  readonly #options: Required<KeyringOptions>;
  readonly #ids = new ValueIds();
  readonly #chains = new Map<ChainName, DerivedMacs>();
  #contents: KeyringContents;
  readonly #cipher: ValueCipher;
  #keys = new Map<number, HeldKey>();
  #current: number;
  /** Encryptions still allowed with the current data key before more have to be written down. */
  #left = 0;
  #writing: Promise<void> | undefined;
  #failure: unknown;

  constructor(options: KeyringOptions, cipher: ValueCipher, contents: KeyringContents) {
    const maxUses = options.maxUses ?? 2 ** 30;
    this.#options = { ...options, maxUses, reserve: Math.min(options.reserve ?? 2 ** 20, maxUses) };
    this.#cipher = cipher;
    this.#contents = contents;
    this.#current = this.#adopt(contents);
  }

  get storeId(): string {
    return this.#contents.storeId;
  }

  get generation(): number {
    return this.#current;
  }

  encrypt(plain: Uint8Array, kind: Kind): SealedValue {
    if (this.#left <= this.#options.reserve / 2) this.#reserveAhead();
    if (this.#left <= 0) {
      throw new PlumbError('unavailable', 'the uses of the data key could not be written down', {
        cause: this.#failure,
      });
    }
    this.#left -= 1;
    const id = this.#ids.next();
    const generation = this.#current;
    const bytes = this.#cipher.seal(this.#key(generation).cipherKey, plain, {
      generation,
      bound: bound(this.storeId, id, kind),
    });
    return { id, bytes, digest: sha256(bytes) };
  }

  decrypt(value: SealedValue, kind: Kind): Uint8Array {
    const { id, bytes } = value;
    const boundTo = bound(this.storeId, id, kind);
    if (bytes[0] === valueFormat) return this.#cipher.open(this.#key(generationIn(bytes)).cipherKey, bytes, boundTo);
    return openEnvelope(this.#key(envelopeGeneration(bytes)).key, bytes, Buffer.from(boundTo, 'latin1'));
  }

  #key(generation: number): HeldKey {
    const key = this.#keys.get(generation);
    if (key === undefined) throw new PlumbError('corrupt', 'a value names a data key that the keyring does not hold');
    return key;
  }

  fingerprint(context: string, value: Uint8Array | string): string {
    const hmac = createHmac('sha256', this.#contents.fingerprintKey);
    return hmac
      .update(`${Buffer.byteLength(context)}:${context}`)
      .update(value)
      .digest('base64url');
  }

  chain(name: ChainName): ChainMac {
    const known = this.#chains.get(name) ?? new DerivedMacs(name, this.#contents.macKeys);
    this.#chains.set(name, known);
    return known;
  }

  async rotate(): Promise<void> {
    await this.#write((contents) => this.#reserveUses(withNewDataKey(contents)));
  }

  async rotateMac(): Promise<void> {
    await this.#write((contents) => {
      const generation = (contents.macKeys.at(-1)?.generation ?? 0) + 1;
      return { ...contents, macKeys: [...contents.macKeys, { generation, key: newKey() }] };
    });
    for (const chain of this.#chains.values()) chain.replace(this.#contents.macKeys);
  }

  /** Writes more uses down, with a new data key if the present one would pass its limit. */
  async reserve(): Promise<void> {
    await this.#write((contents) => this.#reserveUses(contents));
  }

  #reserveAhead(): void {
    if (this.#writing !== undefined) return;
    // A failure shows once what is reserved is used up; until then each encryption tries again.
    this.reserve().catch((error: unknown) => (this.#failure = error));
  }

  #reserveUses(contents: KeyringContents): KeyringContents {
    const { maxUses, reserve } = this.#options;
    const last = contents.dataKeys.at(-1);
    if (last === undefined || last.uses + reserve > maxUses) return this.#reserveUses(withNewDataKey(contents));
    return { ...contents, dataKeys: [...contents.dataKeys.slice(0, -1), { ...last, uses: last.uses + reserve }] };
  }

  /** One write at a time; another server's write under the same generation is read first and changed again. */
  async #write(change: (contents: KeyringContents) => KeyringContents): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    const writing = this.#writeNext(change);
    this.#writing = writing.then(
      () => undefined,
      () => undefined,
    );
    try {
      await writing;
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeNext(change: (contents: KeyringContents) => KeyringContents): Promise<void> {
    for (;;) {
      const before = this.#contents;
      const next = { ...change(before), generation: before.generation + 1 };
      try {
        await this.#options.store.putBlob({ id: keyringBlobId(next.generation), bytes: encodeKeyring(next) });
      } catch (error) {
        if (!(error instanceof PlumbError) || error.code !== 'exists') throw error;
        this.#contents = (await newest(this.#options)) ?? before;
        continue;
      }
      const granted = usesOf(next.dataKeys.at(-1)) - usesOf(sameKey(before.dataKeys, next.dataKeys.at(-1)));
      const goesOn = next.dataKeys.at(-1)?.generation === this.#current;
      this.#contents = next;
      this.#current = this.#adopt(next);
      this.#left = goesOn ? this.#left + granted : granted;
      return;
    }
  }

  #adopt(contents: KeyringContents): number {
    const held = this.#keys;
    this.#keys = new Map(
      contents.dataKeys.map(({ generation, key }) => {
        return [generation, held.get(generation) ?? { key, cipherKey: this.#cipher.key(key) }];
      }),
    );
    const last = contents.dataKeys.at(-1);
    if (last === undefined) throw new PlumbError('corrupt', 'the keyring holds no data key');
    return last.generation;
  }
}

/** A data key for the values of today, and for those of format 1. */
interface HeldKey {
  readonly cipherKey: CipherKey;
  readonly key: KeyObject;
}

/** Associated data of a value: what it may not be moved between. */
function bound(storeId: string, id: string, kind: Kind): string {
  return `plumb value|${storeId}|${id}|${kind}`;
}

async function contentsOf(options: KeyringOptions): Promise<KeyringContents> {
  return (await newest(options)) ?? firstContents(options);
}

function withNewDataKey(contents: KeyringContents): KeyringContents {
  const generation = (contents.dataKeys.at(-1)?.generation ?? 0) + 1;
  return { ...contents, dataKeys: [...contents.dataKeys, { generation, uses: 0, key: newKey() }] };
}

function sameKey(keys: readonly DataKey[], wanted: DataKey | undefined): DataKey | undefined {
  return keys.find((key) => key.generation === wanted?.generation);
}

function usesOf(key: DataKey | undefined): number {
  return key?.uses ?? 0;
}

function newKey(): KeyObject {
  return generateKeySync('aes', { length: 256 });
}

async function firstContents(options: KeyringOptions): Promise<KeyringContents> {
  if (!options.create) {
    throw new PlumbError('not-found', 'the store has no keyring', {
      hint: 'without its keyring a store cannot be read',
    });
  }
  const rawRoot = randomBytes(32);
  const wrappedRootKey = await options.seal.wrap(rawRoot);
  const rootKey = createSecretKey(rawRoot);
  rawRoot.fill(0);
  return {
    storeId: newStoreId(),
    generation: 0,
    rootKey,
    wrappedRootKey,
    sealName: options.seal.name,
    fingerprintKey: newKey(),
    dataKeys: [{ generation: 1, uses: 0, key: newKey() }],
    macKeys: [{ generation: 1, key: newKey() }],
  };
}

/** Without what is easily misread: no 0, 1, i, l. */
const storeIdAlphabet = 'abcdefghjkmnopqrstuvwxyz23456789';

function newStoreId(): string {
  return Array.from({ length: 8 }, () => storeIdAlphabet[randomInt(storeIdAlphabet.length)]).join('');
}

/** Generations are written without gaps, so the newest is found by galloping, not by listing every blob. */
async function newest(options: Pick<KeyringOptions, 'store' | 'seal'>): Promise<KeyringContents | undefined> {
  const get = async (generation: number) => (await options.store.getBlobs([keyringBlobId(generation)]))[0];
  let above = 1;
  while ((await get(above)) !== undefined) above *= 2;
  let found = Math.floor(above / 2);
  while (above - found > 1) {
    const middle = Math.floor((found + above) / 2);
    if ((await get(middle)) === undefined) above = middle;
    else found = middle;
  }
  const bytes = found === 0 ? undefined : await get(found);
  return bytes === undefined ? undefined : decodeKeyring(bytes, found, options.seal);
}
