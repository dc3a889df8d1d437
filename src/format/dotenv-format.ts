/** The `.env` grammar (`dotenv.ts`) as a format, and the same with `export` in front of every name. */
import type { Format } from './format.ts';
import type { Line } from './dotenv-lines.ts';
import type { Item, Read } from './reading.ts';
import type { Editing } from './edit.ts';
import { parseDotenv, printDotenv, quoteDotenv, representationProblem } from './dotenv.ts';
import { linesIn } from './dotenv-lines.ts';
import { appendLines, editText } from './edit.ts';
import { writable } from './writing.ts';

const what = 'a .env file';
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

function behind(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  pattern.exec(text);
  return pattern.lastIndex;
}

function withPrefix(prefix: string): Format {
  const editing: Editing = {
    what,
    read,
    problem: representationProblem,
    value: (value, _, eol) => quoteDotenv(value).replaceAll('\n', eol),
    add: (entries, to) => [
      appendLines(
        entries.map(([name, value]) => `${prefix}${name}=${quoteDotenv(value).replaceAll('\n', to.eol)}`),
        to,
      ),
    ],
  };
  return {
    brief: prefix === '' ? 'NAME=value lines' : 'NAME=value lines with export in front of each',
    extension: 'env',
    parse: (text, subject) => {
      const { items, diagnostics } = read(text, subject);
      return { entries: items, diagnostics };
    },
    problem: representationProblem,
    print: (entries) =>
      writable(entries, what, representationProblem)
        .map(({ name, value }) => `${prefix}${printDotenv([[name, value]])}`)
        .join(''),
    edit: (text, edits, subject) => editText(editing, text, { edits, subject }),
  };
}

export const dotenv = withPrefix('');
/** What a shell reads with `.`, but for a carriage return, which no quotes of a shell can spell. */
export const dotenvExport = withPrefix('export ');
