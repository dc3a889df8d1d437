import { durationRule, durationSeconds } from '#domain/duration';
import { UsageError } from './failures.ts';

/** Seconds of `90s`, `15m`, `12h` or `30d`. Throws a usage error for anything else. */
export function parseDuration(text: string): number {
  const seconds = durationSeconds(text);
  if (seconds === undefined) throw new UsageError(durationRule);
  return seconds;
}

/** Milliseconds since the epoch of a date (`2027-01-31`, ISO 8601) or of a duration from `now` on. */
export function parseMoment(text: string, now: number): number {
  if (/^\d+[smhd]$/.test(text)) return now + parseDuration(text) * 1000;
  const time = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new UsageError('a time is a date such as 2027-01-31, one with time and zone, or a duration such as 30d');
  }
  return time;
}
