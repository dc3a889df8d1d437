/**
 * Sealed blobs by WebCrypto, which Node, Deno, Bun and browsers all have: AES-256-GCM (NIST SP 800-38D) with a fresh
 * 96-bit nonce each time, keys by HKDF-SHA-256 (RFC 5869). A blob is the magic, the nonce, the ciphertext with its tag.
 */

/** Kind and version of a blob; a part of what is authenticated. */
const magic = new TextEncoder().encode('PLC2');
const nonceBytes = 12;
const tagBytes = 16;

/** One key for sealing and one for names, derived from the same 32 bytes. */
export interface Sealer {
  /** `context` must be the same when it is opened. */
  seal(text: string, context: string): Promise<Uint8Array>;
  /** `undefined`: altered, cut off, or of another key or context. */
  open(blob: Uint8Array, context: string): Promise<string | undefined>;
  /** 64 hexadecimal digits that tell nothing of the text to anybody without the key. */
  nameOf(text: string): Promise<string>;
}

/** `key` is 32 random bytes; it is copied. */
export function createSealer(key: Uint8Array): Sealer {
  const bytes = new Uint8Array(key);
  let keys: ReturnType<typeof deriveKeys> | undefined;
  const derived = () => (keys ??= deriveKeys(bytes));
  return {
    async seal(text, context) {
      const { sealing } = await derived();
      const iv = crypto.getRandomValues(new Uint8Array(nonceBytes));
      const plain = new TextEncoder().encode(text);
      const sealed = await crypto.subtle.encrypt(algorithm(iv, context), sealing, plain);
      return concat(magic, iv, new Uint8Array(sealed));
    },
    async open(blob, context) {
      const start = magic.length + nonceBytes;
      if (blob.length < start + tagBytes || magic.some((byte, index) => blob[index] !== byte)) return undefined;
      const { sealing } = await derived();
      const iv = new Uint8Array(blob.subarray(magic.length, start));
      const sealed = new Uint8Array(blob.subarray(start));
      const plain = await crypto.subtle.decrypt(algorithm(iv, context), sealing, sealed).catch(() => undefined);
      return plain === undefined ? undefined : new TextDecoder().decode(plain);
    },
    async nameOf(text) {
      const { naming } = await derived();
      const digest = await crypto.subtle.sign('HMAC', naming, new TextEncoder().encode(text));
      return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
    },
  };
}

/** 32 random bytes, for a cache of one's own. */
export const newCacheKey = (): Uint8Array => crypto.getRandomValues(new Uint8Array(32));

/** Milliseconds since the epoch. */
export const now = (): number => Date.now();

async function deriveKeys(bytes: Uint8Array<ArrayBuffer>) {
  const base = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey']);
  const from = (purpose: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: new TextEncoder().encode(`plumb cache, ${purpose}`),
  });
  const [sealing, naming] = await Promise.all([
    crypto.subtle.deriveKey(from('sealing'), base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']),
    crypto.subtle.deriveKey(from('names'), base, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign']),
  ]);
  return { sealing, naming };
}

function algorithm(iv: Uint8Array<ArrayBuffer>, context: string) {
  return { name: 'AES-GCM', iv, additionalData: concat(magic, new TextEncoder().encode(context)) };
}

function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
