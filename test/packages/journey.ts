/** What a user does first with a program that was just installed: the same for each form in which it comes. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program and its first arguments, e.g. another Node and the script. */
export type Command = readonly [file: string, ...args: string[]];

export interface Journey {
  readonly version: string;
  /** Of an entry of the sample project. */
  readonly value: string;
  /** What a command saw that was run with the values of a folder. */
  readonly seen: string;
  /** Of the server after SIGTERM. */
  readonly exitCode: number | null;
}

/** In a new folder, with an environment that has nothing of this clone. */
export async function travel(command: Command): Promise<Journey> {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-journey-'));
  const env = { PATH: '/usr/bin:/bin', HOME: folder };
  const plumb = (...args: string[]): Promise<string> => run(command, args, { cwd: folder, env });
  const server = await startServer(command, ['--dev', '--port', '0'], { cwd: folder, env });
  try {
    const version = await plumb('--version');
    await plumb('set', 'changelog/test/GREETING=hello', '--kind', 'config', '--reason', 'a first try');
    const value = await plumb('get', 'changelog/test/GREETING');
    const seen = await plumb('run', '-e', 'changelog/test', '--', 'printenv', 'GREETING');
    return { version, value, seen, exitCode: await server.stop() };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, maxRetries: 10 });
  }
}

interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

function run([file, ...first]: Command, args: readonly string[], place: Place): Promise<string> {
  return new Promise((fulfil, reject) => {
    execFile(file, [...first, ...args], place, (error, stdout, stderr) => {
      if (error === null) fulfil(stdout.trim());
      else reject(new Error(`${args.join(' ')}: ${stderr}`));
    });
  });
}

export interface Server {
  /** `http://127.0.0.1:…`. */
  readonly address: string;
  /** By SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
}

/** Resolves when it says where it serves. Rejects with what it printed if it ends before. */
export async function startServer([file, ...first]: Command, args: readonly string[], place: Place): Promise<Server> {
  const child = spawn(file, [...first, 'server', ...args], { ...place, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const address = await new Promise<string>((fulfil, reject) => {
    let printed = '';
    const look = (text: string): void => {
      printed += text;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
      if (found !== undefined) fulfil(found);
    };
    child.stdout.setEncoding('utf8').on('data', look);
    child.stderr.setEncoding('utf8').on('data', look);
    child.once('error', reject);
    void ended.then((code) => reject(new Error(`the server ended with ${code}: ${printed}`)));
  });
  return {
    address,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
