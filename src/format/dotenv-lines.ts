import type { DotenvFile } from './dotenv-grammar.ts';
import { parseDotenv } from './dotenv.ts';

/** A place in a text that defines a name, or tries to. Offsets are UTF-16 code units into the text. */
export interface Line {
  /** `undefined`: not even a name can be told. */
  readonly name: string | undefined;
  /** `null`: damaged. */
  readonly value: string | null;
  /** `export` with the blanks behind it, or nothing. */
  readonly prefix: string;
  /** Of the first character of prefix or name, and behind the value; a comment behind it is not covered. */
  readonly start: number;
  readonly end: number;
  /** With everything on the lines it covers, line end included. */
  readonly lineStart: number;
  readonly lineEnd: number;
  /** 1-based. */
  readonly line: number;
}

const damagedAssignment = /^[ \t]*(export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=/;

/**
 * Every assignment, and every line that is neither assignment, comment nor blank: an unclosed quote, say.
 * In the order of the text. What the grammar refuses for another reason than its form (a name twice) is no damage here.
 */
export function linesOf(text: string, subject: string): readonly Line[] {
  return linesIn(text, parseDotenv(text, subject));
}

/** The same of a text that is parsed already. */
export function linesIn(text: string, { assignments, comments }: DotenvFile): readonly Line[] {
  const lines: Line[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  for (const one of [...assignments, ...comments].toSorted((a, b) => a.lineStart - b.lineStart)) {
    for (const damaged of damagedLines(text, { from: at, to: one.lineStart, line })) lines.push(damaged);
    if ('name' in one) lines.push({ ...one, prefix: /^export[ \t]+/.exec(text.slice(one.start, one.end))?.[0] ?? '' });
    line += countLines(text, at, one.lineEnd);
    at = one.lineEnd;
  }
  for (const damaged of damagedLines(text, { from: at, to: text.length, line })) lines.push(damaged);
  return lines;
}

function damagedLines(text: string, span: { from: number; to: number; line: number }): Line[] {
  const found: Line[] = [];
  let { line } = span;
  for (let start = span.from; start < span.to; line += 1) {
    const feed = text.indexOf('\n', start);
    const lineEnd = feed < 0 ? text.length : feed + 1;
    const content = text.slice(start, lineEnd).trimEnd();
    if (content !== '') {
      const [, prefix = '', name] = damagedAssignment.exec(content) ?? [];
      const place = { start, end: start + content.length, lineStart: start, lineEnd, line };
      found.push({ name, value: null, prefix, ...place });
    }
    start = lineEnd;
  }
  return found;
}

function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let feed = text.indexOf('\n', from); feed >= 0 && feed < to; feed = text.indexOf('\n', feed + 1)) count += 1;
  return count;
}
