/**
 * Scalars of YAML 1.2, with an eye on readers of YAML 1.1: what they would take for something else is refused when it
 * is read bare, and printed in quotes.
 */

export type Plain = 'string' | 'number' | 'boolean' | 'null' | 'ambiguous';

const number = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;
/** 1.1 or 1.2 has a number, a boolean, a time or a merge here, and not both of them the same. */
const ambiguous: readonly RegExp[] = [
  /^(?:y|n|yes|no|on|off|true|false)$/i,
  /^[-+]?[0-9][0-9_]*$/,
  /^[-+]?0[xob][0-9a-f_]+$/i,
  /^[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:e[-+]?[0-9]+)?$/i,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/,
  /^[-+]?\.(?:inf|nan)$/i,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[Tt \t])/,
  /^(?:=|<<)$/,
];

/** What a scalar without quotes is to its readers. */
export function plainKind(text: string): Plain {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return 'null';
  if (text === 'true' || text === 'false') return 'boolean';
  if (number.test(text)) return 'number';
  return ambiguous.some((pattern) => pattern.test(text)) ? 'ambiguous' : 'string';
}

/** Letters first, and nothing that means anything anywhere in YAML. */
const bare = /^[A-Za-z_/][\w./@%+=-]*(?::[\w/][\w./@%+=-]*)*(?: [\w./@%+=-]+(?::[\w/][\w./@%+=-]*)*)*$/;
/** Longer ones are quoted: a bare key has an end at 1,024 characters, and editors fold long lines. */
const longestBare = 200;

/** On one line, in the quotes that it needs. */
export function printScalar(value: string): string {
  if (value.length <= longestBare && bare.test(value) && plainKind(value) === 'string') return value;
  return doubleQuoted(value);
}

/** Double quotes carry everything; only what every reader takes as it is stands there unescaped. */
export function doubleQuoted(value: string): string {
  return JSON.stringify(value).replace(/[\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufeff\ufffe\uffff]/g, (found) => {
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Single quotes, if they can carry it on one line. */
export function singleQuoted(value: string): string | undefined {
  return /^[\x20-\x7e\xa0-\u2027\u202a-\ud7ff]*$/.test(value) ? `'${value.replaceAll("'", "''")}'` : undefined;
}

const line =
  /^[\x21-\x7e\xa1-\u2027\u202a-\ud7ff](?:[\x20-\x7e\xa0-\u2027\u202a-\ud7ff]*[\x21-\x7e\xa1-\u2027\u202a-\ud7ff])?$/;

/** `|` and its lines, each behind `indent`, if they can be written so that every reader has the same; without a line end. */
export function literalBlock(value: string, indent: string): string | undefined {
  const ended = value.endsWith('\n');
  const lines = (ended ? value.slice(0, -1) : value).split('\n');
  if (lines.length < 2 || lines[0] === '' || lines.at(-1) === '') return undefined;
  if (!lines.every((text) => text === '' || line.test(text))) return undefined;
  return [ended ? '|' : '|-', ...lines.map((text) => (text === '' ? '' : indent + text))].join('\n');
}
