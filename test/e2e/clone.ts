/** A fresh clone of this repository, used as a new user would: `npm start`, then `./plumb` in another terminal. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../..');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Clone {
  readonly folder: string;
  /** Runs `npm start` on a free port and answers what it printed on standard output until the server answers. */
  start(): Promise<{ readonly banner: string; readonly stderr: () => string; stop(): Promise<void> }>;
  /** Runs `./plumb` in the clone. */
  plumb(args: readonly string[], options?: { readonly env?: NodeJS.ProcessEnv; readonly input?: string }): Promise<Ran>;
  remove(): Promise<void>;
}

/** The environment of somebody who has only what their machine has: nothing of this project on the path, no PLUMB_ variable. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PLUMB_|npm_|NODE_|VITEST|INIT_CWD)/.test(name));
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), NO_COLOR: '1' };
}

export async function freshClone(): Promise<Clone> {
  const above = await mkdtemp(join(tmpdir(), 'plumb-clone-'));
  const folder = join(above, 'plumb');
  const cloned = spawnSync('git', ['clone', '--quiet', repository, folder], { encoding: 'utf8' });
  if (cloned.status !== 0) throw new Error(`git clone failed: ${cloned.stderr}`);
  const env = { ...plainEnvironment(), XDG_STATE_HOME: join(above, 'state') };
  return {
    folder,
    start: () => startServer(folder, env),
    plumb: (args, options = {}) =>
      run(join(folder, 'plumb'), args, { cwd: folder, env: { ...env, ...options.env }, input: options.input }),
    remove: () => rm(above, { recursive: true, force: true, maxRetries: 10 }),
  };
}

interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly input: string | undefined;
}

function run(command: string, args: readonly string[], { input, ...options }: RunOptions): Promise<Ran> {
  return new Promise((fulfil) => {
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      fulfil({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
    child.stdin?.end(input ?? '');
  });
}

async function startServer(folder: string, env: NodeJS.ProcessEnv) {
  // A group of its own, so that npm and what it started are ended together.
  const child = spawn('npm', ['start', '--', '--port', '0'], { cwd: folder, env, detached: true });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = once(child, 'exit').then(() => 'exited' as const);
  const ready = new Promise<'ready'>((fulfil) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes('Try in another terminal')) fulfil('ready');
    });
  });
  if ((await Promise.race([ready, exited])) === 'exited') throw new Error(`npm start ended:\n${stdout}\n${stderr}`);
  return { banner: stdout, stderr: () => stderr, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  // Not before everything has ended that npm started: all of it holds the pipes.
  const closed = once(child, 'close');
  process.kill(-child.pid, 'SIGTERM');
  await closed;
}

/** Resolves with the file's text as soon as it satisfies `holds`; looks at every change of its folder. */
export async function fileThat(path: string, holds: (text: string) => boolean): Promise<string> {
  const aborter = new AbortController();
  const changed = Promise.withResolvers<string>();
  const look = (): void => {
    readFile(path, 'utf8').then(
      (text) => holds(text) && changed.resolve(text),
      () => undefined,
    );
  };
  const watcher = watch(dirname(path), { signal: aborter.signal }, look);
  watcher.on('error', changed.reject);
  look();
  try {
    return await changed.promise;
  } finally {
    aborter.abort();
  }
}
