import { now } from './transport.ts';

/** Milliseconds that `Retry-After` (RFC 9110, section 10.2.3) asks for: seconds, or a date. `undefined`: it does not. */
export function parseRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now());
}
