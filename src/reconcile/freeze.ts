import { PlumbError } from '#domain/errors';

/** Times at which the loop writes nothing by itself. */
export interface Freeze {
  /** As it was written. */
  readonly text: string;
  readonly holds: (now: number) => boolean;
}

const limit = 20;
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const minutesOfDay = 24 * 60;
const weekly = /^([a-z]{3}) ([0-2]\d):([0-5]\d) - ([a-z]{3}) ([0-2]\d):([0-5]\d)(?: ([A-Za-z0-9_+/-]{1,64}))?$/;
const once = /^(\d{4}-\d\d-\d\dT\S{1,24}) - (\d{4}-\d\d-\d\dT\S{1,24})$/;

/**
 * The option `freeze`: up to 20 windows, each weekly (`fri 16:00 - mon 08:00 Europe/Berlin`, in UTC without a zone) or once
 * (`2026-12-20T00:00Z - 2027-01-02T00:00Z`). Throws `invalid`.
 */
export function parseFreezes(option: unknown): readonly Freeze[] {
  if (option === undefined) return [];
  if (!Array.isArray(option) || option.length > limit) {
    throw new PlumbError('invalid', `option freeze must be a list of at most ${limit} windows`, { hint: example });
  }
  return option.map((text: unknown, index) => {
    const holds = typeof text === 'string' ? (parseWeekly(text) ?? parseOnce(text)) : undefined;
    if (holds !== undefined) return { text: text as string, holds };
    throw new PlumbError('invalid', `window ${index + 1} of the option freeze cannot be read`, { hint: example });
  });
}

const example = 'e.g. "fri 16:00 - mon 08:00 Europe/Berlin" or "2026-12-20T00:00Z - 2027-01-02T00:00Z"';

function parseWeekly(text: string): Freeze['holds'] | undefined {
  const [, fromDay = '', fromHour, fromMinute, toDay = '', toHour, toMinute, zone = 'UTC'] = weekly.exec(text) ?? [];
  const from = minuteOfWeek(fromDay, Number(fromHour), Number(fromMinute));
  const to = minuteOfWeek(toDay, Number(toHour), Number(toMinute));
  const clock = from === undefined || to === undefined ? undefined : clockIn(zone);
  if (from === undefined || to === undefined || clock === undefined || from === to) return undefined;
  return (now) => {
    const present = clock(now);
    return from < to ? present >= from && present < to : present >= from || present < to;
  };
}

function parseOnce(text: string): Freeze['holds'] | undefined {
  const [, from = '', to = ''] = once.exec(text) ?? [];
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  return begin < end ? (now) => now >= begin && now < end : undefined;
}

function minuteOfWeek(day: string, hour: number, minute: number): number | undefined {
  const index = days.indexOf(day);
  return index === -1 || hour > 23 ? undefined : index * minutesOfDay + hour * 60 + minute;
}

/** The minute of the week in a time zone; `undefined`: there is no such zone. */
function clockIn(timeZone: string): ((now: number) => number) | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    return (now) => {
      const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
      const day = days.indexOf((parts.get('weekday') ?? '').toLowerCase());
      return day * minutesOfDay + Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
    };
  } catch {
    return undefined;
  }
}
