/**
 * The audit file: lines of JSON, in batches. A batch is what was written at once; its last line closes it:
 *
 *     {"audit":1,"file":2,"from":1040,"previous":"<MAC>"}           first line of a file
 *     {"time":1767225600000,"requestId":"…","action":"read",…}      one record
 *     {"seq":1041,"mk":1,"mac":"<MAC>"}                             closes the batch
 *
 * `seq` counts records over all files. The MAC covers the one before it and every byte since, up to
 * its own field. A file that is full is renamed to `<name>.<number>`, and the chain goes on in the next.
 */
import { PlumbError } from '#domain/errors';

/** The end of the chain so far. */
export interface AuditHead {
  /** Records so far. */
  readonly seq: number;
  readonly mac: Uint8Array;
}

/** `keyring.chain('audit')`. */
export interface AuditMac {
  readonly generation: number;
  mac(previous: Uint8Array, payload: Uint8Array, generation: number): Uint8Array;
}

/** The part of the anchor that knows the audit file. */
export interface AuditAnchor {
  head(name: 'audit'): AuditHead | undefined;
  set(name: 'audit', head: AuditHead): void;
}

export interface FileHeader {
  /** 1 for the first file. */
  readonly file: number;
  /** The chain so far. */
  readonly from: AuditHead;
}

const version = 1;
const closingPattern = /^\{"seq":(\d{1,16}),"mk":(\d{1,10}),"mac":"([A-Za-z0-9_-]{43})"\}$/;
const headerPattern = /^\{"audit":(\d{1,9}),"file":(\d{1,9}),"from":(\d{1,16}),"previous":"([A-Za-z0-9_-]{43})"\}$/;

/** How a closing line starts; no record may. */
export const closingStart = '{"seq":';

export function encodeHeader({ file, from }: FileHeader): string {
  return `{"audit":${version},"file":${file},"from":${from.seq},"previous":"${toText(from.mac)}"}`;
}

/** `undefined`: not a header. Throws `unsupported` for a newer format. */
export function decodeHeader(line: string): FileHeader | undefined {
  const match = headerPattern.exec(line);
  if (match === null) return undefined;
  const [, written, file, seq, previous = ''] = match;
  if (Number(written) !== version) {
    throw new PlumbError('unsupported', 'the audit file is in a newer format', {
      hint: 'use the version of plumb that wrote it, or a later one',
    });
  }
  return { file: Number(file), from: { seq: Number(seq), mac: Buffer.from(previous, 'base64url') } };
}

/** Up to where the MAC covers it. */
export function closingOpening(seq: number, generation: number): string {
  return `${closingStart}${seq},"mk":${generation}`;
}
export function closingEnd(mac: Uint8Array): string {
  return `,"mac":"${toText(mac)}"}\n`;
}

/** `undefined`: not a closing line. */
export function decodeClosing(line: string): (AuditHead & { readonly generation: number }) | undefined {
  const match = closingPattern.exec(line);
  if (match === null) return undefined;
  const [, seq, generation, text = ''] = match;
  const mac = Buffer.from(text, 'base64url');
  // The last character has two bits that do not count: altered, they would go unseen.
  return toText(mac) === text ? { seq: Number(seq), generation: Number(generation), mac } : undefined;
}

/** Before the first record of the first file. The key is the store's own. */
export function auditGenesis(mac: AuditMac): AuditHead {
  return { seq: 0, mac: mac.mac(new Uint8Array(0), Buffer.from('plumb audit'), 1) };
}

/** The name of a file that is full. */
export function fullName(path: string, file: number): string {
  return `${path}.${String(file).padStart(6, '0')}`;
}

function toText(mac: Uint8Array): string {
  return Buffer.from(mac.buffer, mac.byteOffset, mac.length).toString('base64url');
}
