import { describe, expect, test } from 'vitest';
import type { Caller, Services } from './services.ts';
import { allow, deny } from '#testing/plumb';
import { refusal, usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();

async function prepared(): Promise<void> {
  const { services, root } = plumb();
  await services.projects.put(root, 'app', {}, {});
  await services.environments.put(root, 'app/base', {}, {});
  await services.environments.put(root, 'app/prod', { extends: 'base' }, {});
  const ops = [
    { op: 'put', path: 'app/base/HOST', value: 'h', kind: 'config' },
    { op: 'put', path: 'app/base/PASS', value: 's' },
    { op: 'put', path: 'app/base/URL', value: '${HOST}:${PASS}', form: 'expression' },
  ] as const;
  await services.changes.apply(root, { ops });
}

/** What a caller asks for, and the record that stands in the audit file afterwards if it is allowed. */
interface UseCase {
  readonly name: string;
  readonly ask: (services: Services, caller: Caller) => Promise<unknown>;
  /** The least that allows it. */
  readonly rules: string;
  /** In the audit file; writes are audited in the commit. */
  readonly allowed: readonly string[];
  /** Without any right. */
  readonly refused: string;
  readonly recorded: string;
}

const shared = 'app/base';
const write = (path: string) => ({ ops: [{ op: 'put', path, value: 'v' }] as const });
const useCases: readonly UseCase[] = [
  {
    name: 'get',
    ask: (s, c) => s.entries.get(c, { path: 'app/base/HOST' }),
    rules: allow('read', 'app/base/HOST'),
    allowed: ['allowed read app/base/HOST@1'],
    refused: 'not-found: nothing is at app/base/HOST',
    recorded: 'refused read app/base/HOST',
  },
  {
    name: 'get of an inherited expression',
    ask: (s, c) => s.entries.get(c, { path: 'app/prod/URL' }),
    rules: allow('read', 'app/**'),
    allowed: ['allowed read app/prod/URL app/base/URL@1 app/base/HOST@1 app/base/PASS@1'],
    refused: 'not-found: nothing is at app/prod/URL',
    recorded: 'refused read app/prod/URL',
  },
  {
    name: 'list',
    ask: (s, c) => s.entries.list(c, { folder: shared }),
    rules: allow('list', 'app/base/HOST'),
    allowed: ['allowed list app/base'],
    refused: 'not-found: nothing is at app/base',
    recorded: 'refused list app/base',
  },
  {
    name: 'evaluate',
    ask: (s, c) => s.entries.evaluate(c, { folder: shared }),
    rules: allow('read', 'app/base/HOST'),
    allowed: ['allowed read app/base app/base/HOST@1'],
    refused: 'not-found: nothing is at app/base',
    recorded: 'refused read app/base',
  },
  {
    name: 'history',
    ask: (s, c) => s.entries.history(c, { path: 'app/base/HOST' }),
    rules: allow('list', 'app/base/HOST'),
    allowed: ['allowed list app/base/HOST'],
    refused: 'not-found: nothing is at app/base/HOST',
    recorded: 'refused list app/base/HOST',
  },
  {
    name: 'why',
    ask: (s, c) => s.entries.why(c, { path: 'app/base/HOST' }),
    rules: allow('list', 'app/base/HOST'),
    allowed: ['allowed list app/base/HOST'],
    refused: 'not-found: nothing is at app/base/HOST',
    recorded: 'refused list app/base/HOST',
  },
  {
    name: 'diff',
    ask: (s, c) => s.entries.diff(c, { left: { folder: shared }, right: { folder: 'app/prod' } }),
    rules: allow('compare', 'app/**'),
    allowed: ['allowed compare app/base app/prod'],
    refused: 'not-found: nothing is at app/base',
    recorded: 'refused compare app/base',
  },
  {
    name: 'apply',
    ask: (s, c) => s.changes.apply(c, write('app/base/NEW')),
    rules: allow('write', 'app/base/NEW'),
    allowed: [],
    refused: 'forbidden: person/p2 may not write app/base/NEW',
    recorded: 'refused write app/base/NEW',
  },
  {
    name: 'apply as a dry run',
    ask: (s, c) => s.changes.apply(c, { ...write('app/base/NEW'), dryRun: true }),
    rules: allow('write', 'app/base/NEW'),
    allowed: ['allowed write app/base/NEW'],
    refused: 'forbidden: person/p2 may not write app/base/NEW',
    recorded: 'refused write app/base/NEW',
  },
  {
    name: 'delete',
    ask: (s, c) => s.changes.apply(c, { ops: [{ op: 'delete', path: 'app/base/HOST' }], force: true }),
    rules: allow('delete', 'app/base/HOST'),
    allowed: [],
    refused: 'not-found: nothing is at app/base/HOST',
    recorded: 'refused delete app/base/HOST',
  },
  {
    name: 'destroy',
    ask: (s, c) => s.changes.apply(c, { ops: [{ op: 'destroy', path: 'app/base/PASS', versions: [1] }] }),
    rules: allow('destroy', 'app/base/PASS'),
    allowed: [],
    refused: 'not-found: nothing is at app/base/PASS',
    recorded: 'refused destroy app/base/PASS',
  },
  {
    name: 'watch',
    ask: (s, c) => s.changes.watch(c, { under: shared }, AbortSignal.abort())[Symbol.asyncIterator]().next(),
    rules: allow('list', 'app/base/HOST'),
    allowed: ['allowed list app/base'],
    refused: 'not-found: nothing is at app/base',
    recorded: 'refused list app/base',
  },
  {
    name: 'put a project',
    ask: (s, c) => s.projects.put(c, 'other', {}, {}),
    rules: allow('admin', 'other'),
    allowed: [],
    refused: 'forbidden: person/p2 may not administer other',
    recorded: 'refused admin other',
  },
  {
    name: 'get an environment',
    ask: (s, c) => s.environments.get(c, shared),
    rules: allow('list', shared),
    allowed: ['allowed list app/base'],
    refused: 'not-found: nothing is at app/base',
    recorded: 'refused list app/base',
  },
  {
    name: 'put a policy',
    ask: (s, c) => s.policies.put(c, 'mine', { text: '' }, {}),
    rules: allow('admin', 'sys/policies/mine'),
    allowed: [],
    refused: 'forbidden: person/p2 may not administer sys/policies/mine',
    recorded: 'refused admin sys/policies/mine',
  },
  {
    name: 'put a principal',
    ask: (s, c) => s.principals.put(c, 'workload/w', {}, {}),
    rules: allow('admin', 'identity/workload/w'),
    allowed: [],
    refused: 'forbidden: person/p2 may not administer identity/workload/w',
    recorded: 'refused admin identity/workload/w',
  },
  {
    name: 'delete a principal',
    ask: (s, c) => s.principals.delete(c, 'person/p1', {}),
    rules: allow('admin', 'identity/person/p1'),
    allowed: [],
    refused: 'forbidden: person/p2 may not administer identity/person/p1',
    recorded: 'refused admin identity/person/p1',
  },
  {
    name: 'create a token for another',
    ask: (s, c) => s.tokens.create(c, { principal: 'person/root' }),
    rules: allow('admin', 'auth/tokens'),
    allowed: [],
    refused: 'forbidden: person/p2 may not administer auth/tokens',
    recorded: 'refused admin auth/tokens',
  },
  {
    name: 'get a target',
    ask: (s, c) => s.targets.get(c, 'memory'),
    rules: allow('use', 'sys/targets/memory'),
    allowed: ['allowed list sys/targets/memory'],
    refused: 'not-found: nothing is at sys/targets/memory',
    recorded: 'refused list sys/targets/memory',
  },
  {
    name: 'verify',
    ask: (s, c) => s.system.verify(c),
    rules: allow('audit', 'sys/audit'),
    allowed: ['allowed audit sys/audit'],
    refused: 'forbidden: person/p2 may not audit sys/audit',
    recorded: 'refused audit sys/audit',
  },
];

describe.each(useCases)('$name', ({ ask, rules, allowed, refused, recorded }) => {
  test('is allowed by the least right, and recorded', async () => {
    await prepared();
    await plumb().callerFor('');
    const caller = await plumb().callerFor(rules);
    plumb().audit.take();
    await ask(plumb().services, caller);
    expect(plumb().audit.take()).toEqual(allowed);
  });

  test('is refused without it, and recorded', async () => {
    await prepared();
    await plumb().callerFor('');
    const caller = await plumb().callerFor('');
    const before = plumb().dump();
    plumb().audit.take();
    expect(await refusal(ask(plumb().services, caller))).toBe(refused);
    expect(plumb().audit.take()).toEqual([recorded]);
    expect(plumb().dump()).toEqual(before);
  });

  test('is refused when the record cannot be made', async () => {
    await prepared();
    await plumb().callerFor('');
    const caller = await plumb().callerFor('');
    const before = plumb().dump();
    plumb().audit.failure = new Error('the disk is full');
    expect(await refusal(ask(plumb().services, caller))).toMatch(/^unavailable: the audit record could not be written/);
    expect(plumb().dump()).toEqual(before);
  });
});

test('nothing is released when the record of a read cannot be made', async () => {
  await prepared();
  plumb().audit.failure = new Error('the disk is full');
  const { services, root } = plumb();
  expect(await refusal(services.entries.get(root, { path: 'app/base/HOST' }))).toMatch(/^unavailable/);
  expect(await refusal(services.system.verify(root))).toMatch(/^unavailable/);
});

test.each([
  ['list', allow('list', 'app/base/*'), 'forbidden: person/p1 may not read app/base/PASS'],
  ['nothing', allow('read', 'app/base/HOST'), 'not-found: nothing is at app/base/PASS'],
  [
    'read, denied by a rule',
    allow('read, list', '**') + deny('read', 'app/base/PASS'),
    'forbidden: person/p1 may not read app/base/PASS',
  ],
  [
    'list, read of plain configuration only',
    allow('read', '**', 'kind = config'),
    'not-found: nothing is at app/base/PASS',
  ],
])('who holds %s hears so much of what it may not read', async (_what, rules, expected) => {
  await prepared();
  const caller = await plumb().callerFor(rules);
  expect(await refusal(plumb().services.entries.get(caller, { path: 'app/base/PASS' }))).toBe(expected);
});

test('what is not there and what may not be known of are told alike', async () => {
  await prepared();
  const caller = await plumb().callerFor('');
  const there = plumb().services.entries.get(caller, { path: 'app/base/PASS' });
  const nowhere = plumb().services.entries.get(caller, { path: 'app/base/NONE' });
  expect((await refusal(there)).replace('PASS', 'NONE')).toBe(await refusal(nowhere));
});

test('reading an inherited entry takes the right on both paths', async () => {
  await prepared();
  const both = await plumb().callerFor(allow('read', 'app/prod/HOST') + allow('read', 'app/base/HOST'));
  const one = await plumb().callerFor(allow('read', 'app/prod/HOST'));
  const { services } = plumb();
  expect(await services.entries.get(both, { path: 'app/prod/HOST' })).toMatchObject({ value: 'h' });
  expect(await refusal(services.entries.get(one, { path: 'app/prod/HOST' }))).toBe(
    'not-found: nothing is at app/prod/HOST',
  );
});

test('the rule that denied stands in the record', async () => {
  await prepared();
  const caller = await plumb().callerFor(allow('list, read', '**') + deny('read', 'app/base/PASS'));
  await refusal(plumb().services.entries.get(caller, { path: 'app/base/PASS' }));
  expect(plumb().audit.records.at(-1)).toMatchObject({ principal: 'person/p1', code: 'forbidden', rule: 'p1:2' });
});

test('a policy that changes applies to the next request', async () => {
  await prepared();
  const caller = await plumb().callerFor('');
  const { services, root } = plumb();
  const get = () => refusal(services.entries.get(caller, { path: 'app/base/HOST' }));
  expect(await get()).toMatch(/^not-found/);
  await services.policies.put(root, 'p1', { text: allow('read', '**') }, {});
  expect(await get()).toBe('nothing was refused');
  await services.policies.put(root, 'p1', { text: '' }, {});
  expect(await get()).toMatch(/^not-found/);
});

test('a right that is taken away in the same batch before a change is not used by it', async () => {
  await prepared();
  const caller = await plumb().callerFor(allow('write', 'app/**'));
  const { services, root } = plumb();
  const taken = services.policies.put(root, 'p1', { text: '' }, {});
  const written = refusal(services.changes.apply(caller, write('app/base/LATE')));
  await taken;
  expect(await written).toBe('forbidden: person/p1 may not write app/base/LATE');
});

test('an authorised write that fails stands in the audit file', async () => {
  await prepared();
  const { services, root } = plumb();
  plumb().audit.take();
  await refusal(services.changes.apply(root, { ops: [{ op: 'put', path: 'app/base/HOST', value: 'x', expect: 7 }] }));
  expect(plumb().audit.take()).toEqual(['failed write app/base/HOST']);
});
