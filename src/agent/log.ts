import { pino } from 'pino';
import type { Logger } from 'pino';
import type { OptionValues } from './options.ts';
import { PlumbError } from '#domain/errors';

export type { Logger } from 'pino';

/** Constant text plus fields, one JSON object a line. Never a value. */
export function createLog(level: OptionValues['logLevel'], output: { write(text: string): void }): Logger {
  return pino({ base: null, level, timestamp: pino.stdTimeFunctions.isoTime }, output);
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
    stack: frames.slice(0, 5).map((line) => line.trim()),
    ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
  };
}
