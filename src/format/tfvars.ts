/**
 * Variable values of Terraform and OpenTofu, in the HCL syntax: `name = "…"` and comments. Strings have the escapes
 * \n \r \t \" \\ \uNNNN \UNNNNNNNN, and `$${` and `%%{` for what would start an expression; heredocs are read too,
 * and numbers and booleans as their text. Lists, maps and expressions are refused with their place. Terraform takes all
 * text in the normal form C of Unicode, so another text is read so, and cannot be written.
 */
import type { Read } from './reading.ts';
import type { Scanned } from './tfvars-values.ts';
import { behind, lineFormat, readUnless } from './line-format.ts';
import { Reading } from './reading.ts';
import { scanValue } from './tfvars-values.ts';
import { textProblem } from './writing.ts';

const blanks = /[ \t]*/y;
const identifier = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const wholeIdentifier = /^[\p{ID_Start}_][\p{ID_Continue}-]*$/u;
const lineRest = /[^\n]*/y;

function read(text: string, subject: string): Read {
  const reading = new Reading(text, subject);
  for (let at = text.startsWith('\uFEFF') ? 1 : 0; at < text.length; ) at = readLine(text, at, reading);
  return reading.finish();
}

/** Answers where the next line starts. */
function readLine(text: string, lineStart: number, reading: Reading): number {
  const at = behindComments(text, lineStart, reading);
  if (isLineEnd(text, at)) return nextLine(text, at);
  const nameEnd = behind(identifier, text, at);
  const equals = behind(blanks, text, nameEnd);
  if (nameEnd === at || text[equals] !== '=' || text[equals + 1] === '=') {
    reading.report(at, 'expected name = "value"');
    return nextLine(text, at);
  }
  const valueAt = behind(blanks, text, equals + 1);
  const scanned = scanValue(text, valueAt, reading);
  const { value, end } = behindValue(text, scanned, reading);
  const next = nextLine(text, behindComments(text, end, reading, 'quiet'));
  const name = text.slice(at, nameEnd);
  // A comment that began on a line before stays when the name goes.
  const own = text.slice(lineStart, at).includes('\n') ? at : lineStart;
  reading.add({ name, value, nameAt: at, start: valueAt, end, lineStart: own, lineEnd: next });
  return next;
}

/** Nothing but a comment may stand behind a value. */
function behindValue(text: string, scanned: Scanned, reading: Reading): Scanned {
  const rest = behindComments(text, scanned.end, reading);
  if (isLineEnd(text, rest)) return scanned;
  if (scanned.value !== null) reading.report(rest, 'expected the end of the line');
  const end = behind(lineRest, text, rest);
  return { value: null, end: text[end - 1] === '\r' ? end - 1 : end };
}

/** Over blanks and comments up to the end of a line; one in `/* … *\/` may go on into others. */
function behindComments(text: string, from: number, reading: Reading, how?: 'quiet'): number {
  for (let at = from; ; ) {
    at = behind(blanks, text, at);
    if (text[at] === '#' || text.startsWith('//', at)) return endOfLine(text, at);
    if (!text.startsWith('/*', at)) return at;
    const close = text.indexOf('*/', at + 2);
    if (close < 0 && how === undefined) reading.report(at, 'the comment is not closed');
    if (close < 0) return text.length;
    at = close + 2;
  }
}

function isLineEnd(text: string, at: number): boolean {
  return at >= text.length || text[at] === '\n' || text.startsWith('\r\n', at);
}

function endOfLine(text: string, at: number): number {
  const feed = text.indexOf('\n', at);
  return feed < 0 ? text.length : feed;
}

function nextLine(text: string, at: number): number {
  return Math.min(endOfLine(text, at) + 1, text.length);
}

const spelled: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

function encode(value: string): string {
  const escaped = value
    .replace(
      /[\u0000-\u001f"\\\u007f]/g,
      (one) => spelled[one] ?? `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    .replace(/[$%](?=\{)/g, '$&$&');
  return `"${escaped}"`;
}

function problem(name: string, value: string): string | undefined {
  if (!wholeIdentifier.test(name)) return 'is not a name of a variable: letters, digits, _ and -, a letter or _ first';
  const wrong = textProblem(value, 'nul');
  if (wrong !== undefined) return wrong;
  return value === value.normalize('NFC')
    ? undefined
    : 'has a value that is not in the normal form C of Unicode, to which Terraform would change it';
}

export const tfvars = lineFormat({
  brief: 'variable values of Terraform: name = "value"',
  extension: 'tfvars',
  what: 'a file of Terraform variables',
  read: readUnless(read),
  problem,
  encode,
  line: (name, encoded) => `${name} = ${encoded}`,
});
