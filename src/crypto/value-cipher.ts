/**
 * The cipher of values: XChaCha20-Poly1305 by libsodium, in its WebAssembly. An envelope is
 * format 2 (1 byte) ‖ data-key generation (4, big endian) ‖ nonce (24) ‖ ciphertext ‖ tag (16).
 * Values are short and read all the time, and Node makes an object of OpenSSL for each: docs/design/0002.
 */
import { createHmac, type KeyObject, randomFillSync } from 'node:crypto';
import type { Libsodium } from 'libsodium';
import { PlumbError } from '#domain/errors';
import { loadLibsodium } from './libsodium.ts';

export const valueFormat = 2;
const nonceAt = 5;
const nonceLength = 24;
const bodyAt = nonceAt + nonceLength;
const tagLength = 16;
/** Bytes that an envelope adds to what is in it. */
export const valueOverhead = bodyAt + tagLength;
/** Room for what a value is bound to. */
const boundRoom = 1024;
/** Room for values that is kept; larger ones get theirs for the moment. */
const usualRoom = 64 * 1024;

/** A data key as the library holds it: where it stands in its memory, never in ours. */
export type CipherKey = number & { readonly cipherKey: unique symbol };

/** Drawing random bytes one nonce at a time costs more than encrypting a short value. */
const pool = Buffer.alloc(nonceLength * 512);
let drawn = pool.length;

export class ValueCipher {
  /** Begun at once: it is compiled on other threads, while the rest of the server is loaded. */
  static readonly #loaded = ValueCipher.#make();
  readonly #library: Libsodium;
  readonly #boundAt: number;
  readonly #roomAt: number;
  #heap: Buffer;

  static {
    // Whoever asks for it is told.
    ValueCipher.#loaded.catch(() => undefined);
  }

  private constructor(library: Libsodium) {
    this.#library = library;
    this.#boundAt = allocate(library, boundRoom);
    this.#roomAt = allocate(library, usualRoom);
    this.#heap = heapOf(library);
  }

  /** The one of this process: all keyrings share it. */
  static load(): Promise<ValueCipher> {
    return ValueCipher.#loaded;
  }

  static async #make(): Promise<ValueCipher> {
    const library = await loadLibsodium({ getRandomValue: () => randomFillSync(new Uint32Array(1))[0] ?? 0 });
    if (library._sodium_init() < 0) throw new Error('libsodium does not start');
    return new ValueCipher(library);
  }

  /** One that is derived, by HMAC-SHA256: no key serves two ciphers. Held until the process ends. */
  key(dataKey: KeyObject): CipherKey {
    const derived = createHmac('sha256', dataKey).update('plumb value xchacha20-poly1305').digest();
    const at = allocate(this.#library, derived.length);
    this.#memory().set(derived, at);
    derived.fill(0);
    return at as CipherKey;
  }

  /** `bound` has characters of Latin-1 alone, at most 1,024. */
  seal(key: CipherKey, plain: Uint8Array, { generation, bound }: { generation: number; bound: string }): Uint8Array {
    const envelope = Buffer.allocUnsafeSlow(plain.length + valueOverhead);
    envelope[0] = valueFormat;
    envelope.writeUInt32BE(generation, 1);
    drawNonce(envelope);
    this.#within(envelope.length, (at) => {
      const heap = this.#memory();
      const plainAt = at + bodyAt;
      heap.set(envelope.subarray(0, bodyAt), at);
      heap.set(plain, plainAt);
      // In place: the tag follows the text.
      this.#library._crypto_aead_xchacha20poly1305_ietf_encrypt(
        ...([plainAt, 0, plainAt, plain.length, 0, this.#boundAt, this.#bind(bound), 0, 0, at + nonceAt, key] as const),
      );
      heap.copy(envelope, bodyAt, plainAt, at + envelope.length);
    });
    return envelope;
  }

  /** Throws `corrupt` unless key, bytes and `bound` are the ones it was sealed with. */
  open(key: CipherKey, envelope: Uint8Array, bound: string): Uint8Array {
    if (envelope.length < valueOverhead) throw new PlumbError('corrupt', 'an encrypted value is cut short');
    return this.#within(envelope.length, (at) => {
      const heap = this.#memory();
      const [sealedAt, length] = [at + bodyAt, envelope.length - bodyAt];
      heap.set(envelope, at);
      const refused = this.#library._crypto_aead_xchacha20poly1305_ietf_decrypt(
        ...([sealedAt, 0, 0, sealedAt, length, 0, this.#boundAt, this.#bind(bound), 0, at + nonceAt, key] as const),
      );
      if (refused !== 0) throw new PlumbError('corrupt', 'encrypted bytes fail their check');
      const end = sealedAt + length - tagLength;
      const plain = Buffer.from(heap.subarray(sealedAt, end));
      heap.fill(0, sealedAt, end);
      return plain;
    });
  }

  #within<T>(length: number, act: (at: number) => T): T {
    if (length <= usualRoom) return act(this.#roomAt);
    const at = allocate(this.#library, length);
    try {
      return act(at);
    } finally {
      this.#library._free(at);
    }
  }

  /** Its length. */
  #bind(bound: string): number {
    if (bound.length > boundRoom) throw new RangeError(`a value is bound to at most ${boundRoom} characters`);
    return this.#heap.write(bound, this.#boundAt, boundRoom, 'latin1');
  }

  #memory(): Buffer {
    if (this.#heap.buffer !== this.#library.HEAPU8.buffer) this.#heap = heapOf(this.#library);
    return this.#heap;
  }
}

function heapOf({ HEAPU8: { buffer, byteOffset, byteLength } }: Libsodium): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

function allocate(library: Libsodium, length: number): number {
  const at = library._malloc(length);
  if (at === 0) throw new PlumbError('too-large', 'there is no room for a value of that size');
  return at;
}

function drawNonce(envelope: Buffer): void {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  pool.copy(envelope, nonceAt, drawn, drawn + nonceLength);
  drawn += nonceLength;
}
