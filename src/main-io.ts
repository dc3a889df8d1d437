/**
 * The command line's {@link CliIo} made of the real process; a part of the edge like main.ts. Modules
 * that not every command needs are loaded when they are asked for: start-up time is a feature.
 */
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import type { Transport, TransportRequest, TransportResponse } from '@plumbd/client';
import type { Child, CliFiles, CliInput, CliIo, CliOutput, FileStatus, SpawnRequest } from '#cli/io';
import { PlumbError } from '#domain/errors';
import { certificate, keyring, makePrivateFolder, remove, space, wait } from './main-world.ts';

// An import of a built-in module reads every one of its exports, and behind some of them stand megabytes of code
// (`WebSocket` of node:http alone takes longer than a whole command). This way only what is used is loaded.
const fs = process.getBuiltinModule('node:fs');

/** `version` is that of the package, or reads it when it is asked for. */
export function realIo(process: NodeJS.Process, version: string | (() => string)): CliIo {
  const whileWaiting: (() => unknown)[] = [() => process.stdout];
  return {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    home: process.env['HOME'] ?? '/',
    uid: process.getuid?.(),
    get version() {
      return typeof version === 'string' ? version : version();
    },
    node: process.versions.node,
    platform: process.platform,
    stdin: realInput(process),
    stdout: realOutput(process, 'stdout'),
    stderr: realOutput(process, 'stderr'),
    files: realFiles(() => `${process.pid}-${process.hrtime.bigint()}`),
    now: () => Date.now(),
    wait,
    certificate,
    keyring: keyring(process),
    transport: ({ socket }) => httpTransport(socket, whileWaiting),
    // The child has our output; nothing is printed before it.
    expectSpawn: () => whileWaiting.splice(0, Infinity, () => process.getBuiltinModule('node:child_process')),
    spawn,
    become,
    onSignals(signals, handler) {
      for (const signal of signals) process.on(signal, handler);
      return () => {
        for (const signal of signals) process.off(signal, handler);
      };
    },
  };
}

/** Streams that something was written to; to ask about the others would make them. */
const opened = new Set<NodeJS.WriteStream>();

/** Whether everything written so far is with its reader. */
export function isWritten(): boolean {
  return [...opened].every(({ writableLength }) => writableLength === 0);
}

function realOutput(process: NodeJS.Process, name: 'stdout' | 'stderr'): CliOutput {
  return {
    // Asks about the descriptor: the stream itself takes long to make, and is made while a request is under way.
    get isTerminal() {
      return process.getBuiltinModule('node:tty').isatty(name === 'stdout' ? 1 : 2);
    },
    get columns() {
      return process[name].columns;
    },
    get rows() {
      return process[name].rows;
    },
    write(text) {
      const stream = process[name];
      if (!opened.has(stream)) {
        opened.add(stream);
        // A reader that went away (`plumb list | head -1`) ends the command as it would end any other tool.
        stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 141 : 1));
      }
      stream.write(text);
    },
  };
}

function realInput(process: NodeJS.Process): CliInput {
  return {
    // As with the outputs; and the stream, once it is made, would leave a terminal to `become` that does not wait.
    get isTerminal() {
      return process.getBuiltinModule('node:tty').isatty(0);
    },
    async read(maxBytes) {
      const chunks: Buffer[] = [];
      let total = 0;
      for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
        total += chunk.length;
        if (total > maxBytes) throw new PlumbError('too-large', `standard input is larger than ${maxBytes} bytes`);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    },
    readHidden: (prompt) => readTyped(process, prompt, false),
    readLine: (prompt) => readTyped(process, prompt, true),
  };
}

/** Reads one line in raw mode, in which the terminal itself shows nothing of it. */
function readTyped(process: NodeJS.Process, prompt: string, isShown: boolean): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(prompt);
  stdin.setRawMode(true);
  return new Promise((resolve, reject) => {
    let line = '';
    const finish = (settle: () => void): void => {
      stdin.off('data', take);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      settle();
    };
    const take = (chunk: Buffer | string): void => {
      for (const character of chunk.toString('utf8')) {
        if (character === '\r' || character === '\n') return finish(() => resolve(line));
        if (character === '\u0003' || (character === '\u0004' && line === '')) {
          return finish(() => reject(new PlumbError('invalid', 'broken off at the prompt')));
        }
        if (character === '\u007f' || character === '\b') {
          if (isShown && line !== '') stderr.write('\b \b');
          line = [...line].slice(0, -1).join('');
        } else if (character === '\u0015' && !isShown) line = '';
        else {
          if (isShown) stderr.write(character);
          line += character;
        }
      }
    };
    stdin.on('data', take);
    stdin.resume();
  });
}

function realFiles(uniqueName: () => string): CliFiles {
  return {
    read: readBounded,
    status(path) {
      const found = attempt(() => fs.statSync(path, { throwIfNoEntry: false }), path, ['EACCES']);
      return found && { kind: kindOf(found), owner: found.uid, mode: found.mode & 0o7777 };
    },
    list: (path) => guarded(path, () => fs.readdirSync(path).sort()),
    create(path, text) {
      try {
        fs.writeFileSync(path, text, { flag: 'wx' });
      } catch (cause) {
        if (codeOf(cause) === 'EEXIST') throw new PlumbError('exists', `${path} exists already`);
        throw unusable(path, cause);
      }
    },
    writePrivate(path, bytes) {
      const temporary = `${path}.${uniqueName()}`;
      try {
        fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        fs.writeFileSync(temporary, bytes, { flag: 'wx', mode: 0o600, flush: true });
        fs.renameSync(temporary, path);
      } catch (cause) {
        fs.rmSync(temporary, { force: true });
        throw unusable(path, cause);
      }
    },
    makePrivateFolder: (within) => guarded(within, () => makePrivateFolder(within)),
    remove: (path) => guarded(path, () => remove(path)),
    space,
  };
}

function readBounded(path: string, maxBytes: number): Uint8Array | null {
  const descriptor = attempt(() => fs.openSync(path, 'r'), path);
  if (descriptor === null) return null;
  try {
    const chunks: Buffer[] = [];
    let total = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.max(4096, fs.fstatSync(descriptor).size + 1 - total));
      const length = fs.readSync(descriptor, chunk);
      if (length === 0) return Buffer.concat(chunks);
      total += length;
      if (total > maxBytes) throw new PlumbError('too-large', `${path} is larger than ${maxBytes} bytes`);
      chunks.push(chunk.subarray(0, length));
    }
  } catch (cause) {
    throw cause instanceof PlumbError ? cause : unusable(path, cause);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** `null` where nothing is there. */
function attempt<T>(act: () => T | undefined, path: string, alsoNothing: readonly string[] = []): T | null {
  try {
    return act() ?? null;
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR', ...alsoNothing].includes(codeOf(cause))) return null;
    throw unusable(path, cause);
  }
}

function guarded<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function unusable(path: string, cause: unknown): PlumbError {
  const code = codeOf(cause);
  if (code === 'EISDIR') return new PlumbError('invalid', `${path} is a folder, expected a file`, { cause });
  return new PlumbError(code === 'EACCES' ? 'forbidden' : 'unavailable', `${path} cannot be used (${code})`, { cause });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? 'unknown fault';
}

function kindOf(found: { isFile(): boolean; isDirectory(): boolean; isSocket(): boolean }): FileStatus['kind'] {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'folder';
  return found.isSocket() ? 'socket' : 'other';
}

/**
 * One connection a request: a command line makes few, and an idle one would keep the process waiting. What is
 * needed later is loaded once the first request is out.
 */
function httpTransport(socketPath: string | undefined, whileWaiting: (() => unknown)[]): Transport {
  return async (url, request) => {
    const secure = url.startsWith('https:');
    const { request: open } = process.getBuiltinModule(secure ? 'node:https' : 'node:http');
    const options = {
      method: request.method,
      headers: headersOf(request),
      agent: false as const,
      // Without one, Node looks whether the host is an address, and compiles a large pattern for it.
      ...(secure ? {} : { servername: '' }),
      ...(socketPath === undefined ? {} : { socketPath }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
    return new Promise<TransportResponse>((resolve, reject) => {
      const outgoing = open(url, options, (incoming) => {
        resolve({
          status: incoming.statusCode ?? 0,
          headers: {
            get: (name) => {
              const value = incoming.headers[name.toLowerCase()];
              return value === undefined ? null : String(value);
            },
          },
          text: () => textOf(incoming),
          body: incoming as AsyncIterable<Buffer>,
        });
      });
      outgoing.on('error', reject);
      outgoing.on('finish', () => {
        for (const load of whileWaiting.splice(0)) load();
      });
      outgoing.end(request.body);
    });
  };
}

/** By events: to iterate over a stream takes code that is not loaded yet. */
function textOf(incoming: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    incoming.on('error', reject);
  });
}

function headersOf({ headers, body }: TransportRequest): Record<string, string> {
  return body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
}

/**
 * Only while none of our streams is open: an open one would leave its settings to the command. Signals that Node
 * ignores would stay ignored; those it handles are as at the start of any program.
 */
function become({ command, args, env }: Omit<SpawnRequest, 'output'>): void {
  const folders = command.includes('/') ? [''] : (env['PATH'] ?? '/usr/bin:/bin').split(':').map((name) => name || '.');
  const program = folders.map((folder) => join(folder, command)).find(isProgram);
  if (program === undefined || process.execve === undefined || opened.size > 0) return;
  for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => undefined);
  process.getBuiltinModule('node:module').flushCompileCache();
  // Nobody is told of it otherwise.
  process.emit('exit', 0);
  process.execve(program, [command, ...args], { ...env });
}

const magicNumbers: ReadonlySet<string> = new Set(['7f454c46', 'cffaedfe', 'feedfacf', 'cafebabe']);

/** Whether the system can start it by itself: machine code, or a script that names its interpreter. */
function isProgram(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.X_OK);
    const descriptor = fs.openSync(path, 'r');
    const start = Buffer.alloc(4);
    fs.readSync(descriptor, start);
    fs.closeSync(descriptor);
    return start.toString('latin1', 0, 2) === '#!' || magicNumbers.has(start.toString('hex'));
  } catch {
    return false;
  }
}

async function spawn({ command, args, env, input, output }: SpawnRequest): Promise<Child> {
  const { spawn: start } = process.getBuiltinModule('node:child_process');
  const { constants } = process.getBuiltinModule('node:os');
  const pipe = output === 'inherit' ? 'inherit' : 'pipe';
  const stdin = input === undefined ? 'inherit' : 'pipe';
  const child = refusing(command, () => start(command, args, { env, stdio: [stdin, pipe, pipe] }));
  if (output !== 'inherit') {
    child.stdout?.on('data', output.stdout);
    child.stderr?.on('data', output.stderr);
  }
  child.stdin?.on('error', () => undefined).end(input);
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const ended = new Promise<{ code: number } | { signal: number }>((resolve) => {
    child.on('close', (code, signal) => {
      resolve(signal === null ? { code: code ?? 1 } : { signal: constants.signals[signal] });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(notStarted(command, error)));
  });
  return { kill: (signal) => child.kill(signal), exited, ended };
}

/** Some reasons not to start are thrown at once, the others come as an event. */
function refusing<T>(command: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw notStarted(command, cause);
  }
}

function notStarted(command: string, cause: unknown): PlumbError {
  const code = codeOf(cause);
  if (code === 'ENOENT') return new PlumbError('not-found', `${command}: no such command`, { cause });
  if (code === 'EACCES') return new PlumbError('forbidden', `${command}: not an executable file`, { cause });
  if (code === 'E2BIG') {
    return new PlumbError('too-large', `${command}: the values do not fit into an environment`, {
      cause,
      hint: 'the system limits one variable to 128 KiB and all of them to about 2 MiB; deliver large values as files',
    });
  }
  return new PlumbError('unavailable', `${command}: cannot be started (${code})`, { cause });
}
