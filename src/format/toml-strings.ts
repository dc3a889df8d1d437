/** Long strings and comments of a TOML text, which its parser cannot take: it keeps what it reads on the stack. */
import { parse } from 'smol-toml';
import { formatLimits } from './format.ts';
import type { Excess } from './reading.ts';
import { tooDeep, tooManyPieces } from './reading.ts';

const long = 10_000;
const start = /["'#]/g;
const basicStop = /["\\\n]/g;
const punctuation = /[."'#=,{}[\]\n]/g;
/** What a key, a table, an element of a list or a comment stands at; a name that is written here has two, `=` and the `[` of its table. */
const maxPieces = 10 * formatLimits.names;
const opening: ReadonlySet<string | undefined> = new Set(['=', ',', '[', '{', '#']);
/** What parts of keys stand between; as many as all names have, each with all levels of its own. */
const maxStops = formatLimits.names * formatLimits.depth;
const multiLineStop = /"""|\\/g;

/** A text of the same length in which no token is long, and what was there. */
export interface Shortened {
  readonly text: string;
  /** By their offsets. */
  readonly strings: ReadonlyMap<number, LongString>;
}

interface LongString {
  readonly end: number;
  /** `undefined`: it is none. */
  readonly decode: () => string | undefined;
}

/** Everything keeps its offset. A text with a string that is not closed is left as it is from there on. */
export function shorten(text: string): Shortened {
  const pieces: string[] = [];
  const strings = new Map<number, LongString>();
  let done = 0;
  for (let at = next(start, text, 0); at !== undefined; ) {
    const end = text[at] === '#' ? lineEnd(text, at) : stringEnd(text, at);
    if (end === undefined) break;
    if (end - at > long) {
      const source = text.slice(at, end);
      const isString = text[at] !== '#';
      if (isString) strings.set(at, { end, decode: () => decode(source) });
      pieces.push(text.slice(done, at), (isString ? '""' : '').padEnd(end - at, ' '));
      done = end;
    }
    at = next(start, text, end);
  }
  return pieces.length === 0 ? { text, strings } : { text: pieces.join('') + text.slice(done), strings };
}

/**
 * A key with more parts than levels, where it begins: the parser takes room in proportion to the square of them. Or more
 * pieces than it can take. What stands behind a string that is not closed is never read.
 */
export function excessIn(text: string): Excess | undefined {
  let [begin, stops, allStops, pieces] = [0, 0, 0, 0];
  for (let at = next(punctuation, text, 0); at !== undefined; ) {
    let behind: number | undefined = at + 1;
    if (opening.has(text[at])) pieces += 1;
    if (text[at] === '.') [stops, allStops] = [stops + 1, allStops + 1];
    else if (text[at] === '"' || text[at] === "'") behind = stringEnd(text, at);
    else if (text[at] === '#') behind = lineEnd(text, at);
    else [begin, stops] = [behind, 0];
    if (stops >= formatLimits.depth) return tooDeep(begin + (/^[ \t\r]*/.exec(text.slice(begin, at))?.[0].length ?? 0));
    if (pieces > maxPieces) return tooManyPieces(at, maxPieces);
    if (allStops > maxStops) return tooManyPieces(at, maxStops);
    if (behind === undefined) return undefined;
    at = next(punctuation, text, behind);
  }
  return undefined;
}

function decode(source: string): string | undefined {
  try {
    const { a } = parse(`a = ${source}`);
    return typeof a === 'string' ? a : undefined;
  } catch {
    return undefined;
  }
}

function stringEnd(text: string, at: number): number | undefined {
  const quote = text[at] ?? '';
  if (text.startsWith(quote.repeat(3), at)) return multiLineEnd(text, at, quote);
  if (quote === "'") {
    const close = text.indexOf(quote, at + 1);
    return close < 0 || text.slice(at, close).includes('\n') ? undefined : close + 1;
  }
  for (let from = at + 1; ; ) {
    const stop = next(basicStop, text, from);
    if (stop === undefined || text[stop] === '\n') return undefined;
    if (text[stop] === '"') return stop + 1;
    from = stop + 2;
  }
}

/** Up to two quotes more belong to the value. */
function multiLineEnd(text: string, at: number, quote: string): number | undefined {
  let close = at + 3;
  for (;;) {
    const stop = quote === "'" ? text.indexOf("'''", close) : next(multiLineStop, text, close);
    if (stop === undefined || stop < 0) return undefined;
    if (text[stop] === '\\') close = stop + 2;
    else {
      let end = stop + 3;
      while (end < stop + 5 && text[end] === quote) end += 1;
      return end;
    }
  }
}

function lineEnd(text: string, at: number): number {
  const feed = text.indexOf('\n', at);
  return feed < 0 ? text.length : feed;
}

function next(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index;
}
