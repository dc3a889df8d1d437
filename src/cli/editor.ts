/** A text in the user's own editor, in a private file that is gone afterwards. */
import { join } from 'node:path';
import { PlumbError } from '#domain/errors';
import { UsageError } from './failures.ts';
import type { Child, CliIo } from './io.ts';

/** Longest text that is read back, in bytes. */
const maxBytes = 64 * 1024 * 1024;

/** One file, edited as often as need be. */
export class EditedFile {
  readonly #io: CliIo;
  readonly #folder: string;
  readonly path: string;

  /** In $XDG_RUNTIME_DIR, else in memory, else in the folder for temporary files: always in a folder of mode 0700. */
  constructor(io: CliIo, name: string) {
    this.#io = io;
    this.#folder = io.files.makePrivateFolder(folderFor(io));
    this.path = join(this.#folder, name.replaceAll(/[^\w.-]+/g, '-'));
  }

  /** The text as the editor left it. Throws when the editor fails, or is ended by a signal; the file then stays. */
  async edit(text: string): Promise<string> {
    this.#io.files.writePrivate(this.path, text);
    const code = await runEditor(this.#io, this.path);
    if (code !== 0) {
      throw new PlumbError('invalid', `the editor ended with ${code}, so nothing is changed`);
    }
    const bytes = this.#io.files.read(this.path, maxBytes);
    return bytes === null ? '' : decode(bytes);
  }

  /** What the editor has left there now; `undefined`: nothing, or nothing that can be read. */
  content(): string | undefined {
    try {
      const bytes = this.#io.files.read(this.path, maxBytes);
      return bytes === null ? undefined : decode(bytes);
    } catch {
      return undefined;
    }
  }

  /** Also what the editor keeps beside the file. */
  remove(): void {
    this.#io.files.remove(this.#folder);
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch {
    throw new PlumbError('invalid', 'the text is not UTF-8, so nothing is changed');
  }
}

function folderFor({ env, files, uid }: CliIo): string {
  const runtime = env['XDG_RUNTIME_DIR'] ?? '';
  const status = runtime.startsWith('/') ? files.status(runtime) : null;
  if (status?.kind === 'folder' && status.owner === uid && (status.mode & 0o077) === 0) return runtime;
  const temporary = env['TMPDIR'] ?? '';
  const candidates = ['/dev/shm', ...(temporary.startsWith('/') ? [temporary] : []), '/tmp'];
  // Where others may write too, the sticky bit keeps them from what is ours.
  const usable = candidates.find((folder) => {
    const found = files.status(folder);
    return found?.kind === 'folder' && ((found.mode & 0o022) === 0 || (found.mode & 0o1000) !== 0);
  });
  if (usable !== undefined) return usable;
  throw new PlumbError('unavailable', 'there is no folder for a private file', { hint: 'set TMPDIR to one of yours' });
}

/** A shell takes it apart, as it does for git: `code --wait`. */
function commandOf({ env, stdin }: CliIo): string {
  const chosen = (env['VISUAL'] || undefined) ?? (env['EDITOR'] || undefined);
  if (chosen === undefined && !stdin.isTerminal) {
    throw new UsageError('an editor needs a terminal', 'EDITOR names one that needs none; plumb import takes a file');
  }
  return chosen ?? 'vi';
}

const numbers: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGHUP: 1, SIGTERM: 15 };

/** The exit code of the editor. A terminal tells it by itself of an interrupt; other signals are handed on. */
async function runEditor(io: CliIo, path: string): Promise<number> {
  const editor = commandOf(io);
  // Replacing the shell, where that can be done, lets signals reach the editor itself.
  const exec = /^[\w./ +-]+$/.test(editor) && !/^\s*\w+=/.test(editor) ? 'exec ' : '';
  const env = Object.fromEntries(
    Object.entries(io.env).flatMap(([name, value]) =>
      value === undefined || name === 'PLUMB_TOKEN' ? [] : [[name, value]],
    ),
  );
  let child: Child | undefined;
  let ended: NodeJS.Signals | undefined;
  const release = io.onSignals(['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'], (signal) => {
    if (numbers[signal] === undefined) return;
    ended = signal;
    child?.kill(signal);
  });
  try {
    // A core dump of the editor would hold the values.
    const args = ['-c', `ulimit -c 0; ${exec}${editor} "$@"`, 'plumb-edit', path];
    child = await io.spawn({ command: 'sh', args, env, output: 'inherit' });
    if (ended !== undefined) child.kill(ended);
    const result = await child.ended;
    if (ended !== undefined) throw new Interrupted(128 + (numbers[ended] ?? 0));
    return 'code' in result ? result.code : 128 + result.signal;
  } finally {
    release();
  }
}

/** Plumb itself was told to end while the editor was open. */
export class Interrupted extends PlumbError {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('invalid', 'ended while the editor was open; nothing is changed');
    this.exitCode = exitCode;
  }
}
