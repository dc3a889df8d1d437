import { changeLimits } from './change.ts';
import type { ValueType } from './entry.ts';
import { PlumbError } from './errors.ts';
import { jsonFault } from './json.ts';
import { utf8Length } from './path.ts';

/** Says what is wrong with a text as a value of a type, or `undefined`. Never quotes it. */
const faults: { readonly [T in ValueType]: (text: string) => string | undefined } = {
  string: (text) => (text.isWellFormed() ? undefined : 'it contains half of a surrogate pair'),
  integer: (text) => (/^(?:0|-?[1-9][0-9]*)$/.test(text) ? undefined : 'expected digits, without leading zeros'),
  number: (text) => (isNumber(text) ? undefined : 'expected a number as JSON writes it'),
  boolean: (text) => (text === 'true' || text === 'false' ? undefined : 'expected true or false'),
  url: (text) => (isUrl(text) ? undefined : 'expected an absolute URL without spaces'),
  json: jsonFault,
  pem: pemFault,
  bytes: (text) => (decodeBase64(text) === undefined ? 'expected base64 with padding' : undefined),
};

/**
 * Throws `invalid` unless `text` is a value of the type, `too-large` beyond 1 MiB (of UTF-8, or of
 * the decoded bytes). The message never contains any of it.
 */
export function checkValue(type: ValueType, text: string): void {
  checkSize(type, text);
  const fault = faults[type](text);
  if (fault !== undefined) throw new PlumbError('invalid', `the value is not of type ${type}: ${fault}`);
}

function checkSize(type: ValueType, text: string): void {
  const limit = changeLimits.value;
  if (type !== 'bytes' && text.length * 3 <= limit) return;
  const size = type === 'bytes' ? (text.length / 4) * 3 - (/={0,2}$/.exec(text)?.[0].length ?? 0) : utf8Length(text);
  if (size > limit)
    throw new PlumbError('too-large', `a value has at most ${limit} bytes, this one has ${Math.ceil(size)}`);
}

/** The bytes that are encrypted: UTF-8 of the text, or the bytes themselves. Throws as {@link checkValue}. */
export function encodeValue(type: ValueType, text: string): Uint8Array {
  checkValue(type, text);
  return (type === 'bytes' ? decodeBase64(text) : undefined) ?? encoder.encode(text);
}

/** The text again: base64 for `bytes`. Throws `corrupt` if bytes of a text are not UTF-8. */
export function decodeValue(type: ValueType, bytes: Uint8Array): string {
  if (type === 'bytes') return bytes.toBase64();
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new PlumbError('corrupt', 'a stored value is not UTF-8', { cause });
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || /[^A-Za-z0-9+/=]/.test(text)) return undefined;
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' });
  } catch {
    return undefined;
  }
}

function isNumber(text: string): boolean {
  return /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text) && Number.isFinite(Number(text));
}

function isUrl(text: string): boolean {
  return text.isWellFormed() && !/[\s\p{Cc}]/u.test(text) && URL.canParse(text);
}

const begin = /^-----BEGIN ([A-Z0-9][A-Z0-9 ]*)-----$/;

/** RFC 7468: one or more blocks; text between blocks is allowed, as tools write it. */
function pemFault(text: string): string | undefined {
  let label: string | undefined;
  let blocks = 0;
  for (const line of text.split(/\r?\n/)) {
    const opening = begin.exec(line.trimEnd());
    if (label === undefined) {
      label = opening?.[1];
    } else if (line.trimEnd() === `-----END ${label}-----`) {
      label = undefined;
      blocks += 1;
    } else if (!/^(?:[A-Za-z0-9+/=]*|[A-Za-z][A-Za-z0-9-]*: .*| .*)\s*$/.test(line)) {
      return `a line inside the block ${blocks + 1} is not base64`;
    }
  }
  if (label !== undefined) return `the block ${blocks + 1} has no END line of the same label`;
  return blocks === 0 ? 'expected at least one block from -----BEGIN to -----END' : undefined;
}
