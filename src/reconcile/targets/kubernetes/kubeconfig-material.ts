/** Certificates and keys as a kubeconfig carries them: PEM in base64. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Credential } from './cluster.ts';

type Complain = (message: string) => void;

/** The authorities that are trusted, as PEM; absent: none is named. */
export function authorityFrom(data: unknown, now: number, complain: Complain): string | undefined {
  if (data === undefined || data === null) return undefined;
  const name = 'certificate-authority-data';
  const pem = pemIn(name, data, complain);
  if (pem === undefined) return undefined;
  const certificates = certificatesIn(name, pem, complain);
  if (certificates === undefined) return undefined;
  if (certificates.every(({ validToDate }) => validToDate.getTime() < now))
    complain(`${name}: the certificate has expired`);
  return pem;
}

export interface ClientCertificate {
  readonly certificate: unknown;
  readonly key: unknown;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function clientCertificateFrom(
  { certificate, key, now }: ClientCertificate,
  complain: Complain,
): Credential | undefined {
  const certificatePem = pemIn('client-certificate-data', certificate, complain);
  const keyPem = pemIn('client-key-data', key, complain);
  const [own] = (certificatePem && certificatesIn('client-certificate-data', certificatePem, complain)) || [];
  const privateKey = keyPem === undefined ? undefined : keyIn(keyPem, complain);
  if (own !== undefined) {
    const [from, to] = [own.validFromDate, own.validToDate];
    if (to.getTime() < now) complain(`client-certificate-data: the certificate expired at ${to.toISOString()}`);
    if (from.getTime() > now)
      complain(`client-certificate-data: the certificate is not valid before ${from.toISOString()}`);
    if (privateKey !== undefined && !own.checkPrivateKey(privateKey)) {
      complain('client-key-data does not belong to client-certificate-data');
    }
  }
  if (certificatePem === undefined || keyPem === undefined) return undefined;
  return { type: 'certificate', certificate: certificatePem, key: keyPem };
}

function pemIn(name: string, data: unknown, complain: Complain): string | undefined {
  if (data === undefined || data === null) {
    complain(`${name} is missing`);
    return undefined;
  }
  const text = typeof data === 'string' ? data.replaceAll(/\s/g, '') : '';
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    complain(`${name} is not base64`);
    return undefined;
  }
  const pem = Buffer.from(text, 'base64').toString('latin1');
  if (/-----BEGIN [A-Z0-9 ]+-----[\s\S]+-----END [A-Z0-9 ]+-----/.test(pem)) return pem;
  complain(`${name} is not PEM`);
  return undefined;
}

function certificatesIn(name: string, pem: string, complain: Complain): readonly X509Certificate[] | undefined {
  try {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
    const certificates = blocks.map((block) => new X509Certificate(block));
    if (certificates.length > 0) return certificates;
  } catch {
    // Said below.
  }
  complain(`${name} has no certificate that can be read`);
  return undefined;
}

function keyIn(pem: string, complain: Complain): KeyObject | undefined {
  if (pem.includes('ENCRYPTED')) {
    complain('client-key-data is encrypted with a passphrase, expected a key without one');
    return undefined;
  }
  try {
    return createPrivateKey(pem);
  } catch {
    complain('client-key-data has no private key that can be read');
    return undefined;
  }
}
