/** Which folders a change of the source may concern, and how much was heard of each. */
import type { EvaluatedFolder, WatchEvent } from '@plumbd/client';

interface Folder {
  /** What its last answer was made from; `undefined`: there was none. */
  paths: ReadonlySet<string> | undefined;
  /** How many changes may have concerned it. */
  count: number;
  /** Questions under way: what their answers are made from is not known yet. */
  asked: number;
}

/**
 * An environment inherits within its project, so every change there may concern a folder of the project; elsewhere only what its
 * values are made from does. A folder that could not be answered may be concerned by anything.
 */
export class News {
  readonly #folders = new Map<string, Folder>();

  /** Another number means that the folder may be answered otherwise than before. */
  count(folder: string): number {
    return this.#of(folder).count;
  }

  /** The folder is asked for; the function that is answered takes what came of it. */
  asking(folder: string): (answer: EvaluatedFolder | undefined) => void {
    const known = this.#of(folder);
    known.asked += 1;
    return (answer) => {
      known.asked -= 1;
      const origins = answer?.entries.flatMap(({ origin }) => origin.map(({ path }) => path));
      known.paths = origins === undefined ? undefined : new Set(origins);
    };
  }

  /** Anything may be otherwise. Answers the folders. */
  all(): readonly string[] {
    for (const folder of this.#folders.values()) folder.count += 1;
    return [...this.#folders.keys()];
  }

  one(folder: string): void {
    this.#of(folder).count += 1;
  }

  /** Answers the folders that the change may concern. */
  heard({ entries }: Extract<WatchEvent, { type: 'change' }>): readonly string[] {
    const projects = new Set(entries.map(({ path }) => projectOf(path)));
    const concerned = [...this.#folders].filter(([name, { paths, asked }]) => {
      if (asked > 0 || paths === undefined || projects.has(projectOf(name))) return true;
      return entries.some(({ path }) => paths.has(path));
    });
    for (const [, folder] of concerned) folder.count += 1;
    return concerned.map(([name]) => name);
  }

  #of(folder: string): Folder {
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    const fresh: Folder = { paths: undefined, count: 0, asked: 0 };
    this.#folders.set(folder, fresh);
    return fresh;
  }
}

function projectOf(path: string): string {
  const slash = path.indexOf('/');
  return slash === -1 ? path : path.slice(0, slash);
}
