const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

export const durationRule = 'a duration is a number with s, m, h or d, such as 90s, 15m, 12h or 30d';

/** Seconds of `90s`, `15m`, `12h` or `30d`; `undefined` for anything else. */
export function durationSeconds(text: string): number | undefined {
  const found = /^(\d{1,9})([smhd])$/.exec(text);
  return found === null ? undefined : Number(found[1]) * secondsOf[found[2] as keyof typeof secondsOf];
}
