import type { ManagedFields } from './cluster.ts';
import { at } from './fields.ts';
import type { Writer } from '../../target.ts';

/** Field managers of syncs begin with it, whichever server they belong to. */
const managerPrefix = 'plumb/';

/** The one field manager that a sync writes as. */
export function managerOf(sync: string): string {
  return managerPrefix + sync;
}

/** Where an object holds values. */
export type DataField = 'data' | 'binaryData';

/** Who wrote what in one object, as its `managedFields` tell. */
export class Ownership {
  readonly #ours: readonly ManagedFields[];
  readonly #others: readonly ManagedFields[];

  constructor(fields: readonly ManagedFields[], manager: string) {
    // Fields of a subresource are none that hold names.
    const all = fields.filter(({ subresource }) => subresource === undefined || subresource === '');
    this.#ours = all.filter((entry) => entry.manager === manager);
    this.#others = all.filter((entry) => entry.manager !== manager);
  }

  /** Nobody else has a part in it. */
  get isSole(): boolean {
    return this.#others.length === 0 && this.#ours.length > 0;
  }

  /** Whether any value was written by us. */
  get hasNames(): boolean {
    return this.#ours.some((entry) => namesBelow(entry, 'data').length + namesBelow(entry, 'binaryData').length > 0);
  }

  /** Whether we said of which type it is: it cannot be left out then. */
  get hasType(): boolean {
    return this.#ours.some(({ fieldsV1 }) => at(fieldsV1, 'f:type') !== undefined);
  }

  /** Names of labels or annotations that were written by us. */
  names(field: 'labels' | 'annotations'): readonly string[] {
    return this.#ours.flatMap((entry) => namesBelow(entry, 'metadata', field));
  }

  /** Whether we hold it and nobody else does: it goes when we leave it out. */
  holdsAlone(field: DataField, key: string): boolean {
    const held = this.#ours.some((entry) => owns(entry, field, key));
    return held && !this.#others.some((entry) => owns(entry, field, key));
  }

  /**
   * Who wrote the value under a key, if that is not only us: another sync before anybody else, since it will write it
   * again. Others who only agree with us are not told.
   */
  writerOf(field: DataField, key: string): Writer | undefined {
    if (this.#others.length === 0) return undefined;
    const owners = this.#others.filter((entry) => owns(entry, field, key)).map(writer);
    const latest = owners.reduce<Writer | undefined>(later, undefined);
    return latest?.sync === undefined && this.#ours.some((entry) => owns(entry, field, key)) ? undefined : latest;
  }
}

function writer({ manager = 'an unknown manager', time }: ManagedFields): Writer {
  const when = time === undefined ? Number.NaN : Date.parse(time);
  return {
    name: manager,
    ...(Number.isNaN(when) ? {} : { at: when }),
    ...(manager.startsWith(managerPrefix) ? { sync: manager.slice(managerPrefix.length) } : {}),
  };
}

function later(one: Writer | undefined, other: Writer): Writer {
  if (one === undefined) return other;
  if ((one.sync === undefined) !== (other.sync === undefined)) return one.sync === undefined ? other : one;
  return (other.at ?? 0) >= (one.at ?? 0) ? other : one;
}

function owns({ fieldsV1 }: ManagedFields, field: DataField, key: string): boolean {
  return at(fieldsV1, `f:${field}`, `f:${key}`) !== undefined;
}

function namesBelow({ fieldsV1 }: ManagedFields, ...path: readonly string[]): readonly string[] {
  const fields = at(fieldsV1, ...path.map((name) => `f:${name}`));
  if (typeof fields !== 'object' || fields === null) return [];
  return Object.keys(fields).flatMap((name) => (name.startsWith('f:') ? [name.slice(2)] : []));
}
