/** The file formats that values are imported from and exported to: those of the registry, and one file for each name. */
import type { Kind } from '@plumbd/client';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { formatLimits } from '#format/format';
import type { FormatName } from '#format/formats';
import { formatNames, formatOfFile, loadFormat } from '#format/formats';
import { decodeText } from '#format/text';
import { UsageError } from './failures.ts';

export type Format = FormatName;
export const formats = formatNames;

/** What a file says. */
export interface FileValues {
  /** In the order of the file. */
  readonly values: ReadonlyMap<string, string>;
  /** Of the names whose kind the file itself tells (`kubernetes`). */
  readonly kinds: ReadonlyMap<string, Kind>;
}

/** The format asked for, else the one that the file's name says. Throws a usage error if neither does. */
export function formatOf(file: string, asked: Format | undefined): Format {
  const format = asked ?? formatOfFile(file);
  if (format !== undefined) return format;
  const what = file === '-' ? 'standard input does' : `the name ${file} does`;
  throw new UsageError(`${what} not say which format it is`, `--format ${formats.join(', ')}`);
}

/** Throws `invalid` with every diagnostic. */
export async function readValues(format: Format, content: Uint8Array, subject: string): Promise<FileValues> {
  const text = decodeText(content, subject, formatLimits.file);
  const { entries, diagnostics } = (await loadFormat(format)).parse(text, subject);
  if (diagnostics.length > 0) {
    const levels = format === 'json' ? '; --format json-nested reads numbers, booleans and objects in objects' : '';
    throw new PlumbError('invalid', `${subject} cannot be read as ${format}`, {
      diagnostics,
      hint: `docs/formats.md describes the formats${levels}`,
    });
  }
  const kinds = entries.flatMap(({ name, secret }) =>
    secret === undefined ? [] : [[name, secret ? 'secret' : 'config'] as const],
  );
  return { values: new Map(entries.map(({ name, value }) => [name, value ?? ''])), kinds: new Map(kinds) };
}

/** The values of files by their names. Throws `invalid` naming each that is not text. */
export function readFileValues(files: Iterable<readonly [name: string, content: Uint8Array]>): FileValues {
  const values = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  for (const [name, content] of files) {
    try {
      values.set(name, decodeText(content, name, formatLimits.value));
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      diagnostics.push({ message: error.message });
    }
  }
  if (diagnostics.length === 0) return { values, kinds: new Map() };
  throw new PlumbError('invalid', 'not every file is a value', {
    diagnostics,
    hint: 'plumb set PATH=@FILE --type bytes keeps bytes that are not text',
  });
}
