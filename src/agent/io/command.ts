import { spawn } from 'node:child_process';

/** One run of a program. */
export interface CommandRequest {
  /** The program and its arguments; no shell. */
  readonly command: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** After it was asked to end, before it is killed. Default 5000. */
  readonly graceMs?: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** How it ended; for people, without anything that it printed. `undefined`: well. */
export type CommandProblem = string | undefined;

/** How often is looked whether anything is left of what was asked to end. */
const lookMs = 50;

/**
 * Runs a program in a process group of its own to its end. What it prints is thrown away: it may hold values. One that takes
 * too long is asked to end, with everything that it started, then killed.
 */
export function runCommand({
  command,
  env,
  timeoutMs,
  graceMs = 5000,
  signal,
}: CommandRequest): Promise<CommandProblem> {
  const [program = '', ...rest] = command;
  return new Promise((resolve) => {
    const child = spawn(program, rest, { env: { ...env }, cwd: '/', stdio: 'ignore', detached: true });
    let late: string | undefined;
    let killer: NodeJS.Timeout | undefined;
    let isKilled = false;
    /** Whether there was anything to tell. */
    const kill = (how: NodeJS.Signals | 0): boolean => {
      try {
        return child.pid !== undefined && process.kill(-child.pid, how);
      } catch {
        return false;
      }
    };
    const end = (why: string): void => {
      late ??= why;
      kill('SIGTERM');
      killer ??= setTimeout(() => {
        isKilled = true;
        kill('SIGKILL');
      }, graceMs);
    };
    const stop = (): void => end('was ended, as the agent stops');
    const limit = setTimeout(() => end(`took longer than ${timeoutMs / 1000} s`), timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    const settle = (problem: CommandProblem): void => {
      clearTimeout(limit);
      clearTimeout(killer);
      signal.removeEventListener('abort', stop);
      resolve(problem);
    };
    child.once('error', (error: NodeJS.ErrnoException) =>
      settle(`cannot be started (${error.code ?? 'unknown fault'})`),
    );
    /** What it started may be slower than itself, or not listen. Who was killed may still be listed until somebody takes note. */
    const settleLate = (problem: string): void => {
      if (!isKilled && kill(0)) setTimeout(() => settleLate(problem), lookMs);
      else settle(problem);
    };
    child.once('exit', (code, how) => {
      if (late === undefined) settle(code === 0 ? undefined : ended(code, how));
      else settleLate(late);
    });
    if (signal.aborted) stop();
  });
}

function ended(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}
