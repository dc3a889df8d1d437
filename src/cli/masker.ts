/**
 * Replaces values in a stream of bytes. All of them are searched for at once (Aho and Corasick, 1975), byte by
 * byte and across the borders of chunks and lines; what may be the beginning of a value is held back until it
 * is known, which is never more than the longest value.
 */
import { mask } from './style.ts';

/** Values shorter than this are left alone: they would be found everywhere. */
export const shortestMasked = 8;

const root = 0;

/** The automaton of a set of values; made once and used by every stream. */
export class MaskPatterns {
  /** Child lists instead of a table of 256 columns: a value may have 128 KiB. */
  readonly #firstChild: number[] = [0];
  readonly #sibling: number[] = [0];
  readonly #byte: number[] = [0];
  readonly #fallback: number[] = [root];
  readonly #depth: number[] = [0];
  /** Length of the longest value that ends in a state; 0: none does. */
  readonly #ends: number[] = [0];
  readonly #fromRoot = new Int32Array(256);

  /** Also takes each line of a value of several lines, since programs print those one by one. */
  constructor(values: Iterable<string>) {
    for (const value of values) {
      this.#add(Buffer.from(value));
      for (const line of value.split(/\r?\n/)) this.#add(Buffer.from(line));
    }
    this.#linkFallbacks();
  }

  /** The state after one more byte. */
  next(state: number, byte: number): number {
    for (let from = state; ; from = this.#fallback[from] ?? root) {
      const child = this.#child(from, byte);
      if (child !== root || from === root) return child;
    }
  }

  /** How many of the last bytes may be the beginning of a value. */
  depth(state: number): number {
    return this.#depth[state] ?? 0;
  }

  /** How many of the last bytes are a value; 0: none. */
  matched(state: number): number {
    return this.#ends[state] ?? 0;
  }

  #child(state: number, byte: number): number {
    if (state === root) return this.#fromRoot[byte] ?? root;
    let child = this.#firstChild[state] ?? root;
    while (child !== root && this.#byte[child] !== byte) child = this.#sibling[child] ?? root;
    return child;
  }

  #add(value: Uint8Array): void {
    if (value.length < shortestMasked) return;
    let state = root;
    for (const byte of value) state = this.#child(state, byte) || this.#grow(state, byte);
    this.#ends[state] = value.length;
  }

  #grow(parent: number, byte: number): number {
    const state = this.#byte.length;
    this.#byte.push(byte);
    this.#firstChild.push(root);
    this.#sibling.push(parent === root ? root : (this.#firstChild[parent] ?? root));
    this.#fallback.push(root);
    this.#depth.push((this.#depth[parent] ?? 0) + 1);
    this.#ends.push(0);
    if (parent === root) this.#fromRoot[byte] = state;
    else this.#firstChild[parent] = state;
    return state;
  }

  /** Level by level: where to go on when the next byte does not fit. */
  #linkFallbacks(): void {
    const queue = [...this.#fromRoot].filter((state) => state !== root);
    for (let at = 0; at < queue.length; at += 1) {
      const state = queue[at] ?? root;
      for (let child = this.#firstChild[state] ?? root; child !== root; child = this.#sibling[child] ?? root) {
        const fallback = this.next(this.#fallback[state] ?? root, this.#byte[child] ?? 0);
        this.#fallback[child] = fallback;
        this.#ends[child] = Math.max(this.#ends[child] ?? 0, this.#ends[fallback] ?? 0);
        queue.push(child);
      }
    }
  }
}

const maskBytes = Buffer.from(mask);

interface HiddenPart {
  from: number;
  to: number;
  /** Its mask stands in the output already; the rest of it is left out. */
  masked: boolean;
}

/** One stream: give it the chunks in order, then end it. */
export class MaskedStream {
  readonly #patterns: MaskPatterns;
  readonly #write: (bytes: Uint8Array) => void;
  #state = root;
  /** Bytes not yet written, from {@link #heldFrom} on. */
  #held: Uint8Array = new Uint8Array(0);
  #heldFrom = 0;
  /** Parts of the stream to hide, in order, apart from each other. */
  readonly #hidden: HiddenPart[] = [];

  constructor(patterns: MaskPatterns, write: (bytes: Uint8Array) => void) {
    this.#patterns = patterns;
    this.#write = write;
  }

  push(chunk: Uint8Array): void {
    let at = this.#heldFrom + this.#held.length;
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (const byte of chunk) {
      this.#state = this.#patterns.next(this.#state, byte);
      at += 1;
      const length = this.#patterns.matched(this.#state);
      if (length > 0) this.#hide(at - length, at);
    }
    this.#release(at - this.#patterns.depth(this.#state));
  }

  /** Writes what was held back. */
  end(): void {
    this.#state = root;
    this.#release(this.#heldFrom + this.#held.length);
  }

  /** Values that overlap are hidden as one. */
  #hide(from: number, to: number): void {
    const part = { from, to, masked: false };
    for (let last = this.#hidden.at(-1); last !== undefined && last.to > part.from; last = this.#hidden.at(-1)) {
      part.from = Math.min(part.from, last.from);
      part.masked ||= last.masked;
      this.#hidden.pop();
    }
    this.#hidden.push(part);
  }

  /** Writes everything before `until`, with a mask for each hidden part that begins there. */
  #release(until: number): void {
    let from = this.#heldFrom;
    while (from < until) {
      const next = this.#hidden[0];
      const plain = Math.min(until, next?.from ?? until);
      if (plain > from) this.#write(this.#slice(from, plain));
      from = plain;
      if (next === undefined || from === until) continue;
      if (!next.masked) this.#write(maskBytes);
      next.masked = true;
      from = Math.min(until, next.to);
      next.from = from;
      if (next.to <= until) this.#hidden.shift();
    }
    this.#held = this.#slice(from, this.#heldFrom + this.#held.length);
    this.#heldFrom = from;
  }

  #slice(from: number, to: number): Uint8Array {
    return this.#held.subarray(from - this.#heldFrom, to - this.#heldFrom);
  }
}
