/** Why nothing answered, as far as the connection tells it. Loaded only when that has happened. */
import { PlumbError } from '#domain/errors';

/** What TLS found wrong with a certificate; anything else it says is about who signed it. */
const flaws: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another host name',
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
};
const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Always `unavailable`: nothing was answered, whatever the reason. `address` is what the user calls the server. */
export function unreachable(address: string, cause: unknown): PlumbError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const flaw = flaws[code];
  if (flaw !== undefined) return failure(`the certificate of ${address} ${flaw}`, undefined, cause);
  if (untrusted.has(code)) {
    const hint = 'NODE_EXTRA_CA_CERTS=FILE adds an authority of your own';
    return failure(`the certificate of ${address} is signed by nobody known here`, hint, cause);
  }
  if (code === 'EACCES') return failure(`you may not use ${address}`, 'its folder is open to its owner alone', cause);
  return failure(`the server at ${address} does not answer`, 'is it running? plumb server', cause);
}

function failure(message: string, hint: string | undefined, cause: unknown): PlumbError {
  return new PlumbError('unavailable', message, hint === undefined ? { cause } : { hint, cause });
}
