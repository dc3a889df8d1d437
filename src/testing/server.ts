/** Whole servers for tests: in this process, or as one of their own that can be killed. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@plumbd/client';
import type { Client, Transport } from '@plumbd/client';
import { realIo } from '../main-io.ts';
import { readConfig } from '#server/config';
import { createLog } from '#server/log';
import { startServer as start } from '#server/server';
import type { RunningServer } from '#server/server';
import { readTextFile, writeFileAtomic } from '#util/files';

const root = join(import.meta.dirname, '..', '..');
const sampleFolder = join(root, 'examples/changelog');

/** The sample project of this clone. */
const sampleFiles = (name: string): string | undefined => {
  const path = join(sampleFolder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
};

export interface ServerOptions {
  /** Default: a new one under the system's, removed when the server stops. One that is given stays. */
  readonly folder?: string;
  /** As `npm start`: root signed in, the sample project loaded. Default false: an empty store and root. */
  readonly dev?: boolean;
  /** Behind what the harness itself gives: sockets and the folder. */
  readonly argv?: readonly string[];
  /** Of a process of its own: options of Node itself. */
  readonly node?: readonly string[];
}

/** What both kinds of server have. */
export interface TestServer extends AsyncDisposable {
  readonly folder: string;
  readonly socket: string;
  /** Root's. */
  readonly token: string;
  /** Over the unix socket, as root. */
  readonly client: Client;
  /** Over the unix socket, as whoever holds the token; without one, as nobody. */
  clientOf(token?: string): Client;
  /** As SIGTERM does. */
  stop(): Promise<void>;
}

export interface LocalServer extends TestServer {
  readonly running: RunningServer;
  /** `http://127.0.0.1:<port>`. */
  readonly address: string;
  /** Lines of the log so far. */
  readonly lines: readonly string[];
}

export interface ChildServer extends TestServer {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Everything it has printed. */
  output(): string;
}

/** A server in this process, on a free port of loopback and a unix socket, over SQLite. */
export async function startServer(options: ServerOptions = {}): Promise<LocalServer> {
  const folder = await folderOf(options);
  const argv = argumentsOf(options, folder);
  const config = await readConfig({ argv, env: {}, cwd: folder, readText: readTextFile });
  const lines: string[] = [];
  const log = createLog(config, { write: (line) => lines.push(line) });
  const io = { version: '0.0.0', sample: sampleFiles };
  const remove = async (): Promise<void> => {
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  const running = await start(config, io, { log, onFatal: () => lines.push('fatal\n') }).catch(
    async (error: unknown) => {
      await remove();
      throw error;
    },
  );
  const stop = async (): Promise<void> => {
    await running.stop();
    await remove();
  };
  const shared = await connect(options, folder);
  return { ...shared, running, address: running.address ?? '', lines, stop, [Symbol.asyncDispose]: stop };
}

/** A server as a process of its own, once it answers that it is ready. Throws with its output if it ends before. */
export async function spawnServer(options: ServerOptions = {}): Promise<ChildServer> {
  const folder = await folderOf(options);
  const program = [...(options.node ?? []), '--disable-sigusr1', join(root, 'src/main.ts')];
  const argv = [...program, 'server', ...argumentsOf(options, folder)];
  const child = spawn(process.execPath, argv, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exited = new Promise<Awaited<ChildServer['exited']>>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const ended = exited.then(async () => {
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    throw new Error(`the server ended: ${output}`);
  });
  ended.catch(() => undefined);
  await Promise.race([untilReady(join(dataOf(options, folder), 'plumb.sock')), ended]);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  const shared = await connect(options, folder);
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
  return { ...shared, pid: child.pid ?? 0, kill, exited, output: () => output, stop, [Symbol.asyncDispose]: stop };
}

async function folderOf({ folder }: ServerOptions): Promise<string> {
  return folder ?? mkdtemp(join(tmpdir(), 'plumb-'));
}

/** The data folder within the server's folder. */
function dataOf({ dev }: ServerOptions, folder: string): string {
  return join(folder, '.plumb', dev === true ? 'dev' : 'server');
}

function argumentsOf(options: ServerOptions, folder: string): readonly string[] {
  const { dev, argv = [] } = options;
  return [...(dev === true ? ['--dev'] : []), '--data', dataOf(options, folder), '--listen', '127.0.0.1:0', ...argv];
}

/** Over a unix socket. */
export function socketTransport(socket: string): Transport {
  return realIo(process, '0.0.0').transport({ socket });
}

/** Asks until it is; a socket that is not there yet refuses at once. */
async function untilReady(socket: string): Promise<void> {
  const client = createClient({ address: 'http://localhost', retry: false, transport: socketTransport(socket) });
  while ((await client.system.health().catch(() => undefined))?.ready !== true) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Signs in as root: by the token of development, by the one-time token, or by what an earlier start has left. */
async function connect(
  options: ServerOptions,
  folder: string,
): Promise<Pick<TestServer, 'folder' | 'socket' | 'token' | 'client' | 'clientOf'>> {
  const data = dataOf(options, folder);
  const socket = join(data, 'plumb.sock');
  const transport = socketTransport(socket);
  const clientOf = (bearer?: string): Client =>
    createClient({
      address: 'http://localhost',
      retry: false,
      transport,
      ...(bearer === undefined ? {} : { token: bearer }),
    });
  const kept = join(data, 'token');
  let token = (await readTextFile(kept))?.trim();
  if (token === undefined) {
    const once = (await readTextFile(join(data, 'bootstrap-token')))?.trim() ?? '';
    token = (await clientOf().bootstrap({ token: once, name: 'root' })).token;
    await writeFileAtomic(kept, `${token}\n`);
  }
  return { folder, socket, token, client: clientOf(token), clientOf };
}
