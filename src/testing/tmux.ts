/** A real terminal, with a program in it: keys go in, and what stands on the screen comes out. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface WindowOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** The whole environment; TERM is set by the terminal. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Default 100. */
  readonly columns?: number;
  /** Default 30. */
  readonly rows?: number;
}

/** One window of a tmux server of its own. */
export class TerminalWindow implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open({ command, env, cwd, columns = 100, rows = 30 }: WindowOptions): Promise<TerminalWindow> {
    const window = new TerminalWindow(await mkdtemp(join(tmpdir(), 'plumb-tmux-')));
    const given = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
    const size = ['-x', String(columns), '-y', String(rows)];
    // The window stays when its program has ended, so that its last words can be read.
    const keep = ['set-option', '-g', 'remain-on-exit', 'on', ';'];
    await window.#tmux(
      ...keep,
      'new-session',
      '-d',
      ...size,
      '-c',
      cwd,
      'env',
      '-i',
      'TERM=screen-256color',
      ...given,
      ...command,
    );
    return window;
  }

  async #tmux(...args: string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-f', '/dev/null', '-S', join(this.#folder, 'tmux'), ...args]);
    return stdout;
  }

  /** Keys as they are. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', '--', text);
  }

  /** Keys by their names in tmux: `Enter`, `Tab`, `C-c`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux('send-keys', '--', ...keys);
  }

  /** Lines without blanks at their ends. */
  async screen(): Promise<string> {
    const text = await this.#tmux('capture-pane', '-p');
    return text.replace(/\n+$/, '\n');
  }

  /** Looks until it is there; answers the screen. The test's own limit ends it where it never comes. */
  async until(wanted: string | RegExp): Promise<string> {
    for (;;) {
      const screen = await this.screen();
      if (typeof wanted === 'string' ? screen.includes(wanted) : wanted.test(screen)) return screen;
    }
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-server').catch(() => undefined);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
