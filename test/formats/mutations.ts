/** Texts to try a parser with: pieces of real ones, put together wrongly. Everything follows from a seed. */
import { lineEnds, pairs, tokens } from './tokens.ts';

/** Numbers below a bound. */
export type Numbers = (bound: number) => number;

/** Always the same ones for a seed (mulberry32). */
export function numbers(seed: number): Numbers {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** Below this length stays what is not grown on purpose. */
const ordinary = 20_000;
const grown = 200_000;

type Span = readonly [from: number, to: number];

/** A place in a text, its end among them. */
const place = (text: string, next: Numbers): number => next(text.length + 1);

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** A stretch of a text, most often a short one. */
function stretch(text: string, next: Numbers): Span {
  const from = place(text, next);
  const length = [8, 8, 60, 400][next(4)] ?? 8;
  return [from, Math.min(text.length, from + next(length))];
}

/** One to three whole lines with their ends. */
function lines(text: string, next: Numbers): Span {
  const from = lineStart(text, place(text, next));
  let to = from;
  for (let count = 1 + next(3); count > 0 && to < text.length; count -= 1) {
    const feed = text.indexOf('\n', to);
    to = feed < 0 ? text.length : feed + 1;
  }
  return [from, to];
}

const cut = (text: string, [from, to]: Span): string => text.slice(from, to);

function replaced(text: string, [from, to]: Span, piece: string): string {
  return text.slice(0, from) + piece + text.slice(to);
}

function inserted(text: string, at: number, piece: string): string {
  return replaced(text, [at, at], piece);
}

function oneOf<T>(of: readonly T[], next: Numbers, otherwise: T): T {
  return of[next(of.length)] ?? otherwise;
}

const token = (next: Numbers): string => oneOf(tokens, next, '');

type Change = (text: string, next: Numbers, pick: () => string) => string;

const changes: readonly Change[] = [
  // Gone, doubled, or in another place.
  (text, next) => replaced(text, stretch(text, next), ''),
  (text, next) => replaced(text, lines(text, next), ''),
  (text, next) => {
    const span = stretch(text, next);
    return replaced(text, span, cut(text, span).repeat(2 + next(3)));
  },
  (text, next) => inserted(text, lineStart(text, place(text, next)), cut(text, lines(text, next))),
  // The end, or the beginning, is missing.
  (text, next) => text.slice(0, place(text, next)),
  (text, next) => text.slice(place(text, next)),
  // From elsewhere: a piece, lines, the second half.
  (text, next, pick) => {
    const other = pick();
    return replaced(text, stretch(text, next), cut(other, stretch(other, next)));
  },
  (text, next, pick) => {
    const other = pick();
    return inserted(text, lineStart(text, place(text, next)), cut(other, lines(other, next)));
  },
  (text, next, pick) => {
    const other = pick();
    return text.slice(0, place(text, next)) + other.slice(place(other, next));
  },
  // What means something, once or again and again.
  (text, next) => inserted(text, place(text, next), token(next)),
  (text, next) => replaced(text, stretch(text, next), token(next)),
  (text, next) => replaced(text, stretch(text, next), token(next) + token(next) + token(next)),
  (text, next) => replaced(text, stretch(text, next), token(next).repeat(1 + next(20))),
  // One character: any, or one with another bit.
  (text, next) => replaced(text, stretch(text, next), String.fromCharCode(next(next(2) === 0 ? 128 : 65_536))),
  (text, next) => {
    const at = place(text, next);
    const bit = next(next(4) === 0 ? 16 : 7);
    return replaced(text, [at, at + 1], String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)));
  },
  // Another line end, in one place or everywhere.
  (text, next) => {
    const at = text.indexOf('\n', place(text, next));
    return at < 0 ? text : replaced(text, [at, at + 1], oneOf(lineEnds, next, '\n'));
  },
  (text, next) => text.replaceAll(/\r?\n/g, oneOf(lineEnds, next, '\n')),
];

/** Seldom, since they leave little of the text as it was: depth, length, and nothing but noise. */
const violent: readonly Change[] = [
  (text, next) => {
    const [open, close] = oneOf(pairs, next, ['{', '}']);
    const depth = 1 + next(next(3) === 0 ? 2000 : 50);
    const closed = next(2) === 0 ? depth : next(depth + 1);
    return inserted(text, place(text, next), open.repeat(depth) + token(next) + close.repeat(closed));
  },
  (text, next) => inserted(text, place(text, next), (text[place(text, next)] ?? ' ').repeat(next(5000))),
  (text, next) => {
    const span = lines(text, next);
    return replaced(text, span, cut(text, span).repeat(1 + next(100)));
  },
  (text, next) => text + cut(text, stretch(text, next)).repeat(1 + next(500)),
  (_, next) => Array.from({ length: next(30) }, () => token(next)).join(''),
];

/** One to eight changes of a text. Of one in three hundred, a piece stands there until the text is long. */
export function mutated(texts: readonly string[], next: Numbers): string {
  const pick = (): string => oneOf(texts, next, '');
  let text = pick();
  for (let count = 1 + next(8); count > 0; count -= 1) {
    const change = oneOf(next(20) === 0 ? violent : changes, next, (same) => same);
    text = change(text, next, pick).slice(0, ordinary);
  }
  if (next(300) > 0) return text;
  const span = stretch(text, next);
  const piece = cut(text, span);
  return piece === '' ? text : replaced(text, span, piece.repeat(Math.ceil(next(grown) / piece.length)));
}
