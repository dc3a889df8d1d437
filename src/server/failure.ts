import { PlumbError } from '#domain/errors';

/** An error as a person reads it: what was wrong, each place, what to do. */
export function failureText(error: unknown): string {
  if (!(error instanceof PlumbError)) {
    return `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
  }
  const places = error.diagnostics.map(({ subject, line, message }) => {
    const place = [subject, line].filter((part) => part !== undefined).join(':');
    return `  ${place === '' ? '' : `${place}: `}${message}\n`;
  });
  return `error: ${error.message}\n${places.join('')}${error.hint === undefined ? '' : `hint: ${error.hint}\n`}`;
}
