/** What went wrong, for people who start a program and for those who read its log. */
import { PlumbError } from './errors.ts';

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

/** An error as fields of a line. The text of a foreign error may quote what it could not read, so only its kind and where it arose are kept. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const { code } = error as { readonly code?: unknown };
  return {
    error: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(error instanceof PlumbError ? { message: error.message, hint: error.hint } : {}),
    stack: frames.map((line) => line.trim()),
    ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
  };
}
