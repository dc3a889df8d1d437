/** How text looks: masks, quotes, colours, times. What comes from the server is never printed unescaped. */
import { alignedColumns } from './tables.ts';

export { padded, width } from './width.ts';

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

type Variables = Readonly<Record<string, string | undefined>>;

/** Colours on a terminal, unless the user wishes otherwise. `refused`: the command line says `--no-color`. */
export async function styleFor(isTerminal: boolean, env: Variables, refused = false): Promise<Style> {
  if (refused || !wantsColours(isTerminal, env)) return plainStyle;
  const { default: picocolors } = await import('picocolors');
  return picocolors.createColors(true);
}

/** NO_COLOR (https://no-color.org), then FORCE_COLOR and CLICOLOR_FORCE, then the terminal, TERM=dumb and CLICOLOR=0. */
function wantsColours(isTerminal: boolean, env: Variables): boolean {
  const given = (name: string): string => env[name] ?? '';
  if (given('NO_COLOR') !== '') return false;
  if (given('FORCE_COLOR') !== '') return !['0', 'false'].includes(given('FORCE_COLOR'));
  if (!['', '0'].includes(given('CLICOLOR_FORCE'))) return true;
  return isTerminal && given('TERM') !== 'dumb' && given('CLICOLOR') !== '0';
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

/** The same for JSON, by its own escapes: it says the same to a program. */
export function printableJson(text: string): string {
  return text.replace(unprintable, (character) =>
    character === '\n'
      ? character
      : character.split('').reduce((all, unit) => `${all}\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`, ''),
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

/** Rows below a heading, columns two blanks apart; cut to `room` columns of a terminal if that is given. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[], room?: number): string {
  return alignedColumns([heading, ...rows.map((row) => row.map(printable))], room);
}

/** Rows with aligned columns, each ended by a line feed. */
export function columns(rows: readonly (readonly string[])[]): string {
  return alignedColumns(rows);
}
