import type { Transport, TransportRequest } from '@plumbd/client';
import type { CertificateFacts, CliIo, FileStatus, SpawnRequest } from '#cli/io';
import { runCli } from '#cli/cli';
import { PlumbError } from '#domain/errors';

/** A file of a {@link FakeTerminal}, absolute paths. */
export interface FakeFile {
  readonly text: string;
  /** What it is where it is no text. */
  readonly bytes?: Uint8Array;
  /** Default 0o600. */
  readonly mode?: number;
  /** Default 1000, the user. */
  readonly owner?: number;
  /** Default `file`. */
  readonly kind?: FileStatus['kind'];
}

/** One request that a command sent. */
export interface SentRequest extends TransportRequest {
  readonly url: string;
  readonly socket?: string;
}

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default `/home/ada/app`. */
  readonly cwd?: string;
  readonly files?: Readonly<Record<string, string | FakeFile>>;
  readonly stdin?: string | Uint8Array;
  /** Whether all three streams are a terminal. Default false. */
  readonly terminal?: boolean;
  /** Characters of its lines. Default: not told. */
  readonly columns?: number;
  /** Lines of its screen. Default: not told. */
  readonly rows?: number;
  /** Whether the system has a keyring. Default false. */
  readonly keyring?: boolean;
  /** Milliseconds since the epoch. Default: the beginning of 2026. */
  readonly now?: () => number;
  /** What is typed at hidden prompts, in order. */
  readonly typed?: readonly string[];
  /** Answers `METHOD /path` with a body, or with `status`, `headers` and `body`. Default: nothing answers. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** What `https` servers show. Default: nobody speaks TLS. */
  readonly certificate?: CertificateFacts;
  /** Bytes of every file system. Default: not told. */
  readonly space?: { readonly free: number; readonly total: number };
  /** Plays the command that `run` starts. */
  readonly child?: (request: SpawnRequest) => { readonly code: number } | { readonly signal: number };
}

/** What a command line left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user at a keyboard: runs command lines against answers, files and a child made up by the test. */
export class FakeTerminal {
  readonly files = new Map<string, FakeFile>();
  readonly requests: SentRequest[] = [];
  readonly spawned: SpawnRequest[] = [];
  readonly signals = new Map<NodeJS.Signals, (signal: NodeJS.Signals) => void>();
  readonly #options: TerminalOptions;
  readonly #typed: string[];
  /** What is in the system's keyring, if it has one. */
  #kept: string | undefined;
  readonly #keyring: CliIo['keyring'] = {
    read: async () => this.#kept,
    write: async (text) => {
      if (this.#options.keyring === true) this.#kept = text;
      return this.#options.keyring === true;
    },
    remove: async () => {
      this.#kept = undefined;
    },
  };

  constructor(options: TerminalOptions = {}) {
    this.#options = options;
    this.#typed = [...(options.typed ?? [])];
    for (const [path, file] of Object.entries(options.files ?? {})) {
      this.files.set(path, typeof file === 'string' ? { text: file } : file);
    }
  }

  /** The user's arguments as words. */
  async run(...argv: string[]): Promise<Outcome> {
    const written = { stdout: '', stderr: '' };
    const code = await runCli(this.#io(argv, written));
    return { code, ...written };
  }

  #io(argv: readonly string[], written: { stdout: string; stderr: string }): CliIo {
    const { env = {}, cwd = '/home/ada/app', stdin = '', terminal = false } = this.#options;
    const output = (name: 'stdout' | 'stderr') => ({
      isTerminal: terminal,
      columns: this.#options.columns,
      rows: this.#options.rows,
      write: (text: string | Uint8Array) => {
        written[name] += Buffer.from(text).toString();
      },
    });
    return {
      argv,
      env,
      cwd,
      home: '/home/ada',
      uid: 1000,
      version: '0.0.0',
      node: '26.0.0',
      platform: 'linux',
      stdin: {
        isTerminal: terminal,
        read: async () => Buffer.from(stdin),
        readHidden: async () => this.#typed.shift() ?? '',
        readLine: async () => this.#typed.shift() ?? '',
      },
      stdout: output('stdout'),
      stderr: output('stderr'),
      files: this.#fileOperations(),
      now: this.#options.now ?? (() => Date.UTC(2026, 0, 1)),
      // No time passes: who waits for something else besides gets that.
      wait: (_ms, signal) =>
        signal === undefined || signal.aborted
          ? Promise.resolve()
          : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
      keyring: this.#keyring,
      certificate: async () => this.#options.certificate ?? fail('nobody speaks TLS here'),
      transport: ({ socket }) => this.#transport(socket),
      expectSpawn: () => undefined,
      spawn: async (request) => {
        this.spawned.push(request);
        return {
          kill: () => undefined,
          exited: Promise.resolve(),
          ended: Promise.resolve((this.#options.child ?? (() => ({ code: 0 })))(request)),
        };
      },
      onSignals: (signals, handler) => {
        for (const signal of signals) this.signals.set(signal, handler);
        return () => {
          for (const signal of signals) this.signals.delete(signal);
        };
      },
    };
  }

  #fileOperations(): CliIo['files'] {
    return {
      read: (path) => {
        const file = this.files.get(path);
        return file === undefined ? null : Buffer.from(file.bytes ?? file.text);
      },
      status: (path) => {
        const file = this.files.get(path);
        if (file === undefined) return null;
        return { kind: file.kind ?? 'file', owner: file.owner ?? 1000, mode: file.mode ?? 0o600 };
      },
      list: (path) => {
        const inside = [...this.files.keys()].filter((name) => name.startsWith(`${path}/`));
        return [...new Set(inside.map((name) => name.slice(path.length + 1).replace(/\/.*$/, '')))].sort();
      },
      create: (path, text) => {
        if (this.files.has(path)) throw new PlumbError('exists', `${path} exists already`);
        this.files.set(path, { text, mode: 0o644 });
      },
      writePrivate: (path, bytes) => {
        this.files.set(path, { text: Buffer.from(bytes).toString(), ...(typeof bytes === 'string' ? {} : { bytes }) });
      },
      makePrivateFolder: (within) => {
        const path = `${within}/plumb-${this.files.size}`;
        this.files.set(path, { text: '', kind: 'folder', mode: 0o700 });
        return path;
      },
      remove: (path) => {
        for (const name of [...this.files.keys()])
          if (name === path || name.startsWith(`${path}/`)) this.files.delete(name);
      },
      space: () => this.#options.space ?? null,
    };
  }

  #transport(socket: string | undefined): Transport {
    return async (url, request) => {
      this.requests.push({ url, ...request, ...(socket === undefined ? {} : { socket }) });
      const { pathname } = new URL(url);
      const answer = this.#options.answers?.[`${request.method} ${pathname}`];
      if (answer === undefined) throw new Error('nothing answers');
      if (answer instanceof Error) throw answer;
      const told = answer as { status?: number; body?: unknown; headers?: Readonly<Record<string, string>> };
      const { status = 200, body = answer, headers = {} } = told;
      return {
        status,
        headers: { get: (name) => headers[name] ?? null },
        text: async () => JSON.stringify(body),
        body: null,
      };
    };
  }
}

function fail(message: string): never {
  throw new Error(message);
}
