import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ChangeRequestOp, DiffRow } from './services.ts';
import { newPlumb } from '#testing/plumb';
import type { Plumb } from '#testing/plumb';
import { refusal } from '#testing/use-plumb';

/*
 * What the use-cases answer after any sequence of changes, against a model that is too simple to be
 * wrong: two environments, the second extends the first, three names, values that may refer to each other.
 */

const names = ['A', 'B', 'C'] as const;
const places = ['base', 'prod'] as const;
type Name = (typeof names)[number];
type Place = (typeof places)[number];
type Own = { readonly text: string; readonly refersTo?: Name } | 'unset';
type Model = Readonly<Record<Place, Map<Name, Own>>>;

/** The nearest own value, unless it is hidden. */
function own(model: Model, place: Place, name: Name): Exclude<Own, 'unset'> | undefined {
  const found = model[place].get(name) ?? (place === 'prod' ? model.base.get(name) : undefined);
  return found === 'unset' ? undefined : found;
}

/** `undefined`: nothing is there; `null`: it cannot be computed. */
function valueOf(model: Model, place: Place, name: Name, depth = 0): string | null | undefined {
  const found = own(model, place, name);
  if (found === undefined) return undefined;
  if (found.refersTo === undefined) return found.text;
  const part = depth > names.length ? null : valueOf(model, place, found.refersTo, depth + 1);
  return part === undefined || part === null ? null : `${found.text}${part}`;
}

/** Whether following references from here comes back. */
function isCyclic(model: Model, place: Place, name: Name): boolean {
  let at = own(model, place, name)?.refersTo;
  for (let steps = 0; steps <= names.length && at !== undefined; steps += 1) at = own(model, place, at)?.refersTo;
  return at !== undefined;
}

const step = fc.record({
  place: fc.constantFrom(...places),
  name: fc.constantFrom(...names),
  what: fc.constantFrom('put', 'refer', 'delete', 'unset'),
  to: fc.constantFrom(...names),
  text: fc.constantFrom('x', 'y'),
});
type RandomStep = typeof step extends fc.Arbitrary<infer T> ? T : never;

function opOf({ place, name, what, to, text }: RandomStep): ChangeRequestOp {
  const path = `app/${place}/${name}`;
  if (what === 'put') return { op: 'put', path, value: text, kind: 'config' };
  if (what === 'refer') return { op: 'put', path, value: `${text}\${${to}}`, form: 'expression', kind: 'config' };
  return { op: what === 'delete' ? 'delete' : 'unset', path };
}

/** The model after the step, or why it must be refused. */
function after(model: Model, { place, name, what, to, text }: RandomStep): Model | string {
  const next: Model = { base: new Map(model.base), prod: new Map(model.prod) };
  const present = model[place].get(name);
  if (what === 'put') next[place].set(name, { text });
  if (what === 'refer') next[place].set(name, { text, refersTo: to });
  if (what === 'delete' && !next[place].delete(name)) return 'not-found';
  if (what === 'unset') {
    if (present === 'unset') return 'conflict';
    if (own(model, place, name) === undefined) return 'not-found';
    next[place].set(name, 'unset');
  }
  const readers = place === 'prod' ? (['prod'] as const) : places;
  const isRead = (reader: Place): boolean => reader === place || !next.prod.has(name);
  const cyclic = what === 'refer' && readers.some((reader) => isRead(reader) && isCyclic(next, reader, name));
  return cyclic ? 'conflict' : next;
}

async function answers(plumb: Plumb) {
  const { services, root } = plumb;
  const get = async (path: string): Promise<string | null | undefined> => {
    const outcome = await refusal(services.entries.get(root, { path }));
    if (outcome.startsWith('not-found')) return undefined;
    if (outcome.startsWith('unevaluable')) return null;
    return (await services.entries.get(root, { path })).value;
  };
  const values: Record<string, unknown> = {};
  for (const place of places) for (const name of names) values[`${place}/${name}`] = await get(`app/${place}/${name}`);
  const listed = await Promise.all(
    places.map(async (place) =>
      (await services.entries.list(root, { folder: `app/${place}` })).entries.map(({ path }) => path),
    ),
  );
  const { rows } = await services.entries.diff(root, { left: { folder: 'app/base' }, right: { folder: 'app/prod' } });
  return { values, listed: listed.flat(), diff: rows.map(({ name, status }) => `${name} ${status}`) };
}

function expected(model: Model) {
  const values: Record<string, unknown> = {};
  for (const place of places) for (const name of names) values[`${place}/${name}`] = valueOf(model, place, name);
  const listed = places.flatMap((place) =>
    names.filter((name) => own(model, place, name) !== undefined).map((name) => `app/${place}/${name}`),
  );
  const diff = names.flatMap((name) => {
    const status = statusOf(valueOf(model, 'base', name), valueOf(model, 'prod', name));
    return status === undefined ? [] : `${name} ${status}`;
  });
  return { values, listed, diff };
}

function statusOf(left: string | null | undefined, right: string | null | undefined): DiffRow['status'] | undefined {
  if (left === undefined) return right === undefined ? undefined : 'only-right';
  if (right === undefined) return 'only-left';
  if (left === null || right === null) return 'unknown';
  return left === right ? 'same' : 'differs';
}

test('after any changes, reads, lists and diffs answer what the model says; a restart changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const plumb = await newPlumb();
      const { services, root } = plumb;
      await services.projects.put(root, 'app', {}, {});
      await services.environments.put(root, 'app/base', {}, {});
      await services.environments.put(root, 'app/prod', { extends: 'base' }, {});
      let model: Model = { base: new Map(), prod: new Map() };
      for (const one of steps) {
        const next = after(model, one);
        const outcome = await refusal(services.changes.apply(root, { ops: [opOf(one)], force: true, reason: 'r' }));
        expect(outcome.split(':')[0]).toBe(typeof next === 'string' ? next : 'nothing was refused');
        if (typeof next !== 'string') model = next;
        expect(await answers(plumb)).toEqual(expected(model));
      }
      expect(await plumb.folded()).toEqual(plumb.dump());
      await plumb.restart();
      expect(await answers(plumb)).toEqual(expected(model));
      await plumb.close();
    }),
    { numRuns: 60, seed: 3 },
  );
});
