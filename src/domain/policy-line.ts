/** A mistake on one line of a policy. */
export class SyntaxFault extends Error {
  /** 1-based, in UTF-16 code units. */
  readonly column: number;

  constructor(message: string, column: number) {
    super(message);
    this.column = column;
  }
}

/**
 * Takes one line of a policy apart, from left to right. White space separates; `,` and `=` do too,
 * except in {@link PolicyLine.text}. `#` at the beginning of a word ends the line.
 */
export class PolicyLine {
  readonly #source: string;
  #at = 0;
  /** Where the last word began. */
  #start = 0;

  constructor(source: string) {
    this.#source = source;
  }

  atEnd(): boolean {
    this.#skip();
    return this.#at >= this.#source.length || this.#source.charAt(this.#at) === '#';
  }

  /** The next word, or a lone `=`. */
  word(expected: string): string {
    return this.#take(/=|[^\s,="]+/y, expected);
  }

  /** A word in which `,` and `=` are plain characters, or a quoted text. */
  text(expected: string): string {
    const taken = this.#take(/"(?:[^"\\]|\\["\\])*"(?=\s|$)|[^\s"]+/y, expected);
    return taken.startsWith('"') ? taken.slice(1, -1).replaceAll(/\\(.)/g, '$1') : taken;
  }

  keyword(word: string): void {
    if (this.word(word) !== word) throw this.fault(`expected ${word}`);
  }

  /** One or more items with `,` between them. */
  list<T>(item: () => T): readonly T[] {
    const items = [item()];
    while (!this.atEnd() && this.#source.charAt(this.#at) === ',') {
      this.#at += 1;
      items.push(item());
    }
    return items;
  }

  /** A mistake in the word taken last. */
  fault(message: string): SyntaxFault {
    return new SyntaxFault(message, this.#start + 1);
  }

  #take(pattern: RegExp, expected: string): string {
    const ended = this.atEnd();
    this.#start = this.#at;
    pattern.lastIndex = this.#at;
    const match = ended ? null : pattern.exec(this.#source);
    if (match === null) throw this.fault(`expected ${expected}`);
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #skip(): void {
    while (/\s/.test(this.#source.charAt(this.#at))) this.#at += 1;
  }
}
