/**
 * The edge of the process: the one place that reads it and ends it. What a command does not need is not loaded;
 * start-up time is a feature.
 */
import { join } from 'node:path';

// Given by what starts this file; not for child processes: they may be other programs on the same Node.
delete process.env['NODE_COMPILE_CACHE'];

/**
 * The text of a file that comes with the program: beside it, or within it where all of it is a single file.
 * `undefined`: there is no such file.
 */
function resource(name: string): string | undefined {
  const single = process.getBuiltinModule('node:sea');
  if (single.isSea()) return single.getAssetKeys().includes(name) ? single.getAsset(name, 'utf8') : undefined;
  const fs = process.getBuiltinModule('node:fs');
  const path = join(import.meta.dirname, '..', name);
  return fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : undefined;
}

/** Read only where it is shown: a command line has little time, and a JSON module goes the long way round. */
function version(): string {
  return (JSON.parse(resource('package.json') ?? '') as { version: string }).version;
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
    sample: (name) => resource(`examples/changelog/${name}`),
    stdout: process.stdout,
    stderr: process.stderr,
    onSignals: (signals, handler) => {
      for (const signal of signals) process.on(signal, handler);
    },
  });
}

async function runAgentCommand(): Promise<number> {
  const { runAgent } = await import('#agent/run');
  return runAgent({
    argv: process.argv.slice(3),
    env: process.env,
    cwd: process.cwd(),
    version: version(),
    pid: process.pid,
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
  if (process.argv[2] === 'agent') process.exit(await runAgentCommand());
  process.exitCode = await runCommand();
}

void run();
