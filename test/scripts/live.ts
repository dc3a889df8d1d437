/** A command line that goes on, in this process: what it has printed so far, and signals for it. */
import { EventEmitter } from 'node:events';
import { runCli } from '#cli/cli';
import type { CliIo } from '#cli/io';
import type { TestServer } from '#testing/server';
import { realIo } from '../../src/main-io.ts';

export interface LiveOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether all streams are a terminal. Default false. */
  readonly terminal?: boolean;
  /** Default: the server's folder. */
  readonly cwd?: string;
  /** Time that passes. Default: the real one. */
  readonly wait?: CliIo['wait'];
}

export interface Live {
  readonly written: { readonly stdout: string; readonly stderr: string };
  /** Its exit code. */
  readonly ended: Promise<number>;
  /** Resolves once a stream holds the text so many times. Rejects when the command ends before. */
  printed(text: string, times?: number, stream?: 'stdout' | 'stderr'): Promise<void>;
  signal(name: NodeJS.Signals): void;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export function live(server: TestServer, argv: readonly string[], options: LiveOptions = {}): Live {
  const { become: _, ...real } = realIo(process, '0.0.0');
  const written = { stdout: '', stderr: '' };
  const news = new EventEmitter();
  news.setMaxListeners(0);
  const handlers = new Set<(signal: NodeJS.Signals) => void>();
  const { terminal: isTerminal = false, cwd = server.folder, wait = real.wait } = options;
  const output = (name: 'stdout' | 'stderr') => ({
    isTerminal,
    write: (text: string | Uint8Array) => {
      written[name] += Buffer.from(text).toString();
      news.emit('news');
    },
  });
  const io: CliIo = {
    ...real,
    argv,
    cwd,
    home: cwd,
    wait,
    env: {
      PATH: process.env['PATH'],
      TERM: 'dumb',
      PLUMB_ADDR: `unix:${server.socket}`,
      PLUMB_TOKEN: server.token,
      ...options.env,
    },
    stdin: { isTerminal, read: async () => Buffer.from(''), readHidden: async () => '', readLine: async () => '' },
    stdout: output('stdout'),
    stderr: output('stderr'),
    spawn: (request) => {
      const caught = { stdout: output('stdout').write, stderr: output('stderr').write };
      return real.spawn(request.output === 'inherit' ? { ...request, output: caught } : request);
    },
    onSignals: (_signals, handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
  const ended = runCli(io);
  const printed = async (text: string, times = 1, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> => {
    const isThere = (): boolean => written[stream].split(text).length > times;
    const over = ended.then((code) => {
      if (!isThere()) throw new Error(`ended with ${code}: ${written.stdout}${written.stderr}`);
    });
    while (!isThere()) await Promise.race([new Promise<void>((resolve) => news.once('news', () => resolve())), over]);
  };
  const signal = (name: NodeJS.Signals): void => {
    for (const handler of handlers) handler(name);
  };
  const dispose = async (): Promise<void> => {
    signal('SIGTERM');
    await ended;
  };
  return { written, ended, printed, signal, [Symbol.asyncDispose]: dispose };
}
