/** What a connection that could not be made or did not hold means: the server, what is wrong, never more. */
import { PlumbError } from '#domain/errors';

/** Error code of HTTP/2 (RFC 9113, 7). */
const refusedStream = 7;
const wrongAuthority = 'its certificate is not signed by the authority that is trusted (certificate-authority)';
const refusedOurs = 'it refuses the client certificate';
const meanings: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  CERT_SIGNATURE_FAILURE: wrongAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: wrongAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: wrongAuthority,
  UNABLE_TO_GET_ISSUER_CERT: wrongAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: wrongAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: wrongAuthority,
  INVALID_CA: 'the authority that is trusted may not sign certificates',
  INVALID_PURPOSE: 'its certificate is not one for servers',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for other names than this one',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'it says that the client certificate has expired',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: refusedOurs,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: refusedOurs,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: refusedOurs,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a client certificate',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'it does not speak HTTP/2',
  ERR_HTTP2_ERROR: 'it does not speak HTTP/2 as it should',
  ERR_SSL_KEY_VALUES_MISMATCH: 'the client key does not belong to the client certificate',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the client key does not belong to the client certificate',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved at the moment',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it does not answer',
};

/** Makes `unavailable` of whatever a connection to `server` failed with. */
export function connectionFault(error: unknown, server: string): PlumbError {
  if (error instanceof PlumbError) return error;
  const code = codeOf(error);
  const message =
    meanings[code] ?? (code === '' ? 'the connection does not hold' : `the connection fails with ${code}`);
  const details = code === '' ? {} : { fault: code };
  return new PlumbError('unavailable', `API server ${server}: ${message}`, { cause: error, details });
}

/** The server said that it did not look at the request: sending it again is no repetition. */
export function wasRefused(rstCode: number | undefined): boolean {
  return rstCode === refusedStream;
}

/** An error of several attempts (one for each address) is that of the first. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
