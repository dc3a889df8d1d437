import { PlumbError } from '#domain/errors';

/** A text of RFC 9651 as the draft has it, or the bare key that many clients send. Visible ASCII without quotes. */
const keyPattern = /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x2b\x2d-\x7e]{1,255}))$/;

/** The key of a request; `undefined`: none. Throws `invalid`. */
export function idempotencyKey(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, quoted, bare] = typeof header === 'string' ? (keyPattern.exec(header.trim()) ?? []) : [];
  const key = quoted ?? bare;
  if (key !== undefined) return key;
  throw new PlumbError('invalid', 'Idempotency-Key takes one key of 1 to 255 visible ASCII characters', {
    hint: 'send a new random one for each change, such as Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"',
  });
}
