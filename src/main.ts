/**
 * The edge of the process: the one place that reads it and ends it. What a command does not need is not loaded;
 * start-up time is a feature.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };

// The start script of a clone names a folder of its own; an installed program keeps compiled code in the user's.
if (process.env['NODE_COMPILE_CACHE'] === undefined) {
  const home = process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? '/nonexistent', '.cache');
  enableCompileCache(join(home, 'plumb', 'compile'));
}
// Not for child processes: they may be other programs on the same Node.
delete process.env['NODE_COMPILE_CACHE'];

const { version } = packageJson;

async function runServerCommand(): Promise<number> {
  const [{ runServer }, { systemRandom }, { systemClock }] = await Promise.all([
    import('#server/server'),
    import('#crypto/random'),
    import('#util/clock'),
  ]);
  return runServer({
    argv: process.argv.slice(3),
    env: process.env,
    cwd: process.cwd(),
    version,
    clock: systemClock,
    random: systemRandom,
    sample: join(import.meta.dirname, '..', 'examples', 'changelog'),
    stdout: process.stdout,
    stderr: process.stderr,
    onSignals: (signals, handler) => {
      for (const signal of signals) process.on(signal, handler);
    },
  });
}

async function runCommand(): Promise<number> {
  const [{ realIo }, { runCli }] = await Promise.all([import('./main-io.ts'), import('#cli/cli')]);
  return runCli(realIo(process, version));
}

if (process.argv[2] === 'server') {
  // Nothing that a server has left open may keep a stopped one alive.
  void runServerCommand().then((code) => process.exit(code));
} else {
  void runCommand().then((code) => {
    process.exitCode = code;
  });
}
