import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import type { Folder } from './folder.ts';

interface Watched {
  /** File name → whom to tell. */
  readonly listeners: Map<string, Set<() => void>>;
  watcher: FSWatcher | undefined;
  folderId: string;
}

/**
 * One watch per folder, however many files in it are kept. It lasts as long as somebody listens and follows the
 * folder when another one takes its place, at the next look at a file in it. Where watching fails nothing is
 * lost but time: every file is looked at regularly anyway.
 */
export class FolderWatches {
  readonly #watched = new Map<string, Watched>();

  /** Tells `changed` of events of the file `name` in the folder called `key`; `''`: of every file. Returns a stop function. */
  listen(key: string, name: string, changed: () => void): () => void {
    const watched: Watched = this.#watched.get(key) ?? { listeners: new Map(), watcher: undefined, folderId: '' };
    this.#watched.set(key, watched);
    const listeners = watched.listeners.get(name) ?? new Set<() => void>();
    watched.listeners.set(name, listeners.add(changed));
    return () => {
      listeners.delete(changed);
      if (listeners.size === 0) watched.listeners.delete(name);
      if (watched.listeners.size > 0) return;
      watched.watcher?.close();
      if (this.#watched.get(key) === watched) this.#watched.delete(key);
    };
  }

  /** Called whenever the folder called `key` was opened: watches it, if somebody listens. */
  seen(key: string, folder: Folder): void {
    const watched = this.#watched.get(key);
    if (watched === undefined || watched.folderId === folder.id) return;
    watched.watcher?.close();
    watched.watcher = start(folder, watched);
    watched.folderId = watched.watcher === undefined ? '' : folder.id;
  }

  close(): void {
    for (const { watcher } of this.#watched.values()) watcher?.close();
    this.#watched.clear();
  }
}

function start(folder: Folder, watched: Watched): FSWatcher | undefined {
  try {
    const watcher = watch(folder.self, { persistent: false }, (_event, name) => tell(watched, name));
    watcher.on('error', () => {
      watcher.close();
      if (watched.watcher === watcher) watched.folderId = '';
    });
    return watcher;
  } catch {
    return undefined;
  }
}

/** Without a name it may have been any of them. */
function tell({ listeners }: Watched, name: string | null): void {
  const told = name === null ? listeners.values() : [listeners.get(name) ?? [], listeners.get('') ?? []];
  for (const set of told) for (const changed of set) changed();
}
