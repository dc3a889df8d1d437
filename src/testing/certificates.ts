/** Throw-away certificates: an authority and what it signs, made without any program. X.509 v3 in DER, ECDSA on P-256. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** Both as PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface CertificateOptions {
  /** Common name: for clients, the user. */
  readonly name: string;
  /** Organisations: for clients, the groups. */
  readonly groups?: readonly string[];
  /** Names and addresses of a server. Default: none. */
  readonly hosts?: readonly string[];
  /** When it ends, in milliseconds since the epoch. Default: a day after the system's time. */
  readonly until?: number;
}

export interface Authority {
  /** PEM: what a client is to trust. */
  readonly ca: string;
  issue(options: CertificateOptions): Certificate;
}

const day = 86_400_000;

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const size: number[] = [];
  for (let rest = body.length; rest > 0; rest >>= 8) size.unshift(rest & 0xff);
  const length = body.length < 128 ? [body.length] : [0x80 | size.length, ...size];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value));
const bits = (value: Uint8Array): Buffer => der(0x03, Buffer.from([0]), value);
const yes = der(0x01, Buffer.from([0xff]));

/** As in `2.5.4.3`. */
function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const figure of rest) {
    const groups = [figure & 0x7f];
    for (let more = figure >> 7; more > 0; more >>= 7) groups.unshift(0x80 | (more & 0x7f));
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime. */
function moment(ms: number): Buffer {
  return text(0x17, `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`);
}

function nameOf({ name, groups = [] }: CertificateOptions): Buffer {
  const parts = [...groups.map((group) => ['2.5.4.10', group] as const), ['2.5.4.3', name] as const];
  return sequence(...parts.map(([type, value]) => der(0x31, sequence(identifier(type), text(0x0c, value)))));
}

function extension(type: string, value: Uint8Array, critical = false): Buffer {
  return sequence(identifier(type), ...(critical ? [yes] : []), der(0x04, value));
}

function extensionsOf(options: CertificateOptions, isAuthority: boolean): Buffer {
  const hosts = (options.hosts ?? []).map((host) =>
    isIP(host) === 4 ? der(0x87, Buffer.from(host.split('.').map(Number))) : text(0x82, host),
  );
  return der(
    0xa3,
    sequence(
      extension('2.5.29.19', sequence(...(isAuthority ? [yes] : [])), true),
      // keyCertSign, or digitalSignature; of the bits of the last byte, those behind it are unused.
      extension('2.5.29.15', isAuthority ? der(0x03, Buffer.from([2, 4])) : der(0x03, Buffer.from([7, 0x80])), true),
      // For servers and for clients.
      ...(isAuthority
        ? []
        : [extension('2.5.29.37', sequence(identifier('1.3.6.1.5.5.7.3.1'), identifier('1.3.6.1.5.5.7.3.2')))]),
      ...(hosts.length === 0 ? [] : [extension('2.5.29.17', sequence(...hosts))]),
    ),
  );
}

const algorithm = sequence(identifier('1.2.840.10045.4.3.2'));

interface Signer {
  readonly name: Buffer;
  readonly privateKey: KeyObject;
}

function make(options: CertificateOptions, signer?: Signer): Certificate & { readonly signer: Signer } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own: Signer = { name: nameOf(options), privateKey: pair.privateKey };
  const by = signer ?? own;
  const now = Date.now();
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1]), randomBytes(15)),
    algorithm,
    by.name,
    sequence(moment(now - day), moment(options.until ?? now + day)),
    own.name,
    pair.publicKey.export({ format: 'der', type: 'spki' }),
    extensionsOf(options, signer === undefined),
  );
  const whole = sequence(body, algorithm, bits(sign('sha256', body, by.privateKey)));
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n').trim();
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    privateKey: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    signer: own,
  };
}

/** An authority of its own. */
export function newAuthority(name = 'test authority'): Authority {
  const { certificate, signer } = make({ name });
  return {
    ca: certificate,
    issue(options) {
      const issued = make(options, signer);
      return { certificate: issued.certificate, privateKey: issued.privateKey };
    },
  };
}

/** What a server on loopback is called. */
export const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost'];
