import { createHmac } from 'node:crypto';
import type { ChainMac } from '#crypto/chain';
import { sha256 } from '#crypto/digest';
import type { Change } from '#domain/change';
import type { SealedValue } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import { type Anchor, openAnchor } from '#store/anchor';
import type { Commit, Draft, Fold, FoldPage, LogOp, PageChanges } from '#store/fold';
import { memorySlotFile, type SlotFile } from '#util/files';
import { FakeClock } from './clock.ts';

/** The smallest state that needs everything a log offers: names with values, some of them destroyed. */
export type ToyOp =
  | { readonly op: 'put'; readonly name: string; readonly value: SealedValue }
  | { readonly op: 'destroy'; readonly name: string };

interface Kept {
  readonly id: string;
  /** Base64; `null`: destroyed. */
  readonly bytes: string | null;
  readonly writes: number;
}

export class ToyDraft implements Draft<ToyOp> {
  readonly #staged = new Map<string, number>();
  readonly #state: ToyFold;
  nextRevision: number;

  constructor(state: ToyFold) {
    this.#state = state;
    this.nextRevision = state.revision + 1;
  }

  /** How often the name has been written, staged writes included. */
  writes(name: string): number {
    return this.#staged.get(name) ?? this.#state.names.get(name)?.writes ?? 0;
  }

  stage(change: Change<ToyOp>): void {
    this.nextRevision += 1;
    for (const { name } of change.ops) this.#staged.set(name, this.writes(name) + 1);
  }
}

/** One page per first character of a name. */
export class ToyFold implements Fold<ToyOp, ToyDraft> {
  readonly names = new Map<string, Kept>();
  revision = 0;
  #dirty = new Set<string>();
  #seq = 0;

  draft(): ToyDraft {
    return new ToyDraft(this);
  }

  apply(commit: Commit<ToyOp>): readonly string[] {
    if (commit.seq <= this.#seq) throw new PlumbError('corrupt', `record ${commit.seq} comes a second time`);
    this.#seq = commit.seq;
    return commit.changes.flatMap(({ revision, ops }) => {
      if (revision !== this.revision + 1) throw new PlumbError('corrupt', `revision ${revision} comes out of order`);
      this.revision = revision;
      this.#dirty.add('revision');
      return ops.flatMap((op) => this.#applyOp(op));
    });
  }

  #applyOp(op: ToyOp): readonly string[] {
    const { id = '', writes = 0 } = this.names.get(op.name) ?? {};
    this.#dirty.add(pageOf(op.name));
    if (op.op === 'put') {
      const bytes = Buffer.from(op.value.bytes).toString('base64');
      this.names.set(op.name, { id: op.value.id, bytes, writes: writes + 1 });
      return [];
    }
    if (op.op !== 'destroy') throw new PlumbError('unsupported', 'an op of a newer version');
    this.names.set(op.name, { id, bytes: null, writes: writes + 1 });
    return id === '' ? [] : [id];
  }

  loadPages(pages: readonly FoldPage[]): void {
    for (const { name, bytes } of pages) {
      const content = JSON.parse(Buffer.from(bytes).toString()) as unknown;
      if (name === 'revision') this.revision = content as number;
      else for (const [key, kept] of content as [string, Kept][]) this.names.set(key, kept);
    }
  }

  dirtyPages(): PageChanges {
    const changed = [...this.#dirty].map((name) => {
      const kept = [...this.names].filter(([key]) => pageOf(key) === name);
      return { name, bytes: Buffer.from(JSON.stringify(name === 'revision' ? this.revision : kept)) };
    });
    this.#dirty = new Set();
    return { changed, removed: [] };
  }

  allPages(): readonly FoldPage[] {
    this.#dirty = new Set(['revision', ...[...this.names.keys()].map(pageOf)]);
    return this.dirtyPages().changed;
  }

  wantedBlobs(): readonly string[] {
    return [];
  }

  supplyBlobs(): void {}

  liveBlobs(): Iterable<string> {
    return [...this.names.values()].filter(({ bytes }) => bytes !== null).map(({ id }) => id);
  }

  /** What two folds of the same log must agree on. */
  snapshot(): unknown {
    return { revision: this.revision, names: [...this.names].toSorted(([a], [b]) => (a < b ? -1 : 1)) };
  }
}

function pageOf(name: string): string {
  return `names/${name.charCodeAt(0)}`;
}

let values = 0;

export function toyValue(text: string): SealedValue {
  const bytes = Buffer.from(text);
  return { id: `v-toy${values++}`, bytes, digest: sha256(bytes) };
}

export function put(name: string, text = name): ToyOp & LogOp {
  return { op: 'put', name, value: toyValue(text) };
}

/** A MAC without a keyring; two generations. */
export function toyMac(name: string, generation = 1): ChainMac {
  return {
    generation,
    mac(previous, payload, wanted) {
      if (wanted > 2) throw new PlumbError('corrupt', 'no such generation');
      return createHmac('sha256', `${name} ${wanted}`).update(previous).update(payload).digest();
    },
  };
}

export function toyAnchor(file: SlotFile = memorySlotFile(), clock = new FakeClock()): Anchor {
  return openAnchor({ file, mac: toyMac('anchor'), clock });
}
