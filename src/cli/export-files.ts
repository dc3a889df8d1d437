/** Values as they are written by an export: one file in a format, or one file for each name. */
import { resolve } from 'node:path';
import type { EvaluatedEntry } from '@plumbd/client';
import { PlumbError } from '#domain/errors';
import type { Format as FileFormat } from '#format/format';
import type { CliIo } from './io.ts';

/** An entry under the name that it has in the folder. */
export interface ExportedEntry {
  readonly name: string;
  readonly entry: EvaluatedEntry;
}

export function printEntries(format: FileFormat, entries: readonly ExportedEntry[], title: string | undefined): string {
  return format.print(
    entries.map(({ name, entry: { value, secret } }) => ({ name, value, secret })),
    title === undefined ? {} : { title },
  );
}

/** Each value is its file, byte by byte, readable by the user alone. Throws `invalid` before anything is written. */
export function writeFiles(io: CliIo, folder: string, entries: readonly ExportedEntry[]): void {
  const wrong = entries.filter(({ name }) => name === '.' || name === '..' || /[/\\\0]/.test(name));
  if (wrong.length > 0) {
    const diagnostics = wrong.map(({ name }) => ({ message: `${JSON.stringify(name)} is not a name of a file` }));
    throw new PlumbError('invalid', 'not every name can be that of a file', { diagnostics });
  }
  for (const { name, entry } of entries) {
    io.files.writePrivate(
      resolve(io.cwd, folder, name),
      entry.type === 'bytes' ? Buffer.from(entry.value, 'base64') : entry.value,
    );
  }
}
