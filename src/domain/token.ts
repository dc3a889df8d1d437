import { PlumbError } from './errors.ts';

/** Characters of the random part: 32 bytes in base64url. */
const secretLength = 43;
const storeAt = 'plumb.'.length;
const pattern = /^plumb\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{43}$/;

/** `plumb.<store id>.<43 characters>`: a scanner can find it, and a server can tell that it is not its own. */
export function formatToken(storeId: string, secret: string): string {
  if (secret.length !== secretLength) throw new PlumbError('internal', 'a token takes 32 random bytes');
  return `plumb.${storeId.slice(0, 8)}.${secret}`;
}

/** Throws `unauthenticated` unless `text` has the form of a token of this store. Says nothing about whether it is known. */
export function checkTokenForm(text: string, storeId: string): void {
  if (!pattern.test(text)) {
    throw new PlumbError('unauthenticated', 'the token is malformed', {
      hint: 'a token is plumb.<8 characters>.<43 characters>; copy it whole',
    });
  }
  if (!text.startsWith(storeId.slice(0, 8), storeAt)) {
    throw new PlumbError('unauthenticated', 'the token was issued by another server', {
      hint: 'check the address, or sign in to this server with plumb login',
    });
  }
}
