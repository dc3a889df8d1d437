import type { Reading } from './reading.ts';
import { behind } from './line-format.ts';

/** A value and where it ended; `null`: a problem was reported. */
export interface Scanned {
  readonly value: string | null;
  readonly end: number;
}

const word = /[\w.+-]*/y;
const plainRun = /[^"\\$%\n\r]*/y;
const opening = /<<(-?)([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n/uy;
const bracketStop = /[[\]{}()"#]|\/\/|\/\*/g;
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };
const codeEscape = /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))/y;

/** A string, a heredoc, a number or a boolean; everything else is refused, and passed over where its end can be told. */
export function scanValue(text: string, at: number, reading: Reading): Scanned {
  if (text[at] === '"') return scanString(text, at, reading);
  if (text.startsWith('<<', at)) return scanHeredoc(text, at, reading);
  const end = behind(word, text, at);
  const found = text.slice(at, end);
  if (/^(true|false)$/.test(found) || isNumber(found)) return { value: found, end };
  reading.report(at, refusal(text[at], found));
  return { value: null, end: '[{('.includes(text[at] ?? ' ') ? behindBrackets(text, at) : end };
}

/** As Terraform would write it again, so that nobody can read another text out of it. */
function isNumber(found: string): boolean {
  return /^-?(0|[1-9]\d*)(\.\d*[1-9])?$/.test(found) && found !== '-0' && found.length < 100;
}

function refusal(first: string | undefined, found: string): string {
  if (first === '[' || first === '{') return 'a list or a map cannot be read, expected a string in double quotes';
  if (/^-?\d/.test(found)) return 'Terraform would write this number in another way: put it in double quotes';
  return 'expected a string in double quotes, a number, true or false';
}

/** Behind the bracket that closes the first; the end of the text where there is none. */
function behindBrackets(text: string, from: number): number {
  let depth = 0;
  bracketStop.lastIndex = from;
  for (let stop = bracketStop.exec(text); stop !== null; stop = bracketStop.exec(text)) {
    const [found] = stop;
    if (found === '"') bracketStop.lastIndex = behindQuote(text, stop.index);
    else if (found === '#' || found === '//') bracketStop.lastIndex = indexAfter(text, '\n', stop.index);
    else if (found === '/*') bracketStop.lastIndex = indexAfter(text, '*/', stop.index + 2);
    else depth += '[{('.includes(found) ? 1 : -1;
    if (depth === 0) return bracketStop.lastIndex;
  }
  return text.length;
}

function behindQuote(text: string, at: number): number {
  const stop = /["\n]|\\[^]/g;
  stop.lastIndex = at + 1;
  for (let found = stop.exec(text); found !== null; found = stop.exec(text)) {
    if (!found[0].startsWith('\\')) return stop.lastIndex;
  }
  return text.length;
}

function indexAfter(text: string, found: string, from: number): number {
  const at = text.indexOf(found, from);
  return at < 0 ? text.length : at + found.length;
}

function scanString(text: string, at: number, reading: Reading): Scanned {
  const pieces: string[] = [];
  let wrong = false;
  for (let next = at + 1; ; ) {
    const stop = behind(plainRun, text, next);
    pieces.push(text.slice(next, stop));
    if (text[stop] === '"') return { value: wrong ? null : pieces.join('').normalize('NFC'), end: stop + 1 };
    if (stop >= text.length || /[\r\n]/.test(text[stop] ?? '')) {
      reading.report(at, 'the quote " is not closed on its line');
      return { value: null, end: stop };
    }
    const piece = text[stop] === '\\' ? escapeAt(text, stop) : signAt(text, stop);
    if (piece.value === null) {
      reading.report(stop, piece.wrong);
      wrong = true;
    }
    pieces.push(piece.value ?? '');
    next = piece.end;
  }
}

type Piece = Scanned & { readonly wrong: string };

function escapeAt(text: string, at: number): Piece {
  const wrong = String.raw`unknown escape, expected one of \n \r \t \" \\ \uNNNN \UNNNNNNNN`;
  const simple = escapes[text[at + 1] ?? ''];
  if (simple !== undefined) return { value: simple, end: at + 2, wrong };
  codeEscape.lastIndex = at;
  const [found = '', short, long] = codeEscape.exec(text) ?? [];
  const code = Number.parseInt(short ?? long ?? '', 16);
  // Half of a pair is no character, not even beside its other half.
  const good = code <= 0x10_ff_ff && (code < 0xd8_00 || code > 0xdf_ff);
  const next = /[\r\n]/.test(text[at + 1] ?? '\n') ? at + 1 : at + 2;
  return good
    ? { value: String.fromCodePoint(code), end: at + found.length, wrong }
    : { value: null, end: next, wrong };
}

/** `$` or `%`: itself, itself doubled in front of a brace, or the start of an expression. */
function signAt(text: string, at: number): Piece {
  const sign = text[at] ?? '';
  const wrong = `an expression cannot be read; ${sign}${sign}{ stands for ${sign}{`;
  if (text.startsWith(`${sign}{`, at + 1)) return { value: `${sign}{`, end: at + 3, wrong };
  return text[at + 1] === '{' ? { value: null, end: at + 2, wrong } : { value: sign, end: at + 1, wrong };
}

/** Lines up to one with nothing but the marker, which must have its line end. */
function scanHeredoc(text: string, at: number, reading: Reading): Scanned {
  opening.lastIndex = at;
  const [found = '', flush = '', marker = ''] = opening.exec(text) ?? [];
  if (found === '') {
    reading.report(at, 'expected a marker and the end of the line behind <<');
    return { value: null, end: at + 2 };
  }
  const bodyAt = at + found.length;
  for (let line = bodyAt; ; ) {
    const feed = text.indexOf('\n', line);
    if (feed < 0) {
      reading.report(at, `the heredoc is not ended, expected a line with its marker`);
      return { value: null, end: text.length };
    }
    if (text.slice(line, feed).trim() === marker) {
      const body = text.slice(bodyAt, line);
      const value = heredocValue(flush === '' ? body : flushed(body), { at: bodyAt, reading });
      return { value, end: text[feed - 1] === '\r' ? feed - 1 : feed };
    }
    line = feed + 1;
  }
}

/** Without the blanks that all lines but blank ones start with. */
function flushed(body: string): string {
  const lines = body.split(/(?<=\n)/);
  const full = lines.filter((line) => line.trim() !== '');
  const indent = full.reduce((least, line) => Math.min(least, line.length - line.trimStart().length), body.length);
  return lines.map((line) => (line.trim() === '' ? line : line.slice(indent))).join('');
}

function heredocValue(
  body: string,
  { at, reading }: { readonly at: number; readonly reading: Reading },
): string | null {
  if (/(?<![$])\$\{|(?<!%)%\{/.test(body)) {
    reading.report(at, 'an expression cannot be read; $${ stands for ${, and %%{ for %{');
    return null;
  }
  return body
    .replace(/\$\$\{/g, '${')
    .replace(/%%\{/g, '%{')
    .normalize('NFC');
}
