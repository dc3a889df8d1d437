/** The `.env` grammar (`dotenv.ts`) as a format, and the same with `export` in front of every name. */
import type { Format } from './format.ts';
import type { Line } from './dotenv-lines.ts';
import type { Item, Read } from './reading.ts';
import { parseDotenv, quoteDotenv, representationProblem } from './dotenv.ts';
import { linesIn } from './dotenv-lines.ts';
import { behind, lineFormat } from './line-format.ts';

const beforeName = /[ \t]*(?:export[ \t]+(?=[^ \t=]))?/y;
const blanks = /[ \t]*/y;

function read(text: string, subject: string): Read {
  const file = parseDotenv(text, subject);
  const items = linesIn(text, file).flatMap((line) => itemOf(text, line));
  return { items, diagnostics: file.diagnostics };
}

/** A line covers `export`, name and value; an edit takes the value only, and stays in front of a comment. */
function itemOf(text: string, { name, value, end, lineStart, lineEnd, line }: Line): Item[] {
  if (name === undefined) return [];
  const nameAt = behind(beforeName, text, lineStart);
  const equals = text.indexOf('=', nameAt) + 1;
  const valueAt = behind(blanks, text, equals);
  const span = end > valueAt ? { start: valueAt, end } : { start: equals, end: equals };
  return [{ name, value, ...span, lineStart, lineEnd, line, column: nameAt - lineStart + 1 }];
}

function withPrefix(prefix: string): Format {
  return lineFormat({
    brief: prefix === '' ? 'NAME=value lines' : 'NAME=value lines with export in front of each',
    extension: 'env',
    what: 'a .env file',
    read,
    problem: representationProblem,
    encode: (value, eol) => quoteDotenv(value).replaceAll('\n', eol),
    line: (name, encoded) => `${prefix}${name}=${encoded}`,
  });
}

export const dotenv = withPrefix('');
/** What a shell reads with `.`, but for a carriage return, which no quotes of a shell can spell. */
export const dotenvExport = withPrefix('export ');
