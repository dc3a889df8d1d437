/** What the agent lends to the loop: wishes from the server or from what is kept, and its records. */
import { createHmac } from 'node:crypto';
import type { EvaluatedEntry, EvaluatedFolder } from '@plumbd/client';
import type { News } from './news.ts';
import type { Records, Seen } from './records.ts';
import type { DeclaredSync } from './declared.ts';
import { newestOf } from './upstream.ts';
import type { Answer, Upstream } from './upstream.ts';
import { nameOf } from '#domain/path';
import type { Fingerprint, InventoryRecord, SyncSpec, SyncStatus } from '#domain/records';
import type { Delivery, SyncName, SyncSource, Wish } from '#reconcile/reconciler';
import type { DesiredItem } from '#reconcile/target';

export interface AgentSourceOptions {
  readonly records: Records;
  readonly upstream: () => Upstream;
  readonly news: News;
  /** Whether every change of the source is heard of as it comes. */
  readonly isLive: () => boolean;
  /** Whether nobody answers, and what is missed meanwhile is heard of as soon as somebody does. */
  readonly isCutOff: () => boolean;
  /** Of fingerprints. */
  readonly printKey: Uint8Array;
  /** Before a write: names, never values. */
  readonly delivering: (name: SyncName, delivery: Delivery) => void;
  /** What is kept stood in for an answer, although changes are heard of: worth another look soon. */
  readonly stale: (name: SyncName) => void;
  /** Something is not as it should be, and nothing waits for it. */
  readonly warn: (message: string, error: unknown) => void;
}

/** Where the values of the last wish came from. */
export interface WishOrigin {
  readonly from: 'server' | 'cache';
  /** Milliseconds since the epoch. */
  readonly asOf: number;
}

/** Refusals: nothing that is kept stands in for what they refuse, also when nobody answers later. */
const refusals: ReadonlySet<string> = new Set(['Unauthenticated', 'Forbidden', 'NotFound', 'Untrusted', 'RightsLost']);
/** Questions at the same time about entries that are missing from an answer. */
const atOnce = 8;

export class AgentSource implements SyncSource {
  readonly #options: AgentSourceOptions;
  readonly #specs = new Map<SyncName, SyncSpec>();
  /** Where the values of each came from last; none: it had none yet. */
  readonly origins = new Map<SyncName, WishOrigin>();
  /** A person applies: what is missing from the answer is taken for gone. */
  readonly #trusting = new Set<SyncName>();

  constructor(options: AgentSourceOptions) {
    this.#options = options;
  }

  /** Takes other syncs; answers the names of those that are new, others now, or gone. Equal ones keep their identity. */
  declare(syncs: readonly DeclaredSync[]): readonly SyncName[] {
    const { records } = this.#options;
    const changed: SyncName[] = [];
    const wanted = new Set(syncs.map(({ name }) => name));
    for (const { name, spec } of syncs) {
      const generation = records.declare(name, spec);
      if (this.#specs.get(name)?.generation === generation) continue;
      this.#specs.set(name, { ...spec, generation });
      changed.push(name);
    }
    for (const name of [...this.#specs.keys()]) {
      if (wanted.has(name)) continue;
      this.#specs.delete(name);
      this.origins.delete(name);
      changed.push(name);
    }
    return changed;
  }

  names(): Iterable<SyncName> {
    return [...this.#specs.keys()];
  }

  spec(name: SyncName): SyncSpec | undefined {
    return this.#specs.get(name);
  }

  /** Runs `act` while what is missing from an answer is taken for gone: a person says so. */
  async trusting<T>(name: SyncName, act: () => Promise<T>): Promise<T> {
    this.#trusting.add(name);
    try {
      return await act();
    } finally {
      this.#trusting.delete(name);
    }
  }

  async wish(name: SyncName, supposed?: SyncSpec): Promise<Wish> {
    const spec = supposed ?? this.spec(name);
    if (spec === undefined) return { kind: 'absent' };
    const refusedBefore = this.#refusal(name);
    const answer = await this.#answer(spec.from);
    if (answer.kind === 'refused') return { ...answer, kind: 'stalled' };
    if (answer.from === 'cache' && this.#options.isLive()) this.#options.stale(name);
    if (answer.from === 'cache' && refusedBefore !== undefined) return refusedBefore;
    if (answer.from === 'server') {
      const lost = await this.#lost(name, spec, answer.folder);
      if (lost !== undefined) return lost;
      const error = await this.#options.upstream().keep(answer.folder);
      if (error !== undefined) this.#options.warn('what the server says cannot be kept for later', error);
    }
    this.origins.set(name, { from: answer.from, asOf: answer.asOf });
    return { kind: 'desired', desired: desiredOf(answer.folder), revision: newestOf(answer.folder) };
  }

  /** Only while changes are heard of, or what is kept stands in for a server that is away: else every look asks. */
  wishMark(name: SyncName): number | undefined {
    const { isLive, isCutOff, news } = this.#options;
    const folder = this.spec(name)?.from;
    const isTold = isLive() || (isCutOff() && this.origins.get(name)?.from === 'cache');
    return folder !== undefined && isTold ? news.count(folder) : undefined;
  }

  inventory(name: SyncName): InventoryRecord {
    return this.#options.records.inventory(name);
  }

  async saveInventory(name: SyncName, inventory: InventoryRecord): Promise<void> {
    if (this.#specs.has(name)) await this.#options.records.save(name, { inventory });
  }

  status(name: SyncName): SyncStatus | undefined {
    return this.#options.records.get(name)?.status;
  }

  async save(name: SyncName, inventory: InventoryRecord, status: SyncStatus): Promise<void> {
    if (this.#specs.has(name)) await this.#options.records.save(name, { inventory, status });
  }

  fingerprint(sync: SyncName, name: string, value: string): Fingerprint {
    return createHmac('sha256', this.#options.printKey)
      .update(JSON.stringify([sync, name, value]))
      .digest('base64url');
  }

  async recordDelivery(name: SyncName, delivery: Delivery): Promise<void> {
    this.#options.delivering(name, delivery);
    await Promise.resolve();
  }

  async #answer(folder: string): Promise<Answer> {
    const { news, upstream } = this.#options;
    const answered = news.asking(folder);
    try {
      const answer = await upstream().evaluate(folder);
      const isFresh = answer.kind === 'values' && answer.from === 'server';
      answered(isFresh ? answer.folder : undefined);
      // What is kept may be old: the next look asks again, unless there is nobody to be asked.
      if (!isFresh && !this.#options.isCutOff()) news.one(folder);
      return answer;
    } catch (error) {
      answered(undefined);
      throw error;
    }
  }

  /** What the server refused last, in so many words. */
  #refusal(name: SyncName): Extract<Wish, { kind: 'stalled' }> | undefined {
    const stalled = this.status(name)?.conditions.find(({ type }) => type === 'Stalled');
    if (stalled?.status !== 'true' || !refusals.has(stalled.reason)) return undefined;
    return { kind: 'stalled', reason: stalled.reason, message: stalled.message };
  }

  /**
   * An answer leaves out, without a word, what the token may not know of. So what is missing from it counts as gone only
   * if its history says so: a right that was lost must not empty a file.
   */
  async #lost(
    name: SyncName,
    { from }: SyncSpec,
    { entries }: EvaluatedFolder,
  ): Promise<Extract<Wish, { kind: 'stalled' }> | undefined> {
    const { records, upstream } = this.#options;
    const now: Seen = Object.fromEntries(entries.map((entry) => [nameOf(entry.path), storedAt(entry)]));
    const missing = Object.entries(records.seen(name) ?? {}).filter(([entry]) => !Object.hasOwn(now, entry));
    const unexplained: string[] = [];
    const check = async ([entry, stored]: readonly [string, string]): Promise<void> => {
      const own = `${from}/${entry}`;
      const ended = (await upstream().isEnded(own)) || (stored !== own && (await upstream().isEnded(stored)));
      if (!ended) unexplained.push(entry);
    };
    if (!this.#trusting.has(name)) {
      for (let at = 0; at < missing.length; at += atOnce) await Promise.all(missing.slice(at, at + atOnce).map(check));
    }
    if (unexplained.length === 0) {
      records.noteSeen(name, now);
      return undefined;
    }
    await upstream().forget(from);
    const count = unexplained.length === 1 ? '1 name' : `${unexplained.length} names`;
    const message = `${count} of ${from} that the server answered before, and nothing says that it was deleted: is the right to read it lost? plumb agent apply takes it for gone`;
    return { kind: 'stalled', reason: 'RightsLost', message };
  }
}

function storedAt({ path, inheritedFrom }: EvaluatedEntry): string {
  return inheritedFrom ?? path;
}

function desiredOf({ entries }: EvaluatedFolder): ReadonlyMap<string, DesiredItem> {
  return new Map(
    entries.map(({ path, value, secret, type }) => [
      nameOf(path),
      { value, secret, ...(type === 'bytes' ? { binary: true } : {}) },
    ]),
  );
}
