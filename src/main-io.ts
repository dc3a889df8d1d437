/**
 * The command line's {@link CliIo} made of the real process; a part of the edge like main.ts. Modules
 * that not every command needs are loaded when they are asked for: start-up time is a feature.
 */
import type { IncomingMessage } from 'node:http';
import type { Transport, TransportRequest, TransportResponse } from '@plumbd/client';
import type { CliInput, CliIo, CliOutput } from '#cli/io';
import { PlumbError } from '#domain/errors';
import { realFiles } from './main-files.ts';
import { certificate, keyring, wait } from './main-world.ts';

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
    expectSpawn: () => whileWaiting.splice(0, Infinity, () => process.getBuiltinModule('node:child_process'), programs),
    spawn: async (request) => (await programs()).spawn(request),
    async become(request) {
      const { become } = await programs();
      // An open stream would leave its settings to the command.
      if (opened.size === 0) become(request);
    },
    onSignals(signals, handler) {
      for (const signal of signals) process.on(signal, handler);
      return () => {
        for (const signal of signals) process.off(signal, handler);
      };
    },
  };
}

const programs = () => import('./main-programs.ts');

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

/**
 * One connection a request: a command line makes few, and an idle one would keep the process waiting. What is
 * needed later is loaded once the first request is out.
 */
function httpTransport(socketPath: string | undefined, whileWaiting: (() => unknown)[]): Transport {
  return async (url, request) => {
    // An import of a built-in module reads every one of its exports, and behind some of them stand megabytes of code
    // (`WebSocket` of node:http alone takes longer than a whole command). This way only what is used is loaded.
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
