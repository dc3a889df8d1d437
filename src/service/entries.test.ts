import { beforeEach, describe, expect, test } from 'vitest';
import type { ChangeRequestOp, ListPage, ListRequest } from './services.ts';
import { allow, deny } from '#testing/plumb';
import { refusal, usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();

const put = (path: string, value: string, more: object = {}): ChangeRequestOp => ({ op: 'put', path, value, ...more });
const apply = (...ops: readonly ChangeRequestOp[]) => plumb().services.changes.apply(plumb().root, { ops });
const get = (path: string, more: object = {}) => plumb().services.entries.get(plumb().root, { path, ...more });

beforeEach(async () => {
  const { services, root } = plumb();
  await services.projects.put(root, 'app', {}, {});
  await services.environments.put(root, 'app/base', {}, {});
  await services.environments.put(root, 'app/prod', { extends: 'base' }, {});
});

describe('get', () => {
  test('answers the value with all that belongs to it', async () => {
    await apply(put('app/base/HOST', 'h', { kind: 'config', owner: 'ann', description: 'd', tags: ['t'], expires: 9 }));
    expect(await get('app/prod/HOST')).toEqual({
      path: 'app/prod/HOST',
      inheritedFrom: 'app/base/HOST',
      kind: 'config',
      type: 'string',
      form: 'literal',
      version: 1,
      incarnation: 1,
      revision: 5,
      time: plumb().clock.now(),
      author: 'person/root',
      reason: '',
      owner: 'ann',
      description: 'd',
      tags: ['t'],
      expires: 9,
      value: 'h',
      secret: false,
      origin: [{ path: 'app/base/HOST', version: 1, revision: 5 }],
      etag: expect.stringMatching(/^0\.0-[A-Za-z0-9_-]{12}$/),
    });
  });

  test.each([
    ['string', 'x'.repeat(40_000)],
    ['string', 'ünï\n\u{1F512}\0'],
    ['bytes', '/wA='],
    ['json', '{"a": 1}'],
    ['integer', '-12'],
  ])('a %s comes back as it was put', async (type, value) => {
    await apply(put('app/base/X', value, { type }));
    expect(await get('app/base/X')).toMatchObject({ value, type });
    await plumb().restart();
    expect(await get('app/base/X')).toMatchObject({ value, type });
  });

  test('one that is computed from a secret is secret', async () => {
    await apply(put('app/base/S', 's'), put('app/base/C', '${S}', { form: 'expression', kind: 'config' }));
    expect(await get('app/base/C')).toMatchObject({ kind: 'config', secret: true });
  });

  test('raw answers the stored text, for who may read the entry alone', async () => {
    await apply(put('app/base/S', 's'), put('app/base/X', '${S}', { form: 'expression' }));
    const caller = await plumb().callerFor(allow('read', 'app/base/X'));
    const { entries } = plumb().services;
    expect(await entries.get(caller, { path: 'app/base/X', raw: true })).toMatchObject({ value: '${S}', secret: true });
    expect(await refusal(entries.get(caller, { path: 'app/base/X' }))).toBe(
      'unevaluable: app/base/X → (an entry that may not be listed): may not be read',
    );
  });

  test('an old version is answered as it was; its references are those of the present', async () => {
    await apply(put('app/base/H', 'one'), put('app/base/X', 'at ${H}', { form: 'expression' }));
    await apply(put('app/base/H', 'two'), put('app/base/X', 'plain'));
    expect(await get('app/base/H', { version: 1 })).toMatchObject({ value: 'one', version: 1 });
    expect(await get('app/base/X', { version: 1 })).toMatchObject({ value: 'at two', version: 1 });
    expect(await get('app/base/X', { version: 1, raw: true })).toMatchObject({ value: 'at ${H}' });
    await plumb().restart();
    expect(await get('app/base/H', { version: 1 })).toMatchObject({ value: 'one' });
  });

  test('a version is of the path itself, and of one that had a value', async () => {
    await apply(put('app/base/X', '1'));
    await apply({ op: 'delete', path: 'app/base/X' });
    expect(await refusal(get('app/prod/X', { version: 1 }))).toMatch(/^not-found/);
    expect(await refusal(get('app/base/X', { version: 2 }))).toMatch(/^not-found/);
    expect(await refusal(get('app/base/X', { version: 3 }))).toMatch(/^not-found/);
    expect(await get('app/base/X', { version: 1 })).toMatchObject({ value: '1' });
  });

  test('the etag changes with every origin, and with nothing else', async () => {
    await apply(put('app/base/H', 'one'), put('app/base/X', '${H}', { form: 'expression' }), put('app/base/O', ''));
    const first = await get('app/prod/X');
    expect((await get('app/prod/X')).etag).toBe(first.etag);
    await apply(put('app/base/O', 'other'));
    expect((await get('app/prod/X')).etag).toBe(first.etag);
    await apply(put('app/base/H', 'one'));
    const second = await get('app/prod/X');
    expect(second.etag).not.toBe(first.etag);
    await apply(put('app/prod/H', 'one'));
    expect((await get('app/prod/X')).etag).not.toBe(second.etag);
    expect((await get('app/prod/H')).etag).toBe('1.1');
  });
});

describe('evaluate', () => {
  test('answers own and inherited entries, not those of folders below', async () => {
    await apply(put('app/base/A', 'a'), put('app/base/B', 'b'), put('app/prod/B', 'p'), put('app/prod/db/C', 'c'));
    const { folder, entries } = await plumb().services.entries.evaluate(plumb().root, { folder: 'app/prod' });
    expect(folder).toBe('app/prod');
    expect(entries.map(({ path, value }) => `${path}=${value}`)).toEqual(['app/prod/A=a', 'app/prod/B=p']);
  });

  test('names each entry that fails, or answers all', async () => {
    await apply(put('app/base/A', '${X}', { form: 'expression' }), put('app/base/B', '${A}', { form: 'expression' }));
    await apply(put('app/base/C', 'c'));
    await expect(plumb().services.entries.evaluate(plumb().root, { folder: 'app/base' })).rejects.toMatchObject({
      code: 'unevaluable',
      message: '2 of 3 entries of app/base cannot be read',
      diagnostics: [
        { subject: 'app/base/A', message: 'app/base/A → app/base/X: there is no such entry' },
        { subject: 'app/base/B', message: 'app/base/B → app/base/A → app/base/X: there is no such entry' },
      ],
    });
  });

  test('what may be listed and not read is an error, what may not be known of is left out', async () => {
    await apply(put('app/base/A', 'a'), put('app/base/B', 'b'));
    const listed = await plumb().callerFor(allow('list', '**') + allow('read', 'app/base/A'));
    const hidden = await plumb().callerFor(allow('read', 'app/base/A'));
    const { entries } = plumb().services;
    expect(await refusal(entries.evaluate(listed, { folder: 'app/base' }))).toBe(
      'forbidden: 1 of 2 entries of app/base cannot be read',
    );
    expect((await entries.evaluate(hidden, { folder: 'app/base' })).entries).toMatchObject([{ path: 'app/base/A' }]);
  });
});

describe('list', () => {
  const list = (request: ListRequest = {}) => plumb().services.entries.list(plumb().root, request);
  const shown = ({ entries, folders }: ListPage) => [
    ...folders.map((name) => `${name}/`),
    ...entries.map(({ path }) => path),
  ];

  beforeEach(async () => {
    await apply(
      put('app/base/A', '1'),
      put('app/base/Z', '1'),
      put('app/base/db/HOST', '1'),
      put('app/base/gone/X', '1'),
      put('app/prod/A', '2'),
      put('app/prod/M', '2'),
      put('app/prod/db', '2'),
      put('app/prod/db/PASS', '2'),
      put('top', '3'),
    );
    await apply({ op: 'delete', path: 'app/base/gone/X' }, { op: 'unset', path: 'app/prod/Z' });
  });

  test.each<[ListRequest, readonly string[]]>([
    [{}, ['app/', 'top']],
    [{ folder: 'app' }, ['base/', 'prod/']],
    [{ folder: 'app/base' }, ['db/', 'app/base/A', 'app/base/Z']],
    [{ folder: 'app/prod' }, ['db/', 'app/prod/A', 'app/prod/M', 'app/prod/db']],
    [{ folder: 'app/prod/db' }, ['app/prod/db/HOST', 'app/prod/db/PASS']],
    [
      { folder: 'app/prod', recursive: true },
      ['app/prod/A', 'app/prod/M', 'app/prod/db', 'app/prod/db/HOST', 'app/prod/db/PASS'],
    ],
    [{ folder: 'nowhere' }, []],
  ])('%j', async (request, expected) => {
    expect(shown(await list(request))).toEqual(expected);
  });

  test('carries metadata and no value', async () => {
    const { entries } = await list({ folder: 'app/prod/db' });
    expect(entries[0]).toMatchObject({ path: 'app/prod/db/HOST', inheritedFrom: 'app/base/db/HOST', version: 1 });
    expect(Object.keys(entries[0] ?? {})).not.toContain('value');
  });

  test.each([true, false])('pages join to the whole, recursive %s', async (recursive) => {
    const whole = await list({ folder: 'app/prod', recursive });
    const paths: string[] = [];
    let page = await list({ folder: 'app/prod', recursive, limit: 1 });
    const folders = page.folders;
    for (;;) {
      paths.push(...page.entries.map(({ path }) => path));
      if (page.cursor === undefined) break;
      page = await list({ folder: 'app/prod', recursive, limit: 1, cursor: page.cursor });
      expect(page.folders).toEqual([]);
    }
    expect(paths).toEqual(whole.entries.map(({ path }) => path));
    expect(folders).toEqual(whole.folders);
  });

  test.each([
    [{ limit: 0 }, 'invalid: a limit is a whole number from 1 to 1000'],
    [{ limit: 1001 }, 'invalid: a limit is a whole number from 1 to 1000'],
    [{ cursor: '!' }, 'invalid: the cursor is not one that a list answered'],
    [{ limit: 1000 }, 'nothing was refused'],
  ])('%j', async (request, expected) => {
    expect(await refusal(list(request))).toBe(expected);
  });

  test.each([
    [allow('list', 'app/prod/M'), '', ['app/']],
    [allow('list', 'app/prod/M'), 'app', ['prod/']],
    [allow('list', 'app/prod/M'), 'app/prod', ['app/prod/M']],
    [allow('list', '*/prod/NONE'), '', []],
    [allow('list', 'app/**') + deny('list', 'app/prod/db/**'), 'app/prod', ['app/prod/A', 'app/prod/M']],
    [allow('list', 'app/prod/**'), 'app/prod', ['db/', 'app/prod/A', 'app/prod/M', 'app/prod/db']],
    [allow('read', 'app/prod/M'), 'app/prod', ['app/prod/M']],
  ])('with %j, %j shows what may be known of', async (rules, folder, expected) => {
    const caller = await plumb().callerFor(rules);
    expect(shown(await plumb().services.entries.list(caller, { folder }))).toEqual(expected);
  });
});

describe('history', () => {
  test('newest first, in pages, without values', async () => {
    for (const value of ['1', '2', '3']) await apply(put('app/base/X', value));
    await apply({ op: 'delete', path: 'app/base/X' });
    const { entries } = plumb().services;
    const first = await entries.history(plumb().root, { path: 'app/base/X', limit: 3 });
    expect(first).toMatchObject({ path: 'app/base/X', next: 2 });
    expect(first.versions.map(({ version, state }) => `${version} ${state}`)).toEqual([
      '4 deleted',
      '3 present',
      '2 present',
    ]);
    const second = await entries.history(plumb().root, { path: 'app/base/X', before: first.next ?? 0 });
    expect(second.versions).toMatchObject([{ version: 1, author: 'person/root', kind: 'secret', destroyed: false }]);
    expect(second.next).toBeUndefined();
    expect(JSON.stringify([first, second])).not.toContain('value');
  });
});
