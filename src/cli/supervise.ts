/** A command that is started beside us: signals are handed on. */
import type { Child, CliIo, SpawnRequest } from './io.ts';

const forwarded: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
/** A terminal sends these to the command as well as to us. */
const fromTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** Stays until the command has ended, whatever signals come; its exit code, or 128 and the number of the signal that ended it. */
export async function supervise(io: CliIo, request: SpawnRequest): Promise<number> {
  let child: Child | undefined;
  const early: NodeJS.Signals[] = [];
  const release = io.onSignals([...forwarded, ...fromTerminal], (signal) => {
    if (io.stdin.isTerminal && fromTerminal.includes(signal)) return;
    if (child === undefined) early.push(signal);
    else child.kill(signal);
  });
  try {
    child = await io.spawn(request);
    for (const signal of early) child.kill(signal);
    const ended = await child.ended;
    return 'code' in ended ? ended.code : 128 + ended.signal;
  } finally {
    release();
  }
}
