/** Long output on a terminal goes through a pager, as users of git and gh know it. Never in pipes, never unasked twice. */
import { isFailure } from './failures.ts';
import type { CliIo, SpawnRequest } from './io.ts';
import type { Session } from './session.ts';
import { width } from './width.ts';

/** What less does unless the user has said otherwise: end where everything fits, keep colours, leave the screen. */
const lessOptions = 'FRX';

/**
 * Runs `act`, and shows what it printed: at once where it fits the screen or something went wrong, else through the
 * pager, with notes and warnings behind.
 */
export async function throughPager(session: Session, act: () => Promise<void>): Promise<void> {
  session.hold();
  try {
    await act();
  } catch (error) {
    session.writeAll(session.release());
    throw error;
  }
  const written = session.release();
  const pager = pagerOf(session.io);
  const text = written.flatMap(({ to, text: part }) => (to === 'stdout' ? [part] : [])).join('');
  const isShown = pager !== undefined && linesOf(text, session.io) >= (session.io.stdout.rows ?? Infinity);
  if (!isShown || !(await show(session.io, pager, text))) return session.writeAll(written);
  session.writeAll(written.filter(({ to }) => to === 'stderr'));
}

/** PLUMB_PAGER, then PAGER, which are command lines of a shell; an empty one and `cat` say that there is none. */
function pagerOf({ env }: CliIo): Pick<SpawnRequest, 'command' | 'args'> | undefined {
  const chosen = env['PLUMB_PAGER'] ?? env['PAGER'];
  if (chosen === undefined) return { command: 'less', args: [] };
  return chosen.trim() === '' || chosen.trim() === 'cat' ? undefined : { command: 'sh', args: ['-c', chosen] };
}

function linesOf(text: string, { stdout: { columns = 80 } }: CliIo): number {
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns)), 0);
}

/** False if there is no such program. What the pager makes of it later is its own affair. */
async function show(io: CliIo, pager: Pick<SpawnRequest, 'command' | 'args'>, input: string): Promise<boolean> {
  const given = Object.entries(io.env).flatMap(([name, value]) =>
    value === undefined || name === 'PLUMB_TOKEN' ? [] : [[name, value] as const],
  );
  // What is looked for and typed in a pager may be a value: no history is kept.
  const env = { LESS: lessOptions, LV: '-c', ...Object.fromEntries(given), LESSHISTFILE: '-' };
  // The pager is told by the terminal; it decides what an interruption means.
  const release = io.onSignals(['SIGINT', 'SIGQUIT'], () => undefined);
  try {
    const ended = await (await io.spawn({ ...pager, env, input, output: 'inherit' })).ended;
    return !('code' in ended && (ended.code === 127 || ended.code === 126));
  } catch (error) {
    if (isFailure(error)) return false;
    throw error;
  } finally {
    release();
  }
}
