/** A look through a JSON text before its parser takes it: nothing is put together, and nothing kept of what it passes. */
import { formatLimits } from './format.ts';
import type { Excess } from './reading.ts';
import { tooDeep, tooManyPieces } from './reading.ts';

/** Commas and opening brackets: as many as all names have, each with all levels of its own. */
const maxPieces = formatLimits.names * formatLimits.depth;
/** So many blanks are not given to the parser. */
const long = 1000;

const blanks = /[ \t]+/g;
const lineEnd = /[\n\r]/g;
const commentEnd = /\*\//g;

export interface Look {
  /**
   * Where the parser would be given more levels, of which it makes calls, or more pieces than it can take, before it comes to a
   * mistake: nothing else is said then.
   */
  readonly excess?: Excess;
  /** Where the first comment begins. */
  readonly comment: number | undefined;
  /**
   * The text, of the same length, with comments in the place of long runs of blanks: the parser puts together a blank character by
   * character, which takes 32 bytes for each, and passes over a comment.
   */
  readonly spaced: string;
}

export function lookThrough(text: string): Look {
  const pieces: string[] = [];
  let comment: number | undefined;
  let [done, depth, count] = [0, 0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === ' ' || character === '\t') {
      const start = at;
      at = behind(blanks, text, at) - 1;
      if (at - start >= long) {
        // The first stays: with a slash in front of it the comment would be another one.
        pieces.push(text.slice(done, start + 1), `/*${' '.repeat(at - start - 4)}*/`);
        done = at + 1;
      }
    } else if (character === '/' && (text[at + 1] === '/' || text[at + 1] === '*')) {
      comment ??= at;
      at = behind(text[at + 1] === '/' ? lineEnd : commentEnd, text, at + 2) - 1;
    } else if (character === '}' || character === ']') depth -= 1;
    else if (character === '{' || character === '[' || character === ',') {
      count += 1;
      if (character !== ',') depth += 1;
      const excess =
        count > maxPieces ? tooManyPieces(at, maxPieces) : depth > formatLimits.depth ? tooDeep(at) : undefined;
      if (excess !== undefined) return { excess, comment, spaced: text };
    }
  }
  return { comment, spaced: pieces.length === 0 ? text : pieces.join('') + text.slice(done) };
}

/** Of the closing quote, or of the end of its line where it has none. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let character = text[at]; character !== '"' && character !== '\n' && character !== '\r'; character = text[at]) {
    if (character === undefined) return text.length;
    at += character === '\\' ? 2 : 1;
  }
  return at;
}

/** Where what the pattern finds from there ends; the end of the text: nothing. */
function behind(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : text.length;
}
