import type { ApiObject, Cluster, Selection } from './cluster.ts';
import { groupOf, groupOfName, holders, managedLabel, parseGroup, refOf } from './holders.ts';
import type { Holder } from './holders.ts';
import type { KubernetesOptions, ObjectOptions } from './options.ts';
import { sight } from './sightings.ts';
import type { SeenObject } from './sightings.ts';
import { Spot } from './spot.ts';
import { SpotStream } from './spot-stream.ts';
import type { Fingerprint, TargetWatch } from '#domain/records';

/** One object of a place. */
export interface Slot {
  readonly group: string;
  readonly holder: Holder;
  /** Absent: it has names of ours, and is kept no longer. */
  readonly options: ObjectOptions | undefined;
  readonly spot: Spot;
}

export interface SlotsOptions {
  readonly cluster: Cluster;
  readonly options: KubernetesOptions;
  readonly manager: string;
  readonly watch: TargetWatch;
  readonly fingerprint: (name: string, value: string) => Fingerprint;
  readonly changed: () => void;
}

/** The objects of a place in all of its namespaces, and the streams that tell of them. */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #slots = new Map<string, Slot>();
  /** By what they select. */
  readonly #streams = new Map<string, SpotStream>();
  #isFollowed = false;

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** Those of these namespaces, in the order of the options, then those that names of ours are in beside them. */
  arrange(namespaces: Iterable<string>, ours: ReadonlySet<string>): readonly Slot[] {
    const wanted = new Map<string, readonly [Holder, ObjectOptions | undefined]>();
    for (const namespace of namespaces) {
      for (const options of this.#options.options.objects) {
        const holder = { namespace, kind: options.kind, name: options.name };
        wanted.set(groupOf(holder), [holder, options]);
      }
    }
    for (const group of [...new Set([...ours].map(groupOfName))].sort()) {
      const holder = parseGroup(group);
      if (holder !== undefined && !wanted.has(group)) wanted.set(group, [holder, undefined]);
    }
    return this.#take(wanted);
  }

  /** Every object that was arranged last, in that order. */
  get all(): readonly Slot[] {
    return [...this.#slots.values()];
  }

  /** What keeps us from hearing of changes at once. */
  get degraded(): readonly string[] {
    const refusals = [...this.#streams.values()].flatMap(({ refusal }) => refusal ?? []);
    return refusals.map((refusal) => `${refusal}: changes there are noticed once a minute`);
  }

  follow(): void {
    this.#isFollowed = true;
    this.#attach();
  }

  stop(): void {
    this.#isFollowed = false;
    for (const stream of this.#streams.values()) stream.stop();
    this.#streams.clear();
  }

  /** When all streams have told what is there, or turned out not to. */
  async settled(): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => stream.settled));
  }

  #take(wanted: ReadonlyMap<string, readonly [Holder, ObjectOptions | undefined]>): readonly Slot[] {
    const known = new Map(this.#slots);
    this.#slots.clear();
    for (const [group, [holder, options]] of wanted) {
      const slot = known.get(group);
      const isSame = slot !== undefined && slot.options === options;
      this.#slots.set(group, isSame ? slot : this.#make(group, holder, options));
    }
    this.#attach();
    return this.all;
  }

  #make(group: string, holder: Holder, options: ObjectOptions | undefined): Slot {
    const { cluster, manager, fingerprint, changed } = this.#options;
    const how = {
      kind: holder.kind,
      options,
      manager,
      fingerprint: (key: string, value: string) => fingerprint(`${group}/${key}`, value),
    };
    const see = (object: ApiObject): SeenObject => sight(object, how);
    return { group, holder, options, spot: new Spot({ cluster, ref: refOf(holder), sight: see, changed }) };
  }

  /** Opens the streams that are needed, and ends those that are not. */
  #attach(): void {
    if (!this.#isFollowed) return;
    const kept = this.all.filter(({ options }) => options !== undefined);
    const groups = Map.groupBy(kept, ({ group, holder }) =>
      this.#options.watch === 'names' ? group : `${holder.namespace}/${holder.kind}`,
    );
    for (const [key, stream] of this.#streams) {
      if (groups.has(key)) continue;
      stream.stop();
      this.#streams.delete(key);
    }
    for (const [key, slots] of groups) {
      const [first] = slots;
      if (first !== undefined && !this.#streams.has(key)) this.#streams.set(key, this.#open(first, slots));
    }
  }

  #open({ holder }: Slot, slots: readonly Slot[]): SpotStream {
    const { cluster, changed } = this.#options;
    const spots = new Map(slots.map((slot) => [slot.holder.name, slot.spot]));
    return new SpotStream({ cluster, selection: this.#selection(holder), spots, recovered: changed });
  }

  #selection({ kind, namespace, name }: Holder): Selection {
    const where = { resource: holders[kind], namespace };
    if (this.#options.watch === 'names') return { ...where, name };
    return { ...where, labels: `${managedLabel.key}=${managedLabel.value}` };
  }
}
