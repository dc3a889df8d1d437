import { UsageError } from './failures.ts';

const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds of `90s`, `15m`, `12h` or `30d`. Throws a usage error for anything else. */
export function parseDuration(text: string): number {
  const found = /^(\d{1,9})([smhd])$/.exec(text);
  if (found === null) throw new UsageError('a duration is a number with s, m, h or d, such as 90s, 15m, 12h or 30d');
  return Number(found[1]) * secondsOf[found[2] as keyof typeof secondsOf];
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
