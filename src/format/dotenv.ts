/**
 * The one `.env` grammar, described for users in docs/dotenv.md: parse with places, print or refuse.
 *
 * - A file is UTF-8 text, with or without a byte order mark, with LF or CRLF at the ends of lines.
 * - A line is blank, a comment, or `[export] NAME = value [# comment]`; blanks around `=` are ignored.
 * - `'…'` is taken as it is; `"…"` knows the escapes \n \r \t \\ \" \$ \` and no other. Both may span lines.
 * - An unquoted value ends at the line's end or at a blank followed by `#`, without the blanks around it.
 * - `$` is a character like any other: nothing is ever interpolated.
 * - What readers of such files disagree about is refused rather than guessed.
 */
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import type { DotenvFile } from './dotenv-grammar.ts';
import { dotenvLimits, isDotenvName } from './dotenv-grammar.ts';
import { DotenvScanner } from './dotenv-scanner.ts';

const plainPattern = /^[A-Za-z0-9_./:@%+,=-]*$/;

/** Never throws: what is wrong is in `diagnostics`. `subject` is the file's name in them. */
export function parseDotenv(text: string, subject: string): DotenvFile {
  return new DotenvScanner(text, subject).scan();
}

/** The names and values in the order of the file. Throws `invalid` with every diagnostic if there is one. */
export function readDotenv(text: string, subject: string): ReadonlyMap<string, string> {
  const { assignments, diagnostics } = parseDotenv(text, subject);
  if (diagnostics.length > 0) {
    throw new PlumbError('invalid', `${subject} is not a valid .env file`, {
      diagnostics,
      hint: 'docs/dotenv.md describes the format',
    });
  }
  return new Map(assignments.map(({ name, value }) => [name, value]));
}

/**
 * One line per name (more for a value with line breaks), in the order given, quotes only where they are needed.
 * Reading the result again gives the same names and values. Throws `invalid` with a diagnostic for each name
 * or value that cannot be represented.
 */
export function printDotenv(entries: Iterable<readonly [name: string, value: string]>): string {
  const lines: string[] = [];
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  for (const [name, value] of entries) {
    const problem = seen.has(name) ? 'is given twice' : representationProblem(name, value);
    seen.add(name);
    if (problem === undefined) lines.push(`${name}=${quoteDotenv(value)}\n`);
    else diagnostics.push({ message: `${JSON.stringify(name)} ${problem}` });
  }
  if (diagnostics.length > 0) {
    throw new PlumbError('invalid', 'not every name and value can be written in a .env file', { diagnostics });
  }
  return lines.join('');
}

/** Says why a name or its value cannot stand in such a file (`… is not a name of …`), or `undefined` if both can. */
export function representationProblem(name: string, value: string): string | undefined {
  if (!isDotenvName(name))
    return `is not a name of 1 to ${dotenvLimits.name} letters, digits and _ that starts without a digit`;
  if (value.includes('\0')) return 'has a value with a NUL character';
  if (!value.isWellFormed()) return 'has a value that is not valid Unicode';
  if (value.length > dotenvLimits.value / 3 && utf8Bytes(value) > dotenvLimits.value) return 'has a value over 1 MiB';
  return undefined;
}

/**
 * The value as it stands behind `=`. Single quotes are preferred, because every reader that knows quotes takes
 * what is in them literally; double quotes are used for values with a single quote or a carriage return.
 */
export function quoteDotenv(value: string): string {
  if (plainPattern.test(value)) return value;
  if (!value.includes("'") && !value.includes('\r')) return `'${value}'`;
  return `"${value.replace(/[\\"$`]/g, '\\$&').replaceAll('\r', '\\r')}"`;
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
