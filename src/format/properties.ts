/**
 * The text that `java.util.Properties` reads: `#` and `!` comments, `=`, `:` or blanks behind the name, a backslash at
 * the end of a line that goes on, and the escapes \t \n \r \f \uXXXX; behind any other character a backslash falls
 * away. What is written is plain ASCII, because Java reads such a file as ISO 8859-1 unless it is told otherwise.
 */
import type { Item, Read } from './reading.ts';
import { appendLines } from './edit.ts';
import type { Editable } from './edit.ts';
import { behind, lineFormat, readUnless } from './line-format.ts';
import { Reading } from './reading.ts';
import { textProblem } from './writing.ts';

const blanks = /[ \t\f]*/y;
const plainInName = /[^\\=: \t\f\r\n]*/y;
const plain = /[^\\\r\n]*/y;
const commentRest = /[^\r\n]*/y;
/** Java takes a lone carriage return for a line end too. */
const oneLineEnd = /\r\n|\r|\n/y;
const escape = /\\(?:(?:\r\n|\r|\n)[ \t\f]*|u([0-9A-Fa-f]{4})|([^]?))/g;
const meanings: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

interface Property extends Item {
  /** Nothing stands between name and value. */
  readonly bare: boolean;
}

function read(text: string, subject: string): Read<Property> {
  const reading = new Reading<Property>(text, subject, 'feed-or-return');
  for (let at = text.startsWith('\uFEFF') ? 1 : 0; at < text.length; ) {
    const first = behind(blanks, text, at);
    if (text[first] === '#' || text[first] === '!') at = behind(oneLineEnd, text, behind(commentRest, text, first));
    else if (/[\r\n]/.test(text[first] ?? '\n')) at = behind(oneLineEnd, text, first);
    else at = readProperty(text, { lineStart: at, nameAt: first }, reading);
  }
  return reading.finish();
}

interface Start {
  readonly lineStart: number;
  readonly nameAt: number;
}

/** Answers where the next line starts. */
function readProperty(text: string, { lineStart, nameAt }: Start, reading: Reading<Property>): number {
  const { end: nameEnd, solid } = skip(text, nameAt, plainInName);
  const valueAt = skipSeparator(text, nameEnd);
  const { end } = skip(text, valueAt, plain);
  const next = behind(oneLineEnd, text, end);
  const bare = valueAt === nameEnd;
  const place = { start: bare ? solid : valueAt, end, lineStart, lineEnd: next, bare };
  const name = unescape(text, { from: nameAt, to: nameEnd }, reading);
  const value = unescape(text, { from: valueAt, to: end }, reading);
  if (name === '') reading.report(nameAt, 'expected a name in front of = or :');
  else if (name !== null) reading.add({ name, value, nameAt, ...place });
  return next;
}

/** Over plain characters and escapes, lines that go on included; `solid` is behind the last that counts. */
function skip(text: string, from: number, pattern: RegExp): { readonly end: number; readonly solid: number } {
  let solid = from;
  for (let at = from; ; ) {
    const run = behind(pattern, text, at);
    if (run > at) solid = run;
    if (text[run] !== '\\') return { end: run, solid };
    const folded = behind(oneLineEnd, text, run + 1);
    at = folded > run + 1 ? behind(blanks, text, folded) : Math.min(run + 2, text.length);
    if (folded === run + 1 && at === run + 2) solid = at;
  }
}

/** Blanks, and one `=` or `:` among them. */
function skipSeparator(text: string, from: number): number {
  const at = skipBlanks(text, from);
  return text[at] === '=' || text[at] === ':' ? skipBlanks(text, at + 1) : at;
}

function skipBlanks(text: string, from: number): number {
  for (let at = from; ; ) {
    const run = behind(blanks, text, at);
    const folded = text[run] === '\\' ? behind(oneLineEnd, text, run + 1) : run;
    if (folded <= run + 1) return run;
    at = folded;
  }
}

/** `null`: a problem was reported. */
function unescape(
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
  reading: Reading<Property>,
): string | null {
  let wrong = false;
  const value = text
    .slice(from, to)
    .replace(escape, (found: string, code: string | undefined, one: string | undefined, at: number) => {
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      if (one === undefined) return '';
      if (one === 'u') {
        wrong = true;
        reading.report(from + at, String.raw`expected four hexadecimal digits behind \u`);
      }
      return meanings[one] ?? one;
    });
  return wrong ? null : value;
}

const spelled: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f', '\\': '\\\\' };

function escaped(text: string): string {
  return text.replace(/[\\\u0000-\u001f]|[^\u0000-\u007e]/g, (one) => {
    return spelled[one] ?? `\\u${one.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`;
  });
}

/** A blank in front would be left out, and behind a blank another separator would be taken for one. */
function encode(value: string): string {
  return escaped(value).replace(/^[ :=]/, '\\$&');
}

function problem(given: string, value: string): string | undefined {
  if (given === '' || !given.isWellFormed()) return 'is not a name of a properties file: expected Unicode text';
  return textProblem(value, 'nul');
}

/** A backslash at the end of the text would take the first new line for more of its own. */
function add(entries: readonly (readonly [string, string])[], to: Editable) {
  const end = to.text.length - (/(?:\r\n|\r|\n)$/.exec(to.text.slice(-2))?.[0].length ?? 0);
  let start = end;
  while (to.text[start - 1] === '\\') start -= 1;
  const open = (end - start) % 2 === 1;
  const lines = entries.map(([one, value]) => lineOf(one, encode(value)));
  return [appendLines(open ? ['', ...lines] : lines, to)];
}

function lineOf(given: string, encoded: string): string {
  return `${escaped(given).replace(/[ =:#!]/g, '\\$&')}=${encoded}`;
}

export const properties = lineFormat<Property>({
  brief: 'java.util.Properties text',
  extension: 'properties',
  what: 'a properties file',
  read: readUnless(read),
  problem,
  encode,
  value: (value, { bare }) => (bare ? '=' : '') + encode(value),
  add,
  line: lineOf,
});
