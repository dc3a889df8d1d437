/** The keys of one store: data keys for values, MAC keys for the chains, a key for fingerprints. */
import type { Kind, SealedValue } from '#domain/entry';
import type { ChainMac } from './chain.ts';

/** Public surface of the keyring; `openKeyring` makes one. */
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
  chain(name: 'truth' | 'work' | 'audit' | 'anchor'): ChainMac;
  /** A new data key for new values; old values stay readable. */
  rotate(): Promise<void>;
  /** A new MAC key for new records; old records stay verifiable. */
  rotateMac(): Promise<void>;
}
