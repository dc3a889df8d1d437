/** What a place answers to a read, of what is wanted and what was seen. Pure. */
import { groupOfName, keyOfName } from './holders.ts';
import type { NamespaceState } from './namespaces.ts';
import type { Assigned, Routed } from './objects.ts';
import { obstaclesTo } from './obstacles.ts';
import { everyNamespace } from './options.ts';
import type { KubernetesOptions } from './options.ts';
import type { SeenName, SeenObject } from './sightings.ts';
import type { Slot } from './slots.ts';
import type { Version } from './spot.ts';
import type { Flaw, Obstacle, Reading, Wanted } from '../../target.ts';
import type { Fingerprint, TargetWatch } from '#domain/records';

export interface Sights {
  readonly options: KubernetesOptions;
  readonly watch: TargetWatch;
  readonly slots: readonly Slot[];
  /** By group; `null`: it does not exist. */
  readonly seen: ReadonlyMap<string, SeenObject | null>;
  readonly namespaces: ReadonlyMap<string, NamespaceState>;
  readonly routed: Routed;
  readonly ours: ReadonlySet<string>;
  readonly fingerprint: (name: string, value: string) => Fingerprint;
}

export function findings(sights: Sights): Reading {
  const wanted = new Map<string, Wanted>();
  const obstacles: Obstacle[] = [...unplaced(sights)];
  const flaws: Flaw[] = [];
  const names = new Map<string, SeenName>();
  const oursIn = Map.groupBy(sights.ours, groupOfName);
  for (const slot of sights.slots) {
    const items = itemsOf(sights.routed, slot);
    const seen = sights.seen.get(slot.group) ?? null;
    for (const item of items) {
      wanted.set(`${slot.group}/${item.key}`, { value: item.value, secret: item.secret, entry: item.entry });
    }
    for (const [key, name] of seen?.names ?? []) names.set(`${slot.group}/${key}`, name);
    const ours = new Set((oursIn.get(slot.group) ?? []).map(keyOfName));
    obstacles.push(...inTheWay(sights, slot, { items, seen, ours }));
    if (seen !== null && items.length > 0) flaws.push(...flawsOf(sights, slot, seen));
  }
  const mark = markOf(sights.slots.map(({ group }) => [group, sights.seen.get(group) ?? null]));
  const observed = mark === null ? null : { names, outside: new Map<string, string>(), flaws, notes: [], mark };
  return { wanted, obstacles, observed };
}

/** `<group>=<uid>:<resourceVersion>` of what exists; `null`: nothing does. */
export function markOf(versions: readonly (readonly [group: string, found: SeenObject | Version])[]): string | null {
  const lines = versions.flatMap(([group, found]) => {
    if (found === null) return [];
    return [`${group}=${typeof found === 'string' ? found : `${found.uid}:${found.resourceVersion}`}`];
  });
  return lines.length === 0 ? null : lines.join(' ');
}

export function itemsOf(routed: Routed, { options }: Slot): readonly Assigned[] {
  return (options === undefined ? undefined : routed.objects.get(options)) ?? [];
}

/** How people see an object: the namespace is said only where there are several. */
function nameOf({ at }: KubernetesOptions, { holder, group }: Slot): string {
  return at === everyNamespace ? group : `${holder.kind}/${holder.name}`;
}

function unplaced({ routed, namespaces, options }: Sights): readonly Obstacle[] {
  const nowhere = routed.problems.filter(({ object }) => object === undefined);
  const empty = `no namespace has the labels ${options.selector}, expected at least one`;
  return [
    ...nowhere.map(({ message }) => ({ group: '', message })),
    ...(namespaces.size > 0 ? [] : [{ group: '', message: empty }]),
  ];
}

interface Part {
  readonly items: readonly Assigned[];
  readonly seen: SeenObject | null;
  readonly ours: ReadonlySet<string>;
}

function inTheWay(sights: Sights, slot: Slot, { items, seen, ours }: Part): readonly Obstacle[] {
  const { group, options } = slot;
  const name = nameOf(sights.options, slot);
  const of = (message: string): Obstacle => ({ group, message: `${name} ${message}` });
  const refused = options === undefined ? [] : sights.routed.problems.filter(({ object }) => object === options);
  const fingerprint = (key: string, value: string): Fingerprint => sights.fingerprint(`${group}/${key}`, value);
  return [
    ...refused.map(({ message }) => of(`cannot have a name: ${message}`)),
    ...namespaceTrouble(sights, slot, items).map(of),
    ...obstaclesTo({ options, wanted: items, ours, seen, fingerprint }).map(of),
  ];
}

function namespaceTrouble(sights: Sights, { holder }: Slot, items: readonly Assigned[]): readonly string[] {
  const { namespace } = holder;
  const state = sights.namespaces.get(namespace);
  if (items.length === 0) return [];
  if (state === 'terminating') return [`cannot be kept: the namespace ${namespace} is being deleted (Terminating)`];
  if (state !== 'absent' || sights.options.createNamespaces) return [];
  const hint = 'create it, or set the option createNamespaces';
  return [`cannot be made: there is no namespace ${namespace}; ${hint}`];
}

function flawsOf(sights: Sights, slot: Slot, seen: SeenObject): readonly Flaw[] {
  const name = nameOf(sights.options, slot);
  // A stream that selects by the label would not tell of it.
  const isHidden = !seen.labelled && sights.watch === 'namespaces';
  const label = seen.unlabelled || isHidden ? ['the label plumb.dev/managed is missing'] : [];
  return [...label, ...seen.flaws].map((flaw) => ({ group: slot.group, message: `${name}: ${flaw}` }));
}
