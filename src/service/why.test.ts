import { beforeEach, expect, test } from 'vitest';
import type { Caller, ChangeRequestOp } from './services.ts';
import { allow, deny } from '#testing/plumb';
import { refusal, usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();

const put = (path: string, value: string, more: object = {}): ChangeRequestOp => ({ op: 'put', path, value, ...more });
const apply = (...ops: readonly ChangeRequestOp[]) =>
  plumb().services.changes.apply(plumb().root, { ops, reason: 'see runbook 14' });
const why = (path: string, caller: Caller = plumb().root) => plumb().services.entries.why(caller, { path });

beforeEach(async () => {
  const { services, root } = plumb();
  await services.projects.put(root, 'app', {}, {});
  await services.environments.put(root, 'app/base', {}, {});
  await services.environments.put(root, 'app/prod', { extends: 'base' }, {});
  await services.environments.put(root, 'app/dev', { extends: 'base' }, {});
  await apply(
    put('app/base/HOST', 'h', { kind: 'config', owner: 'ann' }),
    put('app/base/PASS', 's'),
    put('app/base/URL', '${PASS}@${HOST}', { form: 'expression' }),
    put('app/prod/HOST', 'p', { kind: 'config' }),
  );
});

test('an inherited expression is explained from what it is read as to where it comes from', async () => {
  expect(await why('app/prod/URL')).toMatchObject({
    entry: { path: 'app/prod/URL', inheritedFrom: 'app/base/URL', reason: 'see runbook 14', author: 'person/root' },
    value: 's@p',
    secret: true,
    expression: '${PASS}@${HOST}',
    lookup: [
      { path: 'app/prod/URL', found: false, hidden: false },
      { path: 'app/base/URL', found: true, hidden: false },
    ],
    origin: [
      { path: 'app/base/URL', secret: true },
      { path: 'app/base/PASS', secret: true },
      { path: 'app/prod/HOST', secret: false, version: 1, reason: 'see runbook 14' },
    ],
    referrers: [],
    inheritedBy: [],
    deliveries: [],
  });
});

test('who needs it and who inherits it', async () => {
  const found = await why('app/base/HOST');
  expect(found.referrers).toEqual(['app/base/URL', 'app/dev/URL']);
  expect(found.inheritedBy).toEqual(['app/dev']);
  expect(found.origin).toMatchObject([{ owner: 'ann' }]);
  expect((await why('app/prod/HOST')).referrers).toEqual(['app/prod/URL']);
});

test('who may only list sees no value and no expression', async () => {
  const caller = await plumb().callerFor(allow('list', '**'));
  const found = await why('app/prod/URL', caller);
  expect(found).toMatchObject({ secret: true, problem: 'app/prod/URL: may not be read' });
  expect('value' in found).toBe(false);
  expect('expression' in found).toBe(false);
  expect(JSON.stringify(found)).not.toContain('${');
});

test('nothing is shown of what may not be listed', async () => {
  const caller = await plumb().callerFor(
    allow('list, read', '**') +
      deny('list, read', 'app/base/PASS') +
      deny('list', 'app/dev/**') +
      deny('read', 'app/dev/**'),
  );
  const found = await why('app/base/HOST', caller);
  expect(found.referrers).toEqual(['app/base/URL']);
  expect(found.inheritedBy).toEqual([]);
  const url = await why('app/prod/URL', caller);
  expect(url.problem).toBe('app/prod/URL → (an entry that may not be listed): may not be read');
  expect(url.origin).toMatchObject([{ path: 'app/base/URL' }]);
});

test('what is hidden says by what', async () => {
  const { changes } = plumb().services;
  await changes.apply(plumb().root, { ops: [{ op: 'unset', path: 'app/prod/PASS' }], force: true });
  expect(await refusal(why('app/prod/PASS'))).toBe(
    'not-found: nothing is at app/prod/PASS: it is unset at app/prod/PASS',
  );
  expect(await refusal(why('app/prod/NONE'))).toBe('not-found: nothing is at app/prod/NONE');
});

test('an expression whose text was destroyed says so', async () => {
  await apply({ op: 'destroy', path: 'app/base/URL', versions: [1] });
  const found = await why('app/base/URL');
  expect(found.problem).toMatch(/destroyed/);
  expect('expression' in found).toBe(false);
});
