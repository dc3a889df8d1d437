import type { Cluster, RequestContext } from './cluster.ts';
import { groupOfName, keyOfName } from './holders.ts';
import { isNoNamespace, makeNamespace, namespacesOf } from './namespaces.ts';
import type { Namespaces, NamespaceState } from './namespaces.ts';
import { writeObject } from './object-write.ts';
import { route } from './objects.ts';
import type { Routed } from './objects.ts';
import type { KubernetesOptions } from './options.ts';
import { managerOf } from './ownership.ts';
import { findings, itemsOf, markOf } from './reading.ts';
import { valuesOf } from './sightings.ts';
import type { SeenObject } from './sightings.ts';
import { Slots } from './slots.ts';
import type { Slot } from './slots.ts';
import { isBinary } from './spelling.ts';
import { doAll, settleAll, within } from './together.ts';
import { combined } from './write-failures.ts';
import type { Activator } from '../../activator.ts';
import type { Place, Reading, ReadRequest, WriteRequest } from '../../target.ts';
import { PlumbError } from '#domain/errors';
import type { Fingerprint, TargetWatch } from '#domain/records';

export interface KubernetesPlaceOptions {
  readonly cluster: Cluster;
  readonly sync: string;
  readonly options: KubernetesOptions;
  readonly watch: TargetWatch;
  readonly fingerprint: (name: string, value: string) => Fingerprint;
  /** Made with what it calls when something that it told of has come about. */
  readonly activator?: (changed: () => void) => Activator;
}

/** What was read last. */
interface Told {
  readonly mark: string | null;
  readonly seen: ReadonlyMap<string, SeenObject | null>;
  /** Objects that something is wanted in. */
  readonly needed: ReadonlySet<string>;
  readonly flawed: ReadonlySet<string>;
  namespaces: ReadonlyMap<string, NamespaceState>;
  /** It was written since. */
  isSpent: boolean;
}

/** What a read goes by. */
interface Arranged {
  readonly slots: readonly Slot[];
  readonly selected: ReadonlyMap<string, NamespaceState>;
}

/** Requests of one place at the same time. */
const atOnce = 8;

/** The objects of one sync, in one namespace or in all that have certain labels. */
export class KubernetesPlace implements Place {
  readonly activator?: Activator;
  readonly #options: KubernetesPlaceOptions;
  readonly #manager: string;
  readonly #namespaces: Namespaces;
  readonly #slots: Slots;
  #told: Told | undefined;
  #changed: (() => void) | undefined;
  #stop: (() => void) | undefined;

  constructor(options: KubernetesPlaceOptions) {
    this.#options = options;
    this.#manager = managerOf(options.sync);
    this.#namespaces = namespacesOf(options.cluster, options.options);
    const changed = (): void => this.#changed?.();
    this.#slots = new Slots({ ...options, manager: this.#manager, changed });
    if (options.activator !== undefined) this.activator = options.activator(changed);
  }

  /** Each request has its own limit; many of them wait for the budget of the server. */
  get patienceMs(): number {
    return 10_000 + 100 * this.#slots.all.length;
  }

  groupOf(name: string): string {
    return groupOfName(name);
  }

  async read({ desired, ours, lane, reveal }: ReadRequest, signal: AbortSignal): Promise<Reading> {
    signal.throwIfAborted();
    const context = { lane, signal };
    const routed = route(desired, this.#options.options.objects);
    const { slots, selected } = await this.#arrange(ours, context);
    const revealed = new Map<string, string>();
    const pairs = await doAll(slots, atOnce, async (slot): Promise<[string, SeenObject | null]> => {
      if (reveal !== true) return [slot.group, await slot.spot.look(context)];
      return [slot.group, await this.#reveal(slot, routed, { context, revealed, ours })];
    });
    const seen = new Map(pairs);
    const namespaces = await this.#examine(selected, { slots, seen, routed }, context);
    const { options, watch, fingerprint } = this.#options;
    const reading = findings({ options, watch, slots, seen, namespaces, routed, ours, fingerprint });
    const { observed, wanted } = reading;
    this.#told = {
      mark: observed?.mark ?? null,
      seen,
      needed: new Set([...wanted.keys()].map(groupOfName)),
      flawed: new Set(observed?.flaws.map(({ group }) => group)),
      namespaces,
      isSpent: false,
    };
    const { degraded } = this.#slots;
    return {
      ...reading,
      ...(degraded.length === 0 ? {} : { degraded }),
      ...(reveal === true && observed !== null ? { observed: { ...observed, revealed } } : {}),
    };
  }

  async mark(signal: AbortSignal): Promise<string | null> {
    signal.throwIfAborted();
    const context = { lane: 'resync', signal } as const;
    const told = this.#told;
    if (told === undefined) {
      const { slots } = await this.#arrange(new Set(), context);
      return markOf(await doAll(slots, atOnce, async ({ group, spot }) => [group, await spot.look(context)]));
    }
    const slots = this.#slots.all.filter((slot) => this.#isLookedAt(slot, told));
    await doAll(slots, atOnce, ({ spot }) => spot.look(context));
    const mark = this.#mark();
    return (await this.#hasMoved(told, context)) ? `${mark ?? ''} namespaces` : mark;
  }

  async write(request: WriteRequest, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const told = this.#told;
    if (told === undefined || told.isSpent || told.mark !== (request.observed?.mark ?? null)) throw notAsRead();
    const context = { lane: request.lane, signal };
    const slots = this.#slots.all.filter(({ group }) => isConcerned(group, request, told.flawed));
    told.isSpent = true;
    const results = await settleAll(slots, atOnce, (slot) => this.#write(slot, { request, told }, context));
    const failures = results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ group: slots[index]?.group ?? '', error: result.reason as unknown }] : [],
    );
    if (failures.length > 0) throw combined(failures, slots.length);
    return this.#mark() ?? '';
  }

  watch(changed: () => void): () => void {
    this.#changed = changed;
    const stop = this.#namespaces.follow(changed);
    this.#slots.follow();
    // What failed meanwhile has not to wait until it is tried again by itself.
    const forget = this.#options.cluster.onRecovered(changed);
    this.#stop = () => {
      this.#changed = undefined;
      forget();
      stop();
      this.#slots.stop();
    };
    return this.#stop;
  }

  close(): Promise<void> {
    this.#stop?.();
    return Promise.resolve();
  }

  /** The objects there are to look at, with whatever tells of them. */
  async #arrange(ours: ReadonlySet<string>, context: RequestContext): Promise<Arranged> {
    await within(this.#namespaces.settled, context.signal);
    const selected = await this.#namespaces.now(context);
    const slots = this.#slots.arrange(selected.keys(), ours);
    await within(this.#slots.settled(), context.signal);
    return { slots, selected };
  }

  /** From the server itself, with the values under names of config; not with what others wrote to a Secret. */
  async #reveal(
    slot: Slot,
    routed: Routed,
    to: { context: RequestContext; revealed: Map<string, string>; ours: ReadonlySet<string> },
  ): Promise<SeenObject | null> {
    const { seen, object } = await slot.spot.ask(to.context);
    const shown = new Set(itemsOf(routed, slot).flatMap(({ key, secret }) => (secret ? [] : [key])));
    for (const { key, value } of object === null ? [] : valuesOf(slot.holder.kind, object)) {
      const name = `${slot.group}/${key}`;
      if (shown.has(key) && (slot.holder.kind !== 'Secret' || to.ours.has(name))) to.revealed.set(name, value);
    }
    return seen;
  }

  /** Looks closer at namespaces in which something is to be made. */
  async #examine(
    selected: ReadonlyMap<string, NamespaceState>,
    { slots, seen, routed }: { slots: readonly Slot[]; seen: ReadonlyMap<string, SeenObject | null>; routed: Routed },
    context: RequestContext,
  ): Promise<ReadonlyMap<string, NamespaceState>> {
    const states = new Map(selected);
    for (const [name, state] of selected) {
      const isMade = slots.some(
        (slot) => slot.holder.namespace === name && seen.get(slot.group) === null && itemsOf(routed, slot).length > 0,
      );
      if (state === 'unknown' && isMade) states.set(name, await this.#namespaces.examine(name, context));
    }
    return states;
  }

  /** Of what the loop knows. */
  #mark(): string | null {
    return markOf(this.#slots.all.map(({ group, spot }) => [group, spot.told ?? null]));
  }

  /** A stream that selects by the label tells nothing of an object that is not there, and nobody needs it. */
  #isLookedAt({ group }: Slot, { seen, needed }: Told): boolean {
    return this.#options.watch === 'names' || seen.get(group) !== null || needed.has(group);
  }

  /** Whether the namespaces are others than when they were read. */
  async #hasMoved({ namespaces }: Told, context: RequestContext): Promise<boolean> {
    const now = new Map(await this.#namespaces.now(context));
    for (const [name, state] of namespaces) {
      if (now.get(name) !== 'unknown') continue;
      const isInTheWay = state === 'absent' || state === 'terminating';
      now.set(name, isInTheWay ? await this.#namespaces.examine(name, context) : state);
    }
    return now.size !== namespaces.size || [...now].some(([name, state]) => namespaces.get(name) !== state);
  }

  async #write(
    { group, holder, options, spot }: Slot,
    { request, told }: { request: WriteRequest; told: Told },
    context: RequestContext,
  ): Promise<void> {
    const wanted = [...request.wanted].flatMap(([name, { value }]) =>
      groupOfName(name) === group ? [{ key: keyOfName(name), value, binary: isBinary(value) }] : [],
    );
    const steps = request.steps.filter(({ name }) => groupOfName(name) === group);
    const deleted = steps.flatMap((step) => (step.do === 'delete' ? [keyOfName(step.name)] : []));
    const isAmiss = told.flawed.has(group) || deleted.length < steps.length;
    const { cluster } = this.#options;
    const expected = told.seen.get(group) ?? null;
    const write = { cluster, manager: this.#manager, holder, spot, options, wanted, deleted, isAmiss, expected };
    try {
      await writeObject(write, context);
    } catch (error) {
      if (!this.#options.options.createNamespaces || !isNoNamespace(error)) throw error;
      await makeNamespace(cluster, holder.namespace, { ...context, fieldManager: this.#manager });
      told.namespaces = new Map([...told.namespaces, [holder.namespace, 'active']]);
      await writeObject(write, context);
    }
  }
}

function isConcerned(group: string, { steps, blocked }: WriteRequest, flawed: ReadonlySet<string>): boolean {
  if (blocked.has('') || blocked.has(group)) return false;
  return flawed.has(group) || steps.some(({ name }) => groupOfName(name) === group);
}

function notAsRead(): PlumbError {
  return new PlumbError('mismatch', 'the objects are not as they were when the plan was made');
}
