/** One bash, fed command by command. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';

export interface Ran {
  readonly code: number;
  /** Standard output and standard error in the order in which they came. */
  readonly printed: string;
}

export class Bash implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  #printed = '';
  #look: () => void = () => undefined;
  #ended = false;

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn('bash', ['--noprofile', '--norc'], { cwd, env });
    this.#child.stdin.write('exec 2>&1\n');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#printed += text;
        this.#look();
      });
    }
    this.#child.once('close', () => {
      this.#ended = true;
      this.#look();
    });
  }

  /** Resolves when the command has ended; it reads nothing from standard input. Variables and folder stay for the next one. */
  run(command: string): Promise<Ran> {
    const { promise, resolve, reject } = Promise.withResolvers<Ran>();
    const mark = /\u0001(\d+)\u0001$/;
    this.#printed = '';
    this.#look = () => {
      const found = mark.exec(this.#printed);
      if (found !== null) resolve({ code: Number(found[1]), printed: this.#printed.slice(0, found.index) });
      else if (this.#ended) reject(new Error(`bash ended: ${this.#printed}`));
    };
    this.#child.stdin.write(`{ ${command}\n} < /dev/null\nprintf '\\001%d\\001' $?\n`);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    const closed = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    this.#child.stdin.end('exit\n');
    await closed;
  }
}
