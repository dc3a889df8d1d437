import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import type { Config } from './config.ts';

export type { Logger } from 'pino';

/** Where lines go. */
export interface LogOutput {
  /** One line or more, each with its line break. */
  write(text: string): void;
}

/** Constant text plus fields, one JSON object a line; in development one readable line. Never a value. */
export function createLog(config: Pick<Config, 'dev' | 'logLevel'>, output: LogOutput): Logger {
  const stream: DestinationStream = config.dev ? { write: (line) => output.write(readable(line)) } : output;
  return pino({ base: null, level: config.logLevel, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

interface Line {
  readonly level: number;
  readonly time: string;
  readonly msg?: string;
  readonly stack?: unknown;
  readonly cause?: unknown;
}

const labels: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warning', 50: 'error', 60: 'fatal' };

/** `12:03:01 info sync is in agreement  sync=laptop`; where an error arose is for logs that are kept. */
function readable(line: string): string {
  const { level, time, msg, stack: _stack, cause: _cause, ...fields } = JSON.parse(line) as Line;
  const rest = Object.entries(fields).map(([name, value]) => {
    return `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`;
  });
  return `${time.slice(11, 19)} ${labels[level] ?? level} ${msg ?? ''}  ${rest.join(' ')}\n`;
}
