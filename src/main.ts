/**
 * The edge of the process: the one place that reads it and ends it. What a command does not need is not loaded;
 * start-up time is a feature.
 */
import { join } from 'node:path';

// Given by what starts this file; not for child processes: they may be other programs on the same Node.
delete process.env['NODE_COMPILE_CACHE'];

/** Read only where it is shown: a command line has little time, and a JSON module goes the long way round. */
function version(): string {
  const packageFile = join(import.meta.dirname, '..', 'package.json');
  const text = process.getBuiltinModule('node:fs').readFileSync(packageFile, 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function usage() {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const startedAt = Math.round(Date.now() / 1000 - process.uptime());
  return { startedAt, cpuSeconds: (user + system) / 1e6, residentBytes: rss, heapBytes: heapUsed };
}

async function runServerCommand(): Promise<number> {
  const { runServer } = await import('#server/server');
  return runServer({
    argv: process.argv.slice(3),
    env: process.env,
    cwd: process.cwd(),
    version: version(),
    usage,
    sample: join(import.meta.dirname, '..', 'examples', 'changelog'),
    stdout: process.stdout,
    stderr: process.stderr,
    onSignals: (signals, handler) => {
      for (const signal of signals) process.on(signal, handler);
    },
  });
}

async function runCommand(): Promise<number> {
  const [{ isWritten, realIo }, { runCli }] = await Promise.all([import('./main-io.ts'), import('#cli/cli')]);
  const code = await runCli(realIo(process, version));
  // As a rule; then nothing is gained by taking everything down in order.
  if (isWritten()) process.exit(code);
  return code;
}

async function run(): Promise<void> {
  // Nothing that a server has left open may keep a stopped one alive.
  if (process.argv[2] === 'server') process.exit(await runServerCommand());
  process.exitCode = await runCommand();
}

void run();
