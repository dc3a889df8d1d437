/** One sync of a test: what the loop does with a place, without the loop. */
import { createHash } from 'node:crypto';
import type { InventoryRecord, TargetWatch } from '#domain/records';
import { makeDraft } from '#reconcile/plan';
import type { Draft } from '#reconcile/plan';
import type { DesiredItem, Place, Reading, TargetOptions, WriteRequest } from '#reconcile/target';
import type { Cluster } from '#reconcile/targets/kubernetes/cluster';
import { KubernetesTarget } from '#reconcile/targets/kubernetes/target';

const never = new AbortController().signal;

export interface KeeperOptions {
  readonly cluster: Cluster;
  readonly sync?: string;
  readonly at: string;
  readonly options?: TargetOptions;
  readonly watch?: TargetWatch;
  /** Names of syncs that exist. Default: every one. */
  readonly isSync?: (name: string) => boolean;
}

export type Values = Readonly<Record<string, string | DesiredItem>>;

export interface Looked {
  readonly reading: Reading;
  readonly draft: Draft;
}

export class Keeper {
  readonly place: Place;
  inventory: InventoryRecord = { names: {} };
  readonly #isSync: (name: string) => boolean;

  private constructor(place: Place, isSync: (name: string) => boolean) {
    this.place = place;
    this.#isSync = isSync;
  }

  /** Keeps the Secret `app`, unless the options say something else. */
  static async open({ cluster, sync = 'app', at, watch, isSync, options }: KeeperOptions): Promise<Keeper> {
    const target = new KubernetesTarget({
      id: cluster.id,
      cluster: () => Promise.resolve(cluster),
      ...(watch === undefined ? {} : { watch }),
    });
    const place = await target.open({
      sync,
      at,
      options: options ?? { objects: [{ kind: 'Secret', name: 'app' }] },
      fingerprint,
    });
    return new Keeper(place, isSync ?? (() => true));
  }

  /** Texts are secrets. */
  async look(values: Values, { adopt = false, reveal = false } = {}): Promise<Looked> {
    const desired = new Map(
      Object.entries(values).map(([name, value]) => [
        name,
        typeof value === 'string' ? { value, secret: true } : value,
      ]),
    );
    const ours = new Set(Object.keys(this.inventory.names));
    const reading = await this.place.read({ desired, ours, lane: 'user', ...(reveal ? { reveal } : {}) }, never);
    const draft = makeDraft({
      reading,
      inventory: this.inventory,
      fingerprint,
      groupOf: (name) => this.place.groupOf(name),
      isSync: this.#isSync,
      adopt,
      deleteMany: true,
    });
    return { reading, draft };
  }

  request({ reading, draft }: Looked): WriteRequest {
    const ours = new Set(Object.keys(draft.intended.names));
    const { wanted, observed } = reading;
    return { steps: draft.writes, wanted, ours, observed, blocked: draft.blocked, lane: 'user' };
  }

  async write(looked: Looked): Promise<string> {
    const { draft } = looked;
    this.inventory = draft.intended;
    const mark = await this.place.write(this.request(looked), never);
    this.inventory = draft.confirmed;
    return mark;
  }

  /** One run. Writes only if there is something to write. */
  async keep(values: Values, options: { readonly adopt?: boolean } = {}): Promise<Draft> {
    const looked = await this.look(values, options);
    const { draft } = looked;
    if (draft.writes.length + draft.flaws.length > 0) await this.write(looked);
    else this.inventory = draft.confirmed;
    return draft;
  }

  /** Resolves when the place says that something changed. */
  news(): { readonly told: Promise<void>; readonly count: () => number; readonly stop: () => void } {
    const { promise: told, resolve } = Promise.withResolvers<void>();
    let count = 0;
    const stop = this.place.watch?.(() => {
      count += 1;
      resolve();
    });
    return { told, count: () => count, stop: () => stop?.() };
  }

  mark(): Promise<string | null> {
    return this.place.mark(never);
  }
}

function fingerprint(name: string, value: string): string {
  return createHash('sha256').update(`${name}\0${value}`).digest('base64url');
}
