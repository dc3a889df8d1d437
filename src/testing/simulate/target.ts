import type { Activator } from '#reconcile/activator';
import type {
  Observed,
  OpenRequest,
  Place,
  PlaceIdentity,
  Reading,
  ReadRequest,
  Target,
  TargetOptions,
  WriteRequest,
} from '#reconcile/target';
import { PlumbError } from '#domain/errors';

/** One place of a {@link MemoryTarget}, as somebody else sees it. */
export interface MemoryPlace {
  names: Map<string, string>;
  /** Grows with every change, of whomever. */
  version: number;
  /** Writes of ours. */
  writes: number;
}

/** One write of ours, as it was carried out. */
export interface MemoryWrite {
  readonly at: string;
  readonly request: WriteRequest;
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
}

/** A target in memory, for tests and the simulator. Others change a place through {@link MemoryTarget.edit}. */
export class MemoryTarget implements Target {
  readonly type = 'memory';
  /** Called after each write of ours. */
  written: (write: MemoryWrite) => void = () => undefined;
  /** What runs with the places; none unless a test gives one. */
  activator: Activator | undefined;
  readonly #places = new Map<string, MemoryPlace>();
  readonly #listeners = new Map<string, Set<() => void>>();
  /** Versions go on when a place is made anew. */
  #version = 0;

  check(at: string, options: TargetOptions): void {
    if (at === '') throw new PlumbError('invalid', 'expected the name of a place');
    const unknown = Object.keys(options);
    if (unknown.length > 0) throw new PlumbError('invalid', `unknown option ${unknown.join(', ')}`);
  }

  identity(at: string): PlaceIdentity {
    return { id: at, claims: [{ place: at }] };
  }

  open({ at, fingerprint }: OpenRequest): Promise<Place> {
    const find = (): MemoryPlace | undefined => this.#places.get(at);
    const observe = ({ names, version }: MemoryPlace): Observed => ({
      names: new Map(
        [...names].map(([name, value]) => [name, { fingerprint: fingerprint(name, value), bytes: value.length }]),
      ),
      outside: new Map(),
      flaws: [],
      notes: [],
      mark: String(version),
    });
    return Promise.resolve({
      groupOf: () => '',
      read: async (request) => {
        const place = find();
        return { ...spread(request), observed: place === undefined ? null : observe(place) };
      },
      mark: async () => find()?.version.toString() ?? null,
      write: async (request, signal) => {
        signal.throwIfAborted();
        return this.#write(at, request);
      },
      watch: (changed) => this.#listen(at, changed),
      close: async () => undefined,
      ...(this.activator === undefined ? {} : { activator: this.activator }),
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
    if (value === null) place.names.delete(name);
    else place.names.set(name, value);
    this.#changed(at, place);
  }

  /** Removes the place as somebody else would. */
  remove(at: string): void {
    const place = this.#places.get(at);
    this.#places.delete(at);
    if (place !== undefined) this.#tell(at);
  }

  #write(at: string, request: WriteRequest): string {
    const { steps, observed } = request;
    const present = this.#places.get(at)?.version.toString();
    if (present !== observed?.mark) throw new PlumbError('mismatch', 'the place was changed meanwhile');
    const place = this.#placeAt(at);
    const before = new Map(place.names);
    for (const step of steps) {
      if (step.do === 'delete') place.names.delete(step.name);
      else place.names.set(step.name, step.item.value);
    }
    place.writes += 1;
    this.written({ at, request, before, after: place.names });
    this.#changed(at, place);
    return String(place.version);
  }

  #placeAt(at: string): MemoryPlace {
    const known = this.#places.get(at);
    if (known !== undefined) return known;
    const place: MemoryPlace = { names: new Map(), version: 0, writes: 0 };
    this.#places.set(at, place);
    return place;
  }

  #changed(at: string, place: MemoryPlace): void {
    this.#version += 1;
    place.version = this.#version;
    this.#tell(at);
  }

  #tell(at: string): void {
    for (const changed of this.#listeners.get(at) ?? []) changed();
  }

  #listen(at: string, changed: () => void): () => void {
    const listeners = this.#listeners.get(at) ?? new Set();
    this.#listeners.set(at, listeners.add(changed));
    return () => void listeners.delete(changed);
  }
}

function spread({ desired }: ReadRequest): Pick<Reading, 'wanted' | 'obstacles'> {
  const items = [...desired].map(
    ([name, { value, secret, entry = name }]) => [name, { value, secret, entry }] as const,
  );
  const obstacles = items.flatMap(([name, { value }]) => {
    const text = problem(name, value);
    return text === undefined ? [] : { group: '', message: `${name} ${text}` };
  });
  return { wanted: new Map(items), obstacles };
}

function problem(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'is not a name of letters, digits and _';
  return value.includes('\0') ? 'has a value with a NUL character' : undefined;
}
