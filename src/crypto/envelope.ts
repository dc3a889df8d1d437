/**
 * Keys that are wrapped, and values of before format 2 (value-cipher.ts): format (1 byte) ‖ data-key generation (4, big endian) ‖ IV (12) ‖ ciphertext ‖ tag (16).
 * AES-256-GCM with random IVs; what the value is bound to goes in as associated data.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from 'node:crypto';
import { PlumbError } from '#domain/errors';

const algorithm = 'aes-256-gcm';
const format = 1;
const ivLength = 12;
const tagLength = 16;
const ivAt = 5;
const bodyAt = ivAt + ivLength;
const withTag = { authTagLength: tagLength };

/** Bytes that an envelope adds to what is in it. */
export const envelopeOverhead = bodyAt + tagLength;

export interface EnvelopeKey {
  readonly generation: number;
  /** 32 bytes. */
  readonly key: KeyObject;
}

export function sealEnvelope(key: EnvelopeKey, plain: Uint8Array, bound: Uint8Array): Uint8Array {
  const envelope = Buffer.allocUnsafe(plain.length + envelopeOverhead);
  envelope[0] = format;
  envelope.writeUInt32BE(key.generation, 1);
  randomFillSync(envelope, ivAt, ivLength);
  const cipher = createCipheriv(algorithm, key.key, envelope.subarray(ivAt, bodyAt));
  cipher.setAAD(bound);
  envelope.set(cipher.update(plain), bodyAt);
  cipher.final();
  envelope.set(cipher.getAuthTag(), envelope.length - tagLength);
  return envelope;
}

/** Which data key an envelope was made with. Throws `corrupt` if it is too short, `unsupported` for an unknown format. */
export function envelopeGeneration(envelope: Uint8Array): number {
  if (envelope.length < envelopeOverhead) throw new PlumbError('corrupt', 'an encrypted value is cut short');
  if (envelope[0] !== format) {
    throw new PlumbError('unsupported', 'an encrypted value is in a newer format', {
      hint: 'use the version of plumb that wrote this store, or a later one',
    });
  }
  return generationIn(envelope);
}

/** All formats name it in the same place: behind the first byte. */
export function generationIn(envelope: Uint8Array): number {
  const at = (index: number): number => envelope[index] ?? 0;
  return at(1) * 2 ** 24 + at(2) * 2 ** 16 + at(3) * 2 ** 8 + at(4);
}

/** Throws `corrupt` unless key, bytes and `bound` are the ones it was sealed with. */
export function openEnvelope(key: KeyObject, envelope: Uint8Array, bound: Uint8Array): Uint8Array {
  envelopeGeneration(envelope);
  const tagAt = envelope.length - tagLength;
  const decipher = createDecipheriv(algorithm, key, envelope.subarray(ivAt, bodyAt), withTag);
  decipher.setAAD(bound);
  decipher.setAuthTag(envelope.subarray(tagAt));
  const plain = decipher.update(envelope.subarray(bodyAt, tagAt));
  try {
    decipher.final();
  } catch (cause) {
    plain.fill(0);
    throw new PlumbError('corrupt', 'encrypted bytes fail their check', { cause });
  }
  return plain;
}
