import { PlumbError } from '#domain/errors';

/** The text of a file in UTF-8, its byte order mark kept. Throws `too-large` or `invalid` naming `subject`. */
export function decodeText(bytes: Uint8Array, subject: string, maxBytes: number): string {
  if (bytes.length > maxBytes) throw new PlumbError('too-large', `${subject} is larger than ${maxBytes} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new PlumbError('invalid', `${subject} is not UTF-8 text`, { hint: 'save it as UTF-8' });
  }
}
