/**
 * How this target spells values: text as it is, anything else as a data URL. Each sequence of bytes has one
 * spelling, so equal texts are equal values. Pure.
 */
const prefix = 'data:application/octet-stream;base64,';
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function spellText(text: string): string {
  return text.startsWith(prefix) ? spellBinary(Buffer.from(text)) : text;
}

export function spellBytes(bytes: Uint8Array): string {
  const text = textOf(bytes);
  return text === undefined ? spellBinary(bytes) : spellText(text);
}

/** Bytes that are not to be mistaken for text, even if they were. */
export function spellBinary(bytes: Uint8Array): string {
  return prefix + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

export function bytesOf(spelling: string): Buffer {
  return spelling.startsWith(prefix)
    ? Buffer.from(spelling.slice(prefix.length), 'base64')
    : Buffer.from(spelling, 'utf8');
}

/** `undefined`: they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether the value cannot stand in the text part of a ConfigMap. */
export function isBinary(spelling: string): boolean {
  return spelling.startsWith(prefix) && textOf(bytesOf(spelling)) === undefined;
}

export function lengthOf(spelling: string): number {
  if (!spelling.startsWith(prefix)) return Buffer.byteLength(spelling);
  return Buffer.byteLength(spelling.slice(prefix.length), 'base64');
}
