import { printDotenv, readDotenv } from '#format/dotenv';
import { dotenvLimits } from '#format/dotenv-grammar';
import { printFlatJson, readFlatJson } from '#format/json';
import { decodeText } from '#format/text';
import { UsageError } from './failures.ts';

/** The file formats that values are imported from and exported to. */
export type Format = 'dotenv' | 'json';

interface Codec {
  readonly read: (text: string, subject: string) => ReadonlyMap<string, string>;
  readonly print: (entries: Iterable<readonly [name: string, value: string]>) => string;
  /** Of file names that are taken for this format. */
  readonly pattern: RegExp;
}

const codecs: Readonly<Record<Format, Codec>> = {
  dotenv: { read: readDotenv, print: printDotenv, pattern: /(^|[/.])env($|[.-])[^/]*$/ },
  json: { read: readFlatJson, print: printFlatJson, pattern: /\.json$/ },
};

export const formats = ['dotenv', 'json'] as const;

/** The format asked for, else the one that the file's name says. Throws a usage error if neither does. */
export function formatOf(file: string, asked: Format | undefined): Format {
  const format =
    asked ?? (codecs.json.pattern.test(file) ? 'json' : codecs.dotenv.pattern.test(file) ? 'dotenv' : undefined);
  if (format === undefined)
    throw new UsageError(
      `the name ${file} does not say which format it is`,
      `--format ${formats.join(' or --format ')}`,
    );
  return format;
}

/** Names and values in the order of the file. Throws `invalid` with every diagnostic. */
export function readValues(format: Format, content: Uint8Array, subject: string): ReadonlyMap<string, string> {
  return codecs[format].read(decodeText(content, subject, dotenvLimits.file), subject);
}

export function printValues(format: Format, entries: Iterable<readonly [name: string, value: string]>): string {
  return codecs[format].print(entries);
}
