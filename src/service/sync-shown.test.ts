import { expect, test } from 'vitest';
import type { Rights } from './rights.ts';
import { showPlan, showStatus } from './sync-shown.ts';
import type { Caller, ChangeRequestOp, Plan, PlanStep } from './services.ts';
import { serverPrincipal } from '#domain/principal';
import type { SyncSpec, SyncStatus } from '#domain/records';
import { allow, deny } from '#testing/plumb';
import { usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();
const put = (path: string, value: string, more: object = {}): ChangeRequestOp => ({ op: 'put', path, value, ...more });
const spec: SyncSpec = {
  from: 'app/prod',
  target: 'eu',
  at: 'app',
  runAs: serverPrincipal,
  mode: 'repair',
  options: {},
  generation: 1,
};
const step = (name: string, more: Partial<PlanStep> = {}): PlanStep => ({ name, do: 'update', secret: false, ...more });
const plan: Plan = {
  sync: 's',
  revision: 7,
  target: 'eu',
  at: 'app',
  steps: [
    step('ConfigMap/c/APP_HOST', { entry: 'HOST', wanted: 'h', found: 'x' }),
    step('ConfigMap/c/APP_OWN', { entry: 'OWN', wanted: 'o', found: 'y' }),
    step('Secret/s/APP_PASS', { entry: 'PASS', secret: true, wanted: 'never', found: 'never' }),
  ],
  foreign: ['ConfigMap/c/app_own', 'ConfigMap/c/theirs'],
  remarks: [],
  problems: ['APP_OWN is there already', 'APP_PASS: app/base/ROOT → app/vault/KEY', 'theirs is in the way'],
  inAgreement: false,
  restarts: [{ consumer: 'Deployment/app', names: ['ConfigMap/c/APP_HOST', 'ConfigMap/c/APP_OWN'] }],
};

async function rightsOf(text: string): Promise<Rights> {
  const { services, root } = plumb();
  await services.changes.apply(root, {
    ops: [
      put('app/prod/HOST', 'h', { kind: 'config' }),
      put('app/prod/OWN', 'o', { kind: 'config' }),
      put('app/prod/PASS', 'p'),
      put('app/base/ROOT', 'r'),
      put('app/vault/KEY', 'k'),
    ],
  });
  const caller: Caller = await plumb().callerFor(text);
  return gateRights(caller);
}

/** As the gate hands them to a read. */
async function gateRights(caller: Caller): Promise<Rights> {
  const { Gate } = await import('./gate.ts');
  const { truthState, audit, clock } = plumb().parts;
  return new Gate({ state: truthState.view, audit, clock, recheck: (identity) => identity }).rights(caller);
}

async function shown(text: string, reveal = true) {
  const rights = await rightsOf(text);
  const { truthState, keyring } = plumb().parts;
  const showing = { state: truthState.view, keyring, wishes: { problems: () => [] } };
  return { ...showPlan(showing, { rights, spec, reveal }, plan), rights };
}

test('who may read everything sees everything but values of secrets', async () => {
  const { plan: seen, released } = await shown(allow('read, list', 'app/**'));
  const [host, own, pass] = seen.steps;
  expect([host?.wanted, host?.found, own?.wanted, own?.found]).toEqual(['h', 'x', 'o', 'y']);
  expect(pass).toEqual(step('Secret/s/APP_PASS', { entry: 'PASS', secret: true }));
  expect(released).toEqual(['app/prod/HOST@1', 'app/prod/OWN@1']);
  expect({ ...seen, steps: [] }).toEqual({ ...plan, steps: [] });
});

test('without reveal no value is shown', async () => {
  const { plan: seen, released } = await shown(allow('read, list', 'app/**'), false);
  expect(seen.steps.flatMap(({ wanted, found }) => [wanted, found])).toEqual(Array.from({ length: 6 }));
  expect(released).toEqual([]);
});

test('who may only list sees names and no values', async () => {
  const { plan: seen, released } = await shown(allow('list', 'app/**'));
  expect(seen.steps.map(({ name }) => name)).toHaveLength(3);
  expect(JSON.stringify(seen)).not.toMatch(/wanted|found|never/);
  expect(released).toEqual([]);
});

test('nothing names an entry that may not be listed: steps, foreign names, problems, restarts', async () => {
  const { plan: seen } = await shown(allow('read, list', 'app/**') + deny('read, list', 'app/prod/OWN'));
  expect(JSON.stringify(seen)).not.toMatch(/own/i);
  expect(seen.foreign).toEqual(['ConfigMap/c/theirs']);
  expect(seen.problems).toEqual([
    'it cannot be applied',
    'APP_PASS: app/base/ROOT → app/vault/KEY',
    'theirs is in the way',
  ]);
  expect(seen.restarts).toEqual([{ consumer: 'Deployment/app', names: ['ConfigMap/c/APP_HOST'] }]);
  expect(seen.remarks).toEqual(['1 names that you may not list are left out']);
});

test('a chain through entries elsewhere is told only to who may list all of them', async () => {
  const { plan: seen } = await shown(allow('read, list', 'app/**') + deny('read, list', 'app/vault/**'));
  expect(seen.problems).toEqual(['it cannot be applied', 'APP_OWN is there already', 'theirs is in the way']);
});

test('a status that names hidden entries says only that there are some', async () => {
  const { rights } = await shown(allow('list', 'app/**') + deny('list', 'app/prod/OWN'));
  const condition = (reason: string, message: string) =>
    ({ type: 'Conflict', status: 'true', reason, message, since: 1 }) as const;
  const status: SyncStatus = { generation: 1, agree: 0, total: 1, conditions: [condition('NotOurs', 'OWN is there')] };
  const told = (found: SyncStatus) => showStatus(plumb().parts.truthState.view, rights, spec, found).conditions;
  expect(told(status)).toEqual([condition('NotOurs', 'names that you may not list stand in the way')]);
  expect(told({ ...status, conditions: [condition('NotOurs', 'HOST is there')] })).toEqual([
    condition('NotOurs', 'HOST is there'),
  ]);
});
