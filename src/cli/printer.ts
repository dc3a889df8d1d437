/** Where the output of a command goes, and how it looks for people and for programs. */
import { failureText } from './failures.ts';
import type { CliIo } from './io.ts';
import { printable, printableJson, printableLines } from './style.ts';

/** How documents for programs look, where they are not JSON. */
export interface Documents {
  readonly one: (content: unknown) => string;
  /** One of a stream. */
  readonly next: (content: unknown) => string;
}

/** A piece of output, in the order of printing. */
export interface Written {
  readonly to: 'stdout' | 'stderr';
  readonly text: string;
}

export class Printer {
  readonly io: CliIo;
  #documents: Documents | undefined;
  #held: Written[] | undefined;

  constructor(io: CliIo) {
    this.io = io;
  }

  /** Columns of the terminal that standard output is; absent elsewhere: nothing is cut there. */
  get room(): number | undefined {
    const { isTerminal, columns } = this.io.stdout;
    return isTerminal ? columns : undefined;
  }

  /** Whether long output may go through a pager. */
  get mayPage(): boolean {
    const { stdin, stdout } = this.io;
    return stdout.isTerminal && stdin.isTerminal && stdout.rows !== undefined && this.io.env['TERM'] !== 'dumb';
  }

  /** From now on nothing is printed, until `release` answers what was. */
  hold(): void {
    this.#held = [];
  }

  release(): readonly Written[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    return held;
  }

  writeAll(written: readonly Written[]): void {
    for (const { to, text } of written) this.io[to].write(text);
  }

  /** Documents are printed like this instead of as JSON. */
  documents(documents: Documents): void {
    this.#documents = documents;
  }

  /** On standard output, as it is: what comes from the server must have gone through `printable` before. */
  print(text: string): void {
    this.#write('stdout', text);
  }

  /** What the API answers, for a program: in JSON, or in the format that was asked for. */
  printJson(content: unknown): void {
    this.print(this.#documents?.one(content) ?? `${this.#json(JSON.stringify(content, null, 2))}\n`);
  }

  /** The same for one of a stream of answers: JSON has a line for each. */
  printJsonLine(content: unknown): void {
    this.print(this.#documents?.next(content) ?? `${this.#json(JSON.stringify(content))}\n`);
  }

  /** JSON itself escapes less than what a terminal obeys. */
  #json(text: string): string {
    return this.io.stdout.isTerminal ? printableJson(text) : text;
  }

  /** A whole value: to the byte where a program reads it, with escapes for what a terminal would obey. */
  printValue(value: string | Uint8Array): void {
    if (typeof value !== 'string') return this.io.stdout.write(value);
    this.printFile(value.endsWith('\n') ? value : `${value}\n`);
  }

  /** The same for the text of a file, which ends as it ends. */
  printFile(text: string): void {
    this.print(this.io.stdout.isTerminal ? printableLines(text) : text);
  }

  /** On standard error, so that it never mixes with what a program reads. */
  note(kind: 'note' | 'hint' | 'warning', text: string): void {
    this.#write('stderr', `${kind}: ${printable(text)}\n`);
  }

  #write(to: Written['to'], text: string): void {
    if (this.#held === undefined) this.io[to].write(text);
    else this.#held.push({ to, text });
  }

  fail(error: unknown): void {
    this.io.stderr.write(`${failureText(error)}\n`);
  }
}
