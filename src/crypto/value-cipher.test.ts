import { createDecipheriv, createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CipherKey, ValueCipher, valueOverhead } from './value-cipher.ts';

const bound = 'plumb value|abcdefgh|7|secret';
const dataKey = createSecretKey(Buffer.alloc(32, 1));
const corrupt = expect.objectContaining({ code: 'corrupt' }) as Error;
let cipher: ValueCipher;
let key: CipherKey;

beforeAll(async () => {
  cipher = await ValueCipher.load();
  key = cipher.key(dataKey);
});
const seal = (plain: Uint8Array, to = bound): Uint8Array => cipher.seal(key, plain, { generation: 7, bound: to });

const rotate = (word: number, by: number): number => ((word << by) | (word >>> (32 - by))) >>> 0;

/** HChaCha20 of draft-irtf-cfrg-xchacha-03, section 2.2. */
function hchacha20(secret: Uint8Array, nonce: Uint8Array): Buffer {
  const state = Uint32Array.from([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, ...words(secret), ...words(nonce)]);
  const at = (index: number): number => state[index] ?? 0;
  const mix = (a: number, b: number, d: number, by: number): void => {
    state[a] = at(a) + at(b);
    state[d] = rotate(at(d) ^ at(a), by);
  };
  const quarter = ([a = 0, b = 0, c = 0, d = 0]: readonly number[]): void => {
    mix(a, b, d, 16);
    mix(c, d, b, 12);
    mix(a, b, d, 8);
    mix(c, d, b, 7);
  };
  const columns = [0, 1, 2, 3].map((i) => [i, i + 4, i + 8, i + 12]);
  const diagonals = [0, 1, 2, 3].map((i) => [i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4)]);
  for (let round = 0; round < 10; round += 1) for (const four of [...columns, ...diagonals]) quarter(four);
  return Buffer.from(Uint32Array.from([...state.subarray(0, 4), ...state.subarray(12)]).buffer);
}

function words(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer);
}

describe('what it seals', () => {
  test('OpenSSL opens, with XChaCha made of its ChaCha as the draft says', () => {
    const published = hchacha20(
      Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex'),
      Buffer.from('000000090000004a0000000031415927', 'hex'),
    );
    expect(published.toString('hex')).toBe('82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc');

    const plain = Buffer.from("Ladies and Gentlemen of the class of '99");
    const envelope = seal(plain);
    expect(Buffer.from(envelope.subarray(0, 5)).toString('hex')).toBe('0200000007');
    const derived = createHmac('sha256', dataKey).update('plumb value xchacha20-poly1305').digest();
    const nonce = envelope.subarray(5, 29);
    const subkey = hchacha20(derived, nonce.subarray(0, 16));
    const short = Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]);
    const decipher = createDecipheriv('chacha20-poly1305', subkey, short, { authTagLength: 16 });
    decipher.setAAD(Buffer.from(bound), { plaintextLength: plain.length });
    decipher.setAuthTag(envelope.subarray(-16));
    const opened = Buffer.concat([decipher.update(envelope.subarray(29, -16)), decipher.final()]);
    expect(opened.toString()).toBe(plain.toString());
  });

  test('it opens, of any length, and never with the same nonce', () => {
    const nonces = new Set<string>();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
        (plain, to) => {
          const envelope = seal(plain, to);
          expect(envelope.length).toBe(plain.length + valueOverhead);
          expect(new Uint8Array(cipher.open(key, envelope, to))).toEqual(plain);
          const nonce = Buffer.from(envelope.subarray(5, 29)).toString('hex');
          expect(nonces.has(nonce)).toBe(false);
          nonces.add(nonce);
        },
      ),
      { numRuns: 1500, seed: 1 },
    );
  });

  test.each([0, 65_490, 65_491, 65_492, 1_048_576, 20_000_000])('it opens: %i bytes', (length) => {
    const plain = Buffer.alloc(length, 'value');
    const opened = cipher.open(key, seal(plain), bound);
    expect(Buffer.compare(opened, plain)).toBe(0);
    // What needed more room has not moved what comes after it.
    expect(Buffer.from(cipher.open(key, seal(Buffer.from('next')), bound)).toString()).toBe('next');
  });
});

describe('is refused', () => {
  const at = (index: number, envelope: Uint8Array): Uint8Array => {
    const bytes = Buffer.from(envelope);
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    return bytes;
  };

  test.each([
    ['another nonce', (sealed: Uint8Array) => at(5, sealed)],
    ['the end of another nonce', (sealed: Uint8Array) => at(28, sealed)],
    ['other text', (sealed: Uint8Array) => at(29, sealed)],
    ['another tag', (sealed: Uint8Array) => at(sealed.length - 1, sealed)],
    ['a byte less', (sealed: Uint8Array) => sealed.subarray(0, -1)],
    ['a byte more', (sealed: Uint8Array) => Buffer.concat([sealed, Buffer.alloc(1)])],
    ['no text and half a tag', (sealed: Uint8Array) => sealed.subarray(0, 37)],
    ['nothing', () => new Uint8Array()],
  ])('%s', (_, change) => {
    const sealed = seal(Buffer.from('s3cret'));
    expect(() => cipher.open(key, change(sealed), bound)).toThrow(corrupt);
    expect(Buffer.from(cipher.open(key, sealed, bound)).toString()).toBe('s3cret');
  });

  test('another key, and what it is not bound to', () => {
    const sealed = seal(Buffer.from('s3cret'));
    const other = cipher.key(createSecretKey(Buffer.alloc(32, 2)));
    expect(() => cipher.open(other, sealed, bound)).toThrow(corrupt);
    expect(() => cipher.open(key, sealed, bound.replace('7', '8'))).toThrow(corrupt);
    expect(() => cipher.open(key, sealed, '')).toThrow(corrupt);
  });

  test('more to be bound to than there is room for, whole', () => {
    const long = 'x'.repeat(1024);
    expect(Buffer.from(cipher.open(key, seal(Buffer.from('v'), long), long)).toString()).toBe('v');
    expect(() => seal(Buffer.from('v'), `${long}x`)).toThrow(RangeError);
  });
});
