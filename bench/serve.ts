/** A real server as a child of a benchmark: `compose` and sockets as in production, with its counters to be asked for. */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { DriverStats } from '#store/driver';
import { serveParent } from './child.ts';

export interface ServeRequest {
  /** As behind `plumb server`. */
  readonly argv: readonly string[];
}

export interface Started {
  readonly address: string;
  /** From the first look at the store to listening, with all modules loaded. */
  readonly seconds: number;
}

/** Everything that can be counted, since the start. */
export interface Counters {
  readonly stats: DriverStats;
  /** Seconds of processor time, all threads. */
  readonly cpu: number;
  /** Resident memory in MB (10⁶ bytes). */
  readonly memory: number;
}

const replaced: Readonly<Record<string, string>> = {
  '#store/drivers/sqlite/index': './counted-store.ts',
  ...(process.argv.includes('--without-audit')
    ? { '#audit/record': './no-audit.ts', '#audit/sinks/file': './no-audit.ts' }
    : {}),
};
registerHooks({
  resolve: (specifier, context, next) => {
    const other = replaced[specifier];
    return next(other === undefined ? specifier : fileURLToPath(new URL(other, import.meta.url)), context);
  },
});

const { startServer } = await import('#server/server');
const { readConfig } = await import('#server/config');
const { createLog } = await import('#server/log');
const { systemRandom } = await import('#crypto/random');
const { systemClock } = await import('#util/clock');
const { readTextFile } = await import('#util/files');
const { opened } = await import('./counted-store.ts');

async function start({ argv }: ServeRequest): Promise<Started> {
  const config = await readConfig({ argv, env: {}, cwd: process.cwd(), readText: readTextFile });
  const log = createLog(config, process.stderr);
  const io = { version: '0.0.0', clock: systemClock, random: systemRandom };
  const started = performance.now();
  const { address = '', stop } = await startServer(config, io, { log, onFatal: () => process.exit(1) });
  const seconds = (performance.now() - started) / 1000;
  process.once('SIGTERM', () => void stop().then(() => process.exit(0))); // in order, as in production
  return { address, seconds };
}

function count(): Counters {
  const { user, system } = process.cpuUsage();
  const [driver] = opened;
  const { appends = 0, syncs = 0, calls = 0 } = driver?.stats ?? {};
  return { stats: { appends, syncs, calls }, cpu: (user + system) / 1e6, memory: process.memoryUsage.rss() / 1e6 };
}

serveParent<ServeRequest | 'count'>(async (message) => (message === 'count' ? count() : start(message)));
