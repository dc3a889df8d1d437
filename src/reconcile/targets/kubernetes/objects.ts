/** Which name goes to which object. Pure. */
import { keyProblem } from './names.ts';
import type { ObjectOptions } from './options.ts';
import { isBinary, lengthOf, spellBytes, spellText } from './spelling.ts';
import type { Desired, DesiredItem, Wanted } from '../../target.ts';
import { glob } from '#util/glob';

/** One name in one object. */
export interface Assigned extends Wanted {
  readonly key: string;
  readonly bytes: number;
  /** It has to stand where a ConfigMap has bytes. */
  readonly binary: boolean;
}

export interface Routed {
  /** What goes to each object, in the order of the options; objects without any included. */
  readonly objects: ReadonlyMap<ObjectOptions, readonly Assigned[]>;
  readonly problems: readonly Problem[];
}

/** What cannot be carried, whatever stands in the target. */
export interface Problem {
  /** Absent: no object is to have it. */
  readonly object?: ObjectOptions;
  readonly message: string;
}

/**
 * A name goes to every object whose `include` matches it; if there is none, a secret goes to the Secret without
 * `include`, and config to the ConfigMap without, or else to that Secret. A secret never goes to a ConfigMap.
 */
export function route(desired: Desired, objects: readonly ObjectOptions[]): Routed {
  const routes = objects.map((object) => ({ object, matches: object.include?.map(glob), items: [] as Assigned[] }));
  const open = (kind: string): (typeof routes)[number] | undefined =>
    routes.find(({ object, matches }) => object.kind === kind && matches === undefined);
  const problems: Problem[] = [];
  for (const [name, item] of desired) {
    const included = routes.filter(({ matches }) => matches?.some((matches_) => matches_(name)));
    const rest = item.secret ? open('Secret') : (open('ConfigMap') ?? open('Secret'));
    const takers = included.length > 0 || rest === undefined ? included : [rest];
    if (takers.length === 0) problems.push({ message: unplaced(name, item) });
    for (const { object, items } of takers) {
      const problem = problemOf(name, item, object);
      if (problem === undefined) items.push(assign(name, item));
      else problems.push({ object, message: problem });
    }
  }
  return { objects: new Map(routes.map(({ object, items }) => [object, items])), problems };
}

function assign(key: string, item: DesiredItem): Assigned {
  const value = item.binary === true ? spellBytes(Buffer.from(item.value, 'base64')) : spellText(item.value);
  return {
    key,
    value,
    secret: item.secret,
    entry: item.entry ?? key,
    bytes: lengthOf(value),
    binary: isBinary(value),
  };
}

function problemOf(name: string, item: DesiredItem, object: ObjectOptions): string | undefined {
  const problem = keyProblem(name);
  if (problem !== undefined) return `${name} ${problem}`;
  if (!item.secret || object.kind === 'Secret') return undefined;
  return `${name} is a secret${chain(item)}, expected one to be included in a Secret, never in the ConfigMap ${object.name}`;
}

function unplaced(name: string, item: DesiredItem): string {
  const which = item.secret ? `a secret${chain(item)}` : 'config';
  const expected = item.secret ? 'a Secret' : 'a ConfigMap or a Secret';
  return `${name} is ${which}, and no object takes it: expected ${expected} without include, or with one that matches it`;
}

/** `, made from a/b/URL, a/b/PASSWORD`. */
function chain({ taint = [] }: DesiredItem): string {
  return taint.length === 0 ? '' : `, made from ${taint.join(', made from ')}`;
}
