import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { envelopeGeneration, envelopeOverhead, openEnvelope, sealEnvelope } from './envelope.ts';

/** Test case 16 of the GCM specification (McGrew, Viega), behind our header. */
const vector = {
  key: createSecretKey(Buffer.from('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308', 'hex')),
  bound: Buffer.from('feedfacedeadbeeffeedfacedeadbeefabaddad2', 'hex'),
  plain: Buffer.from(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    'hex',
  ),
  envelope: Buffer.from(
    '0100000007cafebabefacedbaddecaf888' +
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
      '76fc6ece0f4e1768cddf8853bb2d551b',
    'hex',
  ),
};
const flipped = (at: number): Buffer => {
  const bytes = Buffer.from(vector.envelope);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
};
const otherKey = createSecretKey(Buffer.alloc(32, 1));

describe('envelope', () => {
  test('opens the published vector', () => {
    expect(Buffer.from(openEnvelope(vector.key, vector.envelope, vector.bound))).toEqual(vector.plain);
    expect(envelopeGeneration(vector.envelope)).toBe(7);
  });

  test.each([
    { what: 'format', envelope: flipped(0), code: 'unsupported' },
    { what: 'iv', envelope: flipped(5), code: 'corrupt' },
    { what: 'ciphertext', envelope: flipped(17), code: 'corrupt' },
    { what: 'last byte of the ciphertext', envelope: flipped(76), code: 'corrupt' },
    { what: 'tag', envelope: flipped(92), code: 'corrupt' },
    { what: 'cut by one', envelope: vector.envelope.subarray(0, -1), code: 'corrupt' },
    { what: 'cut to the header', envelope: vector.envelope.subarray(0, 17), code: 'corrupt' },
    { what: 'nothing at all', envelope: Buffer.alloc(0), code: 'corrupt' },
    { what: 'one byte more', envelope: Buffer.concat([vector.envelope, Buffer.alloc(1)]), code: 'corrupt' },
  ])('refuses when altered: $what', ({ envelope, code }) => {
    expect(() => openEnvelope(vector.key, envelope, vector.bound)).toThrow(expect.objectContaining({ code }));
  });

  test('refuses another key and other associated data', () => {
    const corrupt = expect.objectContaining({ code: 'corrupt' }) as Error;
    expect(() => openEnvelope(otherKey, vector.envelope, vector.bound)).toThrow(corrupt);
    expect(() => openEnvelope(vector.key, vector.envelope, vector.bound.subarray(1))).toThrow(corrupt);
  });

  test('opens what it sealed, of any length, and never with the same IV', () => {
    const ivs = new Set<string>();
    const key = { generation: 3, key: otherKey };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 40 }), (plain, bound) => {
        const envelope = sealEnvelope(key, plain, bound);
        expect(envelope.length).toBe(plain.length + envelopeOverhead);
        expect(new Uint8Array(openEnvelope(otherKey, envelope, bound))).toEqual(plain);
        const iv = Buffer.from(envelope.subarray(5, 17)).toString('hex');
        expect(ivs.has(iv)).toBe(false);
        ivs.add(iv);
      }),
      { numRuns: 1500, seed: 1 },
    );
  });
});
