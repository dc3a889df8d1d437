import { PlumbError } from '#domain/errors';
import { durationSeconds } from '#domain/duration';

/** What is run after a delivery. */
export interface ReloadOptions {
  /** The program and its arguments; no shell. */
  readonly command: readonly string[];
  /** How long it may take, in milliseconds, before it is ended and counts as failed. */
  readonly timeoutMs: number;
  /** Added to its environment. */
  readonly env: Readonly<Record<string, string>>;
}

const longest = 3600;

/** The option `reload` of a sync: `{ command: [PROGRAM, ARGUMENT …], timeout: 30s, env: { NAME: TEXT } }`. Throws `invalid`. */
export function parseReload(option: unknown): ReloadOptions | undefined {
  checkReload(option);
  if (option === undefined) return undefined;
  const { command, timeout, env } = option as { command: readonly string[]; timeout?: string; env?: object };
  return {
    command,
    timeoutMs: (durationSeconds(timeout ?? '30s') ?? 30) * 1000,
    env: { ...env } as Record<string, string>,
  };
}

/** Throws `invalid` with every diagnostic. */
export function checkReload(option: unknown): void {
  if (option === undefined) return;
  const problems: string[] = [];
  if (typeof option !== 'object' || option === null || Array.isArray(option)) {
    throw new PlumbError('invalid', 'reload must be a mapping of command, timeout and env');
  }
  const { command, timeout, env, ...unknown } = option as Record<string, unknown>;
  for (const name of Object.keys(unknown))
    problems.push(`reload.${name} is not known, expected command, timeout or env`);
  if (!Array.isArray(command) || command.length === 0 || command[0] === '' || !command.every(isArgument)) {
    problems.push('reload.command must be a list: a program and its arguments, each text without NUL');
  }
  const seconds = typeof timeout === 'string' ? durationSeconds(timeout) : 30;
  if ((timeout !== undefined && typeof timeout !== 'string') || !(Number(seconds) >= 1 && Number(seconds) <= longest)) {
    problems.push('reload.timeout must be a duration from 1s to 1h, such as 30s');
  }
  if (env !== undefined && !isEnvironment(env)) problems.push('reload.env must be a mapping of names to texts');
  if (problems.length === 0) return;
  const diagnostics = problems.map((message) => ({ message }));
  throw new PlumbError('invalid', 'the option reload does not fit', { diagnostics });
}

function isEnvironment(env: unknown): boolean {
  if (typeof env !== 'object' || env === null || Array.isArray(env)) return false;
  return Object.entries(env).every(([name, value]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && isArgument(value));
}

function isArgument(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\0');
}
