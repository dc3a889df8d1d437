import { quote } from '#util/quote';

/** One record of the audit file: a read or a refusal. Writes are audited in the commit itself. Never a value. */
export interface AuditRecord {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly requestId: string;
  /** Empty when no credential was accepted. */
  readonly principal: string;
  /** Accessor of the token; empty when there was none. */
  readonly accessor: string;
  /** IP address, or `unix`. */
  readonly address: string;
  /** One of the actions of the access rules, or `authenticate`. */
  readonly action: string;
  /** What it was about: `path`, or `path@version` for each origin of a value that was released. */
  readonly paths: readonly string[];
  /** `allowed`: released. `refused`: by a rule or for want of one. `failed`: allowed, and it could not be done. */
  readonly outcome: 'allowed' | 'refused' | 'failed';
  /** Of a delivery: the revision of the source that caused it. */
  readonly revision?: number;
  /** The error code, if refused or failed. */
  readonly code?: string;
  /** The rule that decided, `<policy>:<line>`; absent: none, which refuses. */
  readonly rule?: string;
}

/** The record as one line of JSON, without the line break. */
export function encodeAuditRecord(record: AuditRecord): string {
  const { time, requestId, action, paths, outcome, revision, code, rule } = record;
  const { [0]: path, length } = paths;
  const isPlain =
    length === 1 && path !== undefined && revision === undefined && code === undefined && rule === undefined;
  const act = isPlain
    ? `"requestId":${quote(requestId)},"action":${quote(action)},"paths":[${quote(path)}],"outcome":"${outcome}"}`
    : JSON.stringify({ requestId, action, paths, outcome, revision, code, rule }).slice(1);
  return `{"time":${time},${whoOf(record)},${act}`;
}

type Who = Pick<AuditRecord, 'principal' | 'accessor' | 'address'>;

let last: Who & { readonly text: string } = { principal: '', accessor: '', address: '', text: '' };

/** Most often it is the one of the record before, as it was written then. */
function whoOf({ principal, accessor, address }: Who): string {
  const isLast = principal === last.principal && accessor === last.accessor && address === last.address;
  if (isLast && last.text !== '') return last.text;
  const text = JSON.stringify({ principal, accessor, address }).slice(1, -1);
  last = { principal, accessor, address, text };
  return text;
}
