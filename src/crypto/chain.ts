import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { PlumbError } from '#domain/errors';

export type ChainName = 'truth' | 'work' | 'audit' | 'anchor';

/** The MAC of one chain. Each chain has a key of its own, derived from the keyring's MAC key. */
export interface ChainMac {
  /** The generation that new records are made with; each record names its own. */
  readonly generation: number;
  /** HMAC-SHA256 over `previous ‖ payload`, 32 bytes. Throws `corrupt` for a generation that the keyring does not hold. */
  mac(previous: Uint8Array, payload: Uint8Array, generation: number): Uint8Array;
}

export const macLength = 32;

interface Generation {
  readonly generation: number;
  readonly key: KeyObject;
}

/** Keys for one chain, derived from each generation of the MAC key, so that a record of one chain proves nothing in another. */
export class DerivedMacs implements ChainMac {
  readonly #name: ChainName;
  readonly #keys = new Map<number, KeyObject>();
  #generation = 0;

  constructor(name: ChainName, macKeys: readonly Generation[]) {
    this.#name = name;
    this.replace(macKeys);
  }

  get generation(): number {
    return this.#generation;
  }

  /** Takes over the keyring's MAC keys after a rotation; the last is for new records. */
  replace(macKeys: readonly Generation[]): void {
    for (const { generation, key } of macKeys) {
      const derived = createHmac('sha256', key).update(`plumb chain ${this.#name}`).digest();
      this.#keys.set(generation, createSecretKey(derived));
      derived.fill(0);
      this.#generation = generation;
    }
  }

  mac(previous: Uint8Array, payload: Uint8Array, generation: number): Uint8Array {
    const key = this.#keys.get(generation);
    if (key === undefined) {
      throw new PlumbError('corrupt', 'a record names a MAC key that the keyring does not hold');
    }
    return createHmac('sha256', key).update(previous).update(payload).digest();
  }
}
