/** Contents of a file as a text: UTF-8 as it is, other bytes in base64 behind a mark that no text begins with. */
const bytesMark = '\0base64,';

export function decodeValue(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith(bytesMark)) return text;
  } catch {
    // Not text.
  }
  return bytesMark + Buffer.from(bytes).toString('base64');
}

export function encodeValue(value: string): Buffer {
  return value.startsWith(bytesMark) ? Buffer.from(value.slice(bytesMark.length), 'base64') : Buffer.from(value);
}
