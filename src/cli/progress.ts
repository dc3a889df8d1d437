/** What takes long says so: on standard error, on a terminal, and only once it takes long. */
import type { Session } from './session.ts';

const quietMs = 400;
const turnMs = 120;
const turns = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/**
 * Resolves or rejects as `work` does. Meanwhile shows what is being done (`reading 12 of 66 values`), asked again at each turn, and
 * for how long; the line is gone at the end.
 */
export async function during<T>(session: Session, what: string | (() => string), work: Promise<T>): Promise<T> {
  const { io } = session;
  if (!io.stderr.isTerminal || io.env['TERM'] === 'dumb') return work;
  const done = new AbortController();
  const shown = show(session, typeof what === 'string' ? () => what : what, done.signal);
  try {
    return await work;
  } finally {
    done.abort();
    await shown;
  }
}

async function show({ io }: Session, what: () => string, signal: AbortSignal): Promise<void> {
  const startedAt = io.now();
  await io.wait(quietMs, signal);
  for (let turn = 0; !signal.aborted; turn += 1) {
    const seconds = Math.floor((io.now() - startedAt) / 1000);
    const text = `${turns[turn % turns.length]} ${what()}${seconds < 2 ? '' : `, ${seconds} s`}`;
    io.stderr.write(`\r\u001b[K${text.slice(0, Math.max(10, (io.stderr.columns ?? 80) - 1))}`);
    await io.wait(turnMs, signal);
    if (signal.aborted) io.stderr.write('\r\u001b[K');
  }
}
