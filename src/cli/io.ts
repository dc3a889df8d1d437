/**
 * Everything the command line takes from outside. `runCli` reads nothing else: no process, no clock, no
 * file system of its own, so that a test runs a whole command with pieces it holds in its hands.
 */
import type { Transport } from '@plumbd/client';

export interface CliIo {
  /** The arguments behind the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; where relative file names, `plumb.yaml` and `.plumb/dev` are looked for. */
  readonly cwd: string;
  /** The user's home folder; absolute. */
  readonly home: string;
  /** The user's numeric id; `undefined` where the system has none. */
  readonly uid: number | undefined;
  readonly version: string;
  /** Of what runs this: the version of Node, such as `26.10.0`. */
  readonly node: string;
  /** Of the machine, as Node calls it: `linux`, `darwin`. */
  readonly platform: string;
  readonly stdin: CliInput;
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  readonly files: CliFiles;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** What a TLS server shows of itself, whether it is trusted or not. Rejects where nobody speaks TLS. */
  readonly certificate: (host: string, port: number) => Promise<CertificateFacts>;
  /** The system's. */
  readonly keyring: CliKeyring;
  /** Requests over a unix socket, or to the address that stands in the URL where `socket` is absent. */
  readonly transport: (options: { readonly socket?: string }) => Transport;
  /**
   * Puts the command into the place of this process, as exec(2) does: terminal, signals and exit code are then
   * its own, and nobody stays behind who knows the values. Returns where that cannot be done; `spawn` then.
   */
  readonly become?: (request: Omit<SpawnRequest, 'output'>) => Promise<void>;
  /** Says that `spawn` will be called, so that what it needs can be loaded while a request is under way. */
  readonly expectSpawn: () => void;
  readonly spawn: (request: SpawnRequest) => Promise<Child>;
  /** Calls `handler` for each of these signals until the returned function is called; they end the process no more. */
  readonly onSignals: (signals: readonly NodeJS.Signals[], handler: (signal: NodeJS.Signals) => void) => () => void;
}

/** Keeps one secret of ours where the system keeps those of its user. */
export interface CliKeyring {
  /** `undefined`: it has none of ours, or there is no keyring. */
  readonly read: () => Promise<string | undefined>;
  /** False: there is no keyring, or it does not want it. */
  readonly write: (text: string) => Promise<boolean>;
  readonly remove: () => Promise<void>;
}

export interface CliInput {
  readonly isTerminal: boolean;
  /** All there is, up to the end. Throws `too-large` beyond `maxBytes`. */
  readonly read: (maxBytes: number) => Promise<Uint8Array>;
  /** One line, typed without showing it. Only on a terminal. Throws `invalid` when it is broken off. */
  readonly readHidden: (prompt: string) => Promise<string>;
  /** The same for a line that is shown. */
  readonly readLine: (prompt: string) => Promise<string>;
}

export interface CliOutput {
  readonly isTerminal: boolean;
  /** Characters of a line, if it is a terminal that tells. */
  readonly columns?: number | undefined;
  /** Lines of its screen, if it is a terminal that tells. */
  readonly rows?: number | undefined;
  readonly write: (text: string | Uint8Array) => void;
}

/** Of a certificate that was shown. */
export interface CertificateFacts {
  /** Milliseconds since the epoch. */
  readonly expires: number;
  /** Why a client would not go on, as a code of OpenSSL or Node. */
  readonly problem?: string;
  /** From the server's own up to the root, as far as they were sent or are known. */
  readonly chain: readonly string[];
}

/** What `status` tells about a file. */
export interface FileStatus {
  readonly kind: 'file' | 'folder' | 'socket' | 'other';
  readonly owner: number;
  /** Permission bits. */
  readonly mode: number;
}

/** The few file operations of a command line, synchronous because it has nothing else to do meanwhile. */
export interface CliFiles {
  /** `null`: does not exist. Throws `too-large` beyond `maxBytes`, `unavailable` if it cannot be read. */
  readonly read: (path: string, maxBytes: number) => Uint8Array | null;
  /** Follows symbolic links. `null`: does not exist, or is behind a folder that may not be entered. */
  readonly status: (path: string) => FileStatus | null;
  /** The names in a folder, sorted. Throws `unavailable` if it cannot be read. */
  readonly list: (path: string) => readonly string[];
  /** Creates the file, or fails with `exists`. */
  readonly create: (path: string, text: string) => void;
  /** Replaces the file as one step, mode 0600; makes missing folders with mode 0700. */
  readonly writePrivate: (path: string, bytes: string | Uint8Array) => void;
  /** A new folder of mode 0700 in an existing one; its path. */
  readonly makePrivateFolder: (within: string) => string;
  /** A file, or a folder with all that is in it; nothing happens where there is none. */
  readonly remove: (path: string) => void;
  /** Bytes of the file system that a path is on. `null`: cannot be told. */
  readonly space: (path: string) => { readonly free: number; readonly total: number } | null;
}

export interface SpawnRequest {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Its standard input, to the end. Default: ours. It may stop reading whenever it likes. */
  readonly input?: string;
  /** `inherit`: the child has our standard output and error; otherwise they come through here, chunk by chunk. */
  readonly output:
    | 'inherit'
    | { readonly stdout: (chunk: Uint8Array) => void; readonly stderr: (chunk: Uint8Array) => void };
}

/** A running command. `spawn` itself rejects with `not-found` or `forbidden` if it cannot be started. */
export interface Child {
  readonly kill: (signal: NodeJS.Signals) => void;
  /** As soon as it has ended; what it started may still write. */
  readonly exited: Promise<void>;
  /** After it has ended and all its output was handed over. */
  readonly ended: Promise<{ readonly code: number } | { readonly signal: number }>;
}
