import type { Fingerprint } from '#domain/records';
import { PlumbError } from '#domain/errors';
import type { Desired, Observed, Obstacle, Reading, Sighting, Step, Wanted } from '#reconcile/target';

/** One place of a memory target, as somebody else sees it. Objects of a place with several are prefixes of its names. */
export interface MemoryPlace {
  names: Map<string, string>;
  /** Who wrote a name last: a sync, or `undefined` for somebody else. */
  readonly writers: Map<string, string>;
  /** The objects that exist, each with its version; `''` where the place is one. */
  readonly objects: Map<string, number>;
  /** Objects that take no writes for a while, as one that is being deleted. */
  readonly blocked: Set<string>;
  /** Grows with every change, of whomever. */
  version: number;
  /** Writes of ours. */
  writes: number;
}

/** One sync's view of a place. */
export interface MemoryView {
  readonly sync: string;
  /** `undefined`: the place is one object, whose names have no prefix. */
  readonly objects: readonly string[] | undefined;
  readonly fingerprint: (name: string, value: string) => Fingerprint;
}

export function emptyPlace(): MemoryPlace {
  return { names: new Map(), writers: new Map(), objects: new Map(), blocked: new Set(), version: 0, writes: 0 };
}

/** The object that a name belongs to; `''`: it has no prefix. */
export function objectOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

/** The objects that a sync looks at: its own, and those where something of ours may stand. */
export function slotsOf({ objects }: MemoryView, ours: Iterable<string>): readonly string[] {
  return objects === undefined ? [''] : [...new Set([...objects, ...[...ours].map(objectOf)])].sort();
}

/** The versions of what exists of these objects; `null`: nothing does. */
export function markOf(place: MemoryPlace | undefined, slots: readonly string[]): string | null {
  const found = slots.flatMap((slot) => {
    const version = place?.objects.get(slot);
    const state = place?.blocked.has(slot) === true ? ' blocked' : '';
    return version === undefined && state === '' ? [] : [`${slot}=${version ?? 0}${state}`];
  });
  return found.length === 0 ? null : found.join(' ');
}

/** What should be there beside what is. */
export function readingOf(
  place: MemoryPlace | undefined,
  view: MemoryView,
  request: { readonly desired: Desired; readonly slots: readonly string[] },
): Reading {
  const mark = markOf(place, request.slots);
  const blocked: Obstacle[] = request.slots
    .filter((group) => place?.blocked.has(group))
    .map((group) => ({ group, message: `${group} is being deleted` }));
  const { wanted, obstacles } = spread(view, request.desired);
  const observed: Observed | null =
    mark === null || place === undefined
      ? null
      : { names: sightings(place, view, request.slots), outside: new Map(), flaws: [], notes: [], mark };
  return { wanted, obstacles: [...obstacles, ...blocked], observed };
}

/** Changes the names of one object. */
export function carryOut(place: MemoryPlace, sync: string, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.do === 'delete') forget(place, step.name);
    else {
      place.names.set(step.name, step.item.value);
      place.writers.set(step.name, sync);
    }
  }
}

export function forget(place: MemoryPlace, name: string): void {
  place.names.delete(name);
  place.writers.delete(name);
}

function sightings(place: MemoryPlace, view: MemoryView, slots: readonly string[]): ReadonlyMap<string, Sighting> {
  const shown = [...place.names].filter(([name]) => view.objects === undefined || slots.includes(objectOf(name)));
  return new Map(
    shown.map(([name, value]) => {
      const sync = place.writers.get(name);
      const isTold = view.objects !== undefined && sync !== view.sync;
      const writer = sync === undefined ? { name: 'somebody' } : { name: `plumb/${sync}`, sync };
      const sighting = { fingerprint: view.fingerprint(name, value), bytes: value.length };
      return [name, isTold ? { ...sighting, writer } : sighting];
    }),
  );
}

/** Every item stands in every object. */
function spread({ objects }: MemoryView, desired: Desired): Pick<Reading, 'wanted' | 'obstacles'> {
  const wanted = new Map<string, Wanted>();
  const obstacles: Obstacle[] = [];
  for (const group of objects ?? ['']) {
    for (const [name, { value, secret, entry = name }] of desired) {
      wanted.set(group === '' ? name : `${group}/${name}`, { value, secret, entry });
      const text = problem(name, value);
      if (text !== undefined) obstacles.push({ group, message: `${name} ${text}` });
    }
  }
  return { wanted, obstacles };
}

function problem(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'is not a name of letters, digits and _';
  return value.includes('\0') ? 'has a value with a NUL character' : undefined;
}

/** The option `objects`. Throws `invalid`. */
export function objectsOf(options: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const { objects, ...unknown } = options;
  const names = Object.keys(unknown);
  if (names.length > 0) throw new PlumbError('invalid', `unknown option ${names.join(', ')}`);
  if (objects === undefined) return undefined;
  if (Array.isArray(objects) && objects.every(isName)) return objects;
  throw new PlumbError('invalid', 'option objects must be a list of names');
}

function isName(object: unknown): object is string {
  return typeof object === 'string' && object !== '';
}
