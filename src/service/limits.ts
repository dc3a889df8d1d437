import { folderLayers } from './layers.ts';
import type { StoredEntry } from './loaders.ts';
import { PlumbError } from '#domain/errors';
import type { Folder } from '#domain/path';
import type { FolderEvaluation } from '#eval/evaluate';
import type { View } from '#state/view';

/** Direct entries of one folder, inherited ones included, that are evaluated at once. */
export const folderLimit = 10_000;

export function checkLimit(limit: number, most: number): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > most) {
    throw new PlumbError('invalid', `a limit is a whole number from 1 to ${most}`);
  }
  return limit;
}

/** Throws `too-large` before anything is evaluated. */
export function checkFolderSize(state: View, folder: Folder): void {
  let count = 0;
  for (const layer of folderLayers(state, folder)) {
    for (const _ of state.children(layer)) {
      count += 1;
      if (count > folderLimit) {
        throw new PlumbError('too-large', `a folder of more than ${folderLimit} entries cannot be evaluated at once`);
      }
    }
  }
}

export function folderError(folder: Folder, found: FolderEvaluation<StoredEntry>): PlumbError {
  const { problems, values } = found;
  const isRefused = problems.every((problem) => problem.code === 'forbidden');
  const total = problems.length + values.length;
  return new PlumbError(
    isRefused ? 'forbidden' : 'unevaluable',
    `${problems.length} of ${total} entries of ${folder === '' ? 'the root' : folder} cannot be read`,
    { diagnostics: problems.map(({ path, message }) => ({ message, subject: path })), details: { folder } },
  );
}
