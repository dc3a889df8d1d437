/**
 * What Node 24 lacks of the language that the sources are written in: base64 of byte arrays, as ECMAScript 2026 has it,
 * for the two ways in which it is used here. Loaded by an installed program that finds it missing; a clone brings its
 * own Node.
 */
interface Encoding {
  readonly alphabet?: 'base64' | 'base64url';
  readonly omitPadding?: boolean;
}

function toBase64(this: Uint8Array, { alphabet = 'base64', omitPadding = false }: Encoding = {}): string {
  const plain = Buffer.from(this.buffer, this.byteOffset, this.byteLength).toString('base64');
  const padded = alphabet === 'base64' ? plain : plain.replaceAll('+', '-').replaceAll('/', '_');
  return omitPadding ? padded.replace(/=+$/, '') : padded;
}

/** Strict: whole, padded, and the bits that carry nothing are zero. Throws a SyntaxError. */
function fromBase64(text: string): Uint8Array {
  const written = text.replaceAll(/[\t\n\f\r ]/g, '');
  const bytes = Buffer.from(written, 'base64');
  if (bytes.toString('base64') !== written) throw new SyntaxError('this is not base64');
  return new Uint8Array(bytes);
}

const define = (on: object, name: string, value: unknown): void => {
  if (!(name in on)) Object.defineProperty(on, name, { value, writable: true, configurable: true });
};
define(Uint8Array.prototype, 'toBase64', toBase64);
define(Uint8Array, 'fromBase64', fromBase64);
