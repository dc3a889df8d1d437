import { beforeEach, describe, expect, test } from 'vitest';
import type { Caller, ChangeRequest, ChangeRequestOp } from './services.ts';
import { allow, deny } from '#testing/plumb';
import { refusal, usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();

const put = (path: string, value: string): ChangeRequestOp => ({ op: 'put', path, value });
const expression = (path: string, value: string): ChangeRequestOp => ({ op: 'put', path, value, form: 'expression' });
const end = (path: string): ChangeRequestOp => ({ op: 'delete', path });

function apply(ops: readonly ChangeRequestOp[], more: Omit<ChangeRequest, 'ops'> = {}, caller?: Caller) {
  return plumb().services.changes.apply(caller ?? plumb().root, { ops, ...more });
}
const value = async (path: string) => (await plumb().services.entries.get(plumb().root, { path })).value;

beforeEach(async () => {
  const { services, root } = plumb();
  await services.projects.put(root, 'app', {}, {});
  await services.environments.put(root, 'app/base', {}, {});
  await services.environments.put(root, 'app/dev', { extends: 'base' }, {});
  await services.environments.put(root, 'app/prod', { extends: 'base' }, {});
});

describe('writing a reference', () => {
  const rules = allow('write, list', '**') + allow('read', 'app/base/**') + allow('read', 'app/dev/**');
  test.each<[string, string, ChangeRequestOp, string]>([
    ['what may be read', rules, expression('app/dev/URL', '${HOST}'), 'nothing was refused'],
    [
      'what may not',
      rules,
      expression('app/prod/URL', '${HOST}'),
      'forbidden: person/p1 may not read ${HOST}, which app/prod/URL would refer to',
    ],
    [
      'another environment',
      rules,
      expression('app/dev/URL', '${prod:/HOST}'),
      'forbidden: person/p1 may not read ${prod:/HOST}, which app/dev/URL would refer to',
    ],
    [
      'what an heir may not read',
      rules,
      expression('app/base/URL', '${HOST}'),
      'forbidden: person/p1 may not read ${HOST}, which app/base/URL would refer to, as it is read at app/prod/URL',
    ],
    [
      'what an heir that may not be known of may not read',
      rules + deny('list', 'app/prod/**'),
      expression('app/base/URL', '${HOST}'),
      'forbidden: person/p1 may not read ${HOST}, which app/base/URL would refer to',
    ],
    [
      'what an heir overrides',
      `${rules}${allow('read', 'app/prod/HOST')}`,
      expression('app/base/URL', '${HOST}'),
      'nothing was refused',
    ],
  ])('takes read on %s', async (_what, text, op, expected) => {
    await apply([put('app/base/HOST', 'b'), put('app/prod/HOST', 'p')]);
    const caller = await plumb().callerFor(text);
    expect(await refusal(apply([op], {}, caller))).toBe(expected);
  });

  test('an environment that has an entry of its own does not read the one that is written', async () => {
    await apply([put('app/base/HOST', 'b'), put('app/prod/HOST', 'p'), put('app/prod/URL', 'own')]);
    const caller = await plumb().callerFor(rules);
    expect(await refusal(apply([expression('app/base/URL', '${HOST}')], {}, caller))).toBe('nothing was refused');
  });

  test('what is missing is a warning, in each environment that reads it', async () => {
    await apply([put('app/dev/HOST', 'd')]);
    const { warnings } = await apply([expression('app/base/URL', '${HOST}')]);
    expect(warnings).toEqual([
      'app/base/URL refers to app/base/HOST, where nothing is',
      'app/prod/URL refers to app/prod/HOST, where nothing is',
    ]);
  });

  test('what the same change puts is there', async () => {
    const { warnings } = await apply([expression('app/base/URL', '${HOST}'), put('app/base/HOST', 'h')]);
    expect(warnings).toEqual([]);
    expect(await value('app/prod/URL')).toBe('h');
  });

  test.each([
    ['${', 'invalid: the expression cannot be read'],
    ['${a/b}', 'invalid: the expression cannot be read'],
    ['$${HOST}', 'nothing was refused'],
  ])('an expression %j', async (text, expected) => {
    expect(await refusal(apply([expression('app/base/X', text)]))).toBe(expected);
  });
});

describe('cycles', () => {
  test.each<[string, readonly ChangeRequestOp[], string]>([
    ['to itself', [expression('app/base/A', '${A}')], 'app/base/A → app/base/A'],
    [
      'of two',
      [expression('app/base/A', '${B}'), expression('app/base/B', '${A}')],
      'app/base/A → app/base/B → app/base/A',
    ],
    [
      'only where it is inherited',
      [put('app/base/B', 'b'), expression('app/prod/B', '${A}'), expression('app/base/A', '${B}')],
      'app/prod/B → app/prod/A → app/prod/B',
    ],
  ])('%s are refused', async (_name, ops, chain) => {
    expect(await refusal(apply(ops))).toBe(`conflict: the references would form a cycle: ${chain}`);
    for (const op of ops.slice(0, -1)) await apply([op]);
    expect(await refusal(apply(ops.slice(-1)))).toMatch(/^conflict: the references would form a cycle/);
  });

  test('a diamond is none', async () => {
    const ops = [
      put('app/base/D', 'd'),
      expression('app/base/B', '${D}'),
      expression('app/base/C', '${D}'),
      expression('app/base/A', '${B}${C}'),
    ];
    expect(await refusal(apply(ops))).toBe('nothing was refused');
    expect(await value('app/base/A')).toBe('dd');
  });

  test('a link that may not be listed is not named', async () => {
    await apply([put('app/base/S', ''), expression('app/dev/B', '${base:/S}')]);
    await apply([expression('app/base/S', '${dev:/A}')]);
    const text = allow('write, read', 'app/dev/**') + allow('read', 'app/base/S') + deny('list', 'app/base/S');
    const caller = await plumb().callerFor(text);
    const seen = await refusal(apply([expression('app/dev/A', '${B}')], {}, caller));
    expect(seen).toBe('conflict: the references would form a cycle: app/dev/A → app/dev/B → app/base/S → app/dev/A');
    const blind = await plumb().callerFor(allow('write, read', 'app/dev/**'));
    expect(await refusal(apply([expression('app/dev/A', '${B}')], {}, blind))).toBe(
      'conflict: the references would form a cycle: app/dev/A → app/dev/B → (an entry that may not be listed) → app/dev/A',
    );
  });

  test('a chain of 2,000 is checked without recursion', async () => {
    const ops = Array.from({ length: 2000 }, (_, i) => expression(`app/base/K${i}`, `\${K${i + 1}}`));
    await apply([...ops, put('app/base/K2000', 'end')]);
    expect(await refusal(apply([expression('app/base/K2000', '${K0}')]))).toMatch(/^conflict/);
  });
});

describe('deleting what others need', () => {
  beforeEach(async () => {
    await apply([put('app/base/HOST', 'h'), expression('app/base/URL', '${HOST}')]);
  });

  test('is refused, naming them, unless it is forced', async () => {
    const message = 'app/base/HOST is needed by app/base/URL, app/dev/URL, app/prod/URL';
    expect(await refusal(apply([end('app/base/HOST')]))).toBe(`conflict: ${message}`);
    expect(await value('app/base/URL')).toBe('h');
    const { warnings } = await apply([end('app/base/HOST')], { force: true });
    expect(warnings).toEqual([message]);
  });

  test('names only what the caller may list', async () => {
    const some = await plumb().callerFor(allow('delete', '**') + allow('list', 'app/base/*'));
    expect(await refusal(apply([end('app/base/HOST')], {}, some))).toBe(
      'conflict: app/base/HOST is needed by app/base/URL and others',
    );
    const none = await plumb().callerFor(allow('delete', '**'));
    expect(await refusal(apply([end('app/base/HOST')], {}, none))).toBe(
      'conflict: app/base/HOST is needed by entries that may not be listed',
    );
  });

  test.each<[string, readonly ChangeRequestOp[]]>([
    ['what refers to it goes with it', [end('app/base/HOST'), end('app/base/URL')]],
    ['what refers to it is changed with it', [end('app/base/HOST'), put('app/base/URL', 'literal')]],
    [
      'it is replaced where it is read',
      [end('app/base/HOST'), put('app/dev/HOST', 'd'), put('app/prod/HOST', 'p'), put('app/base/URL', '')],
    ],
  ])('is allowed when %s', async (_name, ops) => {
    expect(await refusal(apply(ops))).toBe('nothing was refused');
  });

  test('is allowed when an inherited one shows again', async () => {
    await apply([put('app/prod/HOST', 'p')]);
    expect(await value('app/prod/URL')).toBe('p');
    expect(await refusal(apply([end('app/prod/HOST')]))).toBe('nothing was refused');
    expect(await value('app/prod/URL')).toBe('h');
  });

  test('hiding it where it is read is refused alike', async () => {
    const hide = { op: 'unset', path: 'app/prod/HOST' } as const;
    expect(await refusal(apply([hide]))).toBe('conflict: app/prod/HOST is needed by app/prod/URL');
  });
});
