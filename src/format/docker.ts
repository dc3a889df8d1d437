/**
 * The file of `docker run --env-file`: a line is blank, a comment, or `NAME=value`, and the value is everything behind
 * the first `=`, blanks and quotes included. So a value with a line break cannot be written. A name alone means the
 * value of the environment that docker runs in, which is not in the file: it is refused.
 */
import type { Read } from './reading.ts';
import { lineFormat, linesOf, readUnless } from './line-format.ts';
import type { Line } from './line-format.ts';
import { Reading } from './reading.ts';
import { textProblem } from './writing.ts';

/** Docker reads no longer line, its end included; in bytes. */
const longestLine = 65_535;

const notBlank = /[^\t-\r\x85\p{Z}]/u;
/** Blanks of Unicode, as Docker counts them in front of a name, are refused wherever they stand in one. */
const blank = /[\s\x85\0]/u;

function read(text: string, subject: string): Read {
  const reading = new Reading(text, subject);
  for (const line of linesOf(text)) readLine(text, line, reading);
  return reading.finish();
}

function readLine(text: string, { start: lineStart, end, next }: Line, reading: Reading): void {
  const whole = text.slice(lineStart, end);
  const indent = whole.search(notBlank);
  if (indent < 0 || whole[indent] === '#') return;
  const nameAt = lineStart + indent;
  const line = whole.slice(indent);
  const equals = line.indexOf('=');
  const name = equals < 0 ? line : line.slice(0, equals);
  const wrong = equals < 0 ? missing(line) : nameProblem(name);
  if (wrong !== undefined) return reading.report(nameAt, wrong);
  const value = line.slice(equals + 1);
  const fault = lineFault(whole, value);
  if (fault !== undefined) reading.report(nameAt, fault);
  const place = { start: nameAt + equals + 1, end, lineStart, lineEnd: next };
  reading.add({ name, value: fault === undefined ? value : null, nameAt, ...place });
}

function missing(line: string): string {
  return nameProblem(line) === undefined
    ? 'a name without = takes its value from the environment of docker, expected NAME=value'
    : 'expected NAME=value';
}

function nameProblem(name: string): string | undefined {
  return name === '' || blank.test(name) || name.startsWith('#')
    ? 'expected a name without blanks in front of ='
    : undefined;
}

function lineFault(line: string, value: string): string | undefined {
  if (value.includes('\r')) return 'a carriage return inside a line';
  return isTooLong(line) ? `docker reads no line over ${longestLine} bytes` : undefined;
}

function isTooLong(line: string): boolean {
  return line.length * 3 >= longestLine && new TextEncoder().encode(line).length >= longestLine;
}

function problem(name: string, value: string): string | undefined {
  if (nameProblem(name) !== undefined || name.includes('=') || !name.isWellFormed()) {
    return 'is not a name of an environment file of docker: no blanks, no =, no # in front';
  }
  if (/[\n\r]/.test(value)) return 'has a value with a line break, which an environment file of docker cannot have';
  if (isTooLong(`${name}=${value}`)) return `makes a line over ${longestLine} bytes, which docker does not read`;
  return textProblem(value);
}

export const docker = lineFormat({
  brief: 'environment file of docker run: NAME=value, everything literal',
  extension: 'env',
  what: 'an environment file of docker',
  read: readUnless(read),
  problem,
  encode: (value) => value,
  line: (name, encoded) => `${name}=${encoded}`,
});
