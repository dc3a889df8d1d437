/**
 * Assignments that a POSIX shell reads with `.`: `NAME=word` or `export NAME=word`, one a line, and comments. A word is
 * put together from plain characters, `\x`, `'…'` and `"…"` with `\$ \` \" \\`. Whatever a shell would compute or run
 * is refused with its place, and so is what shells do not agree about. A line ends with LF: to a shell, a carriage
 * return is a part of the word.
 */
import type { Read } from './reading.ts';
import { isDotenvName } from './dotenv-grammar.ts';
import { behind, lineFormat, readUnless } from './line-format.ts';
import { Reading } from './reading.ts';
import { textProblem } from './writing.ts';

const blanks = /[ \t]*/y;
const assignment = /(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=/y;
const plainRun = /[^\s\\'"$`;&|<>()*?[\]{}~!#]+|[!#]/y;
const singleRun = /'([^']*)'/y;
const doubleRun = /[^"\\$`]+/y;
const restOfLine = /[ \t]*(?:;[ \t]*)?(?:(?<=[ \t;])#[^\n]*)?(?=\n|$)/y;

/** What a character means to a shell, said where it stands outside quotes. */
const meanings: Readonly<Record<string, string>> = {
  $: 'the shell would put something in the place of $: put the word in single quotes',
  '`': 'the shell would run what is in backticks: put the word in single quotes',
  '~': 'the shell would put a folder in the place of ~: put the word in single quotes',
  '\r': 'a carriage return outside quotes would be a part of the word: end lines with LF',
};
const special = 'has a meaning to shells: put the word in single quotes';

interface Scanned {
  /** `null`: a problem was reported. */
  readonly value: string | null;
  readonly end: number;
}

function read(text: string, subject: string): Read {
  const reading = new Reading(text, subject);
  for (let at = text.startsWith('\uFEFF') ? 1 : 0; at < text.length; ) at = readLine(text, at, reading);
  if (text.startsWith('\uFEFF'))
    reading.report(1, 'a byte order mark, which a shell takes for a part of the first word');
  return reading.finish();
}

/** Answers where the next line starts. */
function readLine(text: string, lineStart: number, reading: Reading): number {
  const at = behindBlanks(text, lineStart);
  if (at === text.length || text[at] === '\n') return at + 1;
  if (text[at] === '#') return nextLine(text, at);
  assignment.lastIndex = at;
  const [found = '', name = ''] = assignment.exec(text) ?? [];
  if (found === '' || !isDotenvName(name)) {
    reading.report(at, 'expected NAME=word or export NAME=word');
    return nextLine(text, at);
  }
  const valueAt = at + found.length;
  const word = scanWord(text, valueAt, reading);
  const rest = word.value === null ? -1 : behindAll(text, word.end);
  if (word.value !== null && rest < 0) reading.report(word.end, 'expected the end of the line: one assignment a line');
  // After a mistake, reading goes on with the next line.
  const good = rest >= 0;
  const end = good ? word.end : lineEnd(text, Math.max(word.end, valueAt));
  const next = good ? rest + 1 : end + 1;
  const nameAt = valueAt - name.length - 1;
  const place = { start: valueAt, end, lineStart, lineEnd: Math.min(next, text.length) };
  reading.add({ name, value: good ? word.value : null, nameAt, ...place });
  return next;
}

/** Blanks, and line ends that a backslash takes away. */
function behindBlanks(text: string, from: number): number {
  for (let at = from; ; at += 2) {
    at = behind(blanks, text, at);
    if (!text.startsWith('\\\n', at)) return at;
  }
}

function nextLine(text: string, at: number): number {
  return lineEnd(text, at) + 1;
}

function lineEnd(text: string, at: number): number {
  const feed = text.indexOf('\n', at);
  return feed < 0 ? text.length : feed;
}

/** Where the line ends when nothing but blanks, a semicolon and a comment follow; otherwise -1. */
function behindAll(text: string, at: number): number {
  restOfLine.lastIndex = at;
  return restOfLine.test(text) ? restOfLine.lastIndex : -1;
}

function scanWord(text: string, at: number, reading: Reading): Scanned {
  const pieces: string[] = [];
  for (let next = at; ; ) {
    const piece = scanPiece(text, next, reading);
    if (piece === undefined) return { value: pieces.join(''), end: next };
    if (piece.value === null) return piece;
    pieces.push(piece.value);
    next = piece.end;
  }
}

/** `undefined`: the word ends here. */
function scanPiece(text: string, at: number, reading: Reading): Scanned | undefined {
  const first = text[at];
  if (first === undefined || first === '\n' || first === ' ' || first === '\t' || first === ';') return undefined;
  if (first === "'") return scanSingle(text, at, reading);
  if (first === '"') return scanDouble(text, at, reading);
  if (first === '\\') return scanEscape(text, at, reading);
  const end = behind(plainRun, text, at);
  if (end > at) return { value: text.slice(at, end), end };
  reading.report(at, meanings[first] ?? `${/\s/.test(first) ? 'this blank' : first} ${special}`);
  return { value: null, end: at };
}

function scanEscape(text: string, at: number, reading: Reading): Scanned {
  const escaped = text[at + 1];
  if (escaped === '\n') return { value: '', end: at + 2 };
  if (escaped !== undefined && escaped !== '\r') return { value: escaped, end: at + 2 };
  reading.report(at, 'nothing behind the backslash');
  return { value: null, end: at };
}

function scanSingle(text: string, at: number, reading: Reading): Scanned {
  singleRun.lastIndex = at;
  const inside = singleRun.exec(text)?.[1];
  if (inside !== undefined) return { value: inside, end: singleRun.lastIndex };
  reading.report(at, "the quote ' is not closed");
  return { value: null, end: at };
}

function scanDouble(text: string, at: number, reading: Reading): Scanned {
  const pieces: string[] = [];
  for (let next = at + 1; ; ) {
    const end = behind(doubleRun, text, next);
    pieces.push(text.slice(next, end));
    const stop = text[end];
    if (stop === '"') return { value: pieces.join(''), end: end + 1 };
    if (stop !== '\\') {
      reading.report(stop === undefined ? at : end, meanings[stop ?? ''] ?? 'the quote " is not closed');
      return { value: null, end: stop === undefined ? at : end };
    }
    const escaped = text[end + 1] ?? '';
    if (escaped !== '\n') pieces.push(/[$`"\\]/.test(escaped) ? escaped : `\\${escaped}`);
    next = end + 1 + escaped.length;
  }
}

function problem(name: string, value: string): string | undefined {
  return isDotenvName(name)
    ? textProblem(value)
    : 'is not a name of a shell: letters, digits and _ that start without a digit';
}

export const shell = lineFormat({
  brief: "lines for a POSIX shell to read with the dot: export NAME='value'",
  extension: 'sh',
  what: 'a file of shell assignments',
  read: readUnless(read),
  problem,
  encode: (value) => `'${value.replaceAll("'", String.raw`'\''`)}'`,
  onlyEol: '\n',
  line: (name, encoded) => `export ${name}=${encoded}`,
});
