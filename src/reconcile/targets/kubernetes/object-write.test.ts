import { describe, expect, test } from 'vitest';
import type { ApiObject, Cluster, ManagedFields } from './cluster.ts';
import { writeObject } from './object-write.ts';
import type { ObjectWrite } from './object-write.ts';
import { secrets } from './resources.ts';
import { sight } from './sightings.ts';
import { Spot } from './spot.ts';
import { spellText } from './spelling.ts';

const context = { lane: 'user', signal: new AbortController().signal } as const;
const options = { kind: 'Secret', name: 'app', labels: {}, annotations: {}, immutable: false } as const;
const manager = 'plumb/app';

/** Who holds which names, and which labels. */
type Held = Readonly<Record<string, { readonly names: readonly string[]; readonly labels?: readonly string[] }>>;

const mine = { labels: ['plumb.dev/managed'] };

function fieldsOf(held: Held): readonly ManagedFields[] {
  const set = (names: readonly string[]) => Object.fromEntries(names.map((name) => [`f:${name}`, {}]));
  return Object.entries(held).map(([by, { names, labels = [] }]) => ({
    manager: by,
    operation: by === manager ? 'Apply' : 'Update',
    fieldsV1: {
      ...(names.length === 0 ? {} : { 'f:data': set(names) }),
      ...(labels.length === 0 ? {} : { 'f:metadata': { 'f:labels': set(labels) } }),
    },
  }));
}

/** Requests that are made of one object for a write to it. */
async function requests(held: Held, write: Pick<ObjectWrite, 'deleted' | 'isAmiss'> & { wanted: readonly string[] }) {
  const names = [...new Set(Object.values(held).flatMap((one) => one.names))];
  const labels = Object.fromEntries(
    Object.values(held)
      .flatMap((one) => one.labels ?? [])
      .map((name) => [name, 'true']),
  );
  let object: ApiObject = {
    metadata: { name: 'app', uid: 'u', resourceVersion: '5', labels, managedFields: fieldsOf(held) },
    data: Object.fromEntries(names.map((name) => [name, 'MQ=='])),
  };
  const done: string[] = [];
  const answer = (what: string, gone: (key: string) => boolean): Promise<ApiObject> => {
    done.push(`${what} against ${object.metadata.resourceVersion}`);
    const data = Object.fromEntries(Object.entries(object['data'] ?? {}).filter(([key]) => !gone(key)));
    object = { ...object, metadata: { ...object.metadata, resourceVersion: String(5 + done.length) }, data };
    return Promise.resolve(object);
  };
  const others = new Set(Object.entries(held).flatMap(([by, one]) => (by === manager ? [] : one.names)));
  const cluster: Partial<Cluster> = {
    get: () => Promise.resolve(object),
    apply: (_, body) => {
      const kept = Object.keys((body as { data?: object }).data ?? {});
      return answer(`apply ${kept.join(', ')}`, (key) => !kept.includes(key) && !others.has(key));
    },
    patch: (_, body) => {
      const taken = Object.keys((body as { data: object }).data);
      return answer(`take out ${taken.join(', ')}`, (key) => taken.includes(key));
    },
  };
  const ref = { resource: secrets, namespace: 'n', name: 'app' };
  const toSee = { kind: 'Secret', options, manager, fingerprint: (_: string, value: string) => value } as const;
  const see = (one: ApiObject) => sight(one, toSee);
  const spot = new Spot({ cluster: cluster as Cluster, ref, sight: see, changed: () => undefined });
  const expected = await spot.look(context);
  const holder = { namespace: 'n', kind: 'Secret', name: 'app' } as const;
  const wanted = write.wanted.map((key) => ({ key, value: spellText('1'), binary: false }));
  await writeObject(
    { ...write, cluster: cluster as Cluster, manager, holder, spot, options, wanted, expected },
    context,
  );
  return done;
}

describe('names that go', () => {
  const right = { isAmiss: false } as const;

  test('and are ours alone go when they are left out', async () => {
    const held = { [manager]: { ...mine, names: ['A', 'B'] } };
    expect(await requests(held, { ...right, wanted: ['B'], deleted: ['A'] })).toEqual(['apply B against 5']);
  });

  test('and that somebody else has written since are taken out, without an apply that changes nothing', async () => {
    const held = { [manager]: { ...mine, names: ['B'] }, 'kubectl-edit': { names: ['A'] } };
    expect(await requests(held, { ...right, wanted: ['B'], deleted: ['A'] })).toEqual(['take out A against 5']);
  });

  test('and that others hold as well take one request too', async () => {
    const held = { [manager]: { ...mine, names: ['A', 'B'] }, helm: { names: ['A'] } };
    expect(await requests(held, { ...right, wanted: ['B'], deleted: ['A'] })).toEqual(['take out A against 5']);
  });

  test('some ours alone and some not, take two requests', async () => {
    const held = { [manager]: { ...mine, names: ['A', 'B'] }, 'kubectl-edit': { names: ['C'] } };
    expect(await requests(held, { ...right, wanted: ['B'], deleted: ['A', 'C'] })).toEqual([
      'apply B against 5',
      'take out C against 6',
    ]);
  });

  test('take two requests where something else is to be put right', async () => {
    const held = { [manager]: { ...mine, names: ['B'] }, 'kubectl-edit': { names: ['A'] } };
    expect(await requests(held, { isAmiss: true, wanted: ['B'], deleted: ['A'] })).toEqual([
      'apply B against 5',
      'take out A against 6',
    ]);
  });

  test('last of all take our label with them, once', async () => {
    const labelled = { [manager]: { ...mine, names: [] }, 'kubectl-edit': { names: ['A'] } };
    expect(await requests(labelled, { ...right, wanted: [], deleted: ['A'] })).toEqual([
      'apply  against 5',
      'take out A against 6',
    ]);
    const given = { 'kubectl-edit': { names: ['A'] } };
    expect(await requests(given, { ...right, wanted: [], deleted: ['A'] })).toEqual(['take out A against 5']);
  });
});
