import { pino } from 'pino';
import type { Logger } from 'pino';
import type { OptionValues } from './options.ts';

export type { Logger } from 'pino';

/** Constant text plus fields, one JSON object a line. Never a value. */
export function createLog(level: OptionValues['logLevel'], output: { write(text: string): void }): Logger {
  return pino({ base: null, level, timestamp: pino.stdTimeFunctions.isoTime }, output);
}
