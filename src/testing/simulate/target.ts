import { carryOut, emptyPlace, forget, markOf, objectOf, objectsOf, readingOf, slotsOf } from './memory-place.ts';
import type { MemoryPlace, MemoryView } from './memory-place.ts';
import type { Activator } from '#reconcile/activator';
import type { OpenRequest, Place, PlaceIdentity, Step, Target, TargetOptions, WriteRequest } from '#reconcile/target';
import { PlumbError } from '#domain/errors';

/** One write of ours, of one sync, as it was carried out. */
export interface MemoryWrite {
  readonly at: string;
  readonly sync: string;
  readonly steps: readonly Step[];
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
}

/**
 * A target in memory, for tests and the simulator. With the option `objects` a place has several: each item stands in each of them,
 * and the names tell their writers. Others change a place through {@link MemoryTarget.edit}.
 */
export class MemoryTarget implements Target {
  readonly type = 'memory';
  /** Called after each write of ours. */
  written: (write: MemoryWrite) => void = () => undefined;
  /** Called after each change, of whomever. */
  changed: (at: string) => void = () => undefined;
  /** Called when we write to an object that is known to be blocked. */
  trespassed: (at: string, object: string) => void = () => undefined;
  /** Whether writing to this object fails this time, while others may succeed. */
  failing: (at: string, object: string) => boolean = () => false;
  /** What runs with the places; none unless a test gives one. */
  activator: Activator | ((at: string, sync: string) => Activator | undefined) | undefined;
  readonly #places = new Map<string, MemoryPlace>();
  readonly #listeners = new Map<string, Set<() => void>>();
  /** Versions go on when a place is made anew. */
  #version = 0;

  check(at: string, options: TargetOptions): void {
    if (at === '') throw new PlumbError('invalid', 'expected the name of a place');
    objectsOf(options);
  }

  identity(at: string, options: TargetOptions = {}): PlaceIdentity {
    return { id: at, claims: objectsOf(options) === undefined ? [{ place: at }] : [] };
  }

  open({ at, sync, options, fingerprint }: OpenRequest): Promise<Place> {
    const view: MemoryView = { sync, objects: objectsOf(options), fingerprint };
    let slots = slotsOf(view, []);
    const find = (): MemoryPlace | undefined => this.#places.get(at);
    const activator = typeof this.activator === 'function' ? this.activator(at, sync) : this.activator;
    return Promise.resolve({
      groupOf: (name) => (view.objects === undefined ? '' : objectOf(name)),
      read: async ({ desired, ours }) => {
        slots = slotsOf(view, ours);
        return readingOf(find(), view, { desired, slots });
      },
      mark: async () => markOf(find(), slots),
      write: async (request, signal) => {
        signal.throwIfAborted();
        return this.#write(at, { view, slots }, request);
      },
      watch: (changed) => this.#listen(at, changed),
      close: async () => undefined,
      ...(activator === undefined ? {} : { activator }),
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What is there, for looking at only. */
  peek(at: string): Readonly<MemoryPlace> | undefined {
    return this.#places.get(at);
  }

  /** Changes a place as somebody else would; `null` removes the name. */
  edit(at: string, name: string, value: string | null): void {
    const place = this.#placeAt(at);
    forget(place, name);
    if (value !== null) place.names.set(name, value);
    this.#changed(at, [objectOf(name)]);
  }

  /** Removes the place, or one object of it, as somebody else would. */
  remove(at: string, object?: string): void {
    const place = this.#places.get(at);
    if (place === undefined) return;
    if (object === undefined) this.#places.delete(at);
    else {
      for (const name of [...place.names.keys()]) if (objectOf(name) === object) forget(place, name);
      place.objects.delete(object);
    }
    this.#tell(at);
  }

  /** The object takes no writes for a while, as one that is being deleted. */
  block(at: string, object: string, isBlocked: boolean): void {
    const { blocked } = this.#placeAt(at);
    if (isBlocked) blocked.add(object);
    else blocked.delete(object);
    this.#tell(at);
  }

  /** All or nothing per object. */
  #write(
    at: string,
    { view, slots }: { readonly view: MemoryView; readonly slots: readonly string[] },
    { steps, observed }: WriteRequest,
  ): string {
    const present = markOf(this.#places.get(at), slots);
    if (present !== (observed?.mark ?? null)) throw new PlumbError('mismatch', 'the place was changed meanwhile');
    const place = this.#placeAt(at);
    const before = new Map(place.names);
    const byObject = Map.groupBy(steps, ({ name }) => (view.objects === undefined ? '' : objectOf(name)));
    if (view.objects === undefined && byObject.size === 0) byObject.set('', []);
    const done = [...byObject].filter(([object]) => this.#isOpen(at, place, object));
    for (const [, ofObject] of done) carryOut(place, view.sync, ofObject);
    place.writes += 1;
    if (done.length > 0) {
      this.written({ at, sync: view.sync, steps: done.flatMap(([, some]) => some), before, after: place.names });
      this.#changed(
        at,
        done.map(([object]) => object),
      );
    }
    if (done.length < byObject.size) throw new PlumbError('unavailable', 'some objects could not be written');
    return markOf(place, slots) ?? '';
  }

  #isOpen(at: string, place: MemoryPlace, object: string): boolean {
    if (place.blocked.has(object)) this.trespassed(at, object);
    return !place.blocked.has(object) && !this.failing(at, object);
  }

  #placeAt(at: string): MemoryPlace {
    const known = this.#places.get(at);
    if (known !== undefined) return known;
    const place = emptyPlace();
    this.#places.set(at, place);
    return place;
  }

  #changed(at: string, objects: readonly string[]): void {
    const place = this.#placeAt(at);
    this.#version += 1;
    place.version = this.#version;
    for (const object of objects) {
      // What has nothing in it is gone.
      const isLeft = object === '' || [...place.names.keys()].some((name) => objectOf(name) === object);
      if (isLeft) place.objects.set(object, this.#version);
      else place.objects.delete(object);
    }
    this.#tell(at);
  }

  #tell(at: string): void {
    this.changed(at);
    for (const changed of this.#listeners.get(at) ?? []) changed();
  }

  #listen(at: string, changed: () => void): () => void {
    const listeners = this.#listeners.get(at) ?? new Set();
    this.#listeners.set(at, listeners.add(changed));
    return () => void listeners.delete(changed);
  }
}
