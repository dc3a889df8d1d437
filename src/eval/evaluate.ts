import { Evaluator } from './evaluator.ts';
import type { Evaluated, Evaluation, Loaders, Touched } from './evaluator.ts';
import type { Stored } from './lookup.ts';
import { lookUp } from './lookup.ts';
import type { Problem } from './problem.ts';
import type { Folder, Path } from '#domain/path';
import { comparePaths, nameOf, placeOf } from '#domain/path';

export type { Evaluated, Evaluation, Loaders, Touched };

export interface FolderEvaluation<H extends Stored> {
  /** In byte order. */
  readonly values: readonly Evaluated<H>[];
  readonly problems: readonly Problem[];
  /** How many entries were left out because the reader may neither read nor list them. */
  readonly withheld: number;
  readonly touched: Touched;
}

/**
 * The value at `path` as it is read in its environment: inheritance first, then references, each
 * entry once. What users got wrong is a problem in the answer, not thrown.
 */
export function evaluate<H extends Stored>(path: Path, loaders: Loaders<H>): Evaluation<H> {
  return new Evaluator(loaders).evaluate(path);
}

/** Every direct entry of a folder, own and inherited; what they share is computed once. */
export function evaluateFolder<H extends Stored>(folder: Folder, loaders: FolderLoaders<H>): FolderEvaluation<H> {
  const evaluator = new Evaluator(loaders);
  const values: Evaluated<H>[] = [];
  const problems: Problem[] = [];
  let withheld = 0;
  for (const path of pathsIn(folder, loaders, evaluator)) {
    const { found } = lookUp(path, loaders);
    if (found === undefined) continue;
    if (!loaders.mayRead(path, found) && !loaders.mayList(path, found)) {
      withheld += 1;
      continue;
    }
    const evaluation = evaluator.evaluate(path);
    if (evaluation.ok) values.push(evaluation.value);
    else problems.push(evaluation.problem);
  }
  return { values, problems, withheld, touched: evaluator.touched };
}

export interface FolderLoaders<H extends Stored> extends Loaders<H> {
  /** What is stored directly in a folder, whatever its state. */
  children(folder: Folder): Iterable<H>;
}

/** In byte order: the folder's own entries, and those of the same folder in the environments that it inherits from. */
function pathsIn<H extends Stored>(
  folder: Folder,
  loaders: FolderLoaders<H>,
  evaluator: Evaluator<H>,
): readonly Path[] {
  const place = placeOf(folder);
  const paths = new Set<Path>();
  const environments = place === undefined ? [] : loaders.chain(place.environment);
  const shelves = environments.map((environment) => {
    evaluator.touch(environment as Path);
    return (place?.relative ? `${environment}/${place.relative}` : environment) as Folder;
  });
  for (const shelf of shelves.length === 0 ? [folder] : shelves) {
    evaluator.touchFolder(shelf);
    for (const stored of loaders.children(shelf)) {
      const name = nameOf(stored.path);
      paths.add((folder === '' ? name : `${folder}/${name}`) as Path);
    }
  }
  return [...paths].sort(comparePaths);
}
