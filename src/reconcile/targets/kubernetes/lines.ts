import { PlumbError } from '#domain/errors';

const newline = 10;

/** Cuts a stream of bytes into lines, without keeping more than one that is not whole yet. */
export class Lines {
  readonly #most: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** A line of more bytes than `most` is refused. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The lines that end in `chunk`, without empty ones. Throws `too-large`. */
  push(chunk: Buffer): readonly string[] {
    const lines: string[] = [];
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, to));
      const line = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
      if (line !== undefined && line.length > 0) lines.push(line.toString());
      this.#parts = [];
      this.#bytes = 0;
      from = to + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
    return lines;
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#most) {
      throw new PlumbError('too-large', `an event of the watch has more than ${this.#most} bytes`);
    }
    this.#parts.push(part);
  }
}
