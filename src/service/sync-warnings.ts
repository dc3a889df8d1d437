import { folderLayers } from './layers.ts';
import type { Reconciling, Warner } from './reconciling.ts';
import type { Rights } from './rights.ts';
import type { ChangeRequestOp, SyncWarning } from './services.ts';
import { maySee } from './sync-rights.ts';
import type { TruthOp } from '#domain/change';
import { folderOf, nameOf, nounPaths, parseFolder, placeOf, utf8Length } from '#domain/path';
import type { Folder, Path } from '#domain/path';
import type { View } from '#state/view';
import type { Commit } from '#store/log';

export interface WarningOptions {
  readonly state: View;
  readonly reconciling: Pick<Reconciling, 'warner'>;
}

/** A sync whose target may not carry everything. */
interface Watchful {
  /** Folders of the sync that stand before the one that is written to, nearest first. */
  readonly before: readonly Folder[];
  readonly warn: Warner;
}

const maxWarnings = 100;

/**
 * What targets will not carry of entries that are written: warnings, since no target may veto a write. Which syncs are
 * concerned is known by folder, so a write where none is costs one look; a change of a sync costs what that sync does.
 */
export class SyncWarnings {
  readonly #options: WarningOptions;
  /** By the folder that is written to, then by sync. */
  readonly #index = new Map<string, Map<string, Watchful>>();
  /** The folders that each sync stands under. */
  readonly #folders = new Map<string, readonly Folder[]>();
  /** Syncs to look at again; `undefined`: all, none was looked at yet. */
  #stale: Set<string> | undefined;

  constructor(options: WarningOptions) {
    this.#options = options;
  }

  /** To be told of each commit. */
  committed(commit: Commit<TruthOp>): void {
    if (this.#stale === undefined) return;
    for (const { ops } of commit.changes) {
      for (const op of ops) if (op.op === 'record') this.#note(op.noun, op.name, this.#stale);
    }
  }

  /** For what is written, of syncs that the caller may know of. */
  of(ops: readonly ChangeRequestOp[], rights: () => Rights): readonly SyncWarning[] {
    if (this.#stale === undefined || this.#stale.size > 0) this.#renew();
    if (this.#index.size === 0) return [];
    const found: SyncWarning[] = [];
    let known: Rights | undefined;
    for (const op of ops) {
      const concerned = op.op === 'put' ? this.#index.get(folderOf(op.path)) : undefined;
      if (op.op !== 'put' || concerned === undefined) continue;
      const entry = { name: nameOf(op.path), bytes: bytesOf(op) };
      for (const [sync, { before, warn }] of concerned) {
        // Asked first: as a rule there is nothing to say, and there may be thousands of syncs.
        const message = warn(entry);
        if (message === undefined || found.length >= maxWarnings) continue;
        known ??= rights();
        if (maySee(known, nounPaths.sync(sync)) && !this.#isHidden(before, entry.name)) found.push({ sync, message });
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

  /** Which syncs a record decides about. */
  #note(noun: string, name: string, stale: Set<string>): void {
    const { state } = this.#options;
    if (noun === 'sync') stale.add(name);
    if (noun === 'target') {
      for (const [sync, { target }] of state.records('sync')) if (target === name) stale.add(sync);
    }
    if (noun !== 'environment') return;
    const environments = new Set([name, ...state.heirs(name)]);
    for (const [sync, [from = '']] of this.#folders) {
      if (environments.has(placeOf(from)?.environment ?? '')) stale.add(sync);
    }
  }

  #renew(): void {
    const { state } = this.#options;
    const names = this.#stale ?? Array.from(state.records('sync'), ([name]) => name);
    for (const sync of names) {
      this.#remove(sync);
      this.#add(sync);
    }
    this.#stale = new Set();
  }

  #add(sync: string): void {
    const { state, reconciling } = this.#options;
    const spec = state.record('sync', sync);
    const warn = spec && reconciling.warner?.(spec);
    if (spec === undefined || warn === undefined) return;
    const layers = folderLayers(state, parseFolder(spec.from));
    this.#folders.set(sync, layers);
    for (const [depth, folder] of layers.entries()) {
      const others = this.#index.get(folder) ?? new Map<string, Watchful>();
      this.#index.set(folder, others.set(sync, { before: layers.slice(0, depth), warn }));
    }
  }

  #remove(sync: string): void {
    for (const folder of this.#folders.get(sync) ?? []) {
      const others = this.#index.get(folder);
      others?.delete(sync);
      if (others?.size === 0) this.#index.delete(folder);
    }
    this.#folders.delete(sync);
  }
}

/** What an expression comes to is not known here. */
function bytesOf({ value, type, form }: Extract<ChangeRequestOp, { readonly op: 'put' }>): number {
  if (form === 'expression') return 0;
  if (type === 'bytes') return Math.floor((value.length * 3) / 4);
  return utf8Length(value);
}
