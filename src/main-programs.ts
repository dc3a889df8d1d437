/** Other programs, started by the command line or in its place; a part of the edge like main-io.ts. */
import { join } from 'node:path';
import type { Child, SpawnRequest } from '#cli/io';
import { PlumbError } from '#domain/errors';
import { codeOf } from './main-files.ts';

// As in main-io.ts: only what is used of a built-in module is loaded.
const fs = process.getBuiltinModule('node:fs');

/**
 * Goes on as that program, or returns where that cannot be. Signals that Node ignores would stay ignored; those it
 * handles are as at the start of any program.
 */
export function become({ command, args, env }: Omit<SpawnRequest, 'output'>): void {
  const folders = command.includes('/') ? [''] : (env['PATH'] ?? '/usr/bin:/bin').split(':').map((name) => name || '.');
  const program = folders.map((folder) => join(folder, command)).find(isProgram);
  if (program === undefined || process.execve === undefined) return;
  for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => undefined);
  process.getBuiltinModule('node:module').flushCompileCache();
  // Nobody is told of it otherwise.
  process.emit('exit', 0);
  process.execve(program, [command, ...args], { ...env });
}

const magicNumbers: ReadonlySet<string> = new Set(['7f454c46', 'cffaedfe', 'feedfacf', 'cafebabe']);

/** Whether the system can start it by itself: machine code, or a script that names its interpreter. */
function isProgram(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.X_OK);
    const descriptor = fs.openSync(path, 'r');
    const start = Buffer.alloc(4);
    fs.readSync(descriptor, start);
    fs.closeSync(descriptor);
    return start.toString('latin1', 0, 2) === '#!' || magicNumbers.has(start.toString('hex'));
  } catch {
    return false;
  }
}

export async function spawn({ command, args, env, input, output }: SpawnRequest): Promise<Child> {
  const { spawn: start } = process.getBuiltinModule('node:child_process');
  const { constants } = process.getBuiltinModule('node:os');
  const pipe = output === 'inherit' ? 'inherit' : 'pipe';
  const stdin = input === undefined ? 'inherit' : 'pipe';
  const child = refusing(command, () => start(command, args, { env, stdio: [stdin, pipe, pipe] }));
  if (output !== 'inherit') {
    child.stdout?.on('data', output.stdout);
    child.stderr?.on('data', output.stderr);
  }
  child.stdin?.on('error', () => undefined).end(input);
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const ended = new Promise<{ code: number } | { signal: number }>((resolve) => {
    child.on('close', (code, signal) => {
      resolve(signal === null ? { code: code ?? 1 } : { signal: constants.signals[signal] });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(notStarted(command, error)));
  });
  return { kill: (signal) => child.kill(signal), exited, ended };
}

/** Some reasons not to start are thrown at once, the others come as an event. */
function refusing<T>(command: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw notStarted(command, cause);
  }
}

function notStarted(command: string, cause: unknown): PlumbError {
  const code = codeOf(cause);
  if (code === 'ENOENT') return new PlumbError('not-found', `${command}: no such command`, { cause });
  if (code === 'EACCES') return new PlumbError('forbidden', `${command}: not an executable file`, { cause });
  if (code === 'E2BIG') {
    return new PlumbError('too-large', `${command}: the values do not fit into an environment`, {
      cause,
      hint: 'the system limits one variable to 128 KiB and all of them to about 2 MiB; deliver large values as files',
    });
  }
  return new PlumbError('unavailable', `${command}: cannot be started (${code})`, { cause });
}
