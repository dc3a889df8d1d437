/** What is checked of a sync before the state is asked. */
import { checkReason } from './change-request.ts';
import type { SyncInput, SyncPauseRequest } from './services.ts';
import { durationRule, durationSeconds } from '#domain/duration';
import { PlumbError } from '#domain/errors';
import { parsePath } from '#domain/path';
import { parsePrincipalName } from '#domain/principal';
import type { PrincipalName } from '#domain/principal';
import { syncModes } from '#domain/records';
import type { SyncPause, SyncSpec } from '#domain/records';

/** Characters of `options` as JSON. */
const optionsLimit = 16 * 1024;

/** The spec that is asked for, of no generation yet. */
export function toSpec(name: string, input: SyncInput): SyncSpec {
  const { mode = 'repair', options = {} } = input;
  const { target, at } = toPlace(name, input.to);
  if (!syncModes.includes(mode)) throw new PlumbError('invalid', `a mode is one of ${syncModes.join(', ')}`);
  const runAs = parsePrincipalName(input.runAs);
  if (!runAs.startsWith('workload/')) {
    throw new PlumbError('invalid', 'a sync runs as a workload', { hint: 'e.g. workload/laptop' });
  }
  if (JSON.stringify(options).length > optionsLimit) {
    throw new PlumbError('too-large', `the options of a sync have at most ${optionsLimit} characters as JSON`);
  }
  return { from: parsePath(input.from), target, at, runAs, mode, options, generation: 0 };
}

/** The name of the target ends at the first `:` or `/`. */
function toPlace(name: string, to: string): Pick<SyncSpec, 'target' | 'at'> {
  const end = to.search(/[:/]/);
  if (end < 1 || end === to.length - 1) {
    throw new PlumbError('invalid', `the sync ${name} needs a place of the form <target>:<where>`, {
      hint: 'e.g. local:staging.env, or prod-eu/changelog for a namespace of a cluster',
    });
  }
  return { target: to.slice(0, end), at: to.slice(end + 1) };
}

/** The spec as it follows on the present one: a pause that has not ended stays, and only another spec is another generation. */
export function following(asked: SyncSpec, present: SyncSpec | undefined, now: number): SyncSpec {
  if (present === undefined) return { ...asked, generation: 1 };
  const { pause, generation, ...rest } = present;
  const { generation: _none, ...wanted } = asked;
  const isSame = JSON.stringify(wanted) === JSON.stringify(rest);
  const kept = pause === undefined || hasEnded(pause, now) ? {} : { pause };
  return { ...wanted, generation: generation + (isSame ? 0 : 1), ...kept };
}

export function withoutPause({ pause: _pause, ...spec }: SyncSpec): SyncSpec {
  return spec;
}

export function hasEnded({ until }: SyncPause, now: number): boolean {
  return until !== undefined && until <= now;
}

/** Throws `invalid` unless it has a reason, and an end that is to come or none. */
export function toPause(request: SyncPauseRequest, by: PrincipalName, now: number): SyncPause {
  const reason = checkReason(request.reason);
  if (reason.trim() === '') throw new PlumbError('invalid', 'a pause takes a reason', { hint: 'say what is going on' });
  const until = endOf(request, now);
  return { ...(until === undefined ? {} : { until }), reason, by };
}

function endOf(request: SyncPauseRequest, now: number): number | undefined {
  if (request.for !== undefined && request.until !== undefined) {
    throw new PlumbError('invalid', 'a pause has either a length or an end, not both');
  }
  if (request.for !== undefined) {
    const seconds = durationSeconds(request.for);
    if (seconds === undefined || seconds === 0) throw new PlumbError('invalid', durationRule);
    return now + seconds * 1000;
  }
  if (request.until !== undefined && request.until <= now) {
    throw new PlumbError('invalid', 'the end of a pause is a time to come, in milliseconds since the epoch');
  }
  return request.until;
}
