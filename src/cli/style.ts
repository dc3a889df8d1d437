/** How text looks: masks, quotes, colours, times. What comes from the server is never printed unescaped. */

/** Stands for a value that is not shown; always as long, whatever the value. */
export const mask = '••••••••';

/** Colour functions; each gives its text back unchanged where there are no colours. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

const same = (text: string): string => text;
export const plainStyle: Style = { bold: same, dim: same, red: same, green: same, yellow: same };

/** Colours only on a terminal, and never with NO_COLOR (https://no-color.org) or TERM=dumb. */
export async function styleFor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Promise<Style> {
  if (!isTerminal || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return plainStyle;
  const { default: picocolors } = await import('picocolors');
  return picocolors.createColors(true);
}

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text from elsewhere, safe to print on a line: control, bidirectional and invisible characters are escaped. */
export function printable(text: string): string {
  return text.replace(unprintable, escapeCharacter);
}

/** The same for a whole value on a terminal, whose line ends and tabs are kept. */
export function printableLines(text: string): string {
  return text.replace(unprintable, (character) =>
    character === '\n' || character === '\t' ? character : escapeCharacter(character),
  );
}

/** A value as it is shown in tables: in double quotes, on one line. */
export function quoted(value: string): string {
  return printable(JSON.stringify(value));
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** In UTC, to the second: `2026-11-22 16:05:09Z`. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

/** `1 name`, `2 names`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

/** Rows below a heading, columns two blanks apart; no blanks at the end of a line. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return columns([heading, ...rows.map((row) => row.map(printable))]);
}

/** Rows with aligned columns, each ended by a line feed. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(cell));
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, index) => padded(cell, widths[index] ?? 0)).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** The text with blanks behind it, to a width in characters. */
export function padded(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}

/** Characters, with the escape sequences of colours not counted. */
export function width(text: string): number {
  return [...text.replace(/\u001b\[\d+m/g, '')].length;
}
