import { folderLayers } from './layers.ts';
import type { Reconciling, Warner } from './reconciling.ts';
import type { Rights } from './rights.ts';
import type { ChangeRequestOp, SyncWarning } from './services.ts';
import { maySee } from './sync-rights.ts';
import type { TruthOp } from '#domain/change';
import { folderOf, nameOf, nounPaths, parseFolder, utf8Length } from '#domain/path';
import type { Folder, Path } from '#domain/path';
import type { View } from '#state/view';
import type { Commit } from '#store/log';

export interface WarningOptions {
  readonly state: View;
  readonly reconciling: Pick<Reconciling, 'warner'>;
}

/** A sync whose target may not carry everything. */
interface Watchful {
  readonly sync: string;
  /** The folder that is written to, and those of the sync that stand before it, nearest first. */
  readonly before: readonly Folder[];
  readonly warn: Warner;
}

const maxWarnings = 100;
/** Records that decide which syncs a folder is delivered by. */
const deciding: ReadonlySet<string> = new Set(['sync', 'environment', 'target']);

/**
 * What targets will not carry of entries that are written: warnings, since no target may veto a write. Which syncs are
 * concerned is known by folder, so a write where none is costs one look.
 */
export class SyncWarnings {
  readonly #options: WarningOptions;
  /** By the folder that is written to; made anew when it is asked for after a change. */
  #index: ReadonlyMap<string, readonly Watchful[]> | undefined;

  constructor(options: WarningOptions) {
    this.#options = options;
  }

  /** To be told of each commit. */
  committed(commit: Commit<TruthOp>): void {
    if (this.#index === undefined) return;
    for (const { ops } of commit.changes) {
      for (const op of ops) if (op.op === 'record' && deciding.has(op.noun)) this.#index = undefined;
    }
  }

  /** For what is written, of syncs that the caller may know of. */
  of(ops: readonly ChangeRequestOp[], rights: () => Rights): readonly SyncWarning[] {
    const index = (this.#index ??= this.#build());
    if (index.size === 0) return [];
    const found: SyncWarning[] = [];
    let known: Rights | undefined;
    for (const op of ops) {
      const concerned = op.op === 'put' ? index.get(folderOf(op.path)) : undefined;
      if (op.op !== 'put' || concerned === undefined) continue;
      known ??= rights();
      for (const { sync, before, warn } of concerned) {
        const name = nameOf(op.path);
        if (found.length >= maxWarnings || !maySee(known, nounPaths.sync(sync)) || this.#isHidden(before, name))
          continue;
        const message = warn({ name, bytes: bytesOf(op) });
        if (message !== undefined) found.push({ sync, message });
      }
    }
    return found;
  }

  /** A nearer environment has one of its own. */
  #isHidden(before: readonly Folder[], name: string): boolean {
    return before.some((folder) => {
      const state = this.#options.state.head(`${folder}/${name}` as Path)?.current.state;
      return state !== undefined && state !== 'deleted';
    });
  }

  #build(): ReadonlyMap<string, readonly Watchful[]> {
    const { state, reconciling } = this.#options;
    const index = new Map<string, Watchful[]>();
    for (const [sync, spec] of state.records('sync')) {
      const warn = reconciling.warner?.(spec);
      if (warn === undefined) continue;
      const layers = folderLayers(state, parseFolder(spec.from));
      for (const [depth, folder] of layers.entries()) {
        const others = index.get(folder) ?? [];
        others.push({ sync, before: layers.slice(0, depth), warn });
        index.set(folder, others);
      }
    }
    return index;
  }
}

/** What an expression comes to is not known here. */
function bytesOf({ value, type, form }: Extract<ChangeRequestOp, { readonly op: 'put' }>): number {
  if (form === 'expression') return 0;
  if (type === 'bytes') return Math.floor((value.length * 3) / 4);
  return utf8Length(value);
}
