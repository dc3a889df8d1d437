import type { ErrorCode } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import type { Path } from '#domain/path';

/** Why there is no value. */
export interface Problem {
  /** What was asked for. */
  readonly path: Path;
  /**
   * `not-found`: nothing is at the path asked for, or nothing the reader may know of; `forbidden`: that
   * one may be listed, not read; `too-large`: a limit was passed; `unevaluable`: all other faults of
   * what people wrote. What a loader threw keeps its own code.
   */
  readonly code: ErrorCode;
  /** The whole chain, then what is wrong. Shows nothing of what may not be listed, and never a value. */
  readonly message: string;
  /** From the path asked for to the place of the fault. `undefined` stands for one that may not be listed. */
  readonly chain: readonly (Path | undefined)[];
  /** What a loader threw. */
  readonly cause?: unknown;
}

/** What is wrong at the end of a chain. */
export interface Fault {
  readonly code: ErrorCode;
  readonly what: string;
  readonly cause?: unknown;
}

export const faults = {
  missing: { code: 'unevaluable', what: 'there is no such entry' },
  absent: { code: 'not-found', what: 'there is no such entry' },
  cycle: { code: 'unevaluable', what: 'the references form a cycle' },
  unreadable: { code: 'unevaluable', what: 'may not be read' },
  forbidden: { code: 'forbidden', what: 'may not be read' },
  destroyed: { code: 'unevaluable', what: 'its value was destroyed' },
} as const satisfies Record<string, Fault>;

export function problemOf(chain: readonly (Path | undefined)[], fault: Fault): Problem {
  const shown = chain.map((path) => path ?? '(an entry that may not be listed)').join(' → ');
  const path = chain[0] ?? ('' as Path);
  const problem = { path, code: fault.code, message: `${shown}: ${fault.what}`, chain };
  return fault.cause === undefined ? problem : { ...problem, cause: fault.cause };
}

/** The error of a problem, for who throws it. */
export function errorOf(problem: Problem): PlumbError {
  return new PlumbError(problem.code, problem.message, problem.cause === undefined ? {} : { cause: problem.cause });
}
