import { createHmac } from 'node:crypto';
import type { ChainMac } from '#crypto/chain';
import { sha256 } from '#crypto/digest';
import type { Change } from '#domain/change';
import type { SealedValue } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import { type Anchor, openAnchor } from '#store/anchor';
import type { Commit, Draft, Fold, FoldPage, LogOp } from '#store/fold';
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
    return (this.#state.names.get(name)?.writes ?? 0) + (this.#staged.get(name) ?? 0);
  }

  stage(change: Change<ToyOp>): void {
    this.nextRevision += 1;
    for (const { name } of change.ops) this.#staged.set(name, (this.#staged.get(name) ?? 0) + 1);
  }
}

/** One page per first character of a name. */
export class ToyFold implements Fold<ToyOp, ToyDraft> {
  readonly names = new Map<string, Kept>();
  seq = 0;
  revision = 0;
  #dirty = new Set<string>();
  #destroyed: string[] = [];

  draft(): ToyDraft {
    return new ToyDraft(this);
  }

  apply(commit: Commit<ToyOp>): void {
    if (commit.seq !== this.seq + 1) throw new PlumbError('corrupt', `expected ${this.seq + 1}, got ${commit.seq}`);
    this.seq = commit.seq;
    for (const { revision, ops } of commit.changes) {
      this.revision = revision;
      this.#dirty.add('revision');
      for (const op of ops) this.#applyOp(op);
    }
  }

  #applyOp(op: ToyOp): void {
    const writes = (this.names.get(op.name)?.writes ?? 0) + 1;
    this.#dirty.add(pageOf(op.name));
    if (op.op === 'put') {
      const bytes = Buffer.from(op.value.bytes).toString('base64');
      this.names.set(op.name, { id: op.value.id, bytes, writes });
    } else if (op.op === 'destroy') {
      const id = this.names.get(op.name)?.id;
      if (id !== undefined) this.#destroyed.push(id);
      this.names.set(op.name, { id: id ?? '', bytes: null, writes });
    } else {
      throw new PlumbError('unsupported', 'an op of a newer version');
    }
  }

  takeDestroyed(): readonly string[] {
    const taken = this.#destroyed;
    this.#destroyed = [];
    return taken;
  }

  loadPages(pages: readonly FoldPage[], seq: number): void {
    this.seq = seq;
    for (const { name, bytes } of pages) {
      const content = JSON.parse(Buffer.from(bytes).toString()) as unknown;
      if (name === 'revision') this.revision = content as number;
      else for (const [key, kept] of content as [string, Kept][]) this.names.set(key, kept);
    }
  }

  dirtyPages(): { readonly pages: readonly FoldPage[]; readonly drop: readonly string[] } {
    const pages = [...this.#dirty].map((name) => {
      const kept = [...this.names].filter(([key]) => pageOf(key) === name);
      return { name, bytes: Buffer.from(JSON.stringify(name === 'revision' ? this.revision : kept)) };
    });
    return { pages, drop: [] };
  }

  pagesWritten(): void {
    this.#dirty = new Set();
  }

  get dirtyBytes(): number {
    return this.#dirty.size * 100;
  }

  missingValues(): readonly string[] {
    return [];
  }

  supplyValues(): void {}

  liveValues(): Iterable<string> {
    return [...this.names.values()].filter(({ bytes }) => bytes !== null).map(({ id }) => id);
  }

  /** What two folds of the same log must agree on. */
  snapshot(): unknown {
    return { seq: this.seq, revision: this.revision, names: [...this.names].toSorted(([a], [b]) => (a < b ? -1 : 1)) };
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
