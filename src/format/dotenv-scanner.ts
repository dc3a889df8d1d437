import type { Diagnostic } from '#domain/errors';
import type { DotenvAssignment, DotenvComment, DotenvFile } from './dotenv-grammar.ts';
import { dotenvLimits, isDotenvName, maxDiagnostics } from './dotenv-grammar.ts';
import { blanksBefore } from './edit.ts';

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  '"': '"',
  $: '$',
  '`': '`',
};

/** A value and where it ended; `undefined` value: a diagnostic was made, go on behind `end`. */
interface Scanned {
  readonly value: string | undefined;
  readonly end: number;
}

/** One pass over one text. After a mistake it goes on with the next line, so that all of them are found. */
export class DotenvScanner {
  readonly #text: string;
  readonly #subject: string;
  readonly #assignments: DotenvAssignment[] = [];
  readonly #comments: DotenvComment[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  #problems = 0;
  /** Name → line of its first assignment. */
  readonly #seen = new Map<string, number>();
  #at: number;
  #line = 1;
  #lineStart: number;

  constructor(text: string, subject: string) {
    this.#text = text;
    this.#subject = subject;
    this.#at = text.startsWith('\uFEFF') ? 1 : 0;
    this.#lineStart = this.#at;
  }

  scan(): DotenvFile {
    if (this.#tooLarge()) this.#report(this.#at, `the file is larger than ${dotenvLimits.file} bytes`);
    else {
      this.#reportForbiddenCharacters();
      while (this.#at < this.#text.length) this.#scanLine();
    }
    return { assignments: this.#assignments, comments: this.#comments, diagnostics: this.#listProblems() };
  }

  #listProblems(): Diagnostic[] {
    const byPlace = (a: Diagnostic, b: Diagnostic): number =>
      (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
    const listed = this.#diagnostics.toSorted(byPlace).slice(0, maxDiagnostics);
    const more = this.#problems - listed.length;
    return more > 0 ? [...listed, { message: `and ${more} more problems`, subject: this.#subject }] : listed;
  }

  #tooLarge(): boolean {
    const { length } = this.#text;
    if (length * 3 <= dotenvLimits.file) return false;
    return length > dotenvLimits.file || new TextEncoder().encode(this.#text).length > dotenvLimits.file;
  }

  /** NUL and a carriage return without a line feed are refused wherever they stand. */
  #reportForbiddenCharacters(): void {
    if (!/\0|\r(?!\n)/.test(this.#text)) return;
    let line = 1;
    let lineStart = this.#at;
    for (const { 0: found, index } of this.#text.matchAll(/\0|\r(?!\n)|\n/g)) {
      if (this.#problems > maxDiagnostics) return;
      if (found === '\n') {
        line += 1;
        lineStart = index + 1;
      } else {
        const what = found === '\0' ? 'a NUL character' : 'a carriage return without a line feed';
        this.#reportAt(line, index - lineStart + 1, `${what} is not allowed`);
      }
    }
  }

  #scanLine(): void {
    const start = this.#skipBlanks(this.#at);
    const lineEnd = this.#endOfLine(start);
    if (start === lineEnd) this.#nextLine(lineEnd);
    else if (this.#text[start] === '#') this.#scanComment(start, lineEnd);
    else this.#scanAssignment(start, lineEnd);
  }

  #scanComment(start: number, lineEnd: number): void {
    const place = { lineStart: this.#lineStart, line: this.#line };
    const text = this.#text.slice(start, lineEnd).trimEnd();
    this.#nextLine(lineEnd);
    this.#comments.push({ text, ...place, lineEnd: this.#at });
  }

  #scanAssignment(start: number, lineEnd: number): void {
    const { lineStart, line } = this.#place();
    const equals = start + this.#text.slice(start, lineEnd).indexOf('=');
    if (equals < start) {
      this.#report(start, 'expected NAME=value');
      this.#nextLine(lineEnd);
      return;
    }
    const left = this.#text.slice(start, equals);
    const exported = /^export[ \t]+(?=[^ \t])/.exec(left)?.[0].length ?? 0;
    const nameAt = start + exported;
    const name = withoutBlanks(left.slice(exported));
    const named = this.#checkName(name, nameAt);
    const { value, end } = this.#scanValue(this.#skipBlanks(equals + 1));
    const column = nameAt - lineStart + 1;
    this.#nextLine(this.#endOfLine(end));
    if (!named || value === undefined) return;
    this.#assignments.push({ name, value, start, end, lineStart, lineEnd: this.#at, line, column });
    if (this.#assignments.length === dotenvLimits.names + 1) {
      this.#reportAt(line, column, `more than ${dotenvLimits.names} names in one file`);
    }
  }

  #place(): { lineStart: number; line: number } {
    return { lineStart: this.#lineStart, line: this.#line };
  }

  #checkName(name: string, at: number): boolean {
    if (!isDotenvName(name)) {
      this.#report(
        at,
        `expected a name of 1 to ${dotenvLimits.name} letters, digits and _ that starts without a digit`,
      );
      return false;
    }
    const first = this.#seen.get(name);
    if (first === undefined) this.#seen.set(name, this.#line);
    else this.#report(at, `${name} is set twice, first on line ${first}`);
    return true;
  }

  #scanValue(at: number): Scanned {
    const first = this.#text[at];
    if (first === "'") return this.#finishQuoted(at, this.#scanSingle(at));
    if (first === '"') return this.#finishQuoted(at, this.#scanDouble(at));
    if (first === '`') {
      this.#report(at, 'a value that starts with a backtick must be in quotes: readers disagree about it');
      return { value: undefined, end: at };
    }
    return this.#scanPlain(at);
  }

  #scanPlain(at: number): Scanned {
    const line = this.#text.slice(at, this.#endOfLine(at));
    const comment =
      at > this.#lineStart && /[ \t]/.test(this.#text[at - 1] ?? '') && line.startsWith('#')
        ? 0
        : line.search(/[ \t]#/);
    const value = withoutBlanks(comment < 0 ? line : line.slice(0, comment));
    return this.#checkValue(at, value, at + value.length);
  }

  #scanSingle(at: number): Scanned | null {
    const close = this.#text.indexOf("'", at + 1);
    if (close < 0) return null;
    return { value: this.#text.slice(at + 1, close).replaceAll('\r\n', '\n'), end: close + 1 };
  }

  #scanDouble(at: number): Scanned | null {
    const pieces: string[] = [];
    const stop = /["\\]/g;
    const problems: (readonly [at: number, message: string])[] = [];
    for (let from = at + 1; ; ) {
      stop.lastIndex = from;
      const found = stop.exec(this.#text)?.index;
      if (found === undefined) return null;
      pieces.push(this.#text.slice(from, found).replaceAll('\r\n', '\n'));
      if (this.#text[found] === '"') {
        for (const problem of problems) this.#reportInside(at, ...problem);
        return { value: problems.length > 0 ? undefined : pieces.join(''), end: found + 1 };
      }
      const escaped = this.#text[found + 1] ?? '';
      const meaning = escapes[escaped];
      if (meaning === undefined)
        problems.push([
          found,
          'unknown escape, expected one of \\n \\r \\t \\\\ \\" \\$ \\`; single quotes take a backslash as it is',
        ]);
      else pieces.push(meaning);
      from = found + 2;
    }
  }

  /** Behind a closing quote only blanks and a comment may stand on the line. */
  #finishQuoted(at: number, scanned: Scanned | null): Scanned {
    if (scanned === null) {
      this.#report(at, `the quote ${this.#text[at]} is not closed`);
      return { value: undefined, end: at };
    }
    const { value, end } = scanned;
    const rest = this.#text.slice(end, this.#endOfLine(end));
    if (!/^[ \t]*$|^[ \t]+#/.test(rest)) {
      this.#reportInside(at, end, 'unexpected text behind the closing quote; a comment needs a blank before its #');
      return { value: undefined, end };
    }
    return value === undefined ? scanned : this.#checkValue(at, value, end);
  }

  #checkValue(at: number, value: string, end: number): Scanned {
    const large = value.length * 3 > dotenvLimits.value && new TextEncoder().encode(value).length > dotenvLimits.value;
    if (large) this.#report(at, `the value is larger than ${dotenvLimits.value} bytes`);
    return { value: large ? undefined : value, end };
  }

  #skipBlanks(at: number): number {
    let next = at;
    while (this.#text[next] === ' ' || this.#text[next] === '\t') next += 1;
    return next;
  }

  /** The index of the line's end: of its CRLF or LF, or the text's length. */
  #endOfLine(from: number): number {
    const feed = this.#text.indexOf('\n', from);
    if (feed < 0) return this.#text.length;
    return feed > from && this.#text[feed - 1] === '\r' ? feed - 1 : feed;
  }

  /** Moves to the line behind `lineEnd`, counting the lines that a quoted value spanned. */
  #nextLine(lineEnd: number): void {
    for (;;) {
      const feed = this.#text.indexOf('\n', this.#lineStart);
      if (feed < 0) {
        this.#at = this.#text.length;
        this.#lineStart = this.#at;
        return;
      }
      this.#line += 1;
      this.#lineStart = feed + 1;
      if (feed >= lineEnd) break;
    }
    this.#at = this.#lineStart;
  }

  #report(at: number, message: string): void {
    this.#reportAt(this.#line, at - this.#lineStart + 1, message);
  }

  /** A problem at `at`, inside a value that began at `start` on the present line. */
  #reportInside(start: number, at: number, message: string): void {
    // Places are counted for those that can be listed only: a value may have any number.
    if (this.#problems >= 2 * maxDiagnostics) {
      this.#problems += 1;
      return;
    }
    let line = this.#line;
    let lineStart = this.#lineStart;
    for (
      let feed = this.#text.indexOf('\n', start);
      feed >= 0 && feed < at;
      feed = this.#text.indexOf('\n', lineStart)
    ) {
      line += 1;
      lineStart = feed + 1;
    }
    this.#reportAt(line, at - lineStart + 1, message);
  }

  #reportAt(line: number, column: number, message: string): void {
    this.#problems += 1;
    if (this.#problems > 2 * maxDiagnostics) return;
    this.#diagnostics.push({ message, subject: this.#subject, line, column });
  }
}

/** At the end. */
function withoutBlanks(text: string): string {
  return text.slice(0, blanksBefore(text, text.length));
}
