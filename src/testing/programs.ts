/** Programs that a test starts: with a log file, ended when the test's process ends, and free ports for them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

export interface Program {
  readonly name: string;
  readonly pid: number;
  /** `true` from when it has ended. */
  readonly ended: boolean;
  readonly exited: Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** SIGSTOP; resolves when none of its threads runs any more. SIGCONT ends it. */
  pause(): Promise<void>;
  /** Ends it at once, and waits until it has. */
  kill(): Promise<void>;
  /** The last lines that it has printed. */
  tail(lines?: number): Promise<string>;
}

export interface ProgramOptions {
  readonly name: string;
  readonly file: string;
  readonly argv: readonly string[];
  readonly folder: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Ends a program when this process is gone, however it went: the shell reads until nobody holds the other end. What
 * is sent to the whole group of processes passes it by, since an API server without its etcd does not end by SIGTERM.
 */
function guard(pid: number): ChildProcess {
  return spawn('/bin/sh', ['-c', `trap '' INT TERM HUP; read -r _; kill -9 ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

/** Of all its threads: one on another processor runs on for a moment, or ends. */
async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => ') gone')),
  );
  // The state stands behind the name, which is in parentheses and may hold any character.
  return stats.every((stat) => stat.slice(stat.lastIndexOf(')')).startsWith(') T'));
}

/** Starts it in its folder; what it prints goes to `<name>.log` there. Throws if it cannot be started. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { name, file, argv, folder } = options;
  const log = `${folder}/${name}.log`;
  const output = openSync(log, 'a', 0o600);
  const child = spawn(file, argv, { cwd: folder, env: options.env, stdio: ['ignore', output, output] });
  closeSync(output);
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const pid = child.pid ?? 0;
  const guarding = guard(pid);
  let ended = false;
  const guardEnded = new Promise<void>((resolve) => guarding.once('exit', () => resolve()));
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true;
      guarding.kill('SIGKILL');
      resolve(guardEnded);
    });
  });
  return {
    name,
    pid,
    get ended() {
      return ended;
    },
    exited,
    signal: (signal) => void child.kill(signal),
    async pause() {
      child.kill('SIGSTOP');
      while (!(await isStopped(pid))) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    async kill() {
      if (!ended) child.kill('SIGKILL');
      await exited;
    },
    tail: async (lines = 20) => (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-lines).join('\n'),
  };
}

/** Asks every few milliseconds until it answers `true`; throws the program's last lines if that ends before, or takes too long. */
export async function untilReady(program: Program, ready: () => Promise<boolean>, seconds = 240): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await ready().catch(() => false))) {
    if (program.ended) throw new Error(`${program.name} ended before it was ready: ${await program.tail()}`);
    if (performance.now() > deadline) {
      throw new Error(`${program.name} was not ready after ${seconds} s: ${await program.tail()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}

/** Ports of each process that runs tests beside others. */
const portsEach = 500;
const firstPort = 20_000 + (Number(process.env['VITEST_POOL_ID'] ?? 0) % 24) * portsEach;
const givenPorts = new Set<number>();

/**
 * A port of loopback that nobody listens on, below those that the system hands out, and not given again for long: whoever
 * stops listening finds it free again.
 */
export async function freePort(): Promise<number> {
  if (givenPorts.size > portsEach / 2) givenPorts.clear();
  for (;;) {
    const port = firstPort + Math.floor(Math.random() * portsEach);
    if (givenPorts.has(port) || !(await isFree(port))) continue;
    givenPorts.add(port);
    return port;
  }
}

/** Command lines of the processes that name a text, such as a folder of their own. */
export function commandsNaming(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    })
    .filter((command) => command.includes(text));
}
