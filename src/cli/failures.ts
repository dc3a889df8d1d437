/**
 * What went wrong, as text on standard error and as an exit code. Both for errors of the server and for
 * our own; a fault of ours shows its place in the program and never its message, which might quote a value.
 */
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { printable } from './style.ts';

/** The closed list of exit codes, in the order of the documentation. */
export const exitCodes = {
  ok: { code: 0, means: 'done' },
  failed: { code: 1, means: 'refused or failed; nothing was changed unless the message says so' },
  usage: { code: 2, means: 'the command line itself is wrong' },
  differs: {
    code: 3,
    means:
      '`diff --exit-code` found a difference, `sync status --exit-code`, `sync plan --exit-code` or `sync diff --exit-code` a sync out of agreement, `target check --exit-code` a right that is missing',
  },
  denied: { code: 4, means: 'not signed in, or not allowed' },
  unreachable: { code: 5, means: 'the server does not answer' },
  notRun: { code: 125, means: '`run`: failed before the command was started' },
  notExecutable: { code: 126, means: '`run`: the command cannot be executed' },
  notFound: { code: 127, means: '`run`: there is no such command' },
} as const;
export type ExitName = keyof typeof exitCodes;

/** The command line itself is wrong: exit code 2. */
export class UsageError extends PlumbError {
  constructor(message: string, hint?: string) {
    super('invalid', message, hint === undefined ? {} : { hint });
  }
}

/** What our own errors and those of the client have in common. */
interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly requestId?: string | undefined;
}

/** Tells by shape, not by class: the client is loaded only by commands that need it. */
export function isFailure(error: unknown): error is Error & Failure {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'diagnostics' in error;
}

/** The exit code for anything that was thrown. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage.code;
  if (!isFailure(error)) return exitCodes.failed.code;
  if (error.code === 'unauthenticated' || error.code === 'forbidden') return exitCodes.denied.code;
  return error.code === 'unavailable' || error.code === 'sealed' ? exitCodes.unreachable.code : exitCodes.failed.code;
}

/** Diagnostics first, then `error: …`, then `hint: …`; each on a line of its own, without the last line end. */
export function failureText(thrown: unknown): string {
  const error = mostTelling(thrown);
  if (!isFailure(error)) return `error: a fault of plumb itself${placeOf(error)}`;
  const lines = error.diagnostics.filter(({ message }) => message !== error.message).map(diagnosticText);
  const fault = error.code === 'internal' && error.requestId !== undefined ? ` (request ${error.requestId})` : '';
  lines.push(`error: ${error.message}${fault}`);
  if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
  return lines.map((line) => printable(line)).join('\n');
}

/** Where nothing answered, the client's error is about any server, and the one beneath about this one. */
function mostTelling(error: unknown): unknown {
  return isFailure(error) && error.code === 'unavailable' && isFailure(error.cause) ? error.cause : error;
}

/** `file:line:column: message`, with what is known of the place; once, where the message begins with it. */
export function diagnosticText({ subject, line, column, message }: Diagnostic): string {
  const place = [subject, line, column].filter((part) => part !== undefined).join(':');
  const isSaid = place === '' || message.startsWith(`${place}: `) || message.startsWith(`${place} → `);
  return isSaid ? message : `${place}: ${message}`;
}

function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const frame = /\n\s+at .*?([^/\\(]+:\d+):\d+\)?(?:\n|$)/.exec(error.stack ?? '')?.[1];
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  return ` (${error.name}${code}${frame === undefined ? '' : ` at ${frame}`})`;
}
