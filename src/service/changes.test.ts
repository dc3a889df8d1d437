import { describe, expect, test } from 'vitest';
import type { ChangeRequest, ChangeRequestOp } from './services.ts';
import { allow, deny } from '#testing/plumb';
import { refusal, usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();

const put = (path: string, value: string, more: object = {}): ChangeRequestOp => ({ op: 'put', path, value, ...more });
const end = (path: string, more: object = {}): ChangeRequestOp => ({ op: 'delete', path, ...more });
const unset = (path: string, more: object = {}): ChangeRequestOp => ({ op: 'unset', path, ...more });

function apply(ops: readonly ChangeRequestOp[], more: Omit<ChangeRequest, 'ops'> = {}) {
  return plumb().services.changes.apply(plumb().root, { ops, ...more });
}
const value = async (path: string) => (await plumb().services.entries.get(plumb().root, { path })).value;
const entry = (path: string) => plumb().services.entries.get(plumb().root, { path });

async function environments(defaultKind?: 'config' | 'secret'): Promise<void> {
  const { services, root } = plumb();
  await services.projects.put(root, 'app', {}, {});
  await services.environments.put(root, 'app/base', defaultKind === undefined ? {} : { defaultKind }, {});
  await services.environments.put(root, 'app/prod', { extends: 'base' }, {});
}

describe('a change', () => {
  test('makes one revision of everything, and says what it did', async () => {
    const first = await apply([put('a/b/X', '1'), put('a/b/Y', '2')], { reason: 'first' });
    const second = await apply([put('a/b/X', '3'), end('a/b/Y'), put('a/b/Z', '4')], { reason: 'second' });
    expect(first.entries).toEqual([
      { path: 'a/b/X', effect: 'create', version: 1, etag: '1.1' },
      { path: 'a/b/Y', effect: 'create', version: 1, etag: '1.1' },
    ]);
    expect(second).toEqual({
      revision: first.revision + 1,
      dryRun: false,
      warnings: [],
      entries: [
        { path: 'a/b/X', effect: 'update', version: 2, etag: '1.2' },
        { path: 'a/b/Y', effect: 'delete', version: 2, etag: '0.0' },
        { path: 'a/b/Z', effect: 'create', version: 1, etag: '1.1' },
      ],
    });
    expect(await entry('a/b/X')).toMatchObject({ value: '3', reason: 'second', author: 'person/root', version: 2 });
  });

  test('is all or nothing', async () => {
    await apply([put('a/b/X', '1')]);
    const before = plumb().dump();
    expect(await refusal(apply([put('a/b/X', '2'), put('a/b/Y', 'no', { type: 'integer' })]))).toMatch(/^invalid/);
    expect(await refusal(apply([put('a/b/X', '2'), end('a/b/NONE')]))).toMatch(/^not-found/);
    expect(await refusal(apply([put('a/b/Y', '2'), put('a/b/X', '2', { expect: 9 })]))).toMatch(/^mismatch/);
    expect(plumb().dump()).toEqual(before);
  });

  test('as a dry run says the same and writes nothing', async () => {
    await apply([put('a/b/X', '1')]);
    const before = plumb().dump();
    const ops = [put('a/b/X', '2'), put('a/b/Y', '${NONE}', { form: 'expression' })];
    const tried = await apply(ops, { dryRun: true });
    expect(plumb().dump()).toEqual(before);
    const made = await apply(ops);
    expect(tried).toEqual({ ...made, revision: 0, dryRun: true });
    expect(await refusal(apply([put('a/b/X', '2', { expect: 9 })], { dryRun: true }))).toMatch(/^mismatch/);
  });

  test('survives a restart', async () => {
    await apply([put('a/b/X', '1', { owner: 'ann', tags: ['t'] })]);
    const before = plumb().dump();
    await plumb().restart();
    expect(plumb().dump()).toEqual(before);
    expect(await entry('a/b/X')).toMatchObject({ value: '1', owner: 'ann', tags: ['t'] });
  });

  test('an equal value is a version too', async () => {
    await apply([put('a/b/X', '1')]);
    expect((await apply([put('a/b/X', '1')])).entries).toMatchObject([{ version: 2 }]);
  });

  test('versions go on after a delete', async () => {
    await apply([put('a/b/X', '1')]);
    await apply([end('a/b/X')]);
    expect(await refusal(value('a/b/X'))).toBe('not-found: nothing is at a/b/X');
    expect((await apply([put('a/b/X', '2')])).entries).toMatchObject([{ version: 3, effect: 'create' }]);
  });
});

describe('compare-and-set', () => {
  test('tells the present version of each expectation that failed, all at once', async () => {
    await apply([put('a/b/X', '1'), put('a/b/Y', '1')]);
    await apply([put('a/b/X', '2')]);
    const ops = [put('a/b/X', '3', { expect: 1 }), put('a/b/Y', '2', { expect: 1 }), put('a/b/Z', '1', { expect: 4 })];
    await expect(apply(ops)).rejects.toMatchObject({
      code: 'mismatch',
      details: {
        mismatches: [
          { path: 'a/b/X', expected: 1, version: 2 },
          { path: 'a/b/Z', expected: 4, version: 0 },
        ],
      },
    });
    expect(await value('a/b/Y')).toBe('1');
  });

  test.each([
    ['absent', 0, [], 'nothing was refused'],
    ['absent', 1, [], 'mismatch: a/b/X is at version 0, expected 1'],
    ['present', 1, [put('a/b/X', '1')], 'nothing was refused'],
    ['present', 0, [put('a/b/X', '1')], 'mismatch: a/b/X is at version 1, expected 0'],
    ['deleted', 0, [put('a/b/X', '1'), end('a/b/X')], 'nothing was refused'],
    ['deleted', 2, [put('a/b/X', '1'), end('a/b/X')], 'mismatch: a/b/X is at version 0, expected 2'],
  ])('%s, expecting %i', async (_state, expected, before, outcome) => {
    for (const op of before) await apply([op]);
    expect(await refusal(apply([put('a/b/X', 'new', { expect: expected })]))).toBe(outcome);
  });

  test.each([
    ['present', 1, 1, [put('a/b/X', '1')], 'nothing was refused'],
    [
      'present',
      99,
      1,
      [put('a/b/X', '1')],
      'mismatch: a/b/X is at version 1, expected the same version of another incarnation',
    ],
    ['absent', 0, 0, [], 'nothing was refused'],
    ['absent', 1, 0, [], 'mismatch: a/b/X is at version 0, expected the same version of another incarnation'],
    ['deleted', 0, 0, [put('a/b/X', '1'), end('a/b/X')], 'nothing was refused'],
  ])('%s, expecting incarnation %i', async (_state, incarnation, expected, before, outcome) => {
    for (const op of before) await apply([op]);
    const ops = [put('a/b/X', 'new', { expect: expected })];
    expect(await refusal(plumb().services.changes.apply(plumb().root, { ops }, incarnation))).toBe(outcome);
  });

  test('of writers that expect the same version one wins, whatever the batch', async () => {
    await apply([put('a/b/X', '0')]);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => refusal(apply([put('a/b/X', String(i), { expect: 1 })]))),
    );
    expect(outcomes.filter((outcome) => outcome === 'nothing was refused')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['nothing was refused', 'mismatch: a/b/X is at version 2, expected 1']));
  });

  test('increments by many writers lose none', async () => {
    await apply([put('a/b/N', '0')]);
    const increment = async (): Promise<void> => {
      const { value: text, version } = await entry('a/b/N');
      const outcome = await refusal(apply([put('a/b/N', String(Number(text) + 1), { expect: version })]));
      if (outcome !== 'nothing was refused') await increment();
    };
    await Promise.all(Array.from({ length: 10 }, increment));
    expect(await value('a/b/N')).toBe('10');
  });
});

describe('kinds', () => {
  test('a new entry is secret, or what its environment says', async () => {
    await environments('config');
    await apply([put('app/base/X', '1'), put('app/prod/Y', '1'), put('loose/X', '1')]);
    expect((await entry('app/base/X')).kind).toBe('config');
    expect((await entry('app/prod/Y')).kind).toBe('secret');
    expect((await entry('loose/X')).kind).toBe('secret');
  });

  test('what is left out stays as it is, inherited included', async () => {
    await environments();
    await apply([put('app/base/X', '1', { kind: 'config', type: 'integer' })]);
    await apply([put('app/base/X', '2'), put('app/prod/X', '3')]);
    expect(await entry('app/base/X')).toMatchObject({ kind: 'config', type: 'integer' });
    expect(await entry('app/prod/X')).toMatchObject({ kind: 'config', type: 'integer', value: '3' });
  });

  test.each<[string, readonly ChangeRequestOp[], string]>([
    ['a secret', [put('app/prod/X', 's')], 'app/prod/X'],
    ['a deleted secret', [put('app/prod/X', 's'), end('app/prod/X')], 'app/prod/X'],
    ['an inherited secret', [put('app/base/X', 's')], 'app/prod/X'],
    ['an inherited, deleted secret', [put('app/base/X', 's'), end('app/base/X')], 'app/prod/X'],
    ['a hidden secret', [put('app/base/X', 's'), unset('app/prod/X')], 'app/prod/X'],
    [
      'a deleted secret over inherited configuration',
      [put('app/base/X', 'c', { kind: 'config' }), put('app/prod/X', 's', { kind: 'secret' }), end('app/prod/X')],
      'app/prod/X',
    ],
  ])('lowering %s takes declassify and a reason', async (_what, before, path) => {
    await environments();
    for (const op of before) await apply([op]);
    const writer = await plumb().callerFor(allow('write, read', '**'));
    const lower = (caller = plumb().root, reason = '') =>
      refusal(plumb().services.changes.apply(caller, { reason, ops: [put(path, 'c', { kind: 'config' })] }));
    expect(await lower(writer, 'why not')).toBe(`forbidden: person/p1 may not declassify ${path}`);
    expect(await lower()).toBe(`invalid: making ${path} plain configuration takes a reason`);
    expect(await lower(plumb().root, 'it is public now')).toBe('nothing was refused');
    expect((await entry(path)).kind).toBe('config');
    expect(await lower(writer, '')).toBe('nothing was refused');
  });

  test('a denial by tag is not got round by taking the tag away with the kind', async () => {
    await apply([put('a/b/S', 's', { kind: 'secret', tags: ['locked'] })]);
    const rules = allow('write, read, declassify', '**') + deny('declassify', '**', 'tag = locked');
    const caller = await plumb().callerFor(rules);
    const lower = (tags?: readonly string[]) =>
      refusal(
        plumb().services.changes.apply(caller, {
          reason: 'why not',
          ops: [put('a/b/S', 'c', { kind: 'config', ...(tags === undefined ? {} : { tags }) })],
        }),
      );
    for (const tags of [undefined, [], ['other'], ['locked']]) expect(await lower(tags)).toMatch(/^forbidden/);
    await apply([put('a/b/S', 's', { kind: 'secret', tags: [] })]);
    expect(await lower()).toBe('nothing was refused');
  });

  test('without a kind a put never lowers', async () => {
    await environments('config');
    await apply([put('app/base/X', 's', { kind: 'secret' })]);
    await apply([end('app/base/X')]);
    await apply([put('app/base/X', 's')]);
    expect((await entry('app/base/X')).kind).toBe('secret');
  });

  test('a rule about plain configuration covers neither what is a secret nor what would be one', async () => {
    await apply([put('a/b/S', 's', { kind: 'secret' }), put('a/b/C', 'c', { kind: 'config' })]);
    const caller = await plumb().callerFor(allow('write, declassify', '**', 'kind = config'));
    const write = (op: ChangeRequestOp) => refusal(plumb().services.changes.apply(caller, { reason: 'r', ops: [op] }));
    expect(await write(put('a/b/C', 'd'))).toBe('nothing was refused');
    expect(await write(put('a/b/C', 'd', { kind: 'secret' }))).toMatch(/^forbidden/);
    expect(await write(put('a/b/S', 'd', { kind: 'config' }))).toMatch(/^forbidden/);
    expect(await write(put('a/b/N', 'd'))).toMatch(/^forbidden/);
    expect(await write(put('a/b/N', 'd', { kind: 'config' }))).toBe('nothing was refused');
  });
});

describe('delete and unset', () => {
  test('deleting shows what is inherited again, unset hides it', async () => {
    await environments();
    await apply([put('app/base/X', 'base'), put('app/prod/X', 'prod')]);
    expect(await value('app/prod/X')).toBe('prod');
    await apply([end('app/prod/X')]);
    expect(await value('app/prod/X')).toBe('base');
    await apply([unset('app/prod/X')]);
    expect(await refusal(value('app/prod/X'))).toBe('not-found: nothing is at app/prod/X');
    await apply([end('app/prod/X')]);
    expect(await value('app/prod/X')).toBe('base');
  });

  test.each<[string, ChangeRequestOp, string]>([
    ['deleting nothing', end('app/prod/NONE'), 'not-found: nothing of its own is at app/prod/NONE'],
    ['deleting what is inherited', end('app/prod/X'), 'not-found: nothing of its own is at app/prod/X'],
    ['unsetting nothing', unset('app/prod/NONE'), 'not-found: nothing is at app/prod/NONE that could be hidden'],
    ['unsetting twice', unset('app/prod/U'), 'conflict: app/prod/U is unset already'],
    ['unsetting outside an environment', unset('loose'), 'invalid: only an entry of an environment can be unset'],
  ])('%s', async (_name, op, expected) => {
    await environments();
    await apply([put('app/base/X', '1'), put('app/base/U', '1'), put('loose', '1')]);
    await apply([unset('app/prod/U')]);
    expect(await refusal(apply([op]))).toBe(expected);
  });
});

describe('describe', () => {
  test('changes metadata with a revision and without a version; null removes, absent leaves', async () => {
    await apply([put('a/b/X', '1', { owner: 'ann', description: 'd', tags: ['a'], expires: 5 })]);
    const made = await apply([{ op: 'describe', path: 'a/b/X', owner: null, tags: ['b', 'b'] }]);
    expect(made.entries).toEqual([{ path: 'a/b/X', effect: 'describe', version: 1, etag: '1.1' }]);
    const described = await entry('a/b/X');
    expect(described).toMatchObject({ description: 'd', tags: ['b'], expires: 5, version: 1 });
    expect('owner' in described).toBe(false);
  });

  test('needs an entry of its own', async () => {
    const op = { op: 'describe', path: 'a/b/X', owner: 'ann' } as const;
    expect(await refusal(apply([op]))).toBe('not-found: nothing of its own is at a/b/X that could be described');
  });

  test('a tag that a rule asks for is not put on by who the rule does not cover', async () => {
    await apply([put('a/b/X', '1', { tags: ['mine'] }), put('a/b/Y', '1')]);
    const caller = await plumb().callerFor(allow('write', '**', 'tag = mine'));
    const tag = (path: string, tags: readonly string[]) =>
      refusal(plumb().services.changes.apply(caller, { ops: [{ op: 'describe', path, tags }] }));
    expect(await tag('a/b/X', ['mine', 'more'])).toBe('nothing was refused');
    expect(await tag('a/b/Y', ['mine'])).toMatch(/^forbidden/);
    expect(await tag('a/b/X', [])).toMatch(/^forbidden/);
  });
});

describe('destroy', () => {
  test('erases the bytes of versions, and that they existed stays on record', async () => {
    await apply([put('a/b/X', 'one')]);
    await apply([put('a/b/X', 'two')]);
    const get = (version: number) => refusal(plumb().services.entries.get(plumb().root, { path: 'a/b/X', version }));
    expect(await get(1)).toBe('nothing was refused');
    await apply([{ op: 'destroy', path: 'a/b/X', versions: [1] }], { reason: 'leaked' });
    expect(await get(1)).toMatch(/^unevaluable: .*destroyed/);
    expect(await value('a/b/X')).toBe('two');
    const { versions } = await plumb().services.entries.history(plumb().root, { path: 'a/b/X' });
    expect(versions).toMatchObject([
      { version: 2, destroyed: false },
      { version: 1, destroyed: true },
    ]);
  });

  test.each([[[1, 3]], [[2]], [[9]]])('refuses versions %j without a value', async (versions) => {
    await apply([put('a/b/X', 'one')]);
    await apply([end('a/b/X')]);
    await apply([put('a/b/X', 'three')]);
    await apply([{ op: 'destroy', path: 'a/b/X', versions: [3] }]);
    expect(await refusal(apply([{ op: 'destroy', path: 'a/b/X', versions }]))).toMatch(
      /^not-found: a\/b\/X has no value at/,
    );
  });

  test('the present version can be destroyed too', async () => {
    await apply([put('a/b/X', 'one')]);
    await apply([{ op: 'destroy', path: 'a/b/X', versions: [1] }]);
    expect(await refusal(value('a/b/X'))).toMatch(/^unevaluable: .*destroyed/);
    await plumb().restart();
    expect(await refusal(value('a/b/X'))).toMatch(/^unevaluable: .*destroyed/);
  });
});
