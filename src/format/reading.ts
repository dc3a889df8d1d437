import type { Diagnostic } from '#domain/errors';
import type { ParsedEntry } from './format.ts';
import { formatLimits } from './format.ts';

/** Where a name and its value stand in a text; offsets are UTF-16 code units, a byte order mark counted. */
export interface Item extends ParsedEntry {
  /** What a new value takes the place of: the present one with its quotes, the whole rest of a damaged one. */
  readonly start: number;
  readonly end: number;
  /** What goes with the name: all its lines, line end included. */
  readonly lineStart: number;
  readonly lineEnd: number;
}

/** An item before its place is known: `nameAt` is the offset of the name. */
export type Found<I extends Item = Item> = Omit<I, 'line' | 'column'> & { readonly nameAt: number };

export interface Read<I extends Item = Item> {
  readonly items: readonly I[];
  readonly diagnostics: readonly Diagnostic[];
}

/** How many problems of one file are listed. */
const maxListed = 100;

/** What ends a line: a line feed, or a lone carriage return too. */
export type LineEnds = 'feed' | 'feed-or-return';

/** Line and column of offsets in one text. */
export class Places {
  readonly #starts: number[];

  constructor(text: string, ends: LineEnds = 'feed') {
    this.#starts = [text.startsWith('\uFEFF') ? 1 : 0];
    for (let feed = text.indexOf('\n'); feed >= 0; feed = text.indexOf('\n', feed + 1)) this.#starts.push(feed + 1);
    if (ends === 'feed' || !text.includes('\r')) return;
    for (let at = text.indexOf('\r'); at >= 0; at = text.indexOf('\r', at + 1)) {
      if (text[at + 1] !== '\n') this.#starts.push(at + 1);
    }
    this.#starts.sort((a, b) => a - b);
  }

  of(offset: number): { readonly line: number; readonly column: number } {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: Math.max(offset - (this.#starts[low] ?? 0), 0) + 1 };
  }
}

/**
 * What a parser finds in one text: items, and problems with their places. It holds the limits and tells names that
 * stand twice, so that all formats say these things alike.
 */
export class Reading<I extends Item = Item> {
  readonly #subject: string;
  readonly #places: Places;
  readonly #items: I[] = [];
  readonly #problems: { readonly at: number; readonly message: string }[] = [];
  /** Name → line of its first item. */
  readonly #seen = new Map<string, number>();
  #more = 0;

  constructor(text: string, subject: string, ends?: LineEnds) {
    this.#subject = subject;
    this.#places = new Places(text, ends);
  }

  report(at: number, message: string): void {
    // Only so many are kept: the first ones of a text are found first, but for a few that come later.
    if (this.#problems.length < 2 * maxListed) this.#problems.push({ at, message });
    else this.#more += 1;
  }

  line(at: number): number {
    return this.#places.of(at).line;
  }

  /** A value above the limits, or one that is not Unicode text, is `null` and a problem. */
  add(found: Found<I>): void {
    const { nameAt, ...item } = found;
    const place = this.#places.of(nameAt);
    const wrong = item.value === null ? undefined : valueProblem(item.value);
    if (wrong !== undefined) this.report(nameAt, `the value ${wrong}`);
    this.#items.push({ ...item, ...(wrong === undefined ? {} : { value: null }), ...place } as unknown as I);
    const first = this.#seen.get(item.name);
    if (first === undefined) this.#seen.set(item.name, place.line);
    else this.report(nameAt, `${shown(item.name)} is set twice, first on line ${first}`);
    if (this.#items.length === formatLimits.names + 1) {
      this.report(nameAt, `more than ${formatLimits.names} names in one file`);
    }
  }

  finish(): Read<I> {
    const subject = this.#subject;
    const listed = this.#problems.toSorted((a, b) => a.at - b.at).slice(0, maxListed);
    const diagnostics: Diagnostic[] = listed.map(({ at, message }) => ({ message, subject, ...this.#places.of(at) }));
    const more = this.#problems.length - listed.length + this.#more;
    if (more > 0) diagnostics.push({ message: `and ${more} more problems`, subject });
    return { items: this.#items, diagnostics };
  }
}

/** A name in a message: as it is, or as JSON where it has other characters than names usually have; shortened. */
export function shown(name: string): string {
  const text = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return /^[\w./:-]+…?$/.test(text) ? text : JSON.stringify(text);
}

/** Why no format carries this value (`is larger than …`), or `undefined`. */
export function valueProblem(value: string): string | undefined {
  if (!value.isWellFormed()) return 'is not valid Unicode';
  return isLarger(value, formatLimits.value) ? `is larger than ${formatLimits.value} bytes` : undefined;
}

/** The diagnostics of a text that is too large to be read, or that has NUL characters; `undefined`: read on. */
export function refuseText(text: string, subject: string): readonly Diagnostic[] | undefined {
  if (isLarger(text, formatLimits.file)) {
    return [{ message: `the file is larger than ${formatLimits.file} bytes`, subject, line: 1, column: 1 }];
  }
  if (!text.includes('\0')) return undefined;
  const reading = new Reading(text, subject);
  for (const { index } of text.matchAll(/\0/g)) reading.report(index, 'a NUL character is not allowed');
  return reading.finish().diagnostics;
}

/** Why a text is refused before a parser makes a tree of it, which takes up to 2 KB for a name of two characters. */
export interface Excess {
  readonly at: number;
  readonly message: string;
}

export function tooDeep(at: number): Excess {
  return { at, message: `more than ${formatLimits.depth} levels` };
}

/** `most` is the limit. */
export function tooManyPieces(at: number, most: number): Excess {
  return { at, message: `more than ${most} keys, values, brackets and the like in one file` };
}

/** In UTF-8, measured only where it can matter. */
function isLarger(text: string, bytes: number): boolean {
  if (text.length * 3 <= bytes) return false;
  return text.length > bytes || new TextEncoder().encode(text).length > bytes;
}
