/** What `doctor` looks at, one thing after the other; each is told even if another fails. */
import type { Client } from '@plumbd/client';
import type { Address } from './address.ts';
import { isFailure } from './failures.ts';
import type { Session } from './session.ts';

/** `skipped`: it does not apply, or cannot be told from here. */
export type FindingState = 'ok' | 'warn' | 'fail' | 'skipped';

export interface Finding {
  readonly check: string;
  readonly state: FindingState;
  /** For people; never a value. */
  readonly says: string;
  readonly hint?: string;
}

/** What was found out before. */
export interface Known {
  readonly session: Session;
  readonly address: Address | undefined;
  readonly client: Client | undefined;
}

/** One thing to look at. */
export interface Check {
  readonly name: string;
  readonly look: () => Finding | Promise<Finding>;
}

/** Finds what a check throws to be a failure. */
export async function lookAt({ name, look }: Check): Promise<Finding> {
  try {
    return await look();
  } catch (thrown) {
    // Beneath the client's error, which is about any server, stands the one about this one.
    const error = isFailure(thrown) && thrown.code === 'unavailable' && isFailure(thrown.cause) ? thrown.cause : thrown;
    if (!isFailure(error)) return { check: name, state: 'fail', says: 'a fault of plumb itself' };
    // The server says so, and not the owner of a file.
    if (error.code === 'forbidden' && 'status' in error) return { check: name, state: 'skipped', says: error.message };
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return { check: name, state: 'fail', says: error.message, ...hint };
  }
}

const day = 86_400_000;

/** `in 3 days`; in the past: `3 days ago`. */
export function distance(ms: number): string {
  const days = Math.floor(Math.abs(ms) / day);
  const hours = Math.floor(Math.abs(ms) / 3_600_000);
  const text = days > 1 ? `${days} days` : `${hours} h`;
  return ms < 0 ? `${text} ago` : `in ${text}`;
}

/** The state of what ends at some time: over, soon, or later. */
export function endState(leftMs: number, soonDays: number): FindingState {
  if (leftMs <= 0) return 'fail';
  return leftMs < soonDays * day ? 'warn' : 'ok';
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1.5 GiB`. */
export function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}
