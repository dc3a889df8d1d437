import { WatchRefused } from './watches.ts';
import type { StreamHost } from './stream-host.ts';
import { PlumbError } from '#domain/errors';

/** What a server complains about that does not know how to start a watch with what is there. */
const startFields: ReadonlySet<string> = new Set(['sendInitialEvents', 'resourceVersionMatch']);

/** The server ended the watch by an event that says so. */
export class Ended extends Error {
  readonly code: number;

  constructor(code: number) {
    super('the server ended the watch');
    this.code = code;
  }
}

export interface Judgement {
  readonly cause: Error;
  /** Waiting does not help: somebody has to do something. */
  readonly isDenied: boolean;
  readonly fromStart: boolean;
  readonly atOnce: boolean;
}

/** Why a watch ended, and what to do about it. */
export function judge(error: unknown, host: Pick<StreamHost, 'startsWithAll'>): Judgement {
  const told = { isDenied: false, fromStart: false, atOnce: false };
  if (error instanceof Ended) {
    const cause = new PlumbError('unavailable', `the server ended the watch with ${error.code}`);
    return { ...told, cause, fromStart: true, atOnce: error.code === 410 };
  }
  if (!(error instanceof WatchRefused)) {
    const cause = error instanceof Error ? error : new PlumbError('unavailable', 'the watch broke');
    return { ...told, cause, isDenied: error instanceof PlumbError && isDenial(error) };
  }
  const { status, fault } = error;
  // Before WatchList: a watch cannot start with what is there.
  const fields: unknown = fault.details['fields'];
  if (host.startsWithAll && Array.isArray(fields) && fields.some((field) => startFields.has(String(field)))) {
    host.startsWithAll = false;
    return { ...told, cause: fault, fromStart: true, atOnce: true };
  }
  if (status === 410) return { ...told, cause: fault, fromStart: true, atOnce: true };
  return { ...told, cause: fault, isDenied: isDenial(fault) };
}

function isDenial({ code }: PlumbError): boolean {
  return code === 'forbidden' || code === 'invalid' || code === 'unsupported';
}
