/** A text in the user's own editor, in a private file that is gone afterwards. */
import { join } from 'node:path';
import { PlumbError } from '#domain/errors';
import { UsageError } from './failures.ts';
import type { Child, CliIo } from './io.ts';

/** Longest text that is read back, in bytes. */
const maxBytes = 64 * 1024 * 1024;

const numbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;
type Ending = keyof typeof numbers;
/** A terminal tells the editor of these by itself. */
const fromTerminal: ReadonlySet<string> = new Set<Ending>(['SIGINT', 'SIGQUIT']);

/** One file, edited as often as need be. Until it is closed no signal ends the process: the file would stay. */
export class EditedFile {
  readonly #io: CliIo;
  readonly #folder: string;
  readonly path: string;
  /** Rejects with {@link Interrupted} when a signal comes while no editor is open. */
  readonly interrupted: Promise<never>;
  /** Takes the handlers of signals away. */
  readonly close: () => void;
  #isOpen = false;
  #editor: Child | undefined;
  #endedBy: Ending | undefined;

  /** In $XDG_RUNTIME_DIR, else in memory, else in the folder for temporary files: always in a folder of mode 0700. */
  constructor(io: CliIo, name: string) {
    this.#io = io;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    this.interrupted = promise;
    this.close = io.onSignals(Object.keys(numbers) as Ending[], (signal) => {
      if (this.#isOpen && fromTerminal.has(signal)) return;
      this.#endedBy = signal as Ending;
      if (this.#isOpen) this.#editor?.kill(signal);
      else reject(this.#interruption(this.#endedBy));
    });
    this.#folder = io.files.makePrivateFolder(folderFor(io));
    this.path = join(this.#folder, name.replaceAll(/[^\w.-]+/g, '-'));
  }

  /** Throws {@link Interrupted} once a signal has come: nothing more is to be begun. */
  checkInterrupted(): void {
    if (this.#endedBy !== undefined) throw this.#interruption(this.#endedBy);
  }

  #interruption(signal: Ending): Interrupted {
    const when = this.#isOpen ? 'while the editor was open; nothing is changed' : 'before the change was answered';
    return new Interrupted(`ended by ${signal} ${when}`, 128 + numbers[signal]);
  }

  /** The text as the editor left it. Throws when the editor fails, or is ended by a signal; the file then stays. */
  async edit(text: string): Promise<string> {
    this.#io.files.writePrivate(this.path, text);
    this.checkInterrupted();
    const code = await this.#runEditor();
    if (code !== 0) {
      throw new PlumbError('invalid', `the editor ended with ${code}, so nothing is changed`);
    }
    const bytes = this.#io.files.read(this.path, maxBytes);
    return bytes === null ? '' : decode(bytes);
  }

  /** The exit code of the editor. */
  async #runEditor(): Promise<number> {
    const editor = commandOf(this.#io);
    // Replacing the shell, where that can be done, lets signals reach the editor itself.
    const exec = /^[\w./ +-]+$/.test(editor) && !/^\s*\w+=/.test(editor) ? 'exec ' : '';
    const env = Object.fromEntries(
      Object.entries(this.#io.env).flatMap(([name, value]) =>
        value === undefined || name === 'PLUMB_TOKEN' ? [] : [[name, value]],
      ),
    );
    // A core dump of the editor would hold the values.
    const args = ['-c', `ulimit -c 0; ${exec}${editor} "$@"`, 'plumb-edit', this.path];
    this.#isOpen = true;
    try {
      this.#editor = await this.#io.spawn({ command: 'sh', args, env, output: 'inherit' });
      if (this.#endedBy !== undefined) this.#editor.kill(this.#endedBy);
      const result = await this.#editor.ended;
      this.checkInterrupted();
      return 'code' in result ? result.code : 128 + result.signal;
    } finally {
      this.#isOpen = false;
      this.#editor = undefined;
    }
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

/** Plumb itself was told to end. */
export class Interrupted extends PlumbError {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super('invalid', message);
    this.exitCode = exitCode;
  }
}
